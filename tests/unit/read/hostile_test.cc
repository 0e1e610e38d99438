// The hostile inputs of formats.md, chapter 6 (1 to 15), one by one: each is read to its end, named, and harms nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "libfsi/check/verify.h"
#include "tests/unit/read/listing.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using namespace fsi::disc;

const std::string kRootUse = SystemUseBytes().sp().px(S_IFDIR | 0755, 2);

// Reads one file with this system use field; the issues in words.
std::vector<std::string> with_use(const std::string& system_use, uint32_t at = 0, const std::string& area = {}, Listing* list = nullptr) {
  TinyImage image;
  image.directory(20, 20, {record("A.;1", 30, 3, 0, system_use)}, kRootUse);
  if (at) image.text(at, 0, area);
  const MemorySource source(image.bytes());
  Read r = read_all(source);
  EXPECT_EQ(r.list.entries.count("/"), 1u);
  if (list) *list = r.list;
  fsi::verify(source);  // and the whole recipe comes to its end
  return r.what();
}

std::vector<std::string> with_records(const std::vector<std::string>& records, Listing* list = nullptr) {
  TinyImage image;
  image.directory(20, 20, records, kRootUse);
  const MemorySource source(image.bytes());
  Read r = read_all(source);
  if (list) *list = r.list;
  fsi::verify(source);
  return r.what();
}

TEST(Hostile01Continuation, LoopsAndRangesEnd) {
  EXPECT_THAT(with_use(SystemUseBytes().ce(40, 0, 28), 40, SystemUseBytes().ce(40, 0, 28)),
              Contains(HasSubstr("too many continuation areas")));
  std::string chain;  // 73 areas in one sector, each leading to the next
  for (uint32_t i = 0; i < 73; ++i) chain += SystemUseBytes().ce(40, (i + 1) * 28 % 2044, 28);
  EXPECT_THAT(with_use(SystemUseBytes().ce(40, 0, 28), 40, chain), Contains(HasSubstr("too many continuation areas")));
  EXPECT_THAT(with_use(SystemUseBytes().ce(0xFFFFFFF0, 0, 28)), Contains(HasSubstr("continuation area lies beyond the end")));
  EXPECT_THAT(with_use(SystemUseBytes().ce(40, 2040, 28)), Contains(HasSubstr("does not lie inside one sector")));
  EXPECT_THAT(with_use(SystemUseBytes().ce(40, 0xFFFFFFF0, 0x20)), Contains(HasSubstr("does not lie inside one sector")));
  EXPECT_THAT(with_use(SystemUseBytes().ce(40, 0, 0)), Contains(HasSubstr("continuation area is empty")));
}

TEST(Hostile01Continuation, ManyRecordsCannotReadOneAreaForEver) {
  TinyImage image(64);
  std::vector<std::string> records;
  for (int i = 0; i < 24; ++i) {
    char name[16];
    std::snprintf(name, sizeof name, "F%03d.;1", i);
    records.push_back(record(name, 30, 1, 0, SystemUseBytes().ce(40, 0, 2048)));
  }
  image.directory(20, 20, records, kRootUse);
  image.text(40, 0, std::string(2048 - 28, '\0'));
  // A chain of whole sectors, each ending in a link to the next.
  for (uint32_t s = 40; s < 63; ++s) {
    std::string sector;
    while (sector.size() < 2048 - 28 - 8) sector += std::string("ZZ\4\1", 4);
    sector += SystemUseBytes().ce(s + 1 < 63 ? s + 1 : 40, 0, 2048);
    image.text(s, 0, sector);
  }
  EXPECT_THAT(read_all(MemorySource(image.bytes())).what(), Contains(HasSubstr("again and again")));
}

TEST(Hostile02Entries, LengthsThatLie) {
  for (int length = 0; length < 4; ++length)
    EXPECT_THAT(with_use(std::string("NM") + static_cast<char>(length) + "\1\0abcdef"), Contains(HasSubstr("shorter than its own header")))
        << length;
  EXPECT_THAT(with_use(std::string("NM\xFF\1\0abc", 8)), Contains(HasSubstr("runs past the end of its field")));
  EXPECT_THAT(with_use(std::string("PX\x10\1aaaaaaaaaaaa", 16)), Contains(HasSubstr("PX entry is too short")));
  EXPECT_THAT(with_use(std::string("CE\x06\1aa", 6)), Contains(HasSubstr("shorter than its kind needs")));
}

