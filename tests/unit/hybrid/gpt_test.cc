#include "libfsi/hybrid/gpt.h"

#include <gtest/gtest.h>

#include <cstring>

namespace fsi {
namespace {

template <class T>
T at(const std::vector<std::byte>& bytes, size_t offset) {
  T record;
  EXPECT_TRUE(load(bytes, offset, record));
  return record;
}

TEST(Gpt, TheCrcIsTheOneThatEverybodyMeans) {
  EXPECT_EQ(gpt_crc(std::as_bytes(std::span("123456789", 9))), 0xCBF43926u);
  EXPECT_EQ(gpt_crc({}), 0u);
}

TEST(Gpt, TheTwoHalvesMirrorEachOther) {
  const std::vector<GptPartition> partitions{{disc::kBasicData, guid_of("a"), 64, 1984, 1, "ISO9660"},
                                             {disc::kEfiSystemPartition, guid_of("b"), 2048, 2048, 0, "EFI system"}};
  const Gpt gpt = make_gpt(5000, guid_of("disk"), partitions);
  ASSERT_EQ(gpt.primary.size(), 33u * 512);
  ASSERT_EQ(gpt.backup.size(), 33u * 512);
  EXPECT_EQ(0, std::memcmp(gpt.primary.data() + 512, gpt.backup.data(), 32 * 512));
  const auto primary = at<disc::GptHeader>(gpt.primary, 0), backup = at<disc::GptHeader>(gpt.backup, 32 * 512);
  EXPECT_EQ(primary.my_lba, 1u);
  EXPECT_EQ(primary.alternate_lba, 4999u);
  EXPECT_EQ(primary.entries_lba, 2u);
  EXPECT_EQ(backup.my_lba, 4999u);
  EXPECT_EQ(backup.alternate_lba, 1u);
  EXPECT_EQ(backup.entries_lba, 4999u - 32);
  EXPECT_EQ(primary.last_usable_lba, 4999u - 33);
  for (disc::GptHeader header : {primary, backup}) {
    const uint32_t crc = header.header_crc32;
    header.header_crc32 = 0;
    EXPECT_EQ(gpt_crc(bytes_of(header)), crc);
    EXPECT_EQ(header.entries_crc32, gpt_crc(std::span(gpt.primary).subspan(512)));
  }
  const auto esp = at<disc::GptEntry>(gpt.primary, 512 + 128);
  EXPECT_EQ(esp.first_lba, 2048u);
  EXPECT_EQ(esp.last_lba, 4095u);
  EXPECT_EQ(esp.name[0], 'E');
  // C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on a disk.
  const unsigned char type[16] = {0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B};
  EXPECT_EQ(0, std::memcmp(gpt.primary.data() + 512 + 128, type, 16));
}

TEST(Gpt, IdentifiersDependOnTheirTextAlone) {
  EXPECT_EQ(0, std::memcmp(bytes_of(guid_of("a")).data(), bytes_of(guid_of("a")).data(), 16));
  EXPECT_NE(0, std::memcmp(bytes_of(guid_of("a")).data(), bytes_of(guid_of("b")).data(), 16));
  EXPECT_EQ(guid_of("a").time_high_and_version >> 12, 4);
  EXPECT_EQ(guid_of("a").rest[0] >> 6, 2);
}

}  // namespace
}  // namespace fsi
