// Items of a program, SOURCE arguments, grafts and merging.
#include "libfsi/source/builder.h"

#include <fcntl.h>

#include <cstring>

#include "tests/unit/source/temp_tree.h"

namespace fsi {
namespace {

std::vector<std::byte> bytes(const std::string& text) {
  std::vector<std::byte> all(text.size());
  std::memcpy(all.data(), text.data(), text.size());
  return all;
}

TEST(Builder, AnEmptyTreeIsARoot) {
  const SourceTree tree = TreeBuilder({}).finish();
  ASSERT_EQ(tree.nodes.size(), 1u);
  EXPECT_EQ(tree.nodes[0].kind, NodeKind::directory);
  EXPECT_EQ(tree.nodes[0].mode, 0755);
  EXPECT_EQ(tree.nodes[0].links, 2u);
  EXPECT_GT(tree.nodes[0].mtime, 0);
}

TEST(Builder, ItemsOfAProgram) {
  const TempTree t;
  const Fd fd(::open(t.file("host", "0123456789").c_str(), O_RDONLY));
  TreeBuilder builder({});
  builder.add_memory("/a/b/memory", bytes("in memory"), {.mode = 0600, .uid = 1, .gid = 2, .mtime = 3, .hidden = true});
  builder.add_callback("a/call", 4, [](uint64_t offset, std::span<std::byte> out) {
    out[0] = std::byte("call"[offset]);
    return size_t{1};
  });
  builder.add_descriptor("desc", fd.get(), 3, 4);
  builder.add_symlink("link", "a/call");
  builder.add_device("null", NodeKind::char_device, 259);
  builder.add_directory_item("/empty", {.mode = 0700});
  builder.add_hard_link("a/again", "desc");
  const SourceTree tree = builder.finish();
  EXPECT_EQ(paths(tree),
            (std::vector<std::string>{"/", "/a", "/desc", "/empty", "/link", "/null", "/a/again", "/a/b", "/a/call", "/a/b/memory"}));
  EXPECT_EQ(bytes_at(tree, "/a/b/memory"), "in memory");
  EXPECT_EQ(bytes_at(tree, "/a/call"), "call");
  EXPECT_EQ(bytes_at(tree, "/desc"), "3456");
  EXPECT_EQ(bytes_at(tree, "/a/again"), "3456");
  EXPECT_EQ(tree.nodes[find_node(tree, "/a/again")].links, 2u);
  EXPECT_EQ(tree.nodes[find_node(tree, "/null")].device, 259u);
  EXPECT_EQ(tree.nodes[find_node(tree, "/empty")].mode, 0700);
  const Node& memory = tree.nodes[find_node(tree, "/a/b/memory")];
  EXPECT_EQ(memory.mode, 0600);
  EXPECT_EQ(memory.uid, 1u);
  EXPECT_EQ(memory.gid, 2u);
  EXPECT_EQ(memory.mtime, 3);
  EXPECT_TRUE(memory.hidden);
  // A directory on the way is as new as what is in it.
  EXPECT_EQ(tree.nodes[find_node(tree, "/a/b")].mtime, 3);
}

TEST(Builder, RefusesPathsAndItemsThatCannotBe) {
  TreeBuilder builder({});
  const std::vector<std::byte> none;
  EXPECT_EQ(error_of([&] { builder.add_memory("a/../b", none); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { builder.add_memory("./b", none); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { builder.add_memory("/", none); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { builder.add_memory(std::string(70000, 'x'), none); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { builder.add_symlink("l", ""); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { builder.add_callback("c", 1, nullptr); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { builder.add_device("d", NodeKind::file, 0); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { builder.add_hard_link("h", "nothing"); }).kind(), ErrorKind::usage);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Fd in(ends[0]), out(ends[1]);
  EXPECT_EQ(error_of([&] { builder.add_descriptor("p", in.get(), 0, 1); }).kind(), ErrorKind::usage);
}

TEST(Builder, LooksAtAndRemovesWhatIsThere) {
  const TempTree t;
  t.file("d/f", "12");
  t.file("d/g", "x");
  TreeBuilder builder({});
  builder.add_directory(t.path());
  EXPECT_TRUE(builder.exists("/d/f"));
  EXPECT_EQ(builder.find("d/f")->size, 2u);
  EXPECT_EQ(builder.list("/d"), (std::vector<std::string>{"f", "g"}));
  EXPECT_TRUE(builder.remove("d/f"));
  EXPECT_FALSE(builder.remove("d/f"));
  EXPECT_FALSE(builder.exists("d/f"));
  EXPECT_FALSE(builder.remove("/"));
  builder.add_memory("d/f", bytes("new"));
  EXPECT_EQ(builder.find("d/f")->size, 3u);
  EXPECT_TRUE(builder.set_hidden("d/g", true));
  EXPECT_TRUE(builder.remove("d/f"));
  builder.add_memory("d/f", bytes("newer"));
  const SourceTree tree = builder.finish();
  EXPECT_EQ(paths(tree), (std::vector<std::string>{"/", "/d", "/d/f", "/d/g"}));
  EXPECT_EQ(bytes_at(tree, "/d/f"), "newer");
  EXPECT_TRUE(tree.nodes[find_node(tree, "/d/g")].hidden);
}

TEST(Builder, DirectoriesMergeAndTheFirstGivesTheAttributes) {
  const TempTree t;
  t.file("one/d/a", "1");
  t.file("one/x", "1");
  t.file("two/d/b", "2");
  t.file("two/d/e/c", "2");
  t.file("two/A", "2");
  ::chmod(t.path("one/d").c_str(), 0700);
  ::chmod(t.path("two/d").c_str(), 0711);
  TreeBuilder builder({});
  builder.add_source(t.path("one"));
  builder.add_source(t.path("two"));
  const SourceTree tree = builder.finish();
  EXPECT_EQ(paths(tree), (std::vector<std::string>{"/", "/A", "/d", "/x", "/d/a", "/d/b", "/d/e", "/d/e/c"}));
  EXPECT_EQ(tree.nodes[find_node(tree, "/d")].mode, 0700);
  for (const char* path : {"/A", "/d/b", "/d/e/c"}) EXPECT_EQ(bytes_at(tree, path), "2") << path;
  for (const char* path : {"/d/a", "/x"}) EXPECT_EQ(bytes_at(tree, path), "1") << path;
}

TEST(Builder, HardLinksReachAcrossSources) {
  const TempTree t;
  t.file("one/a", "data");
  t.directory("two");
  t.link("two/b", "one/a");
  TreeBuilder builder({});
  builder.add_source(t.path("one"));
  builder.add_source(t.path("two"));
  const SourceTree tree = builder.finish();
  EXPECT_EQ(tree.nodes[find_node(tree, "/b")].link_leader, find_node(tree, "/a"));
  EXPECT_EQ(tree.contents.size(), 1u);
}

TEST(Builder, DuplicateTargetsNameBothOrigins) {
  const TempTree t;
  t.file("one/d/same", "1");
  t.file("two/d/same", "2");
  t.file("three/d", "a file where a directory is");
  TreeBuilder builder({});
  builder.add_source(t.path("one"));
  const Error error = error_of([&] { builder.add_source(t.path("two")); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.where(), "/d/same");
  EXPECT_NE(std::string(error.what()).find(t.path("one/d/same")), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find(t.path("two/d/same")), std::string::npos) << error.what();

  TreeBuilder kinds({});
  kinds.add_source(t.path("one"));
  EXPECT_EQ(error_of([&] { kinds.add_source(t.path("three")); }).where(), "/d");
}

TEST(Builder, GraftOntoOrThroughAFile) {
  const TempTree t;
  t.file("f", "x");
  t.file("d/x", "x");
  TreeBuilder through({});
  through.add_source(t.path("f"));
  const Error error = error_of([&] { through.add_source("f/below=" + t.path("d")); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.where(), "/f");
  EXPECT_NE(error.why().find(t.path("f")), std::string::npos);
  TreeBuilder onto({});
  onto.add_source(t.path("f"));
  EXPECT_EQ(error_of([&] { onto.add_source("f=" + t.path("d")); }).kind(), ErrorKind::usage);
  TreeBuilder directory({});
  directory.add_directory_item("f");
  EXPECT_EQ(error_of([&] { directory.add_source(t.path("f")); }).kind(), ErrorKind::usage);
}

TEST(Builder, SourceArguments) {
  const TempTree t;
  t.file("dir/f", "in dir");
  t.file("plain", "plain");
  t.file("a=b", "equals");
  t.file("back\\slash", "backslash");
  t.symlink("to_plain", "plain");
  TreeBuilder builder({});
  builder.add_source(t.path("dir"));
  builder.add_source(t.path("plain"));
  builder.add_source(t.path("a\\=b"));
  builder.add_source(t.path("back\\slash"));
  builder.add_source(t.path("to_plain"));
  builder.add_source("boot/x.bin=" + t.path("plain"));
  builder.add_source("/into/=" + t.path("plain"));
  builder.add_source("sub/dir=" + t.path("dir"));
  builder.add_source("odd\\=name=" + t.path("a=b"));
  builder.add_source("data.tar=" + t.path("plain"));
  EXPECT_EQ(error_of([&] { builder.add_source("x="); }).kind(), ErrorKind::usage);
  const SourceTree tree = builder.finish();
  EXPECT_EQ(bytes_at(tree, "/f"), "in dir");
  EXPECT_EQ(bytes_at(tree, "/plain"), "plain");
  EXPECT_EQ(bytes_at(tree, "/a=b"), "equals");
  EXPECT_EQ(bytes_at(tree, "/back\\slash"), "backslash");
  EXPECT_EQ(bytes_at(tree, "/to_plain"), "plain");
  EXPECT_EQ(bytes_at(tree, "/boot/x.bin"), "plain");
  EXPECT_EQ(bytes_at(tree, "/into/plain"), "plain");
  EXPECT_EQ(bytes_at(tree, "/sub/dir/f"), "in dir");
  EXPECT_EQ(bytes_at(tree, "/odd=name"), "equals");
  EXPECT_EQ(bytes_at(tree, "/data.tar"), "plain");
  EXPECT_EQ(tree.nodes[find_node(tree, "/boot")].mode, 0755);
  EXPECT_EQ(tree.nodes[find_node(tree, "/boot")].uid, 0u);
}

TEST(Builder, LinkToAScannedFileKeepsItsOrigin) {
  const TempTree t;
  t.file("d/f", "data");
  TreeBuilder builder({});
  builder.add_directory(t.path());
  builder.add_hard_link("other/name", "d/f");
  EXPECT_TRUE(builder.remove("d/f"));
  const SourceTree tree = builder.finish();
  EXPECT_EQ(bytes_at(tree, "/other/name"), "data");
}

TEST(Builder, SharesEqualContentsOnRequest) {
  const TempTree t;
  const std::string big(700000, 'b');
  t.file("a", big);
  t.file("b", big);
  t.file("c", std::string(699999, 'b') + "c");
  t.file("d/e", "small");
  t.file("empty1");
  t.file("empty2");
  TreeBuilder plain({});
  plain.add_directory(t.path());
  EXPECT_EQ(plain.finish().contents.size(), 6u);
  ScanOptions options;
  options.dedupe = true;
  TreeBuilder builder(options);
  builder.add_directory(t.path());
  builder.add_memory("m", bytes("small"));
  const SourceTree tree = builder.finish();
  EXPECT_EQ(tree.contents.size(), 5u);
  auto content = [&](const char* path) { return tree.nodes[find_node(tree, path)].content; };
  EXPECT_EQ(content("/a"), content("/b"));
  EXPECT_NE(content("/a"), content("/c"));
  EXPECT_EQ(content("/m"), content("/d/e"));
  EXPECT_EQ(tree.nodes[find_node(tree, "/b")].links, 1u);  // not the same inode
  for (ContentId id = 0; id < tree.contents.size(); ++id) EXPECT_EQ(tree.nodes[tree.contents[id].first_node].content, id);
  EXPECT_EQ(bytes_at(tree, "/c").back(), 'c');
  EXPECT_EQ(bytes_at(tree, "/d/e"), "small");
}

}  // namespace
}  // namespace fsi