TEST(Hostile03Protocol, WrongMagicIsNotRockRidge) {
  TinyImage image;
  SuspSP sp;
  sp.check2 = 0xEE;
  image.directory(20, 20, {record("A.;1", 30, 3, 0, SystemUseBytes().nm("hidden"))}, SystemUseBytes().add(sp));
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_EQ(r.volume.trees[0]->name(), "ISO 9660");
  EXPECT_EQ(r.list.entries.count("/A"), 1u);
}

TEST(Hostile03Protocol, SkipBeyondTheFieldAndTextsBeyondTheEntry) {
  TinyImage image;
  SuspSP sp;
  sp.skipped = 255;
  image.directory(20, 20, {record("A.;1", 30, 3, 0, SystemUseBytes().nm("hidden"))}, SystemUseBytes().add(sp));
  EXPECT_EQ(read_all(MemorySource(image.bytes())).list.entries.count("/A"), 1u);
  SuspER er;
  er.identifier_length = er.descriptor_length = er.source_length = 255;
  EXPECT_THAT(with_use(SystemUseBytes().add(er, "short")), Contains(HasSubstr("texts of an ER entry")));
}

TEST(Hostile04Names, TooLongContradictingAndUnsafe) {
  Listing list;
  std::string area;
  for (int i = 0; i < 7; ++i) area += SystemUseBytes().nm(std::string(245, 'x'), kNameContinue);
  area += SystemUseBytes().ce(40, 0, static_cast<uint32_t>(area.size()) + 28);
  EXPECT_THAT(with_use(SystemUseBytes().ce(40, 0, static_cast<uint32_t>(area.size())), 40, area, &list),
              Contains(HasSubstr("a name is too long")));
  for (const auto& [path, seen] : list.entries) EXPECT_LE(path.size(), 1026u);
  EXPECT_THAT(with_use(SystemUseBytes().nm("../../etc/passwd"), 0, {}, &list), Contains(HasSubstr("cannot be in a name")));
  EXPECT_EQ(list.entries.count("/.._.._etc_passwd"), 1u);
  EXPECT_THAT(with_use(SystemUseBytes().nm(".."), 0, {}, &list), Contains(HasSubstr("cannot be in a name")));
  EXPECT_THAT(with_use(SystemUseBytes().nm(std::string("a\0b", 3))), Contains(HasSubstr("cannot be in a name")));
  EXPECT_THAT(with_use(SystemUseBytes().nm("", kNameCurrent | kNameParent)), Contains(HasSubstr("contradict each other")));
  EXPECT_THAT(with_use(SystemUseBytes().nm("abc", kNameContinue)), Contains(HasSubstr("says that it continues")));
}

TEST(Hostile05Links, ComponentsThatRunOn) {
  Listing list;
  EXPECT_THAT(with_use(SystemUseBytes()
                           .px(S_IFLNK | 0777, 1)
                           .sl(std::string("\0\xFF"
                                           "abc",
                                           5))),
              Contains(HasSubstr("component of a symbolic link runs past")));
  std::string area;
  while (area.size() < 1700) {
    std::string parents;
    for (int i = 0; i < 100; ++i) parents += std::string("\4\0", 2);
    area += SystemUseBytes().sl(parents, 1);
  }
  area += SystemUseBytes().ce(40, 0, static_cast<uint32_t>(area.size()) + 28);
  fsi::ReadLimits limits;
  EXPECT_THAT(with_use(SystemUseBytes().px(S_IFLNK | 0777, 1).ce(40, 0, static_cast<uint32_t>(area.size())), 40, area, &list),
              Contains(HasSubstr("too long")));
  for (const auto& [path, seen] : list.entries) EXPECT_LE(seen.target.size(), limits.target_bytes);
  EXPECT_THAT(with_use(SystemUseBytes().px(S_IFLNK | 0777, 1).sl(std::string("\0\1a\10\0\0\1b", 8)), 0, {}, &list),
              Contains(HasSubstr("root behind another")));
  EXPECT_EQ(list.entries.at("/A").target, "a/b");
  EXPECT_THAT(with_use(SystemUseBytes().px(S_IFLNK | 0777, 1)), Contains(HasSubstr("has no target")));
}

