#include "libfsi/joliet/joliet.h"

#include "tests/unit/iso9660/test_walk.h"

namespace fsi::test {
namespace {

TEST(Joliet, FilesAndDirectoriesUnderTheirNames) {
  TreeBuilder builder;
  builder.file("/Long name with spaces and Case.html", "x");
  builder.file("/dir/sub*ject");
  builder.file("/dir/sub?ject");
  builder.symlink("/link", "dir");
  TestImage image(builder.freeze());
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(17), true);
  EXPECT_EQ(files.size(), 4u);
  EXPECT_TRUE(files.contains("/Long name with spaces and Case.html"));
  EXPECT_TRUE(files.contains("/dir/sub_ject"));
  EXPECT_TRUE(files.contains("/dir/sub_ject000"));
  for (const auto& [path, found] : files) EXPECT_TRUE(found.system_use.empty()) << path;
  std::map<std::string, std::string> changed;
  image.formats[1]->for_each_changed([&](NodeId id, std::string_view name) { changed.emplace(image.tree.path(id), name); });
  EXPECT_EQ(changed, (std::map<std::string, std::string>{{"/dir/sub*ject", "sub_ject"}, {"/dir/sub?ject", "sub_ject000"}, {"/link", ""}}));
  EXPECT_EQ(image.formats[1]->name_in_format(builder.file("/dir/sub?ject").id), "sub_ject000");
}

TEST(Joliet, AHundredAndThreeUnitsOrSixtyFour) {
  TreeBuilder builder;
  builder.file("/" + std::string(150, 'n') + ".txt");
  const SourceTree tree = builder.freeze();
  const Volume volume = TestImage::volume();
  const Layout layout;
  for (const unsigned longest : {64u, 103u}) {
    auto joliet = make_joliet(tree, volume, layout, 17, longest);
    joliet->prepare();
    EXPECT_EQ(joliet->name_in_format(1), std::string(longest - 4, 'n') + ".txt");
  }
}

TEST(Joliet, ALongVolumeIdIsCutAndTold) {
  TreeBuilder builder;
  Volume volume = TestImage::volume();
  volume.volume_id = "SEVENTEEN_LETTERS";
  TestImage image(builder.freeze(), volume);
  ASSERT_EQ(image.formats[1]->notes().size(), 1u);
  EXPECT_NE(image.formats[1]->notes()[0].find("SEVENTEEN_LETTERS"), std::string::npos);
  EXPECT_TRUE(image.formats[0]->notes().empty());
  const ImageWalk walk(image);
  EXPECT_EQ(ImageWalk::utf16_to_latin(std::string(walk.descriptor(17).volume_id.raw())), "SEVENTEEN_LETTER");
}

TEST(Joliet, StrictRefusesAChangedName) {
  TreeBuilder builder;
  builder.file("/a:b");
  Volume volume = TestImage::volume();
  volume.strict = true;
  try {
    TestImage(builder.freeze(), volume);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_EQ(error.where(), "/a:b");
  }
}

}  // namespace
}  // namespace fsi::test
