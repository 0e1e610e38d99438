#include "libfsi/eltorito/eltorito.h"

#include <gtest/gtest.h>

#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/disc/eltorito.h"
#include "libfsi/fsi.h"

namespace fsi {
namespace {

std::vector<std::byte> program(size_t size) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  return bytes;
}

std::vector<std::byte> render(const Image& image) {
  std::vector<std::byte> bytes(image.sectors() * kSectorSize);
  image.read({0, image.sectors()}, bytes);
  return bytes;
}

ImageOptions options_of(const std::string& boot) {
  ImageOptions options;
  options.volume.volume_id = "TEST";
  options.volume.created = 1700000000 * kSecond;
  options.boot.entries = {parse_boot_entry(boot)};
  return options;
}

TEST(ElTorito, TheTableIsRightInTheImageWhereverItIsReadFrom) {
  for (const size_t size : {2049u, 5001u, 100000u}) {
    FileSystemImage description(options_of("boot.bin,info-table,grub2"));
    description.tree().add_memory("boot.bin", program(size < 2556 ? 2556 : size));
    description.tree().add_memory("a", program(3000));
    const auto image = description.create_result();
    const auto bytes = render(*image);
    disc::BootRecord record;
    ASSERT_TRUE(load(bytes, 17 * kSectorSize, record));
    EXPECT_EQ(record.system_id.text(), disc::kElTorito);
    disc::CatalogEntry entry;
    ASSERT_TRUE(load(bytes, record.catalog * kSectorSize + 32, entry));
    const uint64_t at = entry.load_rba * uint64_t{kSectorSize};
    disc::BootInfoTable table;
    disc::Grub2BootInfo position;
    ASSERT_TRUE(load(bytes, at + disc::kBootInfoOffset, table) && load(bytes, at + disc::kGrub2Offset, position));
    EXPECT_EQ(table.primary_descriptor, 16u);
    EXPECT_EQ(table.image_sector, entry.load_rba);
    EXPECT_EQ(position, entry.load_rba * 4u + 5);
    // As isolinux sums itself up when it was loaded: what lies on the disc, zeros behind the last byte.
    uint32_t sum = 0;
    for (uint64_t i = 64; i < table.image_bytes; i += 4) {
      Le32 word;
      ASSERT_TRUE(load(bytes, at + i, word));
      sum += word;
    }
    EXPECT_EQ(sum, table.checksum);

    // One sector at a time, the same.
    for (uint64_t s = 0; s < image->sectors(); ++s) {
      std::vector<std::byte> sector(kSectorSize);
      image->read({s, 1}, sector);
      ASSERT_EQ(0, std::memcmp(sector.data(), bytes.data() + s * kSectorSize, kSectorSize)) << s;
    }
  }
}

TEST(ElTorito, AVisibleCatalogIsTheOneOfTheBootRecord) {
  ImageOptions options = options_of("boot.bin");
  options.boot.catalog_path = "/boot/catalog";
  options.scan.dedupe = true;
  FileSystemImage description(options);
  description.tree().add_memory("boot.bin", program(2048));
  description.tree().add_memory("zeros", std::vector<std::byte>(2048));  // what the catalog might be taken for before it is made
  const auto image = description.create_result();
  const auto bytes = render(*image);
  const ContentId content = image->tree().nodes[image->tree().find("/boot/catalog")].content;
  disc::BootRecord record;
  ASSERT_TRUE(load(bytes, 17 * kSectorSize, record));
  EXPECT_EQ(record.catalog, image->layout().content_lba[content]);
  disc::ValidationEntry validation;
  ASSERT_TRUE(load(bytes, record.catalog * kSectorSize, validation));
  EXPECT_EQ(validation.key_aa, 0xAA);
  const uint64_t zeros = image->layout().content_lba[image->tree().nodes[image->tree().find("/zeros")].content];
  EXPECT_TRUE(std::all_of(bytes.begin() + static_cast<ptrdiff_t>(zeros * kSectorSize),
                          bytes.begin() + static_cast<ptrdiff_t>((zeros + 1) * kSectorSize), [](std::byte b) { return b == std::byte{}; }));
}

TEST(ElTorito, OnlyHardLinksOfAPatchedFileShareItsBytes) {
  ImageOptions options = options_of("boot.bin,info-table");
  options.scan.dedupe = true;
  FileSystemImage description(options);
  description.tree().add_memory("boot.bin", program(4096));
  description.tree().add_memory("a copy", program(4096));
  description.tree().add_hard_link("link", "boot.bin");
  const auto image = description.create_result();
  const SourceTree& tree = image->tree();
  auto content = [&](const char* path) { return tree.nodes[tree.find(path)].content; };
  EXPECT_EQ(content("boot.bin"), content("link"));
  EXPECT_NE(content("boot.bin"), content("a copy"));
  const auto bytes = render(*image);
  const auto original = program(4096);
  EXPECT_EQ(0, std::memcmp(bytes.data() + uint64_t{image->layout().content_lba[content("a copy")]} * kSectorSize, original.data(),
                           original.size()));
  EXPECT_NE(0, std::memcmp(bytes.data() + uint64_t{image->layout().content_lba[content("link")]} * kSectorSize, original.data(),
                           original.size()));
}

TEST(ElTorito, AddressesCountFromTheStartOfTheDisc) {
  ImageOptions options = options_of("boot.bin,info-table");
  options.session_start = 1000;
  FileSystemImage description(options);
  description.tree().add_memory("boot.bin", program(4096));
  const auto image = description.create_result();
  const auto bytes = render(*image);
  disc::BootRecord record;
  disc::CatalogEntry entry;
  disc::BootInfoTable table;
  ASSERT_TRUE(load(bytes, 17 * kSectorSize, record));
  ASSERT_TRUE(load(bytes, (record.catalog - 1000) * uint64_t{kSectorSize} + 32, entry));
  ASSERT_TRUE(load(bytes, (entry.load_rba - 1000) * uint64_t{kSectorSize} + 8, table));
  EXPECT_EQ(table.primary_descriptor, 1016u);
  EXPECT_EQ(table.image_sector, entry.load_rba);
}

}  // namespace
}  // namespace fsi