std::string child_link(uint32_t extent) {
  RripCL cl;
  cl.extent = extent;
  return SystemUseBytes().px(S_IFREG | 0644, 1).nm("deep").add(cl);
}

TEST(Hostile06Relocation, LinksToWhatIsNoDirectory) {
  Listing list;
  EXPECT_THAT(with_records({record("A", 0, 0, 0, child_link(40))}), Contains(HasSubstr("does not lead to a directory")));
  EXPECT_THAT(with_records({record("A", 0, 0, 0, child_link(20))}, &list), Contains(HasSubstr("reached a second time")));
  EXPECT_EQ(list.count, 1u);
  EXPECT_THAT(with_records({record("A", 0, 0, 0, child_link(0xFFFFFFFF))}), Contains(HasSubstr("lies beyond the end")));
}

TEST(Hostile06Relocation, TwoLinksAndPartnersThatDisagree) {
  TinyImage image;
  RripPL pl;
  pl.extent = 55;
  image.directory(20, 20, {record("A", 0, 0, 0, child_link(23)), record("B", 0, 0, 0, child_link(23))}, kRootUse);
  image.directory(23, 22, {}, {}, SystemUseBytes().add(pl));
  const auto what = read_all(MemorySource(image.bytes())).what();
  EXPECT_THAT(what, Contains(HasSubstr("parent link of a relocated directory")));
  EXPECT_THAT(what, Contains(HasSubstr("not marked as relocated")));
}

TEST(Hostile07Directories, LoopsEnd) {
  Listing list;
  EXPECT_THAT(with_records({record("A", 20, 2048, kDirectory)}, &list), Contains(HasSubstr("reached a second time")));
  EXPECT_EQ(list.count, 1u);
  TinyImage image;
  image.directory(20, 20, {record("A", 21, 2048, kDirectory)});
  image.directory(21, 20, {record("B", 20, 2048, kDirectory), record("C", 21, 2048, kDirectory)});
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_EQ(r.list.count, 2u);
  EXPECT_THAT(r.what(), Contains(HasSubstr("reached a second time")));
}

TEST(Hostile07Directories, LengthsBeyondTheEndAndOverEachOther) {
  EXPECT_THAT(with_records({record("A", 30, 0xFFFFF800, kDirectory)}), Contains(HasSubstr("reaches beyond the end")));
  EXPECT_THAT(with_records({record("A", 30, 100, kDirectory)}), Contains(HasSubstr("not a multiple of the sector size")));
  EXPECT_THAT(with_records({record("A", 0xFFFFFFFF, 2048, kDirectory)}), Contains(HasSubstr("lies beyond the end")));
  EXPECT_THAT(with_records({record("A", 30, 0, kDirectory)}), Contains(HasSubstr("is empty")));
  // Each sector the start of a directory that reaches to the end: quadratic, were it followed.
  std::vector<std::string> records;
  for (uint32_t i = 21; i < 60; ++i) {
    char name[8];
    std::snprintf(name, sizeof name, "D%02u", i);
    records.push_back(record(name, i, (64 - i) * 2048, kDirectory));
  }
  EXPECT_THAT(with_records(records), Contains(HasSubstr("directories overlap each other")));
}

TEST(Hostile07Directories, SixtyThousandDeep) {
  constexpr uint32_t kDepth = 60000;
  TinyImage image(kDepth + 40);
  for (uint32_t i = 0; i < kDepth; ++i) image.directory(20 + i, i == 0 ? 20 : 19 + i, {record("D", 21 + i, 2048, kDirectory)});
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_THAT(r.what(), Contains(HasSubstr("nested too deep")));
  EXPECT_GT(r.list.count, 1000u);
}

TEST(Hostile08Records, LengthsThatLie) {
  for (unsigned length = 1; length <= 33; ++length) {
    std::string r = record("A.;1", 30, 3);
    r[0] = static_cast<char>(length);
    EXPECT_THAT(with_records({r}), Contains(HasSubstr("does not fit its sector"))) << length;
  }
  std::string long_name = record("A.;1", 30, 3);
  long_name[32] = static_cast<char>(200);
  EXPECT_THAT(with_records({long_name}), Contains(HasSubstr("does not fit its sector")));
  TinyImage image;
  image.directory(20, 20, {});
  image.text(20, 68, std::string(3, '\0') + "garbage");
  EXPECT_THAT(read_all(MemorySource(image.bytes())).what(), Contains(HasSubstr("behind its last record")));
}

