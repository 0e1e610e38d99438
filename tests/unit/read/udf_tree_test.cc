// Reading UDF: every revision of ours says what went in, the metadata mirror stands in, and each field that is broken is named with
// clause, LBA and path.
#include "libfsi/read/udf_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "libfsi/check/verify.h"
#include "libfsi/read/content.h"
#include "tests/fuzz/read_fuzz.h"
#include "tests/unit/read/udf_image.h"

namespace fixture {
namespace {

using namespace fsi::disc;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned kRevisions[] = {0x0102, 0x0150, 0x0200, 0x0201, 0x0250, 0x0260};

class Contents final : public fsi::Visitor {
 public:
  explicit Contents(const fsi::SectorSource& source) : source_(source) {}
  std::map<std::string, std::string> files;
  void entry(const fsi::TreeEntry& entry) override {
    if (entry.kind != fsi::EntryKind::file) return;
    const fsi::EntryContent content(entry);
    std::string text(content.size(), '\0');
    EXPECT_EQ(content.read(source_, 0, {reinterpret_cast<std::byte*>(text.data()), text.size()}), text.size());
    files[std::string(entry.path)] = text;
  }

 private:
  const fsi::SectorSource& source_;
};

void expect_the_tree(const MemorySource& source, const Read& read, size_t tree) {
  const auto& seen = read.list.entries;
  EXPECT_EQ(seen.size(), 1u + 100 + 7 + 4);
  ASSERT_TRUE(seen.contains("/a.txt") && seen.contains("/d/link") && seen.contains("/null") && seen.contains("/ln"));
  const Seen& a = seen.at("/a.txt");
  EXPECT_EQ(a.posix->mode, 0104751u);
  EXPECT_EQ(a.posix->uid, 7u);
  EXPECT_EQ(a.posix->gid, 8u);
  EXPECT_EQ(a.posix->links, 2u);
  EXPECT_EQ(a.modified.seconds, 1234567890);
  EXPECT_EQ(a.modified.nanoseconds, 123456000u);
  EXPECT_EQ(a.posix->serial, seen.at("/d/link").posix->serial);
  EXPECT_NE(a.posix->serial, seen.at("/empty").posix->serial);
  EXPECT_EQ(seen.at("/ln").target, "d/../a.txt");
  EXPECT_EQ(seen.at("/null").device_high, 1u);
  EXPECT_EQ(seen.at("/null").device_low, 3u);
  Contents contents(source);
  fsi::IssueLog log;
  read.volume.trees[tree]->walk(contents, log);
  EXPECT_EQ(contents.files.at("/d/link"), "hello");
  EXPECT_EQ(contents.files.at("/d/two sectors"), std::string(2049, 'x'));
  EXPECT_EQ(contents.files.at("/d/e/\xD0\xB6 \xE6\x97\xA5"), "deep");
  EXPECT_EQ(contents.files.at("/many/file number 99"), std::string(99, 'm'));
}

TEST(UdfTree, EveryRevisionIsReadWithoutAnIssue) {
  for (const unsigned revision : kRevisions)
    for (const bool alone : {true, false}) {
      SCOPED_TRACE(std::to_string(revision) + (alone ? " alone" : " beside ISO 9660"));
      const MemorySource source(udf_image(revision, alone));
      const Read read = read_all(source, udf_tree(alone));
      EXPECT_THAT(read.what(), IsEmpty());
      ASSERT_EQ(read.volume.trees.at(udf_tree(alone))->name(), "UDF");
      EXPECT_EQ(read.volume.udf_trees.front()->volume().revision, revision);
      expect_the_tree(source, read, udf_tree(alone));
      // Structures are announced, so that damage has a name.
      for (const char* name : {"UDF anchor", "UDF main volume descriptor sequence", "UDF reserve volume descriptor sequence",
                               "UDF logical volume integrity sequence", "UDF volume recognition sequence", "UDF file set descriptor",
                               "UDF file entry of /d/e"})
        EXPECT_THAT(read.list.structures, Contains(name));
    }
}

TEST(UdfTree, TheMetadataMirrorStandsIn) {
  for (const unsigned revision : {0x0250u, 0x0260u}) {
    const Bytes good = udf_image(revision, true);
    const MemorySource source(good);
    const Read whole = read_all(source);
    const uint64_t icb = *whole.list.entries.at("/d/two sectors").posix->serial;
    Bytes bad = good;
    bad[icb + 60] ^= 1;  // CRC
    const MemorySource one(bad);
    Read read = read_all(one);
    EXPECT_THAT(read.what(), testing::ElementsAre(HasSubstr("CRC")));
    EXPECT_FALSE(read.issues.front().incomplete);
    expect_the_tree(one, read, 0);
    // The metadata file's own entry.
    const auto structures = whole.volume.udf_trees.front()->volume().structures;
    const auto main = std::ranges::find(structures, "UDF metadata file file entry", [](const auto& s) { return s.second; });
    ASSERT_NE(main, structures.end());
    bad = good;
    std::fill_n(bad.begin() + static_cast<ptrdiff_t>(main->first.first * 2048), 2048, 0);
    const MemorySource other(bad);
    read = read_all(other);
    EXPECT_THAT(read.what(), Contains(HasSubstr("no descriptor of the kind")));
    expect_the_tree(other, read, 0);
    // A directory's names, out of the copy.
    const auto many = whole.list.entries.at("/d").extents;
    bad = good;
    bad[many.front().first + 40 + 45] ^= 1;
    const MemorySource third(bad);
    read = read_all(third);
    expect_the_tree(third, read, 0);
    EXPECT_THAT(read.what(), Contains(HasSubstr("CRC")));
    fsi::IssueLog log;
    read.volume.udf_trees.front()->check_mirror(log, {});
    EXPECT_EQ(log.take().size(), 1u);
  }
}

struct Spot {
  uint64_t a = 0, two = 0, d = 0, e = 0;             // bytes of ICBs
  uint64_t fid_a = 0, fid_two = 0, parent_of_d = 0;  // bytes of file identifiers
  uint64_t anchor = 256 * 2048, last = 0, main = 0, reserve = 0, integrity = 0, set = 0;
};

uint64_t find_fid(const Bytes& image, uint64_t from, uint64_t bytes, const std::string& name) {
  const auto begin = image.begin() + static_cast<ptrdiff_t>(from);
  const auto found = std::search(begin, begin + static_cast<ptrdiff_t>(bytes), name.begin(), name.end());
  return static_cast<uint64_t>(found - image.begin()) - 39;
}

Spot find_spots(const Bytes& image, bool alone) {
  const MemorySource source(image);
  const Read read = read_all(source, udf_tree(alone));
  Spot spot;
  const auto icb = [&](const char* path) { return *read.list.entries.at(path).posix->serial; };
  spot.a = icb("/a.txt"), spot.two = icb("/d/two sectors"), spot.d = icb("/d"), spot.e = icb("/d/e");
  const auto& root = read.list.entries.at("/").extents.front();
  const auto& d = read.list.entries.at("/d").extents.front();
  spot.fid_a = find_fid(image, root.first, root.bytes, "a.txt");
  spot.fid_two = find_fid(image, d.first, d.bytes, "two sectors");
  spot.parent_of_d = d.first;
  spot.last = image.size() - 2048;
  const auto anchor = take<AnchorVolumeDescriptorPointer>(image, spot.anchor);
  spot.main = anchor.main_sequence.location * 2048ull;
  spot.reserve = anchor.reserve_sequence.location * 2048ull;
  spot.integrity = take<LogicalVolumeDescriptor>(image, spot.main + 3 * 2048).integrity_sequence.location * 2048ull;
  for (const auto& [range, name] : read.volume.udf_trees.front()->volume().structures) (void)range, (void)name;
  spot.set = take<PartitionDescriptor>(image, spot.main + 2 * 2048).starting_location * 2048ull;
  return spot;
}

struct Damage {
  const char* name;
  std::function<void(Bytes&, const Spot&)> how;
  const char* says;
  const char* clause;
  std::function<uint64_t(const Spot&)> where;  // byte
  const char* path;                            // "" when none is known
};

// Revision 1.02, where all is in file entries of a physical partition and the fields lie where this says.
const Damage kDamages[] = {
    {"file entry: checksum", [](Bytes& b, const Spot& s) { b[s.a + 4] ^= 1; }, "checksum of a descriptor's tag", "ECMA-167 4/7.2",
     [](const Spot& s) { return s.a; }, "/a.txt"},
    {"file entry: CRC", [](Bytes& b, const Spot& s) { b[s.a + 45] ^= 1; }, "CRC of a descriptor", "ECMA-167 4/7.2",
     [](const Spot& s) { return s.a; }, "/a.txt"},
    {"file entry: location", [](Bytes& b, const Spot& s) { change<Tag>(b, s.a, [](Tag& t) { t.location = t.location + 1; }); },
     "tag location of a descriptor", "ECMA-167 4/7.2", [](const Spot& s) { return s.a; }, "/a.txt"},
    {"file entry: version", [](Bytes& b, const Spot& s) { change<Tag>(b, s.a, [](Tag& t) { t.version = 3; }); },
     "tag version of a descriptor", "ECMA-167 4/7.2", [](const Spot& s) { return s.a; }, "/a.txt"},
    {"file identifier: CRC", [](Bytes& b, const Spot& s) { b[s.fid_two + 20] ^= 1; }, "CRC of a descriptor", "ECMA-167 4/7.2",
     [](const Spot& s) { return s.fid_two; }, "/d"},
    {"file identifier: location", [](Bytes& b, const Spot& s) { change<Tag>(b, s.fid_two, [](Tag& t) { t.location = t.location + 1; }); },
     "tag location of a descriptor", "ECMA-167 4/7.2", [](const Spot& s) { return s.fid_two; }, "/d"},
    {"file set descriptor: CRC", [](Bytes& b, const Spot& s) { b[s.set + 20] ^= 1; }, "CRC of a descriptor", "ECMA-167 4/7.2",
     [](const Spot& s) { return s.set; }, ""},
    {"integrity: CRC", [](Bytes& b, const Spot& s) { b[s.integrity + 40] ^= 1; }, "CRC of a descriptor", "ECMA-167 3/7.2.6",
     [](const Spot& s) { return s.integrity; }, ""},
    {"integrity: files", [](Bytes& b, const Spot& s) { b[s.integrity + 80 + 8 + 32] ^= 2, reseal(b, s.integrity); },
     "number of files that the volume says", "UDF 2.2.6.4", [](const Spot& s) { return s.integrity; }, ""},
    {"integrity: directories", [](Bytes& b, const Spot& s) { b[s.integrity + 80 + 8 + 36] ^= 2, reseal(b, s.integrity); },
     "number of directories that the volume says", "UDF 2.2.6.4", [](const Spot& s) { return s.integrity; }, ""},
    {"integrity: next unique id",
     [](Bytes& b, const Spot& s) { change<LogicalVolumeIntegrityDescriptor>(b, s.integrity, [](auto& d) { d.next_unique_id = 17u; }); },
     "next unique id is used", "UDF 3.2.1.1", [](const Spot& s) { return s.integrity; }, ""},
    {"integrity: open",
     [](Bytes& b, const Spot& s) { change<LogicalVolumeIntegrityDescriptor>(b, s.integrity, [](auto& d) { d.type = 0u; }); },
     "not closed by its writer", "ECMA-167 3/10.10.3", [](const Spot& s) { return s.integrity; }, ""},
    {"main sequence: CRC", [](Bytes& b, const Spot& s) { b[s.main + 3 * 2048 + 100] ^= 1; }, "CRC of a descriptor", "ECMA-167 3/7.2.6",
     [](const Spot& s) { return s.main + 3 * 2048; }, ""},
    {"reserve sequence: CRC", [](Bytes& b, const Spot& s) { b[s.reserve + 100] ^= 1; }, "CRC of a descriptor", "ECMA-167 3/7.2.6",
     [](const Spot& s) { return s.reserve; }, ""},
    {"reserve sequence: differs", [](Bytes& b, const Spot& s) { b[s.reserve + 2 * 2048 + 192] ^= 1, reseal(b, s.reserve + 2 * 2048); },
     "main and the reserve volume descriptor sequence differ", "ECMA-167 3/8.4.2.2", [](const Spot& s) { return s.reserve; }, ""},
    {"last anchor missing", [](Bytes& b, const Spot& s) { std::fill_n(b.begin() + static_cast<ptrdiff_t>(s.last), 2048, 0); },
     "fewer than two anchors", "ECMA-167 3/8.4.2.1", [](const Spot& s) { return s.last; }, ""},
    {"anchor 256 missing", [](Bytes& b, const Spot& s) { std::fill_n(b.begin() + static_cast<ptrdiff_t>(s.anchor), 2048, 0); },
     "fewer than two anchors", "ECMA-167 3/8.4.2.1", [](const Spot& s) { return s.anchor; }, ""},
    {"anchor 256: CRC", [](Bytes& b, const Spot& s) { b[s.anchor + 100] ^= 1; }, "CRC of a descriptor", "ECMA-167 3/7.2.6",
     [](const Spot& s) { return s.anchor; }, ""},
    {"information length", [](Bytes& b, const Spot& s) { change<FileEntry>(b, s.two, [](auto& d) { d.information_length = 2048u; }); },
     "information length of a file is not the sum", "ECMA-167 4/14.9.10", [](const Spot& s) { return s.two; }, "/d/two sectors"},
    {"information length, by a byte",
     [](Bytes& b, const Spot& s) { change<FileEntry>(b, s.two, [](auto& d) { d.information_length = 2050u; }); },
     "information length of a file is more", "ECMA-167 4/14.9.10", [](const Spot& s) { return s.two; }, "/d/two sectors"},
    {"blocks recorded", [](Bytes& b, const Spot& s) { change<FileEntry>(b, s.two, [](auto& d) { d.blocks_recorded = 3u; }); },
     "number of recorded blocks", "ECMA-167 4/14.9.11", [](const Spot& s) { return s.two; }, "/d/two sectors"},
    {"link count of a file", [](Bytes& b, const Spot& s) { change<FileEntry>(b, s.a, [](auto& d) { d.link_count = 1u; }); },
     "link count of a file", "ECMA-167 4/14.9.6", [](const Spot& s) { return s.a; }, "/a.txt"},
    {"link count of a directory", [](Bytes& b, const Spot& s) { change<FileEntry>(b, s.d, [](auto& d) { d.link_count = 7u; }); },
     "link count of a directory", "ECMA-167 4/14.9.6", [](const Spot& s) { return s.d; }, "/d"},
    {"unique id",
     [](Bytes& b, const Spot& s) { change<FileEntry>(b, s.two, [&](auto& d) { d.unique_id = take<FileEntry>(b, s.a).unique_id.get(); }); },
     "same unique id", "UDF 3.2.1.1", [](const Spot& s) { return s.two; }, "/d/two sectors"},
    {"beyond the partition", [](Bytes& b, const Spot& s) { b[s.two + 176 + 7] = 0x7F, reseal(b, s.two); }, "leads out of its partition",
     "ECMA-167 4/14.14", [](const Spot& s) { return s.two; }, "/d/two sectors"},
    {"parent entry",
     [](Bytes& b, const Spot& s) { change<FileIdentifierDescriptor>(b, s.parent_of_d, [](auto& d) { d.icb.location.block = 9u; }); },
     "parent entry of a directory does not lead", "ECMA-167 4/8.6", [](const Spot& s) { return s.parent_of_d; }, "/d"},
    {"identifier to no file entry",
     [](Bytes& b, const Spot& s) { change<FileIdentifierDescriptor>(b, s.fid_a, [](auto& d) { d.icb.location.block = 1u; }); },
     "no descriptor of the kind", "ECMA-167 4/7.2", [](const Spot& s) { return s.set + 2048; }, "/a.txt"},
    {"directory bit",
     [](Bytes& b, const Spot& s) { change<FileIdentifierDescriptor>(b, s.fid_a, [](auto& d) { d.characteristics = 2u; }); },
     "says directory", "ECMA-167 4/14.4.3", [](const Spot& s) { return s.fid_a; }, "/a.txt"},
    {"loop",
     [](Bytes& b, const Spot& s) {
       change<FileIdentifierDescriptor>(b, s.fid_two, [&](auto& d) {
         d.icb.location.block = (s.d - s.set) / 2048;
         d.characteristics = 2u;
       });
     },
     "reached a second time", "ECMA-167 4/8.6", [](const Spot& s) { return s.d; }, "/d/two sectors"},
};

TEST(UdfTree, EachDamageIsNamedWithClauseSectorAndPath) {
  for (const bool alone : {false}) {
    const Bytes good = udf_image(0x0102, alone);
    const Spot spot = find_spots(good, alone);
    for (const Damage& damage : kDamages) {
      SCOPED_TRACE(damage.name);
      Bytes bad = good;
      damage.how(bad, spot);
      const Read read = read_all(MemorySource(bad), udf_tree(alone));
      const auto found = std::ranges::find_if(read.issues, [&](const fsi::Issue& issue) {
        return issue.what.find(damage.says) != std::string::npos && issue.where.first == damage.where(spot) / 2048 &&
               issue.clause.starts_with(damage.clause) &&
               (*damage.path == '\0' || (!issue.paths.empty() && issue.paths.front().path.ends_with(damage.path)));
      });
      EXPECT_NE(found, read.issues.end()) << testing::PrintToString(read.what());
    }
  }
}

TEST(UdfTree, RecognitionWithoutItsParts) {
  const Bytes good = udf_image(0x0102, true);
  for (const auto& [sector, says] : {std::pair(16, "has no BEA01"), std::pair(17, "has no NSR"), std::pair(18, "has no TEA01")}) {
    Bytes bad = good;
    std::fill_n(bad.begin() + sector * 2048, 2048, 0);
    const Read read = read_all(MemorySource(bad));
    EXPECT_THAT(read.what(), Contains(HasSubstr(says)));
    EXPECT_EQ(read.list.entries.size(), 112u);
  }
}

TEST(UdfTree, OfTwoDamagedSequencesOneIsEnough) {
  const Bytes good = udf_image(0x0201, true);
  const Spot spot = find_spots(good, true);
  for (const uint64_t at : {spot.main, spot.reserve}) {
    Bytes bad = good;
    std::fill_n(bad.begin() + static_cast<ptrdiff_t>(at), 16 * 2048, 0xFF);
    const Read read = read_all(MemorySource(bad));
    EXPECT_FALSE(read.issues.empty());
    EXPECT_EQ(read.list.entries.size(), 112u);
  }
}

TEST(UdfTree, ManyExtentsInAChainThatBitesItsTailEnd) {
  // A file whose descriptors go on in a block that goes on in itself.
  Bytes bad = udf_image(0x0102, true);
  const Spot spot = find_spots(bad, true);
  change<FileEntry>(bad, spot.two, [](auto& d) { d.icb.flags = uint16_t{kIcbShortAds}, d.allocation_length = 8u; });
  const auto block = static_cast<uint32_t>((spot.e - spot.set) / 2048);
  ShortAd next;
  next.length = kExtentContinues << 30 | 2048u;
  next.block = block;
  std::memcpy(bad.data() + spot.two + sizeof(FileEntry), &next, sizeof next);
  reseal(bad, spot.two);
  AllocationExtentDescriptor chain;
  chain.allocation_length = sizeof next;
  std::memcpy(bad.data() + spot.e, &chain, sizeof chain);
  std::memcpy(bad.data() + spot.e + sizeof chain, &next, sizeof next);
  seal_descriptor({reinterpret_cast<std::byte*>(bad.data() + spot.e), sizeof chain + sizeof next}, TagId::allocation_extent, 2, block);
  const Read read = read_all(MemorySource(bad));
  EXPECT_THAT(read.what(), Contains(HasSubstr("again and again")));
}

// Each byte that is not like its neighbours takes two other values, under a tag that fits: what stands behind the tags is met.
TEST(UdfMutation, EveryByteOfTheStructures) {
  const Bytes good = udf_image(0x0250, true, [](fsi::TreeBuilder& tree) {
    tree.add_memory("/a", std::vector<std::byte>(3000));
    tree.add_hard_link("/d/b", "/a");
    tree.add_symlink("/l", "../x");
    tree.add_device("/n", fsi::NodeKind::block_device, 259);
  });
  Bytes bad = good;
  for (size_t sector = 16; sector < good.size() / 2048; ++sector) {
    const size_t first = sector * 2048;
    const size_t used = 16 + take<Tag>(good, first).crc_length;
    if (sector > 18 && (used == 16 || used > 2048)) continue;
    for (size_t i = first; i < first + std::min<size_t>(used, 640); ++i) {
      if (good[i] == 0 && i % 64 != 0 && i - first > 64) continue;
      const std::clock_t begun = std::clock();
      for (const auto value : {static_cast<unsigned char>(good[i] ^ 0xFF), static_cast<unsigned char>(good[i] + 1)}) {
        bad[i] = value;
        if (take<Tag>(bad, first).crc_length <= 2032) reseal(bad, first);
        LLVMFuzzerTestOneInput(bad.data(), bad.size());
        std::copy_n(good.begin() + static_cast<ptrdiff_t>(first), 2048, bad.begin() + static_cast<ptrdiff_t>(first));
      }
      ASSERT_LT(std::clock() - begun, 20 * CLOCKS_PER_SEC) << sector << " " << i;
    }
  }
}

TEST(UdfMutation, RandomChangesByAFixedSeed) {
  std::mt19937 random(20260102);
  for (const unsigned revision : kRevisions) {
    const Bytes good = udf_image(revision, true, [](fsi::TreeBuilder& tree) {
      for (int i = 0; i < 20; ++i) tree.add_memory("/d/" + std::to_string(i), std::vector<std::byte>(static_cast<size_t>(i) * 200));
      tree.add_symlink("/l", "../x");
    });
    std::vector<size_t> used;
    for (size_t s = 16; s < good.size() / 2048; ++s)
      if (std::any_of(good.begin() + static_cast<ptrdiff_t>(s * 2048), good.begin() + static_cast<ptrdiff_t>((s + 1) * 2048),
                      [](auto c) { return c != 0; }))
        used.push_back(s);
    for (int round = 0; round < 500; ++round) {
      Bytes bad = good;
      for (unsigned c = 1 + random() % 6; c > 0; --c) {
        const size_t sector = used[random() % used.size()] * 2048;
        const size_t at = sector + 16 + random() % 480;
        switch (random() % 4) {
          case 0: bad[at] = static_cast<unsigned char>(random()); break;
          case 1: bad[at] ^= static_cast<unsigned char>(1u << random() % 8); break;
          case 2:
            std::copy_n(good.begin() + static_cast<ptrdiff_t>(used[random() % used.size()] * 2048), 2048,
                        bad.begin() + static_cast<ptrdiff_t>(sector));
            break;
          default: bad[at] = random() % 2 ? 0xFF : 0;
        }
        if (random() % 2 && take<Tag>(bad, sector).crc_length <= 2032) reseal(bad, sector);
      }
      if (random() % 10 == 0) bad.resize(random() % bad.size());
      const std::clock_t begun = std::clock();
      LLVMFuzzerTestOneInput(bad.data(), bad.size());
      ASSERT_LT(std::clock() - begun, 20 * CLOCKS_PER_SEC) << round;
    }
  }
}

}  // namespace
}  // namespace fixture
