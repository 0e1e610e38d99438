#include "libfsi/names/cs0.h"

#include <gtest/gtest.h>

#include <string>

namespace fsi {
namespace {

std::string repeat(const std::string& text, size_t times) {
  std::string all;
  while (times--) all += text;
  return all;
}

std::string made(std::string_view name, uint32_t serial = 0, bool directory = false) {
  Identifier out;
  Cs0Names().make(name, directory, serial, out);
  return std::string(out.view());
}

TEST(Cs0, RecordsEightBitsAsFarAsTheyReachAndSixteenBeyond) {
  EXPECT_EQ(made("a.txt"),
            "\x08"
            "a.txt");
  EXPECT_EQ(made("\xC3\xA9t\xC3\xA9"), "\x08\xE9t\xE9");
  EXPECT_EQ(made("\xC4\x80z"), std::string("\x10\x01\x00\x00z", 5));
  EXPECT_EQ(made("\xF0\x9F\x98\x80"), std::string("\x10\xD8\x3D\xDE\x00", 5));
}

TEST(Cs0, ComesBackAsItWas) {
  for (const std::string& name :
       {std::string("plain"), std::string("\xC3\xA9"), repeat("\xD0\xB6", 127), repeat("x", 254), repeat("\xC3\xA9", 127),
        std::string("\xF0\x9F\x98\x80 \xE4\xB8\xAD"), std::string("tab\tnew\nline"), std::string("q?*:<>|\\\"")}) {
    const std::string recorded = made(name);
    EXPECT_LE(recorded.size(), 255u);
    EXPECT_EQ(cs0_to_utf8(recorded), name);
    EXPECT_TRUE(Cs0Names().faithful(name, recorded)) << name;
  }
}

TEST(Cs0, CutsKeepTheExtensionAndNeverHalfACharacter) {
  EXPECT_EQ(made(repeat("x", 251) + ".txt"), "\x08" + repeat("x", 250) + ".txt");
  EXPECT_EQ(made(repeat("x", 255), 0, true), "\x08" + repeat("x", 254));
  const std::string smileys = made(repeat("\xF0\x9F\x98\x80", 63) + "abc");  // 126 + 3 units
  EXPECT_EQ(smileys.size(), 255u);
  EXPECT_EQ(cs0_to_utf8(smileys), repeat("\xF0\x9F\x98\x80", 63) + "a");
  const std::string odd = made("a" + repeat("\xF0\x9F\x98\x80", 63) + "b");  // the 127th unit is half of one
  EXPECT_EQ(cs0_to_utf8(made("ab" + repeat("\xF0\x9F\x98\x80", 63))), "ab" + repeat("\xF0\x9F\x98\x80", 62));
  EXPECT_EQ(cs0_to_utf8(odd), "a" + repeat("\xF0\x9F\x98\x80", 63));
  EXPECT_FALSE(Cs0Names().faithful(repeat("x", 255), made(repeat("x", 255))));
}

TEST(Cs0, WhatCannotBeRecordedBecomesUnderscore) {
  EXPECT_EQ(made("a\xFF"
                 "b"),
            "\x08"
            "a_b");
  EXPECT_EQ(made("\xEF\xBB\xBF"
                 "bom"),
            "\x08_bom");
  EXPECT_FALSE(
      Cs0Names().faithful("a\xFF"
                          "b",
                          made("a\xFF"
                               "b")));
  EXPECT_FALSE(
      Cs0Names().faithful("\xEF\xBB\xBF"
                          "bom",
                          made("\xEF\xBB\xBF"
                               "bom")));
  EXPECT_TRUE(Cs0Names().faithful("a_b", made("a_b")));
}

TEST(Cs0, SerialsGoBeforeTheExtension) {
  EXPECT_EQ(made("a\xFF.txt", 1007),
            "\x08"
            "a_007.txt");
  EXPECT_EQ(made(repeat("x", 255), 10042).size(), 255u);
  EXPECT_TRUE(made(repeat("x", 255), 10042).ends_with("0042"));
}

TEST(Cs0, TextsOfDescriptors) {
  bool cut = true;
  EXPECT_EQ(cs0_text("", 31, &cut), "");
  EXPECT_FALSE(cut);
  EXPECT_EQ(cs0_text("DISC", 31, &cut),
            "\x08"
            "DISC");
  EXPECT_FALSE(cut);
  EXPECT_EQ(cs0_text("\xC3\xA9", 31), std::string("\x10\x00\xE9", 3));
  EXPECT_EQ(cs0_text(repeat("x", 31), 31, &cut).size(), 31u);
  EXPECT_TRUE(cut);
  EXPECT_EQ(cs0_text(repeat("\xC3\xA9", 15), 31, &cut).size(), 31u);
  EXPECT_FALSE(cut);
  EXPECT_EQ(cs0_text(repeat("\xC3\xA9", 16), 31, &cut).size(), 31u);
  EXPECT_TRUE(cut);
}

TEST(Cs0, NothingRecordedBreaksTheReader) {
  EXPECT_EQ(cs0_to_utf8(""), "");
  EXPECT_EQ(cs0_to_utf8("\x10"), "");
  EXPECT_EQ(cs0_to_utf8("\x10"
                        "a"),
            "\xEF\xBF\xBD");
  EXPECT_EQ(cs0_to_utf8(std::string("\x10\xD8\x00", 3)), "\xEF\xBF\xBD");
  EXPECT_EQ(cs0_to_utf8(std::string("\x10\xDC\x00\x00z", 5)), "\xEF\xBF\xBDz");
}

}  // namespace
}  // namespace fsi
