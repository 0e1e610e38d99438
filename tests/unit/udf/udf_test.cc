#include "libfsi/udf/udf.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <random>

#include "libfsi/udf/allocation.h"
#include "libfsi/udf/link_target.h"
#include "libfsi/udf/ranked_bits.h"
#include "libfsi/udf/timestamp.h"
#include "tests/unit/iso9660/test_image.h"
#include "tests/unit/udf/udf_walk.h"

namespace fsi {
namespace {

using test::TreeBuilder;
using test::UdfWalk;

constexpr unsigned kRevisions[] = {0x0102, 0x0150, 0x0200, 0x0201, 0x0250, 0x0260};

// UDF alone over a tree, laid out as mkimage does it. Sectors are rendered when asked for.
class UdfImage {
 public:
  explicit UdfImage(SourceTree source, UdfOptions options = {}, Lba session_start = 0, Volume of = test::TestImage::volume())
      : tree(std::move(source)), volume_(std::move(of)), writer(make_udf(tree, volume_, layout, options)) {
    writer->prepare();
    layout.holder = writer.get();
    const std::vector<Region*> regions = writer->regions();
    assign_extents(tree, regions, measure_regions(regions), session_start, layout);
  }

  std::vector<std::byte> sector(uint64_t lba) const {
    std::vector<std::byte> bytes(kSectorSize);
    for (const Region* region : layout.regions)
      if (lba >= region->range.first && lba < region->range.end()) region->render_with(read(), lba - region->range.first, bytes);
    return bytes;
  }
  UdfWalk walk() const {
    return UdfWalk([this](uint64_t lba) { return sector(lba); }, layout.session_start, layout.sectors());
  }
  std::vector<std::byte> render(const Region& region, uint64_t step) const {
    std::vector<std::byte> bytes(region.range.count * kSectorSize);
    for (uint64_t at = 0; at < region.range.count; at += step) {
      const uint64_t count = std::min(step, region.range.count - at);
      region.render_with(read(), at, std::span(bytes).subspan(at * kSectorSize, count * kSectorSize));
    }
    return bytes;
  }
  ReadContent read() const {
    return [this](ContentId id, uint64_t offset, std::span<std::byte> out) {
      std::memcpy(out.data(), tree.blobs[tree.contents[id].place]->data() + offset, out.size());
    };
  }

  SourceTree tree;
  Layout layout;

 private:
  Volume volume_;

