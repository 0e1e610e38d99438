#include "libfsi/hybrid/hybrid.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "libfsi/base/error.h"
#include "libfsi/disc/eltorito.h"

namespace fsi {
namespace {

// Boot code as far as it is recognised by its messages; the real files are used in tests/foreign/boot.py.
std::string code_file(const std::string& message, size_t size, char fill = '\x90') {
  std::string name = (std::filesystem::temp_directory_path() / "discpress-code-XXXXXX").string();
  const int fd = ::mkstemp(name.data());
  ::close(fd);
  std::string bytes(size, fill);
  bytes.replace(100, message.size(), message);
  std::ofstream(name, std::ios::binary) << bytes;
  return name;
}

class HybridTest : public ::testing::Test {
 protected:
  HybridTest() { layout_.end = 5120; }
  ~HybridTest() override {
    for (const std::string& name : files_) std::filesystem::remove(name);
  }
  std::string file(const std::string& message, size_t size, char fill = '\x90') {
    return files_.emplace_back(code_file(message, size, fill));
  }

  static HybridImage image(uint8_t platform, Lba first, uint64_t bytes, bool info_table = false, bool grub2 = false, uint32_t mark = 0) {
    return {"image",
            platform,
            bytes,
            false,
            info_table,
            grub2,
            [=] {
              return Extent{first, bytes};
            },
            [=](uint64_t, std::span<std::byte> out) {
              const Le32 number = mark;
              std::memcpy(out.data(), &number, std::min(out.size(), sizeof number));
            }};
  }
  static HybridImage isolinux() { return image(disc::kPlatformX86, 100, 38912, true, false, 0x7078C0FB); }

  disc::MasterBootRecord record(const HybridOptions& options, const std::vector<HybridImage>& images) {
    Hybrid hybrid(volume_, layout_, options, [&] { return images; });
    hybrid.prepare();
    std::vector<std::byte> area(16 * kSectorSize);
    hybrid.regions()[0]->render(0, area);
    disc::MasterBootRecord record;
    EXPECT_TRUE(load(area, 0, record));
    return record;
  }
  static uint64_t position(const disc::MasterBootRecord& record) {
    Le64 value;
    std::memcpy(&value, record.code + 432, sizeof value);
    return value;
  }

  Volume volume_;
  Layout layout_;
  std::vector<std::string> files_;
};

TEST_F(HybridTest, IsolinuxLoadsFromWhereItLies) {
  const auto mbr = record({file("isolinux.bin missing or corrupt.", 432), false}, {isolinux()});
  EXPECT_EQ(position(mbr), 400u);
  EXPECT_EQ(mbr.partitions[0].status, disc::kActive);
  EXPECT_EQ(mbr.partitions[0].type, disc::kTypeHiddenNtfs);
  EXPECT_EQ(mbr.partitions[0].first_lba, 0u);
  EXPECT_EQ(mbr.partitions[0].count, 5120u * 4);
  EXPECT_EQ(mbr.key_aa, 0xAA);
}

TEST_F(HybridTest, AnEfiPartitionInsideMakesTheOuterOneEmpty) {
  const auto mbr = record({file("isolinux.bin missing or corrupt.", 432), false}, {isolinux(), image(disc::kPlatformEfi, 512, 1 << 20)});
  EXPECT_EQ(mbr.partitions[0].type, disc::kTypeEmpty);
  EXPECT_EQ(mbr.partitions[1].type, disc::kTypeEfi);
  EXPECT_EQ(mbr.partitions[1].first_lba, 2048u);
  EXPECT_EQ(mbr.partitions[1].count, 2048u);
}

TEST_F(HybridTest, GrubLoadsBehindItsFirstSectorAndGptProtects) {
  const auto mbr = record({file("GRUB ", 512), true}, {image(disc::kPlatformX86, 100, 100000, true, true)});
  EXPECT_EQ(position(mbr), 404u);
  EXPECT_EQ(mbr.partitions[0].type, disc::kTypeProtective);
  EXPECT_EQ(mbr.partitions[0].first_lba, 1u);
  EXPECT_EQ(mbr.partitions[0].count, 5120u * 4 - 1);
}

TEST_F(HybridTest, WhatCannotBootIsRefused) {
  const std::string isolinux_code = file("isolinux.bin missing or corrupt.", 432), grub_code = file("GRUB ", 512);
  EXPECT_THROW(record({isolinux_code, false}, {}), Error);
  EXPECT_THROW(record({isolinux_code, false}, {image(disc::kPlatformEfi, 1, 1)}), Error);
  EXPECT_THROW(record({isolinux_code, false}, {image(0, 100, 38912, true)}), Error);                      // not isolinux
  EXPECT_THROW(record({isolinux_code, false}, {image(0, 100, 38912, false, false, 0x7078C0FB)}), Error);  // no table
  EXPECT_THROW(record({isolinux_code, false}, {image(0, 100, 66, true, false, 0x7078C0FB)}), Error);      // too short
  EXPECT_THROW(record({grub_code, false}, {image(0, 100, 38912, true)}), Error);                          // does not know its place
  EXPECT_THROW(record({"", true}, {image(0, 100, 38912, true)}), Error);                                  // nothing for UEFI
  EXPECT_THROW(record({"/nonexistent/isohdpfx.bin", false}, {isolinux()}), Error);
  EXPECT_THROW(record({file("nothing", 432), false}, {isolinux()}), Error);
  EXPECT_THROW(record({file("GRUB ", 512, '\0'), false}, {isolinux()}), Error);  // boot.img
  EXPECT_THROW(record({file("isolinux.bin missing or corrupt.", 38912), false}, {isolinux()}), Error);
  EXPECT_THROW(record({file("isolinux.bin missing or corrupt.", 431), false}, {isolinux()}), Error);
}

TEST(HybridText, Words) {
  EXPECT_TRUE(parse_hybrid("gpt").gpt);
  EXPECT_EQ(parse_hybrid("mbr=/a\\,b,gpt").mbr_file, "/a,b");
  for (const char* text : {"", "mbr", "mbr=", "gpt,", "apm", "gpt=1"}) EXPECT_THROW(parse_hybrid(text), Error) << text;
}

}  // namespace
}  // namespace fsi
