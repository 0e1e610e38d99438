#include "libfsi/check/boot_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libfsi/disc/fat.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace fsi::disc;

constexpr fsi::Lba kCatalog = 20, kImage = 30;

// A catalog of one default entry and what is added to it.
class Catalog {
 public:
  Catalog() : bytes_(64 * 2048) {
    put(0, ValidationEntry{});
    seal();
    CatalogEntry entry;
    entry.sector_count = 4;
    entry.load_rba = kImage;
    put(1, entry);
    bytes_[kImage * 2048] = 0xFA;
  }
  template <class T>
  void put(size_t entry, const T& record) {
    std::memcpy(bytes_.data() + kCatalog * 2048 + entry * 32, &record, sizeof record);
  }
  void seal() {
    unsigned sum = 0;
    unsigned char* at = bytes_.data() + kCatalog * 2048;
    at[28] = at[29] = 0;
    for (int i = 0; i < 32; i += 2) sum += at[i] | static_cast<unsigned>(at[i + 1]) << 8;
    at[28] = static_cast<unsigned char>(-sum);
    at[29] = static_cast<unsigned char>(-sum >> 8);
  }
  unsigned char& operator[](size_t at) { return bytes_.at(at); }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

struct Checked {
  std::vector<fsi::BootImage> images;
  std::vector<std::string> what;
};

Checked check(const Bytes& bytes, const std::vector<std::pair<std::string, fsi::Extent>>& files = {}, fsi::Lba catalog = kCatalog) {
  const MemorySource source(bytes);
  fsi::VolumeRead volume;
  volume.boot_catalogs = {catalog};
  fsi::IssueLog log;
  fsi::BootImages boot(volume, source, 0, log);
  for (const auto& [path, extent] : files) {
    fsi::TreeEntry entry;
    const auto data = fsi::DataExtent::of(extent);
    entry.path = path;
    entry.size = extent.bytes;
    entry.extents = {&data, 1};
    boot.see(entry);
  }
  boot.check({{{16, 4}, "volume descriptors"}});
  Checked checked{boot.list(), {}};
  for (const auto& issue : log.take()) checked.what.push_back(issue.what);
  return checked;
}

TEST(BootImages, AGoodCatalog) {
  const Checked found = check(Catalog().bytes(), {{"/boot", {kImage, 2048}}});
  EXPECT_THAT(found.what, IsEmpty());
  ASSERT_EQ(found.images.size(), 1u);
  EXPECT_EQ(found.images[0].name(), "entry 1 (BIOS, LBA 30)");
}

TEST(BootImages, SectionsExtensionsAndBareEntries) {
  Catalog catalog;
  SectionHeader header;
  header.indicator = kMoreSections;
  header.platform = kPlatformMac;
  header.entry_count = 1;
  CatalogEntry entry;
  entry.load_rba = kImage;
  entry.media = 0x20;  // an extension follows
  catalog.put(2, header);
  catalog.put(3, entry);
  CatalogEntry extension;
  extension.indicator = kExtension;
  catalog.put(4, extension);
  header.indicator = kLastSection;
  header.entry_count = 2;
  entry.media = 0;
  catalog.put(5, header);
  catalog.put(6, entry);
  catalog.put(7, entry);
  EXPECT_THAT(check(catalog.bytes()).what, IsEmpty());
  EXPECT_EQ(check(catalog.bytes()).images.size(), 4u);
  catalog.put(8, header);
  EXPECT_THAT(check(catalog.bytes()).what, ElementsAre("a section of the boot catalog comes behind the last one"));
  Catalog bare;
  entry.sector_count = 4;
  bare.put(2, entry);
  EXPECT_THAT(check(bare.bytes()).what, ElementsAre("a boot entry belongs to no section"));
  EXPECT_EQ(check(bare.bytes()).images.size(), 2u);
  entry.media = 0x20;
  header.indicator = kLastSection;
  header.entry_count = 1;
  Catalog lacking;
  lacking.put(2, header);
  lacking.put(3, entry);
  EXPECT_THAT(check(lacking.bytes()).what, ElementsAre("a boot entry announces an extension that is not there"));
}

TEST(BootImages, TheImageHasToBeThere) {
  Catalog catalog;
  catalog[kImage * 2048] = 0;
  EXPECT_THAT(check(catalog.bytes()).what, ElementsAre("nothing lies where a boot entry points"));
  EXPECT_THAT(check(catalog.bytes(), {{"/zeros", {kImage, 2048}}}).what, IsEmpty());
  EXPECT_THAT(check(catalog.bytes(), {{"/f", {kImage - 1, 9000}}}).what, ElementsAre("a boot entry points into something else"));
  for (const uint32_t lba : {64u, 0xFFFFFFFFu}) {
    CatalogEntry entry;
    entry.sector_count = 4;
    entry.load_rba = lba;
    catalog.put(1, entry);
    EXPECT_THAT(check(catalog.bytes()).what, ElementsAre("a boot image lies beyond the end"));
  }
  EXPECT_THAT(check(catalog.bytes(), {}, 64).what, ElementsAre("the boot catalog lies beyond the end"));
  EXPECT_THAT(check(catalog.bytes(), {}, 0xFFFFFFFF).what, ElementsAre("the boot catalog lies beyond the end"));
}

TEST(BootImages, AnImageInNoTreeHasItsTableChecked) {
  Catalog catalog;
  auto table = [&](size_t field, uint32_t value) {
    for (int i = 0; i < 4; ++i)
      catalog[kImage * 2048 + 8 + 4 * field + static_cast<size_t>(i)] = static_cast<unsigned char>(value >> (8 * i));
  };
  table(0, 16), table(1, kImage), table(2, 4000), table(3, 0x1234 + 0x56);
  catalog[kImage * 2048 + 64] = 0x34, catalog[kImage * 2048 + 65] = 0x12;
  catalog[kImage * 2048 + 3996] = 0x56;
  catalog[kImage * 2048 + 4000] = 0x77;  // behind its end
  EXPECT_THAT(check(catalog.bytes()).what, IsEmpty());
  catalog[kImage * 2048 + 100] = 1;
  EXPECT_THAT(check(catalog.bytes()).what, ElementsAre("the boot-info table of a boot image is wrong"));
  catalog[kImage * 2048 + 100] = 0;
  table(2, 0xFFFFFFFF);
  EXPECT_THAT(check(catalog.bytes()).what, ElementsAre("the boot-info table of a boot image is wrong"));
  table(2, 4000), table(1, 0);
  EXPECT_THAT(check(catalog.bytes()).what, ElementsAre("nobody told a boot image where it lies"));
}

TEST(BootImages, AnyByteOfTheCatalogMayBeAnything) {
  Catalog catalog;
  SectionHeader header;
  header.platform = kPlatformEfi;
  header.entry_count = 1;
  CatalogEntry entry;
  entry.load_rba = kImage;
  entry.media = kHardDisk;
  catalog.put(2, header);
  catalog.put(3, entry);
  for (size_t at = kCatalog * 2048; at < kCatalog * 2048 + 160; ++at)
    for (const int value : {0, 1, 4, 0x20, 0x44, 0x7F, 0x80, 0x88, 0x90, 0x91, 0xEF, 0xFF}) {
      Bytes bad = catalog.bytes();
      bad[at] = static_cast<unsigned char>(value);
      check(bad);
    }
  Catalog endless;
  header.indicator = kMoreSections;
  header.entry_count = 0;
  for (size_t i = 2; i < 44 * 64; ++i) endless.put(i, header);
  EXPECT_THAT(check(endless.bytes()).what, Contains("the last section of the boot catalog is not marked as the last"));
}

TEST(Fat, IsRecognisedByItsParameters) {
  std::array<std::byte, 512> sector{};
  EXPECT_FALSE(fsi::disc::why_not_fat(sector).empty());
  EXPECT_FALSE(fsi::disc::why_not_fat(std::span(sector).first(100)).empty());
  const std::pair<size_t, unsigned> bytes[] = {{12, 2},  {13, 1},    {14, 1}, {16, 2},     {19, 64},
                                               {20, 11}, {21, 0xF0}, {22, 9}, {510, 0x55}, {511, 0xAA}};
  for (const auto& [at, value] : bytes) sector[at] = static_cast<std::byte>(value);
  EXPECT_EQ(fsi::disc::why_not_fat(sector), "");
  EXPECT_EQ(fsi::disc::size_of_fat(sector), 2880u * 512);
  for (const auto& [at, value] : bytes) {
    if (at == 20) continue;  // the size is not wrong for being another
    auto bad = sector;
    bad[at] = std::byte{0};
    EXPECT_EQ(fsi::disc::why_not_fat(bad).empty(), at == 19) << at;
  }
}

}  // namespace
}  // namespace fixture
