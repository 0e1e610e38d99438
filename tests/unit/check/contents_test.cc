// Listing, showing and extracting: what was put in comes out, and nothing is written elsewhere.
#include "libfsi/check/contents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/read/udf_image.h"

namespace fixture {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

class Place {
 public:
  Place() {
    std::string name = fs::temp_directory_path() / "discpress-XXXXXX";
    if (!mkdtemp(name.data())) throw fsi::system_error(name, "making a directory");
    path = name;
  }
  ~Place() { fs::remove_all(path); }
  fs::path path;
};

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

fsi::ErrorKind kind_of_error(const std::function<void()>& run) {
  try {
    run();
  } catch (const fsi::Error& error) {
    return error.kind();
  }
  return fsi::ErrorKind::failed;
}

TEST(Contents, EveryTreeListsShowsAndExtracts) {
  const MemorySource source(udf_image(0x0250, false));
  for (const char* tree : {"", "rr", "UDF", "joliet"}) {
    SCOPED_TRACE(tree);
    fsi::ContentsOptions options;
    options.tree = tree;
    fsi::ImageContents contents(source, options);
    std::map<std::string, uint64_t> names;
    contents.list([&](const fsi::TreeEntry& entry, std::string_view) { names.emplace(std::string(entry.path), entry.size); });
    EXPECT_EQ(names.at("/d/two sectors"), 2049u);
    std::string shown;
    contents.cat("d//two sectors",
                 [&](std::span<const std::byte> bytes) { shown.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); });
    EXPECT_EQ(shown, std::string(2049, 'x'));
    const Place place;
    const auto report = contents.extract("/", place.path / "out");
    EXPECT_THAT(report.failures, testing::IsEmpty());
    EXPECT_EQ(text_of(place.path / "out/d/e/\xD0\xB6 \xE6\x97\xA5"), "deep");
    EXPECT_EQ(text_of(place.path / "out/many/file number 42"), std::string(42, 'm'));
    EXPECT_TRUE(contents.faults().empty());
    if (std::string_view(tree) == "joliet") continue;
    struct stat a {
    }, b{};
    ASSERT_EQ(lstat((place.path / "out/a.txt").c_str(), &a), 0);
    ASSERT_EQ(lstat((place.path / "out/d/link").c_str(), &b), 0);
    EXPECT_EQ(a.st_ino, b.st_ino);
    EXPECT_EQ(a.st_mtim.tv_sec, 1234567890);
    EXPECT_EQ(a.st_mtim.tv_nsec, std::string_view(tree) == "UDF" ? 123456000 : 0);
    EXPECT_EQ(fs::read_symlink(place.path / "out/ln").string(), "d/../a.txt");
  }
}

TEST(Contents, APartOfTheTree) {
  const MemorySource source(udf_image(0x0201, true));
  fsi::ImageContents contents(source, {});
  const Place place;
  const auto report = contents.extract("/d/e", place.path);
  EXPECT_EQ(report.entries, 2u);
  EXPECT_EQ(text_of(place.path / "e/\xD0\xB6 \xE6\x97\xA5"), "deep");
  EXPECT_FALSE(fs::exists(place.path / "d"));
}

TEST(Contents, WhatIsNotThereOrLeadsOutsideIsRefused) {
  const MemorySource source(udf_image(0x0102, true));
  fsi::ImageContents contents(source, {});
  const Place place;
  const auto ignore = [](std::span<const std::byte>) {};
  EXPECT_EQ(kind_of_error([&] { contents.extract("/nothing", place.path); }), fsi::ErrorKind::usage);
  EXPECT_EQ(kind_of_error([&] { contents.extract("/d/../..", place.path); }), fsi::ErrorKind::usage);
  EXPECT_EQ(kind_of_error([&] { contents.cat("/d", ignore); }), fsi::ErrorKind::usage);
  EXPECT_EQ(kind_of_error([&] { contents.cat("/d/x", ignore); }), fsi::ErrorKind::usage);
  fsi::ContentsOptions joliet;
  joliet.tree = "joliet";
  EXPECT_EQ(kind_of_error([&] { fsi::ImageContents(source, joliet); }), fsi::ErrorKind::usage);
  EXPECT_EQ(kind_of_error([&] { fsi::ImageContents(MemorySource(Bytes(100 * 2048)), {}); }), fsi::ErrorKind::corrupt);
}