 public:
  std::unique_ptr<UdfWriter> writer;
};

TreeBuilder nasty_tree() {
  TreeBuilder tree;
  tree.file("/a.txt", "hello");
  tree.file("/empty");
  tree.directory("/hollow");
  tree.file("/d/two sectors", std::string(2049, 'x'));
  tree.link("/d/zz", "/a.txt");
  tree.link("/e/f/g", "/a.txt");
  tree.symlink("/ln", "d/../a.txt");
  tree.symlink("/abs", "/");
  std::string target;
  for (int i = 0; i < 600; ++i) target += "component/";
  target += "end";
  tree.symlink("/long", target);
  tree.symlink("/d/longer", target + "/../x");
  tree.device("/null", makedev(1, 3));
  auto& special = tree.file("/special", "s");
  special.mode = 06751;
  special.uid = 4000000000u;
  special.gid = 65536;
  special.mtime = -1;
  tree.directory("/sticky").mode = 01777;
  std::string deep;
  for (int i = 0; i < 40; ++i) tree.file((deep += "/deep" + std::to_string(i)) + "/file", "f");
  for (int i = 0; i < 1200; ++i) tree.file("/many/file number " + std::to_string(i) + std::string(static_cast<size_t>(i) % 60, 'n'), "m");
  tree.file("/\xD0\xB6/\xE6\x97\xA5\xE6\x9C\xAC", "ja");
  tree.file("/\xC3\xA9", "e");
  tree.file("/bad\xFF", "1");
  tree.file("/bad\xFE", "2");
  tree.file("/bad_", "3");
  return tree;
}

// Gives streams to nodes, which have rising ids.
void add_stream(SourceTree& tree, const std::string& path, std::string_view name, std::string_view bytes) {
  const NodeId id = tree.find(path);
  ASSERT_NE(id, kNone) << path;
  Stream stream;
  stream.node = tree.nodes[id].link_leader;
  stream.name = {static_cast<uint32_t>(tree.text.size()), static_cast<uint32_t>(name.size())};
  stream.offset = tree.stream_bytes.size();
  stream.bytes = bytes.size();
  tree.text.insert(tree.text.end(), name.begin(), name.end());
  const auto raw = std::as_bytes(std::span(bytes));
  tree.stream_bytes.insert(tree.stream_bytes.end(), raw.begin(), raw.end());
  tree.streams.push_back(stream);
}

SourceTree tree_with_streams() {
  SourceTree tree = nasty_tree().freeze();
  add_stream(tree, "/", "of the root", "root");
  add_stream(tree, "/a.txt", "comment", "a comment");
  add_stream(tree, "/a.txt", "empty", "");
  add_stream(tree, "/a.txt", "large", std::string(65536, 'L'));
  add_stream(tree, "/a.txt", "not quite so large", std::string(1832, 'l'));
  add_stream(tree, "/a.txt", "\xE6\x97\xA5", "ja");
  add_stream(tree, "/bad_", "bad\xFE", "1");
  add_stream(tree, "/bad_", "bad\xFF", "2");
  add_stream(tree, "/bad_", "bad_", "3");
  add_stream(tree, "/empty", "only", std::string(5000, 'o'));
  for (int i = 100; i < 400; ++i) add_stream(tree, "/many", "stream number " + std::to_string(i), std::to_string(i));
  return tree;
}

std::string text_of(const std::vector<std::byte>& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

TEST(Udf, StreamsAreBesideTheirFiles) {
  for (const unsigned revision : kRevisions)
    for (const bool embed : {false, true}) {
      SCOPED_TRACE(std::to_string(revision) + (embed ? " embed" : ""));
      UdfOptions options;
      options.revision = revision;
      options.embed = embed;
      const UdfImage image(tree_with_streams(), options, embed ? 4096u : 0u);
      const UdfWalk walk = image.walk();
      std::vector<std::string> losses;
      image.writer->for_each_loss([&](NodeId id, std::string_view what) {
        if (what.find("stream") != what.npos) losses.push_back(image.tree.path(id) + " " + std::string(what));
      });
      if (revision < 0x0200) {
        for (const auto& [path, file] : walk.files) EXPECT_TRUE(file.streams.empty()) << path;
        ASSERT_EQ(losses.size(), 5u);
        EXPECT_EQ(losses[0], "/ 1 named stream: not recorded, UDF has them from revision 2.00 on");
        EXPECT_EQ(losses[1], "/a.txt 5 named streams: not recorded, UDF has them from revision 2.00 on");
        continue;
      }
      EXPECT_EQ(text_of(walk.files.at("").streams.at("of the root")), "root");
      const auto& streams = walk.files.at("/a.txt").streams;
      EXPECT_EQ(streams.size(), 5u);
      EXPECT_EQ(text_of(streams.at("comment")), "a comment");
      EXPECT_EQ(text_of(streams.at("empty")), "");
      EXPECT_EQ(text_of(streams.at("large")), std::string(65536, 'L'));
      EXPECT_EQ(text_of(streams.at("not quite so large")), std::string(1832, 'l'));
      EXPECT_EQ(text_of(streams.at("\xE6\x97\xA5")), "ja");
      EXPECT_EQ(walk.files.at("/a.txt").links, 4) << "three names and the stream directory's parent";
      EXPECT_EQ(walk.files.at("/e/f/g").streams, streams) << "a hard link has the streams of its file";
      const auto& bad = walk.files.at("/bad_").streams;
      EXPECT_EQ(text_of(bad.at("bad_")), "3");
      EXPECT_EQ(text_of(bad.at("bad_000")), "1");
      EXPECT_EQ(text_of(bad.at("bad_001")), "2");
      EXPECT_EQ(walk.files.at("/many").streams.size(), 300u);
      EXPECT_EQ(text_of(walk.files.at("/many").streams.at("stream number 399")), "399");
      ASSERT_EQ(losses.size(), 2u);
      EXPECT_EQ(losses[0], "/bad_ named stream bad\\xFE: recorded as bad_000");
    }
}

TEST(Udf, StrictNamesOfStreamsAreAnError) {
  SourceTree tree = TreeBuilder().freeze();
  add_stream(tree, "/", "bad\xFF", "1");
  Volume volume = test::TestImage::volume();
  volume.strict = true;
  Layout layout;
  EXPECT_THROW(make_udf(tree, volume, layout, {})->prepare(), Error);
  UdfOptions options;
  options.revision = 0x0102;
  EXPECT_NO_THROW(make_udf(tree, volume, layout, options)->prepare());
}

TEST(Udf, RealTimeFilesLieOnClustersOfTheirOwn) {
  for (const unsigned revision : {0x0200u, 0x0201u, 0x0260u}) {
    TreeBuilder names;
    names.file("/a", std::string(3000, 'a'));
    names.file("/b.m2ts", "tiny");
    names.file("/c", std::string(3000, 'c'));
    SourceTree tree = names.freeze();
    tree.nodes[tree.find("/b.m2ts")].real_time = true;
    tree.contents[1].real_time = true;
    UdfOptions options;
    options.revision = revision;
    options.embed = true;
    const UdfImage image(std::move(tree), options);
    const UdfWalk walk = image.walk();
    const UdfWalk::File& file = walk.files.at("/b.m2ts");
    EXPECT_EQ(file.type, revision >= 0x0201 ? disc::FileType::real_time : disc::FileType::bytes);
    ASSERT_EQ(file.extents.size(), 1u);
    EXPECT_EQ(file.extents[0].first % 32, 0u);
    EXPECT_GE(walk.files.at("/c").extents[0].first, file.extents[0].first + 32);
    EXPECT_EQ(walk.files.at("/a").type, disc::FileType::bytes);
  }
}

TEST(Udf, EveryRevisionSaysTheSameTree) {
  for (const unsigned revision : kRevisions)
    for (const bool embed : {false, true})
      for (const bool duplicate : {false, true})
        for (const Lba start : {embed ? 4096u : 0u}) {
          if (duplicate && revision < 0x0250) continue;
          SCOPED_TRACE(std::to_string(revision) + (embed ? " embed" : "") + (duplicate ? " duplicate " : " ") + std::to_string(start));
          UdfOptions options;
          options.revision = revision;
          options.embed = embed;
          options.duplicate_metadata = duplicate;
          const UdfImage image(nasty_tree().freeze(), options, start);
          const UdfWalk walk = image.walk();
          EXPECT_EQ(walk.revision, revision);
          EXPECT_EQ(walk.min_read, std::min(revision, 0x0250u));
          EXPECT_EQ(walk.duplicate, duplicate && revision >= 0x0250);
          EXPECT_EQ(walk.label, "TEST_VOLUME");
          EXPECT_EQ(walk.files.size(), image.tree.nodes.size());
          EXPECT_EQ(walk.next_unique_id, image.tree.nodes.size() + 16);
          for (NodeId id = 1; id < image.tree.nodes.size(); ++id) {
            const Node& node = image.tree.nodes[id];
            std::string path;
            for (NodeId n = id; n != kRoot; n = image.tree.nodes[n].parent) path = "/" + image.writer->name_in_format(n) + path;
            ASSERT_TRUE(walk.files.count(path)) << path;
            const UdfWalk::File& file = walk.files.at(path);
            EXPECT_EQ(file.uid, node.uid);
            EXPECT_EQ(file.gid, node.gid);
            if (node.kind == NodeKind::file) {
              EXPECT_EQ(file.bytes, image.tree.contents[node.content].size);
              if (!file.extents.empty()) {
                EXPECT_EQ(file.extents.front().first, image.layout.content_lba[node.content]);
              } else {
                const auto& blob = *image.tree.blobs[image.tree.contents[node.content].place];
                EXPECT_TRUE(embed || blob.empty());
                EXPECT_EQ(file.embedded, blob);
              }
            }
          }
          EXPECT_EQ(walk.files.at("/a.txt").links, 3);
          EXPECT_EQ(walk.files.at("/a.txt").icb, walk.files.at("/e/f/g").icb);
          EXPECT_EQ(walk.files.at("/special").flags & 0x1C0, disc::kIcbSetuid | disc::kIcbSetgid);
          EXPECT_EQ(walk.files.at("/sticky").flags & 0x1C0, disc::kIcbSticky);
          EXPECT_EQ(walk.files.at("/special").permissions, (0x1Fu << 10) | (5u << 5) | 1u);
          EXPECT_EQ(walk.files.at("/special").mtime.year, 1969);
          EXPECT_EQ(walk.files.at("/special").mtime.microseconds, 99);
          disc::DeviceSpecification device;
          ASSERT_TRUE(load(std::span<const std::byte>(walk.files.at("/null").attributes), 24, device));
          EXPECT_EQ(device.major, 1u);
          EXPECT_EQ(device.minor, 3u);
        }
}

TEST(Udf, AnyWindowIsTheSameFunction) {
  for (const unsigned revision : {0x0102u, 0x0201u, 0x0260u})
    for (const bool embed : {false, true}) {
      UdfOptions options;
      options.revision = revision;
      options.embed = embed;
      const UdfImage image(tree_with_streams(), options);
      std::mt19937 random(3);
      for (const Region* region : image.layout.regions) {
        const auto whole = image.render(*region, region->range.count);
        EXPECT_EQ(whole, image.render(*region, 1)) << region->what();
        for (int i = 0; i < 50 && region->range.count; ++i) {
          const uint64_t first = random() % region->range.count, count = 1 + random() % (region->range.count - first);
          std::vector<std::byte> part(count * kSectorSize);
          region->render_with(image.read(), first, part);
          ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<ptrdiff_t>(first * kSectorSize))) << region->what();
        }
      }
    }
}

TEST(Udf, TargetsOfLinksComeBack) {
  const UdfImage image(nasty_tree().freeze());
  const UdfWalk walk = image.walk();
  const auto target = [&](const std::string& path) {
    const UdfWalk::File& file = walk.files.at(path);
    std::string bytes(reinterpret_cast<const char*>(file.embedded.data()), file.embedded.size());
    for (const auto& [sector, n] : file.extents)
      for (uint64_t s = 0; s < sectors_for(n); ++s) {
        const auto block = image.sector(sector + s);
        bytes.append(reinterpret_cast<const char*>(block.data()), block.size());
      }
    bytes.resize(file.bytes);
    return udf::target_of_components(bytes);
  };
  EXPECT_EQ(target("/ln"), "d/../a.txt");
  EXPECT_EQ(target("/abs"), "/");
  EXPECT_TRUE(target("/long").ends_with("component/end"));
  EXPECT_TRUE(target("/d/longer").ends_with("component/end/../x"));
  for (const char* same : {"a", ".", "..", "/", "/a/b", "./a", "../../x y", "\xE6\x97\xA5/\xC3\xA9", "a/."})
    EXPECT_EQ(udf::target_of_components(udf::link_components(same)), same);
  EXPECT_EQ(udf::target_of_components(udf::link_components("a//b/")), "a/b");
}

TEST(Udf, HugeFilesChainTheirExtents) {
  for (const unsigned revision : {0x0102u, 0x0201u, 0x0250u})
    for (const uint64_t size : {uint64_t{1} << 32, uint64_t{234} * 0x3FFFF800, uint64_t{234} * 0x3FFFF800 + 1, uint64_t{3} << 40}) {
      TreeBuilder tree;
      tree.file("/a", "before");
      tree.file("/b").size = size;
      tree.file("/c", "behind");
      UdfOptions options;
      options.revision = revision;
      const UdfImage image(tree.freeze(), options);
      const UdfWalk walk = image.walk();
      const UdfWalk::File& file = walk.files.at("/b");
      EXPECT_EQ(file.bytes, size);
      uint64_t next = image.layout.content_lba[1];
      for (const auto& [sector, bytes] : file.extents) {
        EXPECT_EQ(sector, next);
        next += sectors_for(bytes);
      }
    }
}

TEST(Udf, NamesThatCannotBeRecordedChangeAndAreListed) {
  const UdfImage image(nasty_tree().freeze());
  std::map<std::string, std::string> changed;
  image.writer->for_each_changed([&](NodeId id, std::string_view name) { changed[image.tree.path(id)] = name; });
  EXPECT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed["/bad\xFE"], "bad_000");
  EXPECT_EQ(changed["/bad\xFF"], "bad_001");

