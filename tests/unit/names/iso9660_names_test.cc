#include "libfsi/names/iso9660_names.h"

#include <gtest/gtest.h>

namespace fsi {
namespace {

std::string made(const NameShape& shape, std::string_view name, bool directory = false, uint32_t serial = 0) {
  Identifier out;
  shape.make(name, directory, serial, out);
  return std::string(out.view());
}

TEST(Iso9660Names, LevelOneIsEightDotThree) {
  const Iso9660Names shape(1);
  EXPECT_EQ(made(shape, "readme.txt"), "README.TXT");
  EXPECT_EQ(made(shape, "a long name.html"), "A_LONG_N.HTM");
  EXPECT_EQ(made(shape, "archive.tar.gz"), "ARCHIVE_.GZ");
  EXPECT_EQ(made(shape, "directory.d", true), "DIRECTOR");
  EXPECT_EQ(made(shape, "a long name.html", false, 1007), "A_LON007.HTM");
  EXPECT_EQ(made(shape, "x", false, 10000), "X0000");
}

TEST(Iso9660Names, LevelTwoHoldsThirtyAndADot) {
  const Iso9660Names shape(2);
  EXPECT_EQ(made(shape, std::string(40, 'a')), std::string(30, 'A'));
  EXPECT_EQ(made(shape, std::string(40, 'a'), true), std::string(31, 'A'));
  EXPECT_EQ(made(shape, std::string(40, 'a') + ".text"), std::string(26, 'A') + ".TEXT");
  EXPECT_EQ(made(shape, "ab." + std::string(40, 'x')), "AB." + std::string(28, 'X'));
  EXPECT_EQ(made(shape, std::string(40, 'a') + ".text", false, 1000), std::string(23, 'A') + "000.TEXT");
}

TEST(Iso9660Names, OneUnderscoreForOneCharacter) {
  const Iso9660Names shape(3);
  EXPECT_EQ(made(shape, "\xC3\xA9t\xC3\xA9.txt"), "_T_.TXT");
  EXPECT_EQ(made(shape, "\xF0\x9F\x98\x80"), "_");
  EXPECT_EQ(made(shape, "\xFF\xFE"), "__");        // bytes that are no UTF-8
  EXPECT_EQ(made(shape, "\xED\xA0\x80"), "___");   // a surrogate is none either
  EXPECT_EQ(made(shape, ".profile"), "_PROFILE");  // a leading dot begins no extension
  EXPECT_EQ(made(shape, "name."), "NAME");
}

TEST(Iso9660Names, EveryNameIsLegalAtEveryLevel) {
  for (const unsigned level : {1u, 2u, 3u}) {
    const Iso9660Names shape(level);
    for (unsigned length = 1; length <= 255; ++length) {
      for (const uint32_t serial : {0u, 1000u, 199999999u}) {
        for (const bool directory : {false, true}) {
          std::string name;
          while (name.size() < length) name += static_cast<char>(1 + (name.size() * 37 + length) % 255);
          for (char& c : name)
            if (c == '/') c = '.';
          const std::string out = made(shape, name, directory, serial);
          ASSERT_FALSE(out.empty());
          const size_t dot = out.find('.');
          ASSERT_EQ(out.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."), std::string::npos);
          ASSERT_EQ(out.find('.', dot == std::string::npos ? dot : dot + 1), std::string::npos);
          if (level == 1) {
            ASSERT_LE(std::min(dot, out.size()), 8u);
            ASSERT_TRUE(dot == std::string::npos || out.size() - dot - 1 <= 3);
          }
          ASSERT_LE(out.size(), 31u);
          ASSERT_TRUE(!directory || dot == std::string::npos);
        }
      }
    }
  }
}

TEST(Iso9660Names, LetterCaseIsNoChange) {
  const Iso9660Names shape(3);
  EXPECT_TRUE(shape.faithful("ReadMe.txt", "README.TXT"));
  EXPECT_FALSE(shape.faithful("read-me.txt", "READ_ME.TXT"));
}

TEST(Iso9660LongNames, KeepBytesAndCutBetweenCharacters) {
  const Iso9660LongNames shape(207);
  EXPECT_EQ(made(shape, "Any name; at all.txt"), "Any name; at all.txt");
  std::string name;
  for (int i = 0; i < 127; ++i) name += "\xC3\xA9";
  const std::string out = made(shape, name + ".txt");
  EXPECT_EQ(out, name.substr(0, 202) + ".txt");
  EXPECT_EQ(made(shape, name + ".txt", false, 1000), name.substr(0, 200) + "000.txt");
}

}  // namespace
}  // namespace fsi
