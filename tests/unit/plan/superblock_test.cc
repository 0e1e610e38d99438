// The descriptors of a further session, moved to the start of a disc that has no sessions.
#include "librecorder/plan/superblock.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "libfsi/base/wire.h"

namespace rec {
namespace {

std::vector<std::byte> descriptors() {
  std::vector<std::byte> sectors(16 * fsi::kSectorSize);
  for (const auto& [sector, type] : {std::pair{0, 1}, {1, 0}, {2, 2}, {3, 255}, {4, 1}}) {
    std::byte* at = sectors.data() + sector * fsi::kSectorSize;
    at[0] = static_cast<std::byte>(type);
    std::memcpy(at + 1, "CD001\1", 6);
  }
  return sectors;
}

uint32_t space(const std::vector<std::byte>& sectors, size_t sector) {
  fsi::Both32 value;
  EXPECT_TRUE(fsi::load(sectors, sector * fsi::kSectorSize + 80, value));
  EXPECT_TRUE(value.agree());
  return value.little();
}

TEST(Superblock, VolumesReachToTheEnd) {
  auto sectors = descriptors();
  move_descriptors(sectors, 123'456);
  EXPECT_EQ(space(sectors, 0), 123'456u);
  EXPECT_EQ(space(sectors, 2), 123'456u) << "Joliet too";
  EXPECT_EQ(space(sectors, 1), 0u) << "a boot record has no size";
  EXPECT_EQ(space(sectors, 4), 0u) << "behind the terminator";
}

TEST(Superblock, AnAnchorIsTrueAtItsNewPlace) {
  std::vector<std::byte> sector(fsi::kSectorSize);
  sector[0] = std::byte{2};
  sector[8] = std::byte{0x77};
  EXPECT_TRUE(move_anchor(sector, 256));
  EXPECT_EQ(sector[13], std::byte{1});
  EXPECT_EQ(sector[4], static_cast<std::byte>(2 + 0x77 + 1));
  sector[0] = std::byte{5};
  EXPECT_FALSE(move_anchor(sector, 256));
  EXPECT_FALSE(move_anchor(std::span(sector).first(100), 256));
}

}  // namespace
}  // namespace rec
