#include "libfsi/read/iso_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/read/listing.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace fsi::disc;

std::string use(const std::string& name, uint32_t mode, uint32_t links = 1) { return SystemUseBytes().px(mode, links).nm(name); }
const std::string kRootUse = SystemUseBytes().sp().px(S_IFDIR | 0755, 2);

TEST(IsoTree, PlainTreeWithASubdirectory) {
  TinyImage image;
  image.directory(20, 20, {record("A.TXT;1", 30, 5000), record("SUB", 21, 2048, kDirectory)});
  image.directory(21, 20, {record("B.;1", 33, 1)});
  image.path_table({{20, 1, kDot}, {21, 1, "SUB"}});
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_THAT(r.what(), IsEmpty());
  EXPECT_THAT(r.list.paths(), ElementsAre("/", "/A.TXT", "/SUB", "/SUB/B"));
  EXPECT_EQ(r.list.entries.at("/A.TXT").extents, (std::vector{fsi::DataExtent::of({30, 5000})}));
  EXPECT_EQ(r.volume.volume_id(), "TINY");
}

TEST(IsoTree, RockRidgeNamesModesLinksAndDevices) {
  TinyImage image;
  RripPN pn;
  pn.high = 4, pn.low = 64;
  image.directory(
      20, 20,
      {record("A.;1", 30, 3, 0, use("a name.that is long", S_IFREG | 04755)),
       record("D.;1", 0, 0, 0, SystemUseBytes().px(S_IFCHR | 0600, 1).nm("dev").add(pn)),
       record(
           "L.;1", 0, 0, 0,
           SystemUseBytes().px(S_IFLNK | 0777, 1).nm("lin", kNameContinue).nm("k").sl(std::string("\x08\0\0\3usr\4\0\1\2lo\0\3cal", 18)))},
      kRootUse);
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_THAT(r.what(), IsEmpty());
  EXPECT_THAT(r.list.paths(), ElementsAre("/", "/a name.that is long", "/dev", "/link"));
  EXPECT_EQ(r.list.entries.at("/a name.that is long").posix->mode, S_IFREG | 04755u);
  EXPECT_EQ(r.list.entries.at("/a name.that is long").posix->uid, 7u);
  EXPECT_EQ(r.list.entries.at("/dev").kind, fsi::EntryKind::character_device);
  EXPECT_EQ(r.list.entries.at("/dev").device_low, 64u);
  EXPECT_EQ(r.list.entries.at("/link").target, "/usr/../local");
}

TEST(IsoTree, ContinuationAreasAreFollowed) {
  TinyImage image;
  const std::string rest = SystemUseBytes().nm("second");
  image.text(40, 100, rest);
  image.directory(
      20, 20,
      {record("A.;1", 30, 3, 0,
              SystemUseBytes().px(S_IFREG | 0644, 1).nm("first ", kNameContinue).ce(40, 100, static_cast<uint32_t>(rest.size())))},
      kRootUse);
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_THAT(r.what(), IsEmpty());
  EXPECT_THAT(r.list.paths(), ElementsAre("/", "/first second"));
  EXPECT_THAT(r.list.structures, ElementsAre("Rock Ridge continuation area"));
}

TEST(IsoTree, SectionsOfAFileAreJoined) {
  TinyImage image;
  image.directory(20, 20, {record("BIG.;1", 30, 4096, kMultiExtent), record("BIG.;1", 32, 2048, kMultiExtent), record("BIG.;1", 40, 100)});
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_THAT(r.what(), IsEmpty());
  EXPECT_EQ(r.list.entries.at("/BIG").size, 6244u);
  EXPECT_EQ(r.list.entries.at("/BIG").extents, (std::vector{fsi::DataExtent::of({30, 6144}), fsi::DataExtent::of({40, 100})}));
}

