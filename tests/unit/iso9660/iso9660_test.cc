#include "libfsi/iso9660/iso9660.h"

#include "libfsi/iso9660/volume_texts.h"
#include "tests/unit/iso9660/test_walk.h"

namespace fsi::test {
namespace {

TestImage image_of(TreeBuilder& builder, unsigned level = 3, bool rock_ridge = true, bool joliet = true, Lba session_start = 0) {
  Volume volume = TestImage::volume();
  volume.iso_level = level;
  volume.rock_ridge = rock_ridge;
  return TestImage(builder.freeze(), volume, joliet, session_start);
}

TEST(Iso9660, DescriptorsSayWhereEverythingIs) {
  TreeBuilder builder;
  builder.file("/a.txt", "hello");
  TestImage image = image_of(builder, 3, true, true, 1000);
  const ImageWalk walk(image);
  const disc::VolumeDescriptor primary = walk.descriptor(1016);
  EXPECT_EQ(primary.header.type, 1);
  EXPECT_EQ(std::string_view(primary.header.identifier, 5), "CD001");
  EXPECT_EQ(primary.volume_id.text(), "TEST_VOLUME");
  EXPECT_EQ(primary.volume_space_size, image.layout.end);
  EXPECT_TRUE(primary.volume_space_size.agree());
  EXPECT_EQ(primary.root.length, 34);
  EXPECT_EQ(primary.expires.digits.raw(), "0000000000000000");
  EXPECT_EQ(primary.created.digits.raw(), "1970010100000000");
  const disc::VolumeDescriptor joliet = walk.descriptor(1017);
  EXPECT_EQ(joliet.header.type, 2);
  EXPECT_EQ(joliet.escape_sequences.text(), "%/E");
  EXPECT_EQ(joliet.volume_id.raw().substr(0, 8), std::string_view("\0T\0E\0S\0T", 8));
  EXPECT_EQ(joliet.publisher_id.raw().substr(0, 4), std::string_view("\0 \0 ", 4));
  EXPECT_EQ(walk.descriptor(1018).header.type, 255);
  const auto files = walk.walk(primary);
  ASSERT_TRUE(files.contains("/a.txt"));
  EXPECT_EQ(files.at("/a.txt").identifier, "A.TXT;1");
  EXPECT_EQ(files.at("/a.txt").extent, image.layout.content_lba[0]);
  EXPECT_EQ(walk.walk(joliet, true).at("/a.txt").extent, image.layout.content_lba[0]);
}

TEST(Iso9660, ManyDirectoriesInTheOrderOfThePathTable) {
  TreeBuilder builder;
  for (int i = 0; i < 40; ++i)
    for (int k = 0; k < 30; ++k) builder.file("/d" + std::to_string(i) + "/e" + std::to_string(k) + (k % 3 ? "/f" : ""), "x");
  TestImage image = image_of(builder);
  const ImageWalk walk(image);
  EXPECT_EQ(walk.walk(walk.descriptor(16)).size(), image.tree.nodes.size() - 1);
  EXPECT_EQ(walk.walk(walk.descriptor(17), true).size(), image.tree.nodes.size() - 1);
}

TEST(Iso9660, AnyRangeOfALargeDirectoryIsTheSameAsTheWhole) {
  TreeBuilder builder;
  for (int i = 0; i < 9000; ++i) {
    const std::string name = "/big/file" + std::to_string(i);
    if (i % 7 == 0)
      builder.directory(name + std::string(static_cast<size_t>(i % 240), 'n'));  // long names continue elsewhere
    else if (i % 11 == 0)
      builder.symlink(name, std::string(static_cast<size_t>(i % 3000), 't') + "/x");
    else
      builder.file(name, std::string(static_cast<size_t>(i % 3), 'x'));
  }
  builder.file("/big/huge").size = 400 * (uint64_t{1} << 32);  // more records than a checkpoint's distance
  TestImage image = image_of(builder);
  for (const char* what : {"ISO 9660 directories", "Joliet directories", "ISO 9660 path table L", "Joliet path table M"}) {
    const Region* region = image.region(what);
    const auto whole = TestImage::render(*region, region->range.count);
    for (const uint64_t step : {1, 3, 16, 100}) EXPECT_TRUE(whole == TestImage::render(*region, step)) << what << " in steps of " << step;
  }
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  EXPECT_EQ(files.size(), image.tree.nodes.size() - 1);
  EXPECT_EQ(files.at("/big/huge").bytes, 400 * (uint64_t{1} << 32));
  EXPECT_EQ(files.at("/big/huge").sections, 401u);
  EXPECT_EQ(files.at("/big/huge").extent, image.layout.content_lba[image.tree.nodes[builder.file("/big/huge").id].content]);
}

TEST(Iso9660, FilesOfFourGibibytesHaveSections) {
  TreeBuilder builder;
  builder.file("/one").size = disc::kMaxSectionBytes;
  builder.file("/two").size = disc::kMaxSectionBytes + 1;
  TestImage image = image_of(builder);
  const ImageWalk walk(image);
  for (const uint64_t at : {16, 17}) {
    const auto files = walk.walk(walk.descriptor(at), at == 17);
    EXPECT_EQ(files.at("/one").sections, 1u);
    EXPECT_EQ(files.at("/two").sections, 2u);
    EXPECT_EQ(files.at("/two").bytes, disc::kMaxSectionBytes + 1);
  }
  for (const unsigned level : {1u, 2u}) {
    TreeBuilder again;
    again.file("/dir/two").size = disc::kMaxSectionBytes + 1;
    try {
      image_of(again, level);
      ADD_FAILURE() << "level " << level << " has no sections";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::limit);
      EXPECT_EQ(error.where(), "/dir/two");
      EXPECT_NE(error.why().find("--iso-level 3"), std::string::npos);
    }
  }
}

TEST(Iso9660, EmptyFilesLieNowhereAndLinksShareTheirExtent) {
  TreeBuilder builder;
  builder.file("/empty");
  builder.file("/a", "bytes");
  builder.link("/b", "/a");
  TestImage image = image_of(builder);
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  EXPECT_EQ(files.at("/empty").bytes, 0u);
  EXPECT_EQ(files.at("/empty").extent, image.layout.empty_lba);
  EXPECT_EQ(files.at("/a").extent, files.at("/b").extent);
}

TEST(Iso9660, WithoutRockRidgeOnlyFilesAndDirectories) {
  TreeBuilder builder;
  builder.file("/file-with-a-long-name.text");
  builder.symlink("/link", "file");
  builder.device("/device", 0x0801);
  TestImage image = image_of(builder, 1, false);
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files.begin()->first, "/FILE_WIT.TEX;1");
  EXPECT_TRUE(files.begin()->second.system_use.empty());
  std::map<std::string, std::string> changed;
  image.formats[0]->for_each_changed([&](NodeId id, std::string_view name) { changed.emplace(image.tree.path(id), name); });
  EXPECT_EQ(changed, (std::map<std::string, std::string>{{"/device", ""}, {"/file-with-a-long-name.text", "FILE_WIT.TEX"}, {"/link", ""}}));
}

