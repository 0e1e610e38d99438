// The boot catalog against what lies where it points: a boot image has to be there, whole, of the kind that its entry says,
// and has to know where it lies. Nothing of partitions; those are partition_contents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfsi/check/boot_catalog.h"
#include "libfsi/check/damage.h"
#include "libfsi/read/careful.h"
#include "libfsi/read/volume.h"

namespace fsi {

class BootImages {
 public:
  /// Reads the catalogs of the volume; faults of theirs go to `log`.
  BootImages(const VolumeRead& volume, const SectorSource& source, uint64_t session_start, IssueLog& log);

  /// Hears of every entry of every tree, to learn which files the images are.
  void see(const TreeEntry& entry);
  /// After all trees. `known`: what else lies at known sectors.
  void check(const std::vector<NamedRange>& known);

  const std::vector<BootImage>& list() const { return images_; }

 private:
  // What lies where an image begins.
  struct Place {
    Lba lba = 0;
    std::string file{};  // that begins there
    uint64_t bytes = 0;
    std::string around{};  // that has it in its midst
  };
  const Place& place_of(const BootImage& image) const;
  void check_image(const BootImage& image, const std::vector<NamedRange>& known);
  void check_load_size(const BootImage& image, const Place& place);
  void check_emulation(const BootImage& image, const Place& place);
  void check_efi(const BootImage& image, const Place& place);
  void check_not_empty(const BootImage& image);
  void check_info_table(const BootImage& image, const Place& place);
  uint32_t sum_of_words(const BootImage& image, uint64_t bytes);
  std::vector<std::byte> start_of(const BootImage& image, size_t sectors);
  void fault_of_entry(const char* what, const char* clause, const BootImage& image, std::string detail,
                      Severity severity = Severity::error);
  void fault_of_image(const char* what, const char* clause, const BootImage& image, std::string detail,
                      Severity severity = Severity::error);

  uint64_t session_start_;
  IssueLog& log_;
  CarefulReader reader_;
  std::vector<BootImage> images_;
  std::vector<Place> places_;  // by lba
};

}  // namespace fsi
