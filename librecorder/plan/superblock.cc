#include "librecorder/plan/superblock.h"

#include <cstring>
#include <string_view>

#include "libfsi/base/wire.h"

namespace rec {

using fsi::kSectorSize;

void move_descriptors(std::span<std::byte> sectors, uint32_t end) {
  for (size_t at = 0; at + kSectorSize <= sectors.size(); at += kSectorSize) {
    const auto sector = sectors.subspan(at, kSectorSize);
    const auto type = std::to_integer<uint8_t>(sector[0]);
    if (std::memcmp(sector.data() + 1, "CD001", 5) != 0) continue;
    if (type == 255) return;
    if (type != 1 && type != 2) continue;
    fsi::Both32 space;  // ECMA-119 8.4.8: volume space size, bytes 81-88
    space = end;
    const auto bytes = fsi::bytes_of(space);
    std::copy(bytes.begin(), bytes.end(), sector.begin() + 80);
  }
}

bool move_anchor(std::span<std::byte> sector, fsi::Lba to) {
  constexpr uint16_t kAnchorTag = 2;
  fsi::Le16 tag;
  if (sector.size() < kSectorSize || !fsi::load(sector, 0, tag) || tag != kAnchorTag) return false;
  // ECMA-167 3/7.2: the location is in bytes 12-15, and byte 4 is the sum of the tag's other bytes. The CRC leaves the tag out.
  const fsi::Le32 location = to;
  const auto bytes = fsi::bytes_of(location);
  std::copy(bytes.begin(), bytes.end(), sector.begin() + 12);
  uint8_t sum = 0;
  for (size_t i = 0; i < 16; ++i)
    if (i != 4) sum = static_cast<uint8_t>(sum + std::to_integer<uint8_t>(sector[i]));
  sector[4] = std::byte{sum};
  return true;
}

}  // namespace rec
