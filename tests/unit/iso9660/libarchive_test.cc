// libarchive reads what we wrote: an independent reader, in process.
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/unit/iso9660/test_image.h"

namespace fsi::test {
namespace {

struct Seen {
  unsigned mode = 0;
  std::string target, data;
  uint64_t size = 0, device = 0;
  int64_t mtime = 0;
  unsigned uid = 0;
};

std::map<std::string, Seen> read_with_libarchive(const TestImage& image, const char* options) {
  const std::string path = testing::TempDir() + "/discpress_libarchive_" + std::to_string(getpid()) + ".iso";
  image.write(path);
  std::map<std::string, Seen> all;
  setlocale(LC_CTYPE, "C.UTF-8");  // what libarchive converts names to
  archive* reader = archive_read_new();
  archive_read_support_format_iso9660(reader);
  EXPECT_EQ(archive_read_set_options(reader, options), ARCHIVE_OK);
  EXPECT_EQ(archive_read_open_filename(reader, path.c_str(), 65536), ARCHIVE_OK) << archive_error_string(reader);
  archive_entry* entry = nullptr;
  int result;
  std::map<std::string, std::string> links;
  while ((result = archive_read_next_header(reader, &entry)) == ARCHIVE_OK) {
    Seen seen;
    seen.mode = archive_entry_mode(entry);
    if (const char* target = archive_entry_symlink(entry)) seen.target = target;
    seen.size = static_cast<uint64_t>(archive_entry_size(entry));
    seen.device = archive_entry_rdev(entry);
    seen.mtime = archive_entry_mtime(entry);
    seen.uid = static_cast<unsigned>(archive_entry_uid(entry));
    if (const char* link = archive_entry_hardlink(entry)) {
      links[archive_entry_pathname(entry)] = link;
    } else if (S_ISREG(seen.mode)) {
      seen.data.resize(seen.size);
      EXPECT_EQ(archive_read_data(reader, seen.data.data(), seen.data.size()), static_cast<ssize_t>(seen.data.size()));
    }
    EXPECT_TRUE(all.emplace(std::string("/") + archive_entry_pathname(entry), seen).second) << archive_entry_pathname(entry);
  }
  EXPECT_EQ(result, ARCHIVE_EOF) << archive_error_string(reader);
  archive_read_free(reader);
  setlocale(LC_CTYPE, "C");
  for (const auto& [name, first] : links) all["/" + name].data = all["/" + first].data;
  unlink(path.c_str());
  return all;
}

TreeBuilder nasty_tree() {
  TreeBuilder builder;
  std::string deep;
  for (int i = 1; i <= 30; ++i) {
    deep += "/deep" + std::to_string(i);
    builder.file(deep + "/file", std::to_string(i));
    if (i % 4 == 0) builder.file(deep + "/same/file", "same");
  }
  for (size_t length = 1; length <= 255; ++length) builder.file("/names/" + std::string(length, 'n'), std::to_string(length));
  for (int i = 0; i < 300; ++i) builder.file("/collide/" + std::string(64, 'c') + std::to_string(i) + ".txt", std::to_string(i));
  builder.file("/names/\xD0\xB6\xE6\x97\xA5\xF0\x9F\x98\x80.txt", "scripts");
  builder.file("/empty");
  builder.directory("/empty-directory");
  builder.file("/links/a", "linked");
  builder.link("/links/b", "/links/a");
  builder.symlink("/symlinks/dangling", "no/such//thing/");
  builder.symlink("/symlinks/long", std::string(4095, 'l'));
  std::string parents;
  while (parents.size() < 3000) parents += "../";
  builder.symlink("/symlinks/parents", parents + "x");
  builder.device("/device", makedev(8, 1));
  builder.file("/setuid").mode = 04755;
  builder.file("/owner").uid = 4'000'000'000;
  builder.file("/before-1970").mtime = -1000 * kSecond;
  builder.file("/after-2038").mtime = 5'000'000'000 * kSecond;
  return builder;
}

void expect_same(const SourceTree& tree, const std::map<std::string, Seen>& seen) {
  for (NodeId id = 1; id < tree.nodes.size(); ++id) {
    const Node& node = tree.nodes[id];
    const auto at = seen.find(tree.path(id));
    ASSERT_NE(at, seen.end()) << tree.path(id);
    EXPECT_EQ(at->second.mode & 07777, node.mode) << tree.path(id);
    EXPECT_EQ(S_ISDIR(at->second.mode), node.kind == NodeKind::directory) << tree.path(id);
    EXPECT_EQ(at->second.mtime, node.mtime / kSecond) << tree.path(id);
    EXPECT_EQ(at->second.uid, node.uid) << tree.path(id);
    if (node.kind == NodeKind::symlink) {
      EXPECT_EQ(at->second.target, tree.str(node.target));
    }
    if (node.kind == NodeKind::char_device) {
      EXPECT_EQ(at->second.device, node.device);
    }
    if (node.kind == NodeKind::file) {
      const auto& blob = *tree.blobs[tree.contents[node.content].place];
      EXPECT_EQ(at->second.data, std::string(reinterpret_cast<const char*>(blob.data()), blob.size())) << tree.path(id);
    }
  }
}

TEST(Libarchive, ReadsRockRidge) {
  TestImage image(nasty_tree().freeze());
  const auto seen = read_with_libarchive(image, "iso9660:!joliet");
  EXPECT_EQ(seen.size(), image.tree.nodes.size());  // and "."
  expect_same(image.tree, seen);
}

TEST(Libarchive, ConnectsRelocatedDirectories) {
  Volume volume = TestImage::volume();
  volume.relocate_deep = true;
  TestImage image(nasty_tree().freeze(), volume);
  const auto seen = read_with_libarchive(image, "iso9660:!joliet");
  EXPECT_EQ(seen.size(), image.tree.nodes.size());  // no rr_moved either
  expect_same(image.tree, seen);
}

TEST(Libarchive, ReadsJoliet) {
  TestImage image(nasty_tree().freeze());
  const auto seen = read_with_libarchive(image, "iso9660:!rockridge");
  size_t shown = 0;
  for (NodeId id = 1; id < image.tree.nodes.size(); ++id) {
    const std::string name = image.formats[1]->name_in_format(id);
    if (name.empty()) continue;
    ++shown;
    std::string path;
    for (NodeId up = id; up != kRoot; up = image.tree.nodes[up].parent) path.insert(0, "/" + image.formats[1]->name_in_format(up));
    EXPECT_TRUE(seen.contains(path)) << path;
  }
  EXPECT_EQ(seen.size(), shown + 1);
}

}  // namespace
}  // namespace fsi::test