  Volume volume = test::TestImage::volume();
  volume.strict = true;
  const SourceTree tree = nasty_tree().freeze();
  Layout layout;
  try {
    make_udf(tree, volume, layout, {})->prepare();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_EQ(error.where(), "/bad\\xFE");
  }
}

TEST(Udf, MoreLinksThanCanBeCountedAreSaid) {
  TreeBuilder tree;
  for (int i = 0; i < 66000; ++i) tree.directory("/d" + std::to_string(i));
  UdfOptions options;
  options.embed = true;
  const UdfImage image(tree.freeze(), options);
  EXPECT_EQ(image.walk().files.size(), 66001u);
  std::vector<std::string> losses;
  image.writer->for_each_loss([&](NodeId id, std::string_view what) { losses.push_back(image.tree.path(id) + " " + std::string(what)); });
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0], "/ number of links: 66001, recorded as 65535");
}

TEST(Udf, DirectoriesMayBeVeryDeep) {
  SourceTree tree;
  constexpr uint32_t kDepth = 200000;
  tree.text = {'d'};
  tree.nodes.resize(kDepth + 1);
  for (NodeId id = 0; id <= kDepth; ++id) {
    Node& node = tree.nodes[id];
    node.kind = NodeKind::directory;
    node.link_leader = id;
    node.parent = id ? id - 1 : 0;
    node.name = {0, id ? 1u : 0u};
    node.first_child = id + 1;
    node.child_count = id < kDepth;
    node.links = 2 + (id < kDepth);
  }
  const UdfImage image(std::move(tree));
  const Region* region = nullptr;
  for (const Region* one : image.layout.regions)
    if (one->what() == "UDF file entries and directories") region = one;
  ASSERT_TRUE(region);
  EXPECT_EQ(region->range.count, 3 + kDepth * 2 + 1);
  const auto whole = image.render(*region, 4096);
  // The deepest directory's parent identifier names the ICB two levels of blocks before it.
  disc::FileIdentifierDescriptor parent;
  ASSERT_TRUE(load(std::span<const std::byte>(whole), whole.size() - kSectorSize, parent));
  EXPECT_EQ(parent.icb.location.block, region->range.count - 4);
  EXPECT_EQ(parent.icb.unique_id, kDepth - 1 + 16);
}