TEST(Hostile08Records, ARecordOverTheEndOfItsSector) {
  TinyImage image;
  image.primary.root.data_length = 4096;
  std::string all = record(kDot, 20, 4096, kDirectory) + record(kDotDot, 20, 4096, kDirectory);
  while (all.size() < 2000) all += record("F" + std::to_string(1000 + all.size()) + ".;1", 30, 1);
  image.text(20, 0, all + record(std::string(60, 'G'), 30, 1));
  EXPECT_THAT(read_all(MemorySource(image.bytes())).what(), Contains(HasSubstr("does not fit its sector")));
}

TEST(Hostile09Descriptors, BlockSizesAndConflicts) {
  for (const uint32_t size : {0u, 512u, 1024u}) {
    TinyImage image;
    image.directory(20, 20, {});
    image.primary.logical_block_size = size;
    const Read r = read_all(MemorySource(image.bytes()));
    EXPECT_THAT(r.what(), Contains(HasSubstr("block size is not 2048")));
    EXPECT_TRUE(r.volume.trees.empty());
  }
  TinyImage image;
  image.directory(20, 20, {});
  Bytes bytes = image.bytes();
  bytes[16 * 2048 + 87] ^= 1;
  EXPECT_THAT(read_all(MemorySource(bytes)).what(), Contains(HasSubstr("both byte orders")));
}

TEST(Hostile09Descriptors, RootPathTableAndTerminator) {
  TinyImage image;
  image.directory(20, 20, {});
  image.primary.root.extent = 0xFFFFFFFF;
  EXPECT_THAT(read_all(MemorySource(image.bytes())).what(), Contains(HasSubstr("root directory lies beyond")));
  image.primary.root.extent = 20;
  image.primary.path_table_size = 0xFFFFFFFF;
  auto whats = [](const fsi::VerifyReport& r) {
    std::vector<std::string> words;
    for (const auto& issue : r.issues) words.push_back(issue.what);
    return words;
  };
  EXPECT_THAT(whats(fsi::verify(MemorySource(image.bytes()))), Contains(HasSubstr("path table lies beyond")));
  image.primary.path_table_size = 11;
  EXPECT_THAT(whats(fsi::verify(MemorySource(image.bytes()))), Contains(HasSubstr("not a list of records")));
  image.primary.path_table_size = 10;
  for (uint32_t s = 17; s < 64; ++s) image.put(s, image.primary);
  EXPECT_THAT(read_all(MemorySource(image.bytes())).what(), Contains(HasSubstr("no terminator")));
}

TEST(Hostile09Descriptors, AHundredDescriptors) {
  TinyImage image(400);
  for (uint32_t s = 17; s < 390; ++s) {
    VolumeDescriptor joliet = image.primary;
    joliet.header.type = 2;
    joliet.escape_sequences.set(std::string_view(kJolietLevel3, 3));
    image.put(s, joliet);
  }
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_LE(r.volume.trees.size(), 100u);
}

TEST(Hostile10Sections, MissingDifferingAndTooMany) {
  EXPECT_THAT(with_records({record("A.;1", 30, 2048, kMultiExtent)}), Contains(HasSubstr("last section of a file is missing")));
  EXPECT_THAT(with_records({record("A.;1", 30, 2048, kMultiExtent), record("B.;1", 31, 10)}),
              Contains(HasSubstr("last section of a file is missing")));
  EXPECT_THAT(with_records({record("A.;1", 30, 100, kMultiExtent), record("A.;1", 31, 10)}),
              Contains(HasSubstr("does not end with a sector")));
  Listing list;
  with_records({record("A.;1", 30, 2048, kMultiExtent), record("A.;1", 40, 0, kMultiExtent), record("A.;1", 31, 10)}, &list);
  EXPECT_EQ(list.entries.at("/A").size, 2058u);
  EXPECT_EQ(list.entries.at("/A").extents.size(), 1u);
}