TEST(Contents, NothingThatExistsIsFollowedOrReplaced) {
  const MemorySource source(udf_image(0x0102, true));
  fsi::ImageContents contents(source, {});
  const Place place;
  const fs::path outside = place.path / "outside", in = place.path / "in";
  fs::create_directories(outside);
  fs::create_directories(in);
  fs::create_directory_symlink(outside, in / "d");
  fs::create_symlink(outside / "victim", in / "empty");
  std::ofstream(in / "a.txt") << "mine";
  const auto report = contents.extract("/", in);
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_EQ(text_of(in / "a.txt"), "mine");
  EXPECT_THAT(report.failures, Contains(HasSubstr("a.txt")));
  EXPECT_THAT(report.failures, Contains(HasSubstr("empty")));
  EXPECT_THAT(report.failures, Contains(HasSubstr("d")));
  EXPECT_EQ(text_of(in / "many/file number 7"), "mmmmmmm");
}

TEST(Contents, DataThatIsNotThereIsNamed) {
  Bytes bytes = udf_image(0x0102, false);
  const Read whole = read_all(MemorySource(bytes), 1);
  const auto& extent = whole.list.entries.at("/d/two sectors").extents.front();
  bytes.resize(extent.first / 2048 * 2048 + 2048);
  const MemorySource source(bytes);
  fsi::ImageContents contents(source, {});
  const Place place;
  const auto report = contents.extract("/", place.path);
  EXPECT_THAT(report.failures, Contains(HasSubstr("d/two sectors")));
}

// ---- An image as a source of another ----

fsi::SourceTree tree_of_image(const Bytes& bytes) {
  const Place place;
  const fs::path path = place.path / "old.iso";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  fsi::ImageOptions options;
  fsi::FileSystemImage description(options);
  description.tree().add_source(path.string());
  return description.tree().finish();
}

TEST(ImageSource, KeepsEverythingAndCopiesNothing) {
  for (const bool alone : {true, false}) {
    const fsi::SourceTree tree = tree_of_image(udf_image(0x0201, alone));
    const fsi::NodeId a = tree.find("/a.txt"), link = tree.find("/d/link");
    ASSERT_NE(a, fsi::kNone);
    ASSERT_NE(link, fsi::kNone);
    EXPECT_EQ(tree.nodes[a].link_leader, tree.nodes[link].link_leader);
    EXPECT_EQ(tree.nodes[a].links, 2u);
    EXPECT_EQ(tree.nodes[a].mode, 04751);
    EXPECT_EQ(tree.nodes[a].uid, 7u);
    EXPECT_EQ(tree.nodes[a].mtime / fsi::kSecond, 1234567890);
    EXPECT_EQ(tree.nodes[a].mtime % fsi::kSecond, alone ? 123456 : 0);
    EXPECT_EQ(tree.contents[tree.nodes[a].content].origin, fsi::OriginKind::descriptor);
    EXPECT_EQ(tree.descriptors.size(), 1u);
    EXPECT_EQ(tree.nodes[tree.find("/null")].device, 259u);
    EXPECT_EQ(tree.str(tree.nodes[tree.find("/ln")].target), "d/../a.txt");
  }
}

TEST(ImageSource, TruncatedAndLoopingImagesAreRefused) {
  Bytes bytes = udf_image(0x0102, true);
  bytes.resize(340 * 2048);  // in the midst of the file entries
  EXPECT_EQ(kind_of_error([&] { tree_of_image(bytes); }), fsi::ErrorKind::source);
  bytes = udf_image(0x0102, true);
  const Read read = read_all(MemorySource(bytes));
  const auto start = take<fsi::disc::PartitionDescriptor>(bytes, 34 * 2048).starting_location * 2048ull;
  const uint64_t root = read.list.entries.at("/").extents.front().first;
  const std::string name = "hollow";
  const auto found = std::search(bytes.begin() + static_cast<ptrdiff_t>(root), bytes.end(), name.begin(), name.end());
  change<fsi::disc::FileIdentifierDescriptor>(bytes, static_cast<uint64_t>(found - bytes.begin()) - 39, [&](auto& d) {
    d.icb.location.block = (*read.list.entries.at("/").posix->serial - start) / 2048;
  });
  EXPECT_EQ(kind_of_error([&] { tree_of_image(bytes); }), fsi::ErrorKind::source);
}

}  // namespace
}  // namespace fixture
