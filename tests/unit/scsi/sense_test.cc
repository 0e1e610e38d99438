// Sense data of both formats, and of none: what it says, and that no length in it is trusted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "librecorder/scsi/command.h"

namespace rec {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> list) {
  std::vector<std::byte> out;
  for (const int b : list) out.push_back(static_cast<std::byte>(b));
  return out;
}

TEST(Sense, FixedWithInformation) {
  const Sense s = parse_sense(bytes({0xF0, 0, 0x03, 0x00, 0x01, 0x02, 0x03, 10, 0, 0, 0, 0, 0x11, 0x05, 0, 0, 0, 0}));
  EXPECT_TRUE(s.is(3, 0x11, 0x05));
  EXPECT_EQ(s.information, 0x00010203u);
  EXPECT_FALSE(s.deferred);
  EXPECT_FALSE(s.progress);
  EXPECT_EQ(sense_text(s), "L-EC uncorrectable error (3/11/05)");
}

TEST(Sense, FixedWithProgress) {
  const Sense s = parse_sense(bytes({0x70, 0, 0x02, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 0x04, 0, 0x80, 0x40, 0x01}));
  EXPECT_EQ(s.progress, 0x4001);
  EXPECT_FALSE(s.information);
}

TEST(Sense, AFieldPointerIsNotProgress) {
  const Sense s = parse_sense(bytes({0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0x00, 0, 0xC0, 0x00, 0x07}));
  EXPECT_FALSE(s.progress);
}

TEST(Sense, DeferredAndIli) {
  const Sense s = parse_sense(bytes({0x71, 0, 0x23, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x0C, 0x00}));
  EXPECT_TRUE(s.deferred);
  EXPECT_TRUE(s.ili);
  EXPECT_TRUE(s.is(3, 0x0C));
  EXPECT_EQ(sense_text(s), "write error of an earlier command (3/0C/00)");
}

TEST(Sense, Descriptors) {
  const Sense s = parse_sense(bytes({0x72, 0x02, 0x04, 0x08, 0,    0,    0,    20,                   //
                                     0x00, 10,   0x80, 0,    0,    0,    0,    0x01, 0, 0, 0, 0x02,  // information
                                     0x02, 6,    0,    0,    0x80, 0x12, 0x34, 0}));                 // progress
  EXPECT_TRUE(s.is(2, 4, 8));
  EXPECT_EQ(s.information, 0x0000000100000002u);
  EXPECT_EQ(s.progress, 0x1234);
}

TEST(Sense, DescriptorLengthsAreNotTrusted) {
  for (int length = 0; length < 256; ++length) {
    const Sense s = parse_sense(bytes({0x72, 0x05, 0x24, 0x00, 0, 0, 0, 0xFF, 0x00, length, 0x80, 0}));
    EXPECT_TRUE(s.is(5, 0x24, 0));
    EXPECT_FALSE(s.information);
  }
}

TEST(Sense, AnyPrefixIsHarmless) {
  const auto whole = bytes({0xF0, 0, 0x03, 0, 1, 2, 3, 10, 0, 0, 0, 0, 0x11, 0x05, 0, 0x80, 1, 1});
  for (size_t n = 0; n <= whole.size(); ++n) (void)parse_sense(std::span(whole).first(n));
  EXPECT_EQ(parse_sense({}).key, 0);
  EXPECT_EQ(parse_sense(std::vector<std::byte>(300, std::byte{0xFF})).raw_length, 64);
}

TEST(Sense, NoFormatIsNoSense) { EXPECT_TRUE(parse_sense(bytes({0x00, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0})).is(0, 0, 0)); }

TEST(Sense, Words) {
  EXPECT_EQ(sense_text({.key = 2, .asc = 0x3A, .ascq = 2}), "no medium, tray open (2/3A/02)");
  EXPECT_EQ(sense_text({.key = 3, .asc = 0x0C, .ascq = 0x77}), "write error (3/0C/77)") << "unknown qualifier";
  EXPECT_EQ(sense_text({.key = 5, .asc = 0xEE, .ascq = 1}), "illegal request (5/EE/01)") << "unknown code";
  EXPECT_EQ(sense_text({.key = 8}), "blank check (8/00/00)");
  EXPECT_EQ(sense_text({}), "no sense (0/00/00)");
}

// Every sense that the drive policy names must have words of its own.
TEST(Sense, EveryNamedSenseHasWords) {
  constexpr uint8_t kNamed[][2] = {{0x04, 0}, {0x04, 1}, {0x04, 2}, {0x04, 3}, {0x04, 4}, {0x04, 7}, {0x04, 8}, {0x3A, 0},
                                   {0x3A, 1}, {0x3A, 2}, {0x06, 0}, {0x30, 0}, {0x0C, 0}, {0x0C, 9}, {0x02, 0}, {0x11, 0},
                                   {0x57, 0}, {0x20, 0}, {0x21, 0}, {0x21, 2}, {0x24, 0}, {0x26, 0}, {0x2C, 0}, {0x30, 5},
                                   {0x64, 0}, {0x72, 0}, {0x6F, 0}, {0x55, 0}, {0x28, 0}, {0x29, 0}, {0x2A, 0}, {0x5A, 0},
                                   {0x27, 0}, {0x5D, 0}, {0x73, 0}, {0x73, 1}, {0x53, 2}};
  for (const auto& [asc, ascq] : kNamed) {
    const std::string text = sense_text({.key = 5, .asc = asc, .ascq = ascq});
    EXPECT_THAT(text, testing::Not(testing::StartsWith("illegal request"))) << text;
  }
}

}  // namespace
}  // namespace rec
