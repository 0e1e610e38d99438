#include "libfsi/eltorito/boot_rules.h"

#include <gtest/gtest.h>

#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/disc/eltorito.h"
#include "libfsi/disc/mbr.h"

namespace fsi {
namespace {

CatalogLine choose(const std::string& text, uint64_t bytes, std::span<const std::byte> start = {}) {
  return choose_line(parse_boot_entry(text), bytes, start, "x");
}

TEST(BootRules, LoadSizes) {
  EXPECT_EQ(choose("x,info-table", 38912).sector_count, 4);
  EXPECT_EQ(choose("x,grub2", 38912).sector_count, 4);
  EXPECT_EQ(choose("x", 4096).sector_count, 8);  // etfsboot.com on Windows media
  EXPECT_EQ(choose("x", 1).sector_count, 4);     // never 0
  EXPECT_EQ(choose("x", 524288).sector_count, 1024);
  EXPECT_THROW(choose("x", 524289), Error);
  EXPECT_EQ(choose("x,load-size=8", 1 << 20).sector_count, 8);
  EXPECT_EQ(choose("x,platform=efi", 1474560).sector_count, 2880);
  EXPECT_EQ(choose("x,platform=efi", 65535 * 512).sector_count, 65535);
  EXPECT_EQ(choose("x,platform=efi", 65536 * 512).sector_count, 0);
  EXPECT_EQ(choose("x,platform=efi,load-size=1", 1474560).sector_count, 1);
}

std::string doubt(const std::string& text, uint64_t bytes, std::span<const std::byte> start = {}) {
  const BootEntry entry = parse_boot_entry(text);
  return doubt_about(entry, choose_line(entry, bytes, start, "x"), bytes, start, "x");
}

TEST(BootRules, WhatFirmwareWillHardlyStartIsSaid) {
  std::vector<std::byte> fat(512);
  const auto put = [&](size_t at, unsigned value) { fat[at] = static_cast<std::byte>(value); };
  put(12, 2);   // 512 bytes per sector
  put(13, 1);   // sectors per cluster
  put(14, 1);   // reserved
  put(16, 2);   // tables
  put(20, 11);  // 2816 sectors
  put(21, 0xF0);
  put(22, 9);
  put(510, 0x55);
  put(511, 0xAA);
  EXPECT_EQ(doubt("x,platform=efi", 2816 * 512, fat), "");
  EXPECT_NE(doubt("x,platform=efi", 2815 * 512, fat).find("cut off"), std::string::npos);
  EXPECT_NE(doubt("x,platform=efi", 2816 * 512, std::vector<std::byte>(512)).find("no FAT"), std::string::npos);
  EXPECT_NE(doubt("x,platform=efi", 100, std::vector<std::byte>(100)).find("too short"), std::string::npos);
  EXPECT_EQ(doubt("x,load-size=4", 100), "");
  EXPECT_NE(doubt("x,load-size=5", 100).find("4 blocks"), std::string::npos);
}

TEST(BootRules, FloppiesPickTheirSize) {
  EXPECT_EQ(choose("x,emulation=floppy", 1228800).media, disc::kFloppy1200);
  EXPECT_EQ(choose("x,emulation=floppy", 1474560).media, disc::kFloppy1440);
  EXPECT_EQ(choose("x", 2949120).media, disc::kFloppy2880);
  EXPECT_EQ(choose("x", 2949120).sector_count, 1);
  EXPECT_EQ(choose("x,load-size=4", 1474560).media, disc::kNoEmulation);
  EXPECT_EQ(choose("x,emulation=none", 1474560 / 4).media, disc::kNoEmulation);
  EXPECT_EQ(choose("x,platform=efi", 1474560).media, disc::kNoEmulation);
  for (const uint64_t bytes : {1u, 1474559u, 1474561u, 2949121u, 100000000u})
    EXPECT_THROW(choose("x,emulation=floppy", bytes), Error) << bytes;
}

TEST(BootRules, HardDisksNeedOneWholePartition) {
  disc::MasterBootRecord mbr;
  mbr.partitions[1].type = 0x0E;
  mbr.partitions[1].first_lba = 63;
  mbr.partitions[1].count = 937;
  const CatalogLine line = choose("x,emulation=hd", 512000, bytes_of(mbr));
  EXPECT_EQ(line.media, disc::kHardDisk);
  EXPECT_EQ(line.system_type, 0x0E);
  EXPECT_EQ(line.sector_count, 1);
  EXPECT_THROW(choose("x,emulation=hd", 511999, bytes_of(mbr)), Error);             // cut off
  EXPECT_THROW(choose("x,emulation=hd", uint64_t{9} << 30, bytes_of(mbr)), Error);  // too large
  EXPECT_THROW(choose("x,emulation=hd", 100, bytes_of(mbr).first(100)), Error);     // no boot record
  mbr.partitions[0].type = 1;
  EXPECT_THROW(choose("x,emulation=hd", 512000, bytes_of(mbr)), Error);  // two
  mbr = {};
  EXPECT_THROW(choose("x,emulation=hd", 512000, bytes_of(mbr)), Error);  // none
  mbr.key_aa = 0;
  EXPECT_THROW(choose("x,emulation=hd", 512000, bytes_of(mbr)), Error);
}

TEST(BootRules, ImagesThatCannotBeMeant) {
  EXPECT_THROW(choose("x", 0), Error);
  EXPECT_THROW(choose("x,platform=efi", 0), Error);
  EXPECT_THROW(choose("x,info-table", 63), Error);
  EXPECT_THROW(choose("x,grub2", 2555), Error);
  EXPECT_NO_THROW(choose("x,grub2", 2556));
  EXPECT_THROW(choose("x,info-table", kMaxPatchedImage + 1), Error);
}

}  // namespace
}  // namespace fsi
