// The boot catalog as bytes, out of entries that are known in full. Pure: no images, no layout.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libfsi/base/sectors.h"

namespace fsi {

/// What an entry of the catalog says.
struct CatalogLine {
  uint8_t platform = 0;
  uint8_t media = 0;        ///< disc::BootMedia
  uint8_t system_type = 0;  ///< hard disk: of the image's partition
  uint16_t load_segment = 0;
  uint16_t sector_count = 0;  ///< of 512 bytes
  Lba image = 0;
  std::string id{};  ///< ASCII, at most 24 bytes
};

/// Bytes of a catalog with these entries (at least one), which do not depend on sizes and addresses. Neighbours of one
/// platform and id share a section. Firmware reads the first 2048 bytes and no more.
uint64_t catalog_bytes(std::span<const CatalogLine> lines);

/// catalog_bytes(lines) bytes. The first entry is the default entry; its platform and id are the validation entry's.
std::vector<std::byte> make_catalog(std::span<const CatalogLine> lines);

}  // namespace fsi
