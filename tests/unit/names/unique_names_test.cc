#include "libfsi/names/unique_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <string>

#include "libfsi/names/iso9660_names.h"
#include "libfsi/names/joliet_names.h"

namespace fsi {
namespace {

/// Recorded name by name, after checking that they are unique and that the order is theirs.
std::map<std::string, std::string> arranged(const NameShape& shape, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::vector<NameRequest> requests;
  for (uint32_t i = 0; i < names.size(); ++i) requests.push_back({names[i], 100 + i, false});
  std::vector<uint32_t> order(names.size());
  Serials serials;
  UniqueNames(shape).arrange(requests, order, serials);
  std::map<uint32_t, uint32_t> serial(serials.begin(), serials.end());
  EXPECT_EQ(serial.size(), serials.size());
  std::map<std::string, std::string> result;
  std::string last;
  for (const uint32_t id : order) {
    Identifier out;
    shape.make(names[id - 100], false, serial[id], out);
    EXPECT_TRUE(last.empty() || last < out.view()) << last << " is not before " << out.view();
    last = out.view();
    EXPECT_TRUE(result.emplace(names[id - 100], last).second);
  }
  return result;
}

TEST(UniqueNames, TheFirstKeepsItsName) {
  const auto names = arranged(Iso9660Names(3), {"a.TXT", "A.txt", "b.txt", "a.txt"});
  EXPECT_EQ(names.at("A.txt"), "A.TXT");
  EXPECT_EQ(names.at("a.TXT"), "A000.TXT");
  EXPECT_EQ(names.at("a.txt"), "A001.TXT");
  EXPECT_EQ(names.at("b.txt"), "B.TXT");
}

TEST(UniqueNames, ANumberThatIsSomebodysNameIsSkipped) {
  const auto names = arranged(Iso9660Names(3), {"A", "a", "A000", "a001", "A002"});
  EXPECT_EQ(names.at("A000"), "A000");
  EXPECT_EQ(names.at("a"), "A003");
}

TEST(UniqueNames, StemsThatRunIntoEachOtherStayApart) {
  // "AAAA0" with three digits and "AAAA" with four make the same names.
  std::vector<std::string> names;
  for (const char* stem : {"aaaaaaaa", "aaaa0bbb", "aaaaabbb"})
    for (int i = 0; i < 1500; ++i) names.push_back(stem + std::to_string(i));
  EXPECT_EQ(arranged(Iso9660Names(1), names).size(), names.size());
}

TEST(UniqueNames, ThreeHundredWithSixtyFourEqualCharacters) {
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back(std::string(64, 'n') + std::to_string(i) + ".txt");
  EXPECT_EQ(arranged(Iso9660Names(1), names).size(), 300u);
  EXPECT_EQ(arranged(JolietNames(64), names).size(), 300u);
}

TEST(UniqueNames, AHundredThousandCollisionsTakeNoQuadraticTime) {
  std::vector<std::string> names;
  for (int i = 0; i < 100'000; ++i) names.push_back("collision-" + std::to_string(1'000'000 + i) + ".txt");
  const std::clock_t start = std::clock();
  EXPECT_EQ(arranged(Iso9660Names(1), names).size(), names.size());
  EXPECT_LT(std::clock() - start, 20 * CLOCKS_PER_SEC);  // quadratic: minutes
}

TEST(UniqueNames, CaseAloneIsNoCollisionInJoliet) {
  const auto names = arranged(JolietNames(103), {"case", "CASE", "a*", "a?"});
  EXPECT_EQ(names.at("case"), std::string("\0c\0a\0s\0e", 8));
  EXPECT_EQ(names.at("a?"), std::string("\0a\0_\0"
                                        "0\0"
                                        "0\0"
                                        "0",
                                        10));
}

}  // namespace
}  // namespace fsi