TEST(Udf, RevisionsThatDoNotExistAreRefused) {
  const SourceTree tree = TreeBuilder().freeze();
  const Volume volume;
  Layout layout;
  for (const unsigned revision : {0u, 0x0100u, 0x0103u, 0x0300u}) {
    UdfOptions options;
    options.revision = revision;
    EXPECT_THROW(make_udf(tree, volume, layout, options), Error);
  }
}

TEST(Udf, ATakenEndMovesTheAnchor) {
  UdfOptions options;
  options.end_is_taken = true;
  const UdfImage image(nasty_tree().freeze(), options);
  const uint64_t n = image.layout.end - 1;
  disc::Tag tag;
  ASSERT_TRUE(load(std::span<const std::byte>(image.sector(n - 256)), 0, tag));
  EXPECT_EQ(tag.identifier, static_cast<uint16_t>(disc::TagId::anchor));
  EXPECT_EQ(tag.location, n - 256);
  EXPECT_EQ(image.sector(n), std::vector<std::byte>(kSectorSize));
}

TEST(Udf, VolumeIdsThatReadersShowAreWhole) {
  Volume volume = test::TestImage::volume();
  const auto of = [&](const std::string& id) {
    volume.volume_id = id;
    return UdfImage(TreeBuilder().freeze(), {}, 0, volume);
  };
  std::string wide;
  for (int i = 0; i < 63; ++i) wide += "\xE6\x97\xA5";
  for (const std::string& id : {std::string(30, 'V'), std::string(31, 'V'), std::string(126, 'V'), wide}) {
    const UdfImage image = of(id);
    EXPECT_EQ(image.walk().label, id);
    // The primary volume descriptor has 30 characters, or 15 of any script.
    EXPECT_EQ(image.writer->notes().size(), id.size() > 30 ? 1u : 0u) << id;
  }
  EXPECT_THROW(of(std::string(127, 'V')), Error);
  EXPECT_THROW(of(wide + "x"), Error);
  EXPECT_EQ(of("a/b").walk().label, "a_b");
  EXPECT_EQ(of("a/b").writer->notes().size(), 2u);
}

