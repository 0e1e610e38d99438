#include "libfsi/dvd_video.h"

#include <gtest/gtest.h>

#include "libfsi/base/error.h"
#include "libfsi/layout/layout.h"
#include "libfsi/source/builder.h"

namespace fsi {
namespace {

TEST(DvdVideo, EachSetLiesAsPlayersAddItUp) {
  const std::vector<std::string> names{"VIDEO_TS.BUP", "VIDEO_TS.IFO", "VIDEO_TS.VOB", "VTS_01_0.BUP", "VTS_01_0.IFO", "VTS_01_0.VOB",
                                       "VTS_01_1.VOB", "VTS_01_2.VOB", "VTS_02_0.BUP", "VTS_02_0.IFO", "VTS_02_1.VOB"};
  TreeBuilder builder{ScanOptions{}};
  builder.add_memory("A", std::vector<std::byte>(100000));
  for (size_t i = 0; i < names.size(); ++i) builder.add_memory("VIDEO_TS/" + names[i], std::vector<std::byte>(2048 * (31 + 2 * i)));
  builder.add_memory("Z", std::vector<std::byte>(5));
  SourceTree tree = builder.finish();
  order_dvd_video(tree);

  Layout layout;
  layout.packed = true;
  assign_extents(tree, {}, {}, 0, layout);
  const char* const wanted[] = {"VIDEO_TS.IFO", "VIDEO_TS.VOB", "VIDEO_TS.BUP", "VTS_01_0.IFO", "VTS_01_0.VOB", "VTS_01_1.VOB",
                                "VTS_01_2.VOB", "VTS_01_0.BUP", "VTS_02_0.IFO", "VTS_02_1.VOB", "VTS_02_0.BUP"};
  uint64_t next = 0;
  for (const char* name : wanted) {
    const NodeId id = tree.find(std::string("/VIDEO_TS/") + name);
    ASSERT_NE(id, kNone) << name;
    const Extent extent = layout.extent(tree, tree.nodes[id].content);
    if (next != 0) {
      EXPECT_EQ(extent.first, next) << name;
    }
    next = extent.range().end();
    EXPECT_EQ(tree.contents[tree.nodes[id].content].first_node, id);
  }
  for (const char* name : {"/A", "/Z"}) EXPECT_EQ(tree.path(tree.contents[tree.nodes[tree.find(name)].content].first_node), name);
}

TEST(DvdVideo, WithoutTheFolderThereIsNothingToOrder) {
  TreeBuilder builder{ScanOptions{}};
  builder.add_memory("VIDEO_TS", {});
  SourceTree tree = builder.finish();
  EXPECT_THROW(order_dvd_video(tree), Error);
}

}  // namespace
}  // namespace fsi
