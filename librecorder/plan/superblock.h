// Further sessions on media that have none: the image lies where the last one ended, and its volume descriptors are copied to
// the start of the disc, where readers look for them. Pure: bytes in, bytes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "libfsi/base/sectors.h"

namespace rec {

/// Sectors of the system area, and as many of descriptors after it as are copied. ECMA-119 6.2.1, ECMA-167 2/8.3.
inline constexpr uint32_t kDescriptorSectors = 16;
/// ECMA-167 3/8.4.2.1: where the anchor lies, from the start of a session.
inline constexpr uint32_t kAnchorSector = 256;
/// A session begins at a multiple of this: whole ECC blocks of all media.
inline constexpr uint32_t kSessionUnit = 32;

/// Sectors 16 to 31 of an image, to be written to 16 to 31 of the disc. Their volumes then reach from the start of the disc to
/// `end`. Changes nothing that is not a volume descriptor of ISO 9660.
void move_descriptors(std::span<std::byte> sectors, uint32_t end);

/// An anchor volume descriptor pointer of UDF for another address. False when it is none.
bool move_anchor(std::span<std::byte> sector, fsi::Lba to);

}  // namespace rec