TEST(Udf, WhatIsLeftOutIsCounted) {
  SourceTree tree = nasty_tree().freeze();
  tree.left_attributes = {7, 1};
  const UdfImage image(std::move(tree));
  const std::vector<std::string> notes = image.writer->notes();
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_TRUE(notes[0].starts_with("2 names are not recorded as in the source (/bad\\xFE becomes bad_000, ...)")) << notes[0];
  EXPECT_TRUE(notes[1].starts_with("7 extended attributes are not recorded")) << notes[1];
  EXPECT_TRUE(notes[2].starts_with("1 access control list or capability")) << notes[2];
}

TEST(UdfTimestamp, CountsMicroseconds) {
  const auto check = [](Time time, int year, int month, int day, int hour, int minute, int second, int micro) {
    const disc::Timestamp t = udf::timestamp(time);
    EXPECT_EQ(t.type_and_zone, 0x1000);
    EXPECT_EQ(t.year, year);
    EXPECT_EQ(t.month, month);
    EXPECT_EQ(t.day, day);
    EXPECT_EQ(t.hour, hour);
    EXPECT_EQ(t.minute, minute);
    EXPECT_EQ(t.second, second);
    EXPECT_EQ(t.centiseconds * 10000 + t.hundred_microseconds * 100 + t.microseconds, micro);
  };
  check(0, 1970, 1, 1, 0, 0, 0, 0);
  check(-1, 1969, 12, 31, 23, 59, 59, 999999);
  check(951827696 * kSecond + 123456, 2000, 2, 29, 12, 34, 56, 123456);
  check(udf::kEarliestTime, 1, 1, 1, 0, 0, 0, 0);
  check(udf::kEarliestTime - 1, 1, 1, 1, 0, 0, 0, 0);
  check(udf::kLatestTime, 9999, 12, 31, 23, 59, 59, 999999);
  check(INT64_MAX, 9999, 12, 31, 23, 59, 59, 999999);
}

