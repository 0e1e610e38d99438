// El Torito 1.0, the boot catalog, as far as verify needs it: is it whole, and where are the boot images.
#pragma once

#include <cstdint>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/read/issue.h"

namespace fsi {

struct BootImage {
  uint8_t platform = 0;  ///< 0 x86, 1 PowerPC, 2 Mac, 0xEF UEFI
  uint8_t media = 0;     ///< emulation, 0: none
  Lba lba = 0;
  uint16_t load_blocks = 0;  ///< of 512 bytes
  /// Sectors that are loaded, at least one.
  uint64_t sectors() const { return load_blocks < 4 ? 1 : (load_blocks + 3u) / 4; }
};

/// Reads the catalog at `lba` (one sector, as firmware does) and reports what is wrong with it. Bare entries without
/// a section header are taken too.
std::vector<BootImage> read_boot_catalog(const SectorSource& source, Lba lba, IssueLog& log);

}  // namespace fsi
