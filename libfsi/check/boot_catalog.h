// El Torito 1.0, the boot catalog by itself: is it whole, and what does it name. What lies where it points is boot_images.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/disc/eltorito.h"
#include "libfsi/read/issue.h"

namespace fsi {

/// One entry that names an image.
struct BootImage {
  unsigned entry = 0;    ///< its place in the catalog, in units of 32 bytes; 1 is the default entry
  Lba record = 0;        ///< sector of the entry
  uint8_t platform = 0;  ///< disc::BootPlatform
  uint8_t media = 0;     ///< disc::BootMedia
  uint8_t system_type = 0;
  bool bootable = false;
  Lba lba = 0;               ///< absolute; may lie beyond the end
  uint16_t load_blocks = 0;  ///< of 512 bytes

  bool is_bios() const { return platform == disc::kPlatformX86; }
  bool is_efi() const { return platform == disc::kPlatformEfi; }
  bool emulated() const { return media != disc::kNoEmulation; }
  /// Sectors that are loaded, at least one.
  uint64_t sectors() const { return load_blocks < 4 ? 1 : (load_blocks + 3u) / 4; }
  /// For messages: "entry 3 (UEFI, LBA 77)".
  std::string name() const;
};

/// Reads the catalog at `lba` and reports what is wrong with it. Bare entries without a section header are taken too.
std::vector<BootImage> read_boot_catalog(const SectorSource& source, Lba lba, IssueLog& log);

}  // namespace fsi