TEST(UdfRankedBits, CountsMembersBelow) {
  RankedBits bits(1000);
  std::vector<bool> plain(1001);
  for (uint64_t i = 0; i < 1000; i += 1 + i % 7) bits.set(i), plain[i] = true;
  bits.freeze();
  uint32_t count = 0;
  for (uint64_t i = 0; i <= 1000; ++i) {
    EXPECT_EQ(bits.rank(i), count) << i;
    EXPECT_EQ(i < 1000 && bits.test(i), plain[i]);
    count += plain[i];
  }
}

TEST(UdfAllocation, EveryCountFitsItsParts) {
  for (const bool long_form : {false, true})
    for (uint64_t count = 0; count < 1200; ++count) {
      udf::AllocationRun run;
      run.bytes = count * disc::kLongestExtent;
      run.long_form = long_form;
      const udf::AllocationChain chain(run, 1872);
      std::vector<std::byte> room(1872), block(kSectorSize);
      const size_t ad = run.ad_bytes();
      uint64_t seen = chain.put_in_icb(room, 7, 0) / ad;
      for (uint64_t i = 0; i < chain.extents(); ++i) {
        --seen;  // the one that points here
        chain.put_extent(i, block, 7, 0, 3);
        disc::AllocationExtentDescriptor head;
        ASSERT_TRUE(load(std::span<const std::byte>(block), 0, head));
        ASSERT_GT(head.allocation_length, 0u);
        seen += head.allocation_length / ad;
      }
      ASSERT_EQ(seen, count);
    }
}

TEST(UdfCrc, AgreesWithTheStandardsExample) {
  const unsigned char bytes[] = {0x70, 0x6A, 0x77};  // ECMA-167 3/7.2.6
  EXPECT_EQ(disc::crc_of(std::as_bytes(std::span(bytes))), 0x3299);
  std::vector<std::byte> many(257);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::byte>(i * 37);
  for (size_t n = 0; n < many.size(); ++n) {
    unsigned crc = 0;
    for (size_t i = 0; i < n; ++i) {
      crc ^= std::to_integer<unsigned>(many[i]) << 8;
      for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xFFFF;
    }
    EXPECT_EQ(disc::crc_of(std::span(many).first(n)), crc);
  }
}

}  // namespace
}  // namespace fsi
