#include "libfsi/names/joliet_names.h"

#include <gtest/gtest.h>

namespace fsi {
namespace {

std::string made(const NameShape& shape, std::string_view name, bool directory = false, uint32_t serial = 0) {
  Identifier out;
  shape.make(name, directory, serial, out);
  return std::string(out.view());
}
std::string shown(const NameShape& shape, std::string_view name, uint32_t serial = 0) {
  return shape.display(made(shape, name, false, serial));
}

TEST(JolietNames, BigEndianUnits) {
  const JolietNames shape(103);
  EXPECT_EQ(made(shape, "a\xC3\xA9"), std::string("\0a\0\xE9", 4));
  EXPECT_EQ(made(shape, "\xF0\x9F\x98\x80"), std::string("\xD8\x3D\xDE\x00", 4));
  EXPECT_EQ(shown(shape, "\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(JolietNames, ForbiddenCharactersBecomeUnderscores) {
  const JolietNames shape(103);
  EXPECT_EQ(shown(shape, "a*b:c;d?e\\f\x01g\xFFh"), "a_b_c_d_e_f_g_h");
  EXPECT_EQ(shown(shape, "plain name.txt"), "plain name.txt");
  EXPECT_TRUE(shape.faithful("plain \xF0\x9F\x98\x80", made(shape, "plain \xF0\x9F\x98\x80")));
  EXPECT_FALSE(shape.faithful("a*b", made(shape, "a*b")));
  EXPECT_FALSE(shape.faithful("\xFF", made(shape, "\xFF")));
}

TEST(JolietNames, CutsBetweenCharactersAndKeepsTheExtension) {
  const JolietNames shape(64);
  EXPECT_EQ(shown(shape, std::string(70, 'x') + ".html"), std::string(59, 'x') + ".html");
  EXPECT_EQ(shown(shape, std::string(70, 'x') + ".html", 1004), std::string(56, 'x') + "004.html");
  EXPECT_EQ(made(shape, std::string(70, 'x') + ".d", true).size(), 128u);
  std::string smileys;
  for (int i = 0; i < 40; ++i) smileys += "\xF0\x9F\x98\x80";
  EXPECT_EQ(made(shape, smileys).size(), 128u);
  EXPECT_EQ(made(shape, "x" + smileys).size(), 126u);  // half a character would be the 64th unit
  EXPECT_EQ(shown(shape, std::string(64, 'x')), std::string(64, 'x'));
}

TEST(JolietNames, TextsForTheDescriptor) {
  bool cut = true;
  EXPECT_EQ(ucs2_text("a:b", 16, &cut), std::string("\0a\0:\0b", 6));
  EXPECT_FALSE(cut);
  EXPECT_EQ(ucs2_text("seventeen letters", 16, &cut).size(), 32u);
  EXPECT_TRUE(cut);
}

}  // namespace
}  // namespace fsi
