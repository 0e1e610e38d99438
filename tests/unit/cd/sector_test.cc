// The sector codec against truth from outside: values that the standards and the trade know, and sectors that others made.
#include "librecorder/cd/sector.h"

#include "librecorder/cd/subchannel.h"
#include "tests/unit/cd/cd_fixture.h"

namespace rec::cd {
namespace {

std::string hex(std::span<const std::byte> bytes) {
  std::string out;
  for (const std::byte b : bytes) {
    char two[4];
    std::snprintf(two, sizeof two, "%02X ", std::to_integer<unsigned>(b));
    out += two;
  }
  return out;
}

TEST(Sector, ScramblesAsAnnexBOfEcma130Lists) {
  Sector sector{};
  scramble(sector);
  EXPECT_EQ(hex(std::span(sector).first(12)), "00 00 00 00 00 00 00 00 00 00 00 00 ");
  EXPECT_EQ(hex(std::span(sector).subspan(12, 16)), "01 80 00 60 00 28 00 1E 80 08 60 06 A8 02 FE 81 ");
  scramble(sector);
  EXPECT_EQ(sector, Sector{});
}

TEST(Sector, HasTheEdcOfAnEmptyForm2SectorThatEveryMovieDiscHas) {
  Sector sector;
  encode_sector(SectorForm::mode2_form2, 0, std::vector<std::byte>(2324), sector, {0, 0, 0x20, 0});
  EXPECT_EQ(hex(std::span(sector).last(4)), "3F 13 B0 BE ");
}

TEST(Sector, PutsTheAddressInBcdAndNegativeOnesToo) {
  Sector sector;
  encode_sector(SectorForm::mode1, -150, std::vector<std::byte>(2048), sector);
  EXPECT_EQ(hex(std::span(sector).subspan(12, 4)), "00 00 00 01 ");
  encode_sector(SectorForm::mode1, 0, std::vector<std::byte>(2048), sector);
  EXPECT_EQ(hex(std::span(sector).subspan(12, 4)), "00 02 00 01 ");
  encode_sector(SectorForm::mode1, (59 * 60 + 58) * 75 + 74 - 150, std::vector<std::byte>(2048), sector);
  EXPECT_EQ(hex(std::span(sector).subspan(12, 4)), "59 58 74 01 ");
  encode_sector(SectorForm::mode1, -11635, std::vector<std::byte>(2048), sector);
  EXPECT_EQ(hex(std::span(sector).subspan(12, 4)), "97 26 65 01 ");
}

TEST(Sector, FindsWhatItMadeGoodAndEveryFlippedBit) {
  for (const SectorForm form : {SectorForm::mode1, SectorForm::mode2_form1, SectorForm::mode2_form2}) {
    const auto user = noise(user_bytes(form), 7);
    Sector sector;
    encode_sector(form, 4321, user, sector, {1, 2, 0x08, 3});
    const SectorCheck check = check_sector(sector);
    EXPECT_TRUE(check.good());
    EXPECT_EQ(check.form, form);
    EXPECT_EQ(check.lba, 4321);
    EXPECT_TRUE(std::equal(user.begin(), user.end(), sector.begin() + static_cast<ptrdiff_t>(user_offset(form))));
    std::mt19937 random(3);
    for (int i = 0; i < 200; ++i) {
      Sector damaged = sector;
      const size_t at = 24 + random() % (2352 - 24);
      if (form == SectorForm::mode1 && at >= 2068 && at < 2076) continue;  // reserved zeros are covered by P and Q
      damaged[at] ^= static_cast<std::byte>(1u << random() % 8);
      EXPECT_FALSE(check_sector(damaged).good()) << "byte " << at;
    }
  }
}

TEST(Sector, MovesAGoodSectorAndKeepsAWrongOneWrong) {
  const auto user = noise(2048, 9);
  Sector here, there;
  encode_sector(SectorForm::mode1, 100, user, here);
  encode_sector(SectorForm::mode1, 20000, user, there);
  Sector moved = here;
  move_sector(moved, 20000);
  EXPECT_EQ(moved, there);
  here[500] ^= std::byte{1};
  moved = here;
  move_sector(moved, 20000);
  EXPECT_FALSE(check_sector(moved).edc);
  EXPECT_EQ(check_sector(moved).lba, 20000);
}

TEST(Sector, EncodesTheSectorsOfOthersByteForByte) {
  if (samples().empty()) GTEST_SKIP() << "no samples of libcdio beside the checkout";
  const auto image = unpacked(samples() / "isofs-m1.bin.xz");
  ASSERT_EQ(image.size(), 302 * kSectorBytes);
  size_t same = 0;
  for (size_t i = 0; i < 302; ++i) {
    const auto theirs = std::span(image).subspan(i * kSectorBytes).first<kSectorBytes>();
    const SectorCheck check = check_sector(theirs);
    EXPECT_TRUE(check.good()) << "sector " << i;
    EXPECT_EQ(check.lba, static_cast<int32_t>(i));
    Sector ours;
    encode_sector(SectorForm::mode1, static_cast<int32_t>(i), theirs.subspan(16, 2048), ours);
    same += std::equal(ours.begin(), ours.end(), theirs.begin());
  }
  EXPECT_EQ(same, 302u);
  std::printf("%zu sectors of a foreign image re-encoded byte for byte\n", same);
}

TEST(Subchannel, HasTheCrcOfXmodemInverted) {
  const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  EXPECT_EQ(crc16(digits), static_cast<uint16_t>(~0x31C3));
}

TEST(Subchannel, PositionsAreBcd) {
  const QFrame q = q_position(0, 12, 34, 4 * 75 + 5, 59 * 75 * 60 + 58 * 75 + 17 - 150);
  EXPECT_TRUE(crc_matches(q));
  const uint8_t expected[] = {0x01, 0x12, 0x34, 0x00, 0x04, 0x05, 0x00, 0x59, 0x58, 0x17};
  EXPECT_TRUE(std::equal(std::begin(expected), std::end(expected), q.begin()));
}

TEST(Subchannel, CodesGoThereAndBack) {
  const QFrame mcn = q_catalog(0, "0724385356926", 25);
  EXPECT_EQ(mcn[0], 0x02);
  EXPECT_EQ(mcn[1], 0x07);
  EXPECT_EQ(mcn[7], 0x60);
  EXPECT_EQ(mcn[9], 0x25);
  EXPECT_EQ(catalog_of(mcn), "0724385356926");
  EXPECT_FALSE(isrc_of(mcn));
  std::mt19937 random(5);
  for (int i = 0; i < 1000; ++i) {
    const std::string isrc = random_isrc(random);
    ASSERT_TRUE(is_isrc(isrc)) << isrc;
    ASSERT_EQ(isrc_of(q_isrc(2, isrc, i)), isrc);
  }
  // ECMA-130's coding: A is 17, so "AA" begins 010001 010001.
  EXPECT_EQ(q_isrc(0, "AA0000000000", 0)[1], 0b01000101);
  EXPECT_FALSE(is_isrc("US-XX198012"));
  EXPECT_FALSE(is_isrc("1SXX19801234"));
  EXPECT_FALSE(is_isrc("USXX1980123A"));
  EXPECT_FALSE(is_catalog_number("072438535692"));
}

TEST(Subchannel, InterleavesBitsOfTheEightChannels) {
  std::array<std::byte, 96> symbols{};
  const QFrame q = q_position(4, 1, 1, 0, 0);
  const auto rw = noise(72, 1);
  put_rw(symbols, std::span(rw).first<72>());
  put_pq(symbols, true, q);
  EXPECT_EQ(q_of(symbols), q);
  EXPECT_TRUE(p_of(symbols));
  EXPECT_TRUE(std::equal(rw.begin(), rw.end(), rw_of(symbols).begin()));
  put_pq(symbols, false, q_position(4, 1, 1, 1, 1));
  EXPECT_FALSE(p_of(symbols));
  EXPECT_TRUE(std::equal(rw.begin(), rw.end(), rw_of(symbols).begin()));
  EXPECT_EQ(pq16_of(symbols)[15], std::byte{0});
  EXPECT_EQ(symbols[0] & std::byte{0x40}, std::byte{0});  // control 4 is 0100: the second symbol has the bit
  EXPECT_EQ(symbols[1] & std::byte{0x40}, std::byte{0x40});
}

}  // namespace
}  // namespace rec::cd
