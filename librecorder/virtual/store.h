// Where the bytes of a virtual disc are: one directory with a sparse file of user data by LBA, the disc's state, and how
// far each track has been written. The last is kept apart so that a WRITE costs no state file, and yet a process that is
// killed leaves a disc whose next writable addresses are right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "libfsi/base/file.h"
#include "librecorder/virtual/disc.h"

namespace rec::virt {

class Store {
 public:
  /// Makes the directory of a new disc, complete or not at all.
  static void create(const std::filesystem::path& directory, const Disc& disc);
  explicit Store(std::filesystem::path directory);

  /// The state as stored, with the written_to of open tracks brought up to date. Throws fsi::Error (corrupt).
  Disc load() const;
  /// Atomic: the old state or the new one.
  void save(const Disc& disc);

  void read(uint64_t lba, std::span<std::byte> out) const;  ///< what was never written is zero
  void write(uint64_t lba, std::span<const std::byte> bytes);
  void erase();  ///< all user data
  /// After the data it speaks of was written.
  void note_written_to(size_t track, uint32_t written_to);

  /// Copies sectors 0 to `sectors` into a file of exactly that length; holes stay holes.
  void export_to(const std::filesystem::path& file, uint64_t sectors) const;

  std::filesystem::path data_path() const { return directory_ / "data"; }

 private:
  std::filesystem::path directory_;
  fsi::Fd data_, progress_;
};

}  // namespace rec::virt
