#include "libfsi/read/iso_text.h"

#include <gtest/gtest.h>

namespace fsi {
namespace {

std::string name(IsoNames names, std::string_view identifier, bool legal = true) {
  std::string out;
  EXPECT_EQ(append_name(names, identifier, out), legal) << identifier;
  return out;
}

TEST(IsoNames, VersionAndEmptyExtensionGo) {
  EXPECT_EQ(name(IsoNames::iso, "A.TXT;1"), "A.TXT");
  EXPECT_EQ(name(IsoNames::iso, "README.;1"), "README");
  EXPECT_EQ(name(IsoNames::iso, "ODD;X"), "ODD;X");
  EXPECT_EQ(name(IsoNames::enhanced, "keep;1"), "keep;1");
}

TEST(IsoNames, JolietIsUtf16) {
  EXPECT_EQ(name(IsoNames::joliet, std::string_view("\0a\0\xDF\x20\xAC\0;\0"
                                                    "1",
                                                    10)),
            "a\xC3\x9F\xE2\x82\xAC");
  EXPECT_EQ(name(IsoNames::joliet, std::string_view("\xD8\x3D\xDE\x00", 4)), "\xF0\x9F\x98\x80");
  EXPECT_EQ(name(IsoNames::joliet, std::string_view("\xD8\x3D\0a", 4), false),
            "\xEF\xBF\xBD"
            "a");
  EXPECT_EQ(name(IsoNames::joliet, std::string_view("\0a\0", 3), false), "a");
  EXPECT_EQ(name(IsoNames::joliet, std::string_view("\0", 1), false), "_");
}

TEST(IsoNames, NothingClimbsOutOfItsDirectory) {
  EXPECT_EQ(name(IsoNames::iso, "..", false), "_");
  EXPECT_EQ(name(IsoNames::iso, "A/B", false), "A_B");
  EXPECT_EQ(name(IsoNames::iso, std::string_view("A\0B", 3), false), "A_B");
}

TEST(IsoOrder, OnlyWhatNobodyCallsSorted) {
  EXPECT_FALSE(out_of_order(IsoNames::iso, "A.TXT;1", "B.TXT;1"));
  EXPECT_TRUE(out_of_order(IsoNames::iso, "B.TXT;1", "A.TXT;1"));
  EXPECT_FALSE(out_of_order(IsoNames::iso, "FOO.A;1", "FOO_.A;1"));
  EXPECT_FALSE(out_of_order(IsoNames::iso, "FILE.;1", "FILE1.;1"));
  EXPECT_FALSE(out_of_order(IsoNames::iso, "A.B.C;1", "A.B.D;1"));
  EXPECT_TRUE(out_of_order(IsoNames::joliet, std::string_view("\0b", 2), std::string_view("\0a", 2)));
}

TEST(IsoTime, CountsFromTheEpochInUtc) {
  disc::ShortTime t;
  t.year = 70, t.month = 1, t.day = 1;
  bool legal = false;
  EXPECT_EQ(time_of(t, legal).seconds, 0);
  EXPECT_TRUE(legal);
  t.zone = 256 - 4;  // an hour west
  EXPECT_EQ(time_of(t, legal).seconds, 3600);
  t.year = 0, t.zone = 0;
  EXPECT_EQ(time_of(t, legal).seconds, -2208988800);
  t.month = 13;
  time_of(t, legal);
  EXPECT_FALSE(legal);
  EXPECT_FALSE(time_of(disc::ShortTime{}, legal).known);
  EXPECT_TRUE(legal);
}

TEST(IsoTime, LongForm) {
  disc::LongTime t;
  bool legal = false;
  EXPECT_FALSE(time_of(t, legal).known);
  EXPECT_TRUE(legal);
  t.digits.set("2038011903140800");
  EXPECT_EQ(time_of(t, legal).seconds, 2147483648);
  t.digits.set("20380119031X0800");
  time_of(t, legal);
  EXPECT_FALSE(legal);
}

}  // namespace
}  // namespace fsi
