// The bytes of a file behind its extents: random access, nothing kept. Knows no format.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/read/volume.h"

namespace fsi {

/// Immutable: any number of threads may read.
class FileData {
 public:
  FileData() = default;
  explicit FileData(std::vector<DataExtent> extents);

  /// Of all extents.
  uint64_t bytes() const { return ends_.empty() ? 0 : ends_.back(); }
  const std::vector<DataExtent>& extents() const { return extents_; }
  /// What lies at `offset` and how much of it follows in one piece; empty at the end.
  std::optional<DataExtent> run_at(uint64_t offset) const;
  /// Fills `out` with the bytes from `offset` on; returns how many there are before the end. Zeros where nothing is
  /// recorded. Throws Error{corrupt} where the extents lead nowhere or beyond the end of the source, and what the
  /// source throws.
  size_t read(const SectorSource& source, uint64_t offset, std::span<std::byte> out) const;

 private:
  std::vector<DataExtent> extents_;
  std::vector<uint64_t> ends_;  // of each extent, in the file
};

/// Bytes of a source at any place. Throws Error{corrupt} beyond its end, and what the source throws.
void read_bytes(const SectorSource& source, uint64_t first, std::span<std::byte> out);

}  // namespace fsi
