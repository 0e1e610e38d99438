#include "libfsi/rockridge/rock_ridge.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "libfsi/rockridge/symlink.h"
#include "tests/unit/iso9660/test_walk.h"

namespace fsi::test {
namespace {

TestImage image_of(TreeBuilder& builder, bool relocate = false) {
  Volume volume = TestImage::volume();
  volume.relocate_deep = relocate;
  return TestImage(builder.freeze(), volume, false);
}

template <class Record>
Record as(const std::string* entry) {
  Record record;
  EXPECT_TRUE(entry && load(std::as_bytes(std::span(*entry)), 0, record));
  return record;
}

TEST(RockRidge, AttributesOfEveryKind) {
  TreeBuilder builder;
  auto& file = builder.file("/f");
  file.mode = 04755;
  file.uid = 4'000'000'000;
  file.gid = 7;
  builder.device("/dev", makedev(4, 65));
  builder.directory("/dir").mode = 01777;
  TestImage image = image_of(builder);
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  const auto px = as<disc::RripPX>(files.at("/f").entry("PX"));
  EXPECT_EQ(px.header.length, 44);
  EXPECT_EQ(px.mode, S_IFREG | 04755u);
  EXPECT_EQ(px.uid, 4'000'000'000u);
  EXPECT_EQ(px.gid, 7u);
  EXPECT_EQ(as<disc::RripPX>(files.at("/dir").entry("PX")).mode, S_IFDIR | 01777u);
  const auto pn = as<disc::RripPN>(files.at("/dev").entry("PN"));
  EXPECT_EQ(pn.high, 0u);
  EXPECT_EQ(pn.low, 0x441u);
  const auto root = walk.directory(walk.descriptor(16).root.extent, walk.descriptor(16).root.data_length);
  EXPECT_TRUE(root[0].system_use[0].starts_with("SP"));
  ASSERT_TRUE(root[0].entry("ER"));
  EXPECT_EQ(root[0].entry("ER")->substr(8, 10), "IEEE_P1282");
  EXPECT_EQ(root[0].entry("NM"), nullptr);  // libarchive would put "./" before every path
}

TEST(RockRidge, LinkGroupsShareASerialNumber) {
  TreeBuilder builder;
  builder.file("/empty");
  builder.link("/zlink", "/empty");
  builder.file("/other");
  TestImage image = image_of(builder);
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  const auto empty = as<disc::RripPX>(files.at("/empty").entry("PX")), link = as<disc::RripPX>(files.at("/zlink").entry("PX"));
  EXPECT_EQ(empty.serial, link.serial);
  EXPECT_EQ(empty.links, 2u);
  EXPECT_NE(as<disc::RripPX>(files.at("/other").entry("PX")).serial, empty.serial);
}

TEST(RockRidge, NamesOfAllLengths) {
  TreeBuilder builder;
  for (size_t length = 1; length <= 255; ++length) builder.file("/" + std::string(length, '\xE9'));
  TestImage image = image_of(builder);
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  ASSERT_EQ(files.size(), 255u);
  for (size_t length = 1; length <= 255; ++length) EXPECT_TRUE(files.contains("/" + std::string(length, '\xE9'))) << length;
  // Linux drops the piece that would make 254 bytes: the ones before it must make as many as can be.
  unsigned shown = 0;
  for (const std::string& entry : files.at("/" + std::string(255, '\xE9')).system_use)
    if (entry.starts_with("NM") && shown + entry.size() - 5 < 254) shown += static_cast<unsigned>(entry.size()) - 5;
  EXPECT_EQ(shown, 253u);
}

/// The target as Linux puts it together (rule: a slash behind every component but the root, the last one, and one that goes on), and as
/// libarchive does (a slash before every component of an entry but the first one, and behind one that goes on or the root).
std::pair<std::string, std::string> target_of(const std::vector<std::string>& entries) {
  std::string kernel, archive;
  for (const std::string& entry : entries) {
    if (!entry.starts_with("SL")) continue;
    std::string separator;
    for (size_t at = 5; at + 2 <= entry.size();) {
      const auto flags = static_cast<uint8_t>(entry[at]);
      const auto length = static_cast<uint8_t>(entry[at + 1]);
      const std::string text = flags & disc::kComponentRoot      ? "/"
                               : flags & disc::kComponentCurrent ? "."
                               : flags & disc::kComponentParent  ? ".."
                                                                 : entry.substr(at + 2, length);
      at += 2u + length;
      EXPECT_LE(at, entry.size());
      archive += separator + text;
      separator = flags & (disc::kComponentContinue | disc::kComponentRoot) ? "" : "/";
      kernel += text;
      const bool more = at + 2 <= entry.size() || (entry[4] & 1);
      if (more && !(flags & (disc::kComponentContinue | disc::kComponentRoot))) kernel += '/';
    }
  }
  return {kernel, archive};
}

TEST(RockRidge, LinkTargetsComeBackByteByByte) {
  std::vector<std::string> targets{"x",         "/",        ".",     "..",  "/abs/path", "../../x", "a//b",
                                   "trailing/", "//double", "a/./b", "...", "/..",       "a///"};
  for (size_t length : {246, 247, 248, 249, 250, 251, 495, 500, 4095}) targets.push_back(std::string(length, 'c'));
  std::string parents, letters, words;
  while (parents.size() < 3000) parents += "../";
  while (letters.size() < 4094) letters += "a/";
  while (words.size() < 4000) words += std::string(words.size() % 200 + 1, 'w') + "/";
  targets.insert(targets.end(), {parents + "end", letters + "a", words});
  TreeBuilder builder;
  for (size_t i = 0; i < targets.size(); ++i) builder.symlink("/link" + std::to_string(i), targets[i]);
  TestImage image = image_of(builder);
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  for (size_t i = 0; i < targets.size(); ++i) {
    const Found& link = files.at("/link" + std::to_string(i));
    EXPECT_EQ(target_of(link.system_use).first, targets[i]);
    EXPECT_EQ(target_of(link.system_use).second, targets[i]);
    EXPECT_LE(link.continuations.size(), 4u);
  }
}

TEST(RockRidge, ATargetThatNoReaderFollowsIsAnErrorWithItsPath) {
  TreeBuilder builder;
  builder.symlink("/dir/link", std::string(100'000, 't'));
  builder.symlink("/dir/zlink", std::string(100'000, 't'));
  try {
    image_of(builder);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_EQ(error.where(), "/dir/link");
  }
}

TEST(RockRidge, DeepDirectoriesStayUnlessRelocationIsAskedFor) {
  TreeBuilder builder;
  std::string path;
  for (int i = 1; i <= 20; ++i) {
    path += "/d" + std::to_string(i);
    builder.file(path + "/file");
    builder.directory(path + "/same");
  }
  {
    TestImage image = image_of(builder);
    const ImageWalk walk(image);
    EXPECT_TRUE(walk.walk(walk.descriptor(16)).contains(path + "/file"));
  }
  TestImage image = image_of(builder, true);
  const ImageWalk walk(image);
  const auto files = walk.walk(walk.descriptor(16));
  ASSERT_TRUE(files.contains("/rr_moved"));
  EXPECT_TRUE(files.at("/rr_moved").entry("RE"));
  unsigned placeholders = 0;
  std::map<uint32_t, const Found*> moved;
  for (const auto& [name, found] : files) {
    EXPECT_LE(std::count(name.begin(), name.end(), '/'), 8) << name;  // level 8, and the files in it
    if (found.entry("RE") && name != "/rr_moved") moved[found.extent] = &found;
  }
  for (const auto& [name, found] : files) {
    if (!found.entry("CL")) continue;
    ++placeholders;
    EXPECT_FALSE(found.flags & disc::kDirectory);
    const uint32_t target = as<disc::RripCL>(found.entry("CL")).extent;
    ASSERT_TRUE(moved.contains(target)) << name;
    EXPECT_EQ(moved[target]->name, found.name);
    // PL of its ".." leads back to the directory that has the placeholder.
    const auto records = walk.directory(target, moved[target]->bytes);
    const auto& parent = files.at(name.substr(0, name.rfind('/')));
    EXPECT_EQ(as<disc::RripPL>(records[1].entry("PL")).extent, parent.extent);
    EXPECT_EQ(records[1].extent, files.at("/rr_moved").extent);
    // libarchive connects them only when the relocated tree comes first.
    EXPECT_LT(target, parent.extent);
  }
  EXPECT_EQ(placeholders, moved.size());
  EXPECT_GE(placeholders, 5u);
}

TEST(RockRidge, RelocationGivesWayToTheTreesOwnNames) {
  TreeBuilder builder;
  builder.file("/a/b/c/d/e/f/g/h/i/file");
  builder.file("/rr_moved/mine");
  {
    TestImage image = image_of(builder, true);
    const ImageWalk walk(image);
    const auto files = walk.walk(walk.descriptor(16));
    EXPECT_TRUE(files.contains("/rr_moved/mine"));
    EXPECT_TRUE(files.contains("/.rr_moved/H/i/file"));
  }
  builder.file("/.rr_moved");
  EXPECT_THROW(image_of(builder, true), Error);
}

}  // namespace
}  // namespace fsi::test
