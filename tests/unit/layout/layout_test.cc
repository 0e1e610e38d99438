#include "libfsi/layout/layout.h"

#include <gtest/gtest.h>

#include "libfsi/base/error.h"

namespace fsi {
namespace {

class Block : public Region {
 public:
  Block(Zone where, uint64_t sectors, uint64_t at = 0) : sectors_(sectors) {
    zone = where;
    fixed_at = at;
  }
  std::string what() const override { return "block"; }
  uint64_t measure() override { return sectors_; }
  void render(uint64_t, std::span<std::byte>) const override {}

 private:
  uint64_t sectors_;
};

class Last : public Block {
 public:
  Last() : Block(Zone::last, 0) {}
  uint64_t measure_behind(uint64_t before, uint64_t closing) override {
    seen = before;
    seen_closing = closing;
    return 32;
  }
  uint64_t seen = 0, seen_closing = 0;
};

SourceTree tree_of(std::vector<uint64_t> sizes) {
  SourceTree tree;
  tree.nodes.resize(1);
  tree.nodes[0].kind = NodeKind::directory;
  for (const uint64_t size : sizes) {
    Content content;
    content.size = size;
    content.first_node = 0;
    tree.contents.push_back(content);
  }
  return tree;
}

Layout lay_out(const SourceTree& tree, std::vector<Region*> regions, Lba start = 0) {
  Layout layout;
  assign_extents(tree, regions, measure_regions(regions), start, layout);
  return layout;
}

TEST(Layout, ZonesFollowEachOtherAndNothingOverlaps) {
  Block descriptor(Zone::fixed, 1, 16), table(Zone::metadata, 3), tail(Zone::tail, 2);
  Last last;
  const SourceTree tree = tree_of({1, 2048, 2049, 0});
  const Layout layout = lay_out(tree, {&tail, &last, &table, &descriptor});
  EXPECT_EQ(descriptor.range, (SectorRange{16, 1}));
  EXPECT_EQ(table.range, (SectorRange{17, 3}));
  EXPECT_EQ(layout.content_lba, (std::vector<Lba>{20, 21, 22, layout.empty_lba}));
  EXPECT_EQ(tail.range, (SectorRange{24, 2}));
  EXPECT_EQ(last.range, (SectorRange{32, 32}));
  EXPECT_EQ(last.seen, 32u);
  EXPECT_EQ(layout.end, 64u);
}

TEST(Layout, ClosingRegionsLieInsideOfTheLastOne) {
  Block descriptor(Zone::fixed, 1, 16), anchor(Zone::closing, 1, 1), sequence(Zone::closing, 16, 17);
  Last last;
  const SourceTree tree = tree_of({100});
  const Layout layout = lay_out(tree, {&anchor, &sequence, &descriptor, &last}, 64);
  EXPECT_EQ(last.seen_closing, 17u);
  EXPECT_EQ(last.range, (SectorRange{64 + 32, 32}));
  EXPECT_EQ(layout.end, 128u);
  EXPECT_EQ(anchor.range, (SectorRange{127, 1}));
  EXPECT_EQ(sequence.range, (SectorRange{111, 16}));

  const Layout without = lay_out(tree, {&anchor, &sequence, &descriptor});
  EXPECT_EQ(without.end, 64u);  // 18 sectors and 17
  EXPECT_EQ(anchor.range, (SectorRange{63, 1}));
  EXPECT_EQ(sequence.range, (SectorRange{47, 16}));

  Block reaches_in(Zone::closing, 2, 2);
  EXPECT_THROW(lay_out(tree, {&anchor, &reaches_in}), Error);
  Last second;
  EXPECT_THROW(lay_out(tree, {&last, &second}), Error);
}

class Holder : public FormatWriter {
 public:
  void prepare() override {}
  std::vector<Region*> regions() override { return {}; }
  bool holds(ContentId id) const override { return id == 1; }
  Lba held_at(ContentId) const override { return 7; }
};

TEST(Layout, HeldContentsTakeNoExtent) {
  const Holder holder;
  Layout layout;
  layout.holder = &holder;
  assign_extents(tree_of({100, 100, 100}), {}, {}, 0, layout);
  EXPECT_EQ(layout.data_order, (std::vector<ContentId>{0, 2}));
  EXPECT_EQ(layout.content_lba, (std::vector<Lba>{0, 7, 1}));
  EXPECT_EQ(layout.data.count, 2u);
}

TEST(Layout, LargeExtentsBeginOnFourKibibytesOfTheSession) {
  Block descriptor(Zone::fixed, 1, 16);
  const SourceTree tree = tree_of({64 * 1024, 1, 64 * 1024 - 1, 64 * 1024});
  for (const Lba start : {0u, 32u, 12345u}) {
    const Layout layout = lay_out(tree, {&descriptor}, start);
    for (const ContentId id : {0u, 3u}) EXPECT_EQ((layout.content_lba[id] - start) % 2, 0u);
    EXPECT_EQ(descriptor.range.first, start + 16);
    EXPECT_EQ(layout.sectors() % kImageUnit, 0u);
  }
}

TEST(Layout, EmptyFilesTakeNoRoom) {
  const SourceTree tree = tree_of({0, 0});
  const Layout layout = lay_out(tree, {});
  EXPECT_TRUE(layout.data_order.empty());
  EXPECT_EQ(layout.data.count, 0u);
}

TEST(Layout, FixedRegionsThatReachIntoEachOtherAreRefused) {
  Block a(Zone::fixed, 4, 16), b(Zone::fixed, 1, 18);
  EXPECT_THROW(lay_out(tree_of({}), {&a, &b}), Error);
}

TEST(Layout, AVolumePastItsLastAddressIsRefused) { EXPECT_THROW(lay_out(tree_of({uint64_t{1} << 43, 1}), {}), Error); }

}  // namespace
}  // namespace fsi