TEST(Hostile10Sections, ManySectionsStayBounded) {
  TinyImage image(8192);
  constexpr uint32_t kSectors = 4000;
  image.primary.root.data_length = kSectors * 2048;
  std::string all;
  for (uint32_t s = 0; s < kSectors; ++s) {
    std::string sector;
    if (s == 0) sector = record(kDot, 20, kSectors * 2048, kDirectory) + record(kDotDot, 20, kSectors * 2048, kDirectory);
    for (uint32_t i = 0; i < 30; ++i) sector += record("A.;1", 4100 + (s * 30 + i) % 2 * 5, 0xFFFFF800, kMultiExtent);
    sector.resize(2048);
    all += sector;
  }
  image.text(20, 0, all);
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_THAT(r.what(), Contains(HasSubstr("too many sections")));
  EXPECT_LE(r.list.entries.at("/A").extents.size(), fsi::ReadLimits{}.extents);
}

TEST(Hostile11Compressed, EntriesThatAreNotUnderstoodAreNamed) {
  EXPECT_THAT(with_use(std::string("ZF\x10\1pz\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16)),
              testing::ElementsAre(HasSubstr("compressed in a way that is not known")));
  EXPECT_THAT(with_use(std::string("ZF\x10\1pz\x04\x0F\1\0\0\0\0\0\0\1", 16)), testing::IsEmpty());
}

TEST(Hostile12Joliet, OddLengthsAndUnknownEscapes) {
  TinyImage image;
  VolumeDescriptor joliet = image.primary;
  joliet.header.type = 2;
  joliet.volume_space_size = 64;
  joliet.escape_sequences.set("%/Z");
  image.put(17, joliet);
  image.put(18, SetTerminator{});
  image.directory(20, 20, {});
  EXPECT_THAT(read_all(MemorySource(image.bytes())).what(), Contains(HasSubstr("unknown character set")));
  joliet.escape_sequences.set(std::string_view(kJolietLevel1, 3));
  joliet.root.extent = 24;
  image.put(17, joliet);
  image.directory(24, 24, {record(std::string("\0a\0", 3), 30, 1), record(std::string("\xDC\0", 2), 30, 1)});
  EXPECT_THAT(read_all(MemorySource(image.bytes())).what(), Contains(HasSubstr("cannot be in a name")));
}

TEST(Hostile13Boot, CatalogBeyondTheEndAndBareEntries) {
  TinyImage image;
  image.directory(20, 20, {});
  BootRecord boot;
  boot.system_id.set("EL TORITO SPECIFICATION");
  boot.catalog = 0xFFFFFFFF;
  image.put(17, boot);
  image.put(18, SetTerminator{});
  auto what = [&] {
    std::vector<std::string> words;
    for (const auto& issue : fsi::verify(MemorySource(image.bytes())).issues) words.push_back(issue.what);
    return words;
  };
  EXPECT_THAT(what(), Contains(HasSubstr("boot catalog lies beyond")));
  boot.catalog = 25;
  image.put(17, boot);
  std::string entries;
  for (int i = 0; i < 64; ++i) entries += std::string("\x88\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF", 12) + std::string(20, '\0');
  image.text(25, 0, entries);
  EXPECT_THAT(what(), IsSupersetOf({HasSubstr("validation entry"), HasSubstr("boot image lies beyond")}));
}

TEST(Hostile14Dates, AreSaidAndDoNotMatter) {
  std::string r = record("A.;1", 30, 3);
  r[19] = 0;
  r[24] = 127;
  EXPECT_THAT(with_records({r}), Contains("a time is not a date"));
  EXPECT_THAT(with_use(std::string("TF\x16\1\x82"
                                   "00000000000000000\0",
                                   23 - 1)),
              Not(Contains(HasSubstr("fewer times"))));
  EXPECT_THAT(with_use(std::string("TF\x06\1\x0E\0", 6)), Contains(HasSubstr("fewer times")));
}

TEST(Hostile15Extents, OverMetadataBeyondTheEndAndAtZero) {
  TinyImage image;
  image.directory(
      20, 20,
      {record("A.;1", 20, 2048), record("B.;1", 5000, 99), record("C.;1", 0, 2048), record("D.;1", 30, 8000), record("E.;1", 31, 8000)});
  std::vector<std::string> words;
  for (const auto& issue : fsi::verify(MemorySource(image.bytes())).issues) words.push_back(issue.what);
  EXPECT_THAT(words, IsSupersetOf({HasSubstr("lie beyond the end"), HasSubstr("extents overlap")}));
}

}  // namespace
}  // namespace fixture
