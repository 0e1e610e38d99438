#include "libfsi/read/aaip.h"

#include <gtest/gtest.h>

namespace fsi {
namespace {

std::string component(std::string_view bytes, bool goes_on = false) {
  return std::string{static_cast<char>(goes_on), static_cast<char>(bytes.size())} + std::string(bytes);
}

TEST(Aaip, FindsAttributesInBothForms) {
  const std::string all = component("user.x") + component("abc") + component("\4cx") + component("12") + component("\4ca") + component("");
  EXPECT_EQ(find_attribute(all, "\4cx"), "12");
  EXPECT_EQ(find_attribute(all, "\4ca"), "");
  EXPECT_EQ(find_attribute(all, "\4cz"), std::nullopt);
  EXPECT_EQ(find_attribute(component("isofs.cx") + component("7"), "\4cx"), "7");
}

TEST(Aaip, ComponentsGoOn) {
  const std::string all = component("\4", true) + component("c", true) + component("x") + component(std::string(200, 'a'), true) +
                          component(std::string(200, 'b'));
  EXPECT_EQ(find_attribute(all, "\4cx"), std::string(200, 'a') + std::string(200, 'b'));
}

TEST(Aaip, LengthsThatLieEndIt) {
  const std::string all = component("\4cx") + component("value");
  for (size_t cut = 0; cut < all.size(); ++cut) EXPECT_EQ(find_attribute(all.substr(0, cut), "\4cx"), std::nullopt) << cut;
  EXPECT_EQ(find_attribute(component("a") + std::string("\0\xff", 2) + "xx" + all, "\4cx"), std::nullopt);
  EXPECT_EQ(find_attribute(component("\4cx") + component("never", true), "\4cx"), std::nullopt);
  EXPECT_EQ(find_attribute("", "\4cx"), std::nullopt);
}

}  // namespace
}  // namespace fsi
