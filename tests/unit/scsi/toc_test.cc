// CD addresses, and words for opcodes and profiles.
#include "librecorder/scsi/toc.h"

#include <gtest/gtest.h>

#include "librecorder/scsi/opcode.h"
#include "librecorder/scsi/profile.h"

namespace rec {
namespace {

TEST(Msf, KnownAddresses) {
  const auto is = [](Msf t, int m, int s, int f) { return t.minute == m && t.second == s && t.frame == f; };
  EXPECT_TRUE(is(msf_of(0), 0, 2, 0));
  EXPECT_TRUE(is(msf_of(-150), 0, 0, 0));
  EXPECT_TRUE(is(msf_of(359849), 79, 59, 74));
  EXPECT_TRUE(is(msf_of(-11635), 97, 26, 65)) << "a lead-in, from an ATIP";
}

TEST(Msf, BothWaysAgree) {
  for (int32_t lba = -45150; lba < 404850; lba += 37) EXPECT_EQ(lba_of(msf_of(lba)), lba);
}

TEST(Profile, UnitsAndFamilies) {
  EXPECT_EQ(ecc_sectors(Profile::cd_r), 1u);
  EXPECT_EQ(ecc_sectors(Profile::dvd_plus_r_dl), 16u);
  EXPECT_EQ(ecc_sectors(Profile::bd_r_srm), 32u);
  EXPECT_EQ(profile_name(Profile::dvd_plus_r), "DVD+R");
  EXPECT_EQ(profile_name(static_cast<Profile>(0x1234)), "unknown");
}

TEST(Opcode, Names) {
  EXPECT_EQ(op::name(0x2A), "WRITE(10)");
  EXPECT_EQ(op::name(0xEE), "opcode");
}

}  // namespace
}  // namespace rec