TEST(IsoTree, RelocatedDirectoriesAreShownWhereTheyBelong) {
  TinyImage image;
  RripCL cl;
  cl.extent = 23;
  RripPL pl;
  pl.extent = 21;
  image.directory(20, 20,
                  {record("A", 21, 2048, kDirectory, use("a", S_IFDIR | 0755, 3)),
                   record("RR_MOVED", 22, 2048, kDirectory, SystemUseBytes().px(S_IFDIR | 0755, 3).nm("rr_moved").add(RripRE{}))},
                  kRootUse);
  image.directory(21, 20, {record("DEEP", 0, 0, 0, SystemUseBytes().px(S_IFREG | 0644, 1).nm("deep").add(cl))});
  image.directory(22, 20, {record("DEEP", 23, 2048, kDirectory, SystemUseBytes().px(S_IFDIR | 0755, 2).nm("deep").add(RripRE{}))});
  image.directory(23, 22, {record("F.;1", 30, 9, 0, use("f", S_IFREG | 0644))}, SystemUseBytes().px(S_IFDIR | 0700, 2),
                  SystemUseBytes().add(pl));
  const MemorySource source(image.bytes());
  const Read r = read_all(source);
  EXPECT_THAT(r.what(), IsEmpty());
  EXPECT_THAT(r.list.paths(), ElementsAre("/", "/a", "/a/deep", "/a/deep/f", "/rr_moved"));
  EXPECT_EQ(r.list.entries.at("/a/deep").posix->mode, S_IFDIR | 0700u);
  fsi::IssueLog log;
  Listing list;
  std::vector<fsi::PhysicalDirectory> physical;
  r.volume.iso_trees[0]->walk(list, log, {}, &physical);
  ASSERT_EQ(physical.size(), 4u);
  EXPECT_TRUE(std::ranges::any_of(physical, [](const auto& d) { return d.extent == 23 && d.parent == 22; }));
}

TEST(IsoTree, JolietBesideIso) {
  TinyImage image;
  VolumeDescriptor joliet = image.primary;
  joliet.header.type = 2;
  joliet.volume_space_size = 64;
  joliet.escape_sequences.set(std::string_view(kJolietLevel3, 3));
  joliet.root.extent = 24;
  image.put(17, joliet);
  image.put(18, SetTerminator{});
  image.primary.path_table_l = joliet.path_table_l = 19;
  image.directory(20, 20, {record("A.;1", 30, 3)});
  image.directory(24, 24,
                  {record(std::string("\0\xE4\0;\0"
                                      "1",
                                      6),
                          30, 3)});
  const Read r = read_all(MemorySource(image.bytes()));
  ASSERT_EQ(r.volume.trees.size(), 2u);
  EXPECT_EQ(r.volume.trees[0]->name(), "Joliet");
  EXPECT_THAT(r.list.paths(), ElementsAre("/", "/\xC3\xA4"));
}

TEST(IsoTree, DirectoryOfManySectorsIsStreamed) {
  TinyImage image(4096);
  constexpr uint32_t kSectors = 200;
  image.primary.root.data_length = kSectors * 2048;
  std::string all;
  for (uint32_t s = 0; s < kSectors; ++s) {
    std::string sector;
    if (s == 0) sector = record(kDot, 20, kSectors * 2048, kDirectory) + record(kDotDot, 20, kSectors * 2048, kDirectory);
    for (int i = 0; i < 20; ++i) {
      char name[16];
      std::snprintf(name, sizeof name, "F%07u.;1", s * 20 + static_cast<uint32_t>(i));
      sector += record(name, 300, 1);
    }
    sector.resize(2048);
    all += sector;
  }
  image.text(20, 0, all);
  const Read r = read_all(MemorySource(image.bytes()));
  EXPECT_THAT(r.what(), IsEmpty());
  EXPECT_EQ(r.list.count, 4001u);
}

TEST(IsoTree, AnUnreadableDirectorySectorCostsOnlyItself) {
  TinyImage image;
  image.directory(20, 20, {record("A", 21, 2048, kDirectory), record("B", 22, 2048, kDirectory)});
  image.directory(21, 20, {record("X.;1", 30, 1)});
  image.directory(22, 20, {record("Y.;1", 30, 1)});
  MemorySource source(image.bytes());
  source.unreadable = {21};
  const Read r = read_all(source);
  EXPECT_THAT(r.what(), Contains("a sector of the file system's structures cannot be read"));
  EXPECT_THAT(r.list.paths(), ElementsAre("/", "/A", "/B", "/B/Y"));
}

TEST(IsoTree, AStopEndsTheWalk) {
  TinyImage image;
  image.directory(20, 20, {});
  const MemorySource source(image.bytes());
  fsi::IssueLog log;
  const fsi::VolumeRead volume = fsi::read_volume(source, 0, log);
  std::stop_source stop;
  stop.request_stop();
  Listing list;
  EXPECT_THROW(volume.trees[0]->walk(list, log, stop.get_token()), fsi::Error);
}

}  // namespace
}  // namespace fixture
