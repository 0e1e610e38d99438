#include "libfsi/eltorito/boot_catalog.h"

#include <gtest/gtest.h>

#include "libfsi/disc/eltorito.h"

namespace fsi {
namespace {

std::vector<CatalogLine> lines_of(std::initializer_list<uint8_t> platforms) {
  std::vector<CatalogLine> lines;
  for (const uint8_t platform : platforms)
    lines.push_back({.platform = platform, .sector_count = 4, .image = static_cast<Lba>(100 + lines.size())});
  return lines;
}

uint16_t sum(std::span<const std::byte> bytes) {
  uint16_t total = 0;
  for (size_t i = 0; i < 32; i += 2) {
    Le16 word;
    EXPECT_TRUE(load(bytes, i, word));
    total = static_cast<uint16_t>(total + word);
  }
  return total;
}

TEST(BootCatalog, OneEntryIsTheDefaultEntry) {
  auto lines = lines_of({0xEF});
  lines[0].id = "DISCPRESS";
  const auto bytes = make_catalog(lines);
  ASSERT_EQ(bytes.size(), 64u);
  EXPECT_EQ(sum(bytes), 0);
  disc::ValidationEntry validation;
  disc::CatalogEntry entry;
  ASSERT_TRUE(load(bytes, 0, validation) && load(bytes, 32, entry));
  EXPECT_EQ(validation.platform, 0xEF);
  EXPECT_EQ(validation.id.text(), "DISCPRESS");
  EXPECT_EQ(entry.indicator, disc::kBootable);
  EXPECT_EQ(entry.load_rba, 100u);
}

TEST(BootCatalog, SectionsGroupNeighboursOfOnePlatform) {
  const auto bytes = make_catalog(lines_of({0, 0xEF, 0xEF, 0}));
  ASSERT_EQ(bytes.size(), 32u * 7);
  disc::SectionHeader first, second;
  ASSERT_TRUE(load(bytes, 64, first) && load(bytes, 160, second));
  EXPECT_EQ(first.indicator, disc::kMoreSections);
  EXPECT_EQ(first.platform, 0xEF);
  EXPECT_EQ(first.entry_count, 2);
  EXPECT_EQ(second.indicator, disc::kLastSection);
  EXPECT_EQ(second.platform, 0);
  EXPECT_EQ(second.entry_count, 1);
}

TEST(BootCatalog, SizeDoesNotDependOnWhatIsNotKnownYet) {
  auto lines = lines_of({0, 0xEF, 1, 2});
  const uint64_t before = catalog_bytes(lines);
  lines[3].image = 0xFFFFFFFF;
  lines[2].media = disc::kHardDisk;
  EXPECT_EQ(catalog_bytes(lines), before);
  EXPECT_EQ(make_catalog(lines).size(), before);
}

}  // namespace
}  // namespace fsi
