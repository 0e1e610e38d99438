// A good image with every byte of its descriptors and records changed in turn, and with random changes by a fixed seed:
// reading and checking it comes to an end, quickly and without harm (run it under the sanitizers).
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <random>

#include "tests/fuzz/read_fuzz.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

using namespace fsi::disc;

// Rock Ridge with a continuation area, a link, a relocated directory and a file of two sections; Joliet; a boot catalog.
Bytes rich_image() {
  TinyImage image(48);
  RripCL cl;
  cl.extent = 25;
  RripPL pl;
  pl.extent = 24;
  BootRecord boot;
  boot.system_id.set("EL TORITO SPECIFICATION");
  boot.catalog = 28;
  VolumeDescriptor joliet = image.primary;
  joliet.header.type = 2;
  joliet.volume_space_size = 48;
  joliet.escape_sequences.set(std::string_view(kJolietLevel3, 3));
  joliet.root.extent = 27;
  joliet.path_table_l = 29;
  joliet.path_table_m = 30;
  image.put(17, boot);
  image.put(21, joliet);
  image.put(22, SetTerminator{});
  // 18 and 19 are path tables, which end the descriptors; so those are laid elsewhere.
  image.path_table({{20, 1, kDot}, {24, 1, "A"}, {26, 1, "RR_MOVED"}, {25, 3, "D"}});
  const std::string area =
      std::string(SystemUseBytes().nm("and its end")) + std::string(SystemUseBytes().sl(std::string("\x08\0\0\3usr\4\0\1\2lo\0\3cal", 18)));
  image.text(23, 64, area);
  image.directory(
      20, 20,
      {record("A", 24, 2048, kDirectory, SystemUseBytes().px(S_IFDIR | 0755, 3, 2).nm("a")),
       record("BIG.;1", 32, 4096, kMultiExtent, SystemUseBytes().px(S_IFREG | 0644, 1, 5).nm("big")),
       record("BIG.;1", 36, 100, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 5).nm("big")),
       record("L.;1", 0, 0, 0,
              SystemUseBytes().px(S_IFLNK | 0777, 1, 6).nm("long name ", kNameContinue).ce(23, 64, static_cast<uint32_t>(area.size()))),
       record("RR_MOVED", 26, 2048, kDirectory, SystemUseBytes().px(S_IFDIR | 0755, 3, 3).nm("rr_moved").add(RripRE{}).add(RripTF{}))},
      SystemUseBytes().sp().px(S_IFDIR | 0755, 4, 1).add(SuspER{}));
  image.directory(24, 20, {record("D.;1", 0, 0, 0, SystemUseBytes().px(S_IFDIR | 0755, 2, 4).nm("d").add(cl))});
  image.directory(26, 20, {record("D", 25, 2048, kDirectory, SystemUseBytes().px(S_IFDIR | 0755, 2, 4).nm("d").add(RripRE{}))});
  image.directory(25, 26, {record("F.;1", 40, 3, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 7).nm("f"))},
                  SystemUseBytes().px(S_IFDIR | 0755, 2, 4), SystemUseBytes().add(pl));
  image.directory(27, 27, {record(std::string("\0b\0i\0g", 6), 32, 4096)});
  Bytes bytes = image.bytes();
  // Path tables of the primary volume to 29 and 30, away from the descriptors.
  std::copy_n(bytes.begin() + 18 * 2048, 2 * 2048, bytes.begin() + 29 * 2048);
  std::copy_n(bytes.begin() + 21 * 2048, 2 * 2048, bytes.begin() + 18 * 2048);
  bytes[16 * 2048 + 140] = 29;
  bytes[16 * 2048 + 151] = 30;
  return bytes;
}

class Watch {
 public:
  // A single image takes well under a millisecond; a hang is what this is about. Processor time: others may be busy.
  ~Watch() { EXPECT_LT(std::clock() - begun_, 10 * CLOCKS_PER_SEC); }

 private:
  std::clock_t begun_ = std::clock();
};

TEST(Mutation, EveryByteOfTheStructures) {
  const Bytes good = rich_image();
  Bytes bad = good;
  for (size_t sector = 16; sector <= 30; ++sector)
    for (size_t i = sector * 2048; i < (sector + 1) * 2048; ++i) {
      const bool used = good[i] != 0 || i % 2048 < 320 || i % 64 == 0;  // most of a sector is zeros like its neighbours
      if (!used) continue;
      for (const unsigned char value :
           {static_cast<unsigned char>(good[i] ^ 0xFF), static_cast<unsigned char>(0), static_cast<unsigned char>(0xFF),
            static_cast<unsigned char>(good[i] + 1), static_cast<unsigned char>(good[i] ^ 0x80)}) {
        if (value == good[i]) continue;
        const Watch watch;
        bad[i] = value;
        LLVMFuzzerTestOneInput(bad.data(), bad.size());
      }
      bad[i] = good[i];
    }
}

TEST(Mutation, RandomChangesByAFixedSeed) {
  const Bytes good = rich_image();
  std::mt19937 random(20260101);
  for (int round = 0; round < 4000; ++round) {
    Bytes bad = good;
    const unsigned changes = 1 + random() % 12;
    for (unsigned c = 0; c < changes; ++c) {
      const size_t at = (16 + random() % 15) * 2048 + (random() % 3 ? random() % 400 : random() % 2048);
      switch (random() % 4) {
        case 0: bad[at] = static_cast<unsigned char>(random()); break;
        case 1: bad[at] ^= static_cast<unsigned char>(1u << random() % 8); break;
        case 2:
          std::copy_n(good.begin() + static_cast<std::ptrdiff_t>((16 + random() % 15) * 2048 + random() % 1500), 32,
                      bad.begin() + static_cast<std::ptrdiff_t>(std::min(at, bad.size() - 32)));
          break;
        default: bad[at] = random() % 2 ? 0xFF : 0;
      }
    }
    if (random() % 10 == 0) bad.resize(random() % bad.size());
    const Watch watch;
    LLVMFuzzerTestOneInput(bad.data(), bad.size());
  }
}

}  // namespace
}  // namespace fixture
