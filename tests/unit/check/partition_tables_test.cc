#include "libfsi/check/partition_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "libfsi/check/partition_contents.h"
#include "libfsi/hybrid/gpt.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

using testing::Contains;
using testing::IsEmpty;
using namespace fsi::disc;

constexpr uint64_t kSectors = 64, kBlocks = kSectors * 4, kEfiLba = 32;

void put(Bytes& bytes, size_t at, const auto& record) { std::memcpy(bytes.data() + at, &record, sizeof record); }

// A FAT of `blocks` blocks, as far as its first sector goes.
void put_fat(Bytes& bytes, uint64_t lba, uint16_t blocks) {
  const unsigned char start[] = {0xEB,
                                 0x3C,
                                 0x90,
                                 'T',
                                 'E',
                                 'S',
                                 'T',
                                 ' ',
                                 ' ',
                                 ' ',
                                 ' ',
                                 0,
                                 2,
                                 1,
                                 1,
                                 0,
                                 1,
                                 16,
                                 0,
                                 static_cast<unsigned char>(blocks & 255),
                                 static_cast<unsigned char>(blocks >> 8),
                                 0xF8,
                                 1,
                                 0};
  std::copy(std::begin(start), std::end(start), bytes.begin() + static_cast<std::ptrdiff_t>(lba * 2048));
  bytes[lba * 2048 + 510] = 0x55;
  bytes[lba * 2048 + 511] = 0xAA;
}

Bytes good_disk() {
  Bytes bytes(kSectors * 2048);
  const fsi::GptPartition partitions[] = {{kBasicData, fsi::guid_of("1"), 64, kEfiLba * 4 - 64, 0, "data"},
                                          {kEfiSystemPartition, fsi::guid_of("2"), kEfiLba * 4, 40, 0, "EFI"}};
  const fsi::Gpt gpt = fsi::make_gpt(kBlocks, fsi::guid_of("disk"), partitions);
  std::memcpy(bytes.data() + 512, gpt.primary.data(), gpt.primary.size());
  std::memcpy(bytes.data() + bytes.size() - gpt.backup.size(), gpt.backup.data(), gpt.backup.size());
  MasterBootRecord record;
  record.partitions[0].type = kTypeProtective;
  record.partitions[0].first_lba = 1;
  record.partitions[0].count = kBlocks - 1;
  put(bytes, 0, record);
  put_fat(bytes, kEfiLba, 40);
  return bytes;
}

void seal(Bytes& bytes, uint64_t block = 1) {
  GptHeader header;
  std::memcpy(&header, bytes.data() + block * 512, sizeof header);
  const uint64_t size = uint64_t{header.entry_count} * header.entry_size;
  if (header.entries_lba <= bytes.size() / 512 && size <= bytes.size() - header.entries_lba * 512)
    header.entries_crc32 = static_cast<uint32_t>(crc32_z(0, bytes.data() + header.entries_lba * 512, size));
  header.header_crc32 = 0;
  header.header_crc32 = static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const unsigned char*>(&header), sizeof header));
  put(bytes, block * 512, header);
}

struct Found {
  fsi::PartitionTables tables;
  std::vector<std::string> what;
};

Found read(const MemorySource& source, bool own = true) {
  fsi::IssueLog log;
  Found found{fsi::read_partition_tables(source, log), {}};
  fsi::BootImage image;
  image.platform = kPlatformEfi;
  image.bootable = true;
  image.lba = kEfiLba;
  fsi::check_partition_contents(found.tables, {image}, source, own, log);
  for (const auto& issue : log.take()) found.what.push_back(issue.what);
  return found;
}

Found read(const Bytes& bytes, bool own = true) { return read(MemorySource(bytes), own); }

TEST(PartitionTables, NothingThereIsNoFault) {
  const Found found = read(Bytes(kSectors * 2048));
  EXPECT_FALSE(found.tables.has_mbr);
  EXPECT_THAT(found.what, IsEmpty());
  EXPECT_THAT(read(Bytes()).what, IsEmpty());
}

TEST(PartitionTables, AGoodDisk) {
  const Found found = read(good_disk());
  EXPECT_THAT(found.what, IsEmpty());
  ASSERT_EQ(found.tables.partitions.size(), 2u);
  EXPECT_FALSE(found.tables.partitions[0].efi);
  EXPECT_TRUE(found.tables.partitions[1].efi);
  EXPECT_EQ(found.tables.partitions[1].name(), "GPT partition 2 (blocks 128..167)");
}

TEST(PartitionTables, TheBackupStandsInForTheFirst) {
  Bytes bytes = good_disk();
  bytes[512] = 'X';
  const Found found = read(bytes);
  EXPECT_THAT(found.what, testing::ElementsAre("the primary GUID partition table is missing"));
  EXPECT_EQ(found.tables.partitions.size(), 2u);
}