TEST(Iso9660, StrictRefusesAChangedNameByName) {
  TreeBuilder builder;
  builder.file("/good.txt");
  builder.file("/x/bad-name.txt");
  builder.file("/x/worse name.txt");
  Volume volume = TestImage::volume();
  volume.strict = true;
  EXPECT_NO_THROW(TestImage(builder.freeze(), volume));  // Rock Ridge and Joliet hold both names as they are
  volume.rock_ridge = false;
  try {
    TestImage(builder.freeze(), volume);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_EQ(error.where(), "/x/bad-name.txt");
    EXPECT_NE(error.why().find("BAD_NAME.TXT"), std::string::npos);
    EXPECT_NE(error.why().find("1 more name"), std::string::npos);
  }
}

TEST(Iso9660, SeventyThousandLeafDirectoriesAreLegal) {
  TreeBuilder builder;
  for (int i = 0; i < 70'000; ++i) builder.directory("/leaves/" + std::to_string(i));
  TestImage image = image_of(builder);
  const ImageWalk walk(image, 4096);
  EXPECT_EQ(walk.walk(walk.descriptor(16)).size(), 70'001u);
}

TEST(Iso9660, AParentNumberOfSeventeenBitsIsAnError) {
  TreeBuilder builder;
  for (int i = 0; i < 66'000; ++i) builder.directory("/leaves/" + std::to_string(100'000 + i));
  builder.directory("/leaves/165900/below");
  try {
    image_of(builder);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_EQ(error.where(), "/leaves/165900");
    EXPECT_NE(error.why().find("--fs udf"), std::string::npos);
  }
}

TEST(Iso9660, LevelFourHoldsLongNamesAndAnEnhancedDescriptor) {
  TreeBuilder builder;
  builder.file("/A name; kept as it is.text");
  builder.file("/" + std::string(250, 'x'));
  for (const bool rock_ridge : {false, true}) {
    TestImage image = image_of(builder, 4, rock_ridge, false);
    const ImageWalk walk(image);
    const disc::VolumeDescriptor enhanced = walk.descriptor(17);
    EXPECT_EQ(enhanced.header.version, 2);
    EXPECT_EQ(enhanced.root.extent, walk.descriptor(16).root.extent);
    std::set<std::string> identifiers;
    for (const auto& [path, found] : walk.walk(enhanced)) identifiers.insert(found.identifier);
    EXPECT_EQ(identifiers, (std::set<std::string>{"A name; kept as it is.text", std::string(rock_ridge ? 193 : 207, 'x')}));
  }
}

TEST(Iso9660, TimesOutsideOfTheFieldAreTheNearestInsideAndTold) {
  TreeBuilder builder;
  builder.file("/early").mtime = -3'000'000'000 * kSecond;
  builder.file("/late").mtime = 7'000'000'000 * kSecond;
  builder.file("/before1970").mtime = -1;
  TestImage image = image_of(builder);
  std::map<std::string, int> losses;
  image.formats[0]->for_each_loss([&](NodeId id, std::string_view) { ++losses[image.tree.path(id)]; });
  EXPECT_EQ(losses, (std::map<std::string, int>{{"/early", 3}, {"/late", 3}}));
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  EXPECT_EQ(files.at("/early").entry("TF")->substr(5, 7), std::string("\0\1\1\0\0\0\0", 7));
  EXPECT_EQ(files.at("/late").entry("TF")->substr(5, 7), std::string("\xFF\x0C\x1F\x17\x3B\x3B\0", 7));
  EXPECT_EQ(files.at("/before1970").entry("TF")->substr(5, 7), std::string("\x45\x0C\x1F\x17\x3B\x3B\0", 7));
}

TEST(VolumeTexts, WhatCannotBeRecordedIsAUsageError) {
  EXPECT_EQ(volume_text_problem("cidata"), "");
  EXPECT_EQ(volume_text_problem(std::string(32, 'A')), "");
  EXPECT_NE(volume_text_problem(std::string(33, 'A')), "");
  EXPECT_NE(volume_text_problem("tab\t"), "");
  EXPECT_NE(volume_text_problem("\xC3\xA9"), "");
  TreeBuilder builder;
  Volume volume = TestImage::volume();
  volume.publisher = "line\nbreak";
  try {
    TestImage(builder.freeze(), volume);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

}  // namespace
}  // namespace fsi::test