TEST(PartitionTables, NumbersThatLieAreNotBelieved) {
  const struct {
    size_t field, bytes;
    uint64_t value;
    const char* what;
  } lies[] = {
      {offsetof(GptHeader, header_size), 4, 0xFFFFFFFF, "the header of a GUID partition table is damaged"},
      {offsetof(GptHeader, header_size), 4, 1, "the header of a GUID partition table is damaged"},
      {offsetof(GptHeader, entry_count), 4, 0xFFFFFFFF, "the entries of a GUID partition table cannot be read"},
      {offsetof(GptHeader, entry_size), 4, 0, "the entries of a GUID partition table cannot be read"},
      {offsetof(GptHeader, entry_size), 4, 0xFFFFFFFF, "the entries of a GUID partition table cannot be read"},
      {offsetof(GptHeader, entries_lba), 8, UINT64_MAX, "the entries of a GUID partition table cannot be read"},
      {offsetof(GptHeader, entries_lba), 8, kBlocks - 1, "the entries of a GUID partition table cannot be read"},
      {offsetof(GptHeader, alternate_lba), 8, UINT64_MAX, "the backup of the GUID partition table is missing"},
      {offsetof(GptHeader, alternate_lba), 8, 1, "the backup of the GUID partition table is missing"},
      {offsetof(GptHeader, alternate_lba), 8, 0, "the backup of the GUID partition table is missing"},
      {offsetof(GptHeader, last_usable_lba), 8, UINT64_MAX, "the usable blocks of a GUID partition table are none"},
  };
  for (const auto& lie : lies) {
    Bytes bytes = good_disk();
    for (size_t i = 0; i < lie.bytes; ++i) bytes[512 + lie.field + i] = static_cast<unsigned char>(lie.value >> (8 * i));
    seal(bytes);
    EXPECT_THAT(read(bytes).what, Contains(lie.what)) << lie.field << " " << lie.value;
  }
}

TEST(PartitionTables, EntriesThatLieAreNotBelieved) {
  const struct {
    uint64_t first, last;
    const char* what;
  } lies[] = {{0, UINT64_MAX, "a partition reaches beyond the end"},
              {UINT64_MAX, UINT64_MAX, "a partition reaches beyond the end"},
              {200, 199, "a partition ends before it begins"},
              {60, 200, "partitions overlap"},
              {1, 20, "a partition lies outside the usable blocks"}};
  for (const auto& lie : lies) {
    Bytes bytes = good_disk();
    GptEntry entry;
    std::memcpy(&entry, bytes.data() + 1024, sizeof entry);
    entry.first_lba = lie.first;
    entry.last_lba = lie.last;
    put(bytes, 1024, entry);
    seal(bytes);
    EXPECT_THAT(read(bytes).what, Contains(lie.what)) << lie.first << " " << lie.last;
  }
}

TEST(PartitionContents, TheEfiPartitionIsTheBootImage) {
  Bytes moved = good_disk();
  for (const uint64_t block : {uint64_t{1}, kBlocks - 1}) {
    GptHeader header;
    std::memcpy(&header, moved.data() + block * 512, sizeof header);
    GptEntry entry;
    std::memcpy(&entry, moved.data() + header.entries_lba * 512 + 128, sizeof entry);
    entry.first_lba = entry.first_lba + 8;
    put(moved, header.entries_lba * 512 + 128, entry);
    seal(moved, block);
  }
  EXPECT_THAT(read(moved).what, Contains("an EFI system partition does not begin where its boot image does"));
  EXPECT_THAT(read(moved, false).what, Contains("an EFI system partition is no FAT file system"));
  Bytes large = good_disk();
  put_fat(large, kEfiLba, 41);
  EXPECT_THAT(read(large).what, Contains("an EFI system partition is smaller than its file system"));
}

TEST(PartitionTables, AnyByteMayBeAnything) {
  const Bytes good = good_disk();
  MemorySource source(good);
  Bytes& bad = source.bytes();
  for (const size_t begin : {size_t{0}, good.size() - 17 * 512})
    for (size_t i = begin; i < begin + 17 * 512; ++i) {
      // Records, headers and the first entries; the rest is zeros like them.
      const size_t block = (i - begin) / 512, header_block = begin == 0 ? 1 : 16;
      if (block != header_block && !(begin == 0 && i >= 432 && i < 512) && !(block == (begin == 0 ? 2u : 0u) && i % 512 < 256)) continue;
      if (block == header_block && i % 512 > 96) continue;
      for (const int value : {0x00, 0xFF, good[i] ^ 0x80, good[i] + 1}) {
        bad[i] = static_cast<unsigned char>(value);
        read(source);
        if (i >= 512) seal(bad, begin == 0 ? 1 : kBlocks - 1);
        read(source);
        std::copy_n(good.begin() + static_cast<std::ptrdiff_t>(begin), 17 * 512, bad.begin() + static_cast<std::ptrdiff_t>(begin));
      }
    }
}

}  // namespace
}  // namespace fixture
