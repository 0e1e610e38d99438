// The scan of host directories through TreeBuilder: order, links, rules, and everything that can be
// wrong with a source.
#include <fcntl.h>
#include <tbb/global_control.h>

#include <atomic>

#include "libfsi/source/builder.h"
#include "tests/unit/source/temp_tree.h"

namespace fsi {
namespace {

using Told = std::vector<std::pair<std::string, std::string>>;

SourceTree scan(const std::string& directory, ScanOptions options = {}) {
  TreeBuilder builder(std::move(options));
  builder.add_directory(directory);
  return builder.finish();
}

TEST(Scan, BreadthFirstSortedByBytes) {
  const TempTree t;
  for (const char* name : {"b", "a/y", "a/x", "a-", "B", "\xC3\xA4", "a/d/deep", "\xFF"}) t.file(name, "1");
  const SourceTree tree = scan(t.path());
  EXPECT_EQ(paths(tree),
            (std::vector<std::string>{"/", "/B", "/a", "/a-", "/b", "/\xC3\xA4", "/\xFF", "/a/d", "/a/x", "/a/y", "/a/d/deep"}));
  const Node& a = tree.nodes[find_node(tree, "/a")];
  EXPECT_EQ(a.links, 3u);
  EXPECT_EQ(tree.children(a).size(), 3u);
  EXPECT_EQ(tree.nodes[kRoot].links, 3u);
}

TEST(Scan, TakesOverWhatStatTells) {
  const TempTree t;
  const std::string file = t.file("f", "12345");
  const timespec times[2] = {{1000, 5000}, {-86400, 999999999}};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  ASSERT_EQ(::chmod(file.c_str(), 04751), 0);
  t.symlink("l", "some/where");
  ASSERT_EQ(::mkfifo(t.path("p").c_str(), 0600), 0);
  const SourceTree tree = scan(t.path());
  const Node& node = tree.nodes[find_node(tree, "/f")];
  EXPECT_EQ(node.mode, 04751);
  EXPECT_EQ(node.uid, ::getuid());
  EXPECT_EQ(node.atime, 1000 * kSecond + 5);
  EXPECT_EQ(node.mtime, -86400 * kSecond + 999999);
  EXPECT_EQ(tree.contents[node.content].size, 5u);
  EXPECT_EQ(tree.str(tree.nodes[find_node(tree, "/l")].target), "some/where");
  EXPECT_EQ(tree.nodes[find_node(tree, "/p")].kind, NodeKind::fifo);
  EXPECT_EQ(bytes_at(tree, "/f"), "12345");
}

TEST(Scan, HardLinksShareOneContent) {
  const TempTree t;
  t.file("x/first", "same");
  t.link("a", "x/first");
  t.link("x/z", "a");
  t.symlink("s", "target");
  t.link("s2", "s");
  t.file("alone", "same");
  const SourceTree tree = scan(t.path());
  const NodeId leader = find_node(tree, "/a");
  for (const char* path : {"/a", "/x/first", "/x/z"}) {
    const Node& node = tree.nodes[find_node(tree, path)];
    EXPECT_EQ(node.link_leader, leader) << path;
    EXPECT_EQ(node.links, 3u) << path;
    EXPECT_EQ(node.content, tree.nodes[leader].content) << path;
  }
  EXPECT_EQ(tree.nodes[find_node(tree, "/s2")].link_leader, find_node(tree, "/s"));
  EXPECT_EQ(tree.str(tree.nodes[find_node(tree, "/s2")].target), "target");
  EXPECT_EQ(tree.nodes[find_node(tree, "/alone")].links, 1u);
  EXPECT_EQ(tree.contents.size(), 2u);
  EXPECT_EQ(tree.contents[tree.nodes[leader].content].first_node, leader);
}

TEST(Scan, LinksOutsideOfTheImageDoNotCount) {
  const TempTree t;
  t.file("in/a", "x");
  t.link("out", "in/a");
  const SourceTree tree = scan(t.path("in"));
  EXPECT_EQ(tree.nodes[1].links, 1u);
  EXPECT_EQ(tree.nodes[1].link_leader, 1u);
}

TEST(Scan, SameTreeForAnyNumberOfThreads) {
  const TempTree t;
  for (int d = 0; d < 40; ++d)
    for (int f = 0; f < 30; ++f)
      t.file("d" + std::to_string(d % 7) + "/e" + std::to_string(d) + "/f" + std::to_string(f * 7919 % 31), std::string(f % 7, 'x'));
  for (int f = 0; f < 9000; ++f) t.file("many/" + std::to_string(f * 7919 % 100003));  // beyond the size where stat is split
  for (int i = 0; i < 50; ++i) t.link("h" + std::to_string(i), "d0/e0/f0");
  ScanOptions one, many;
  one.threads = 1;
  many.threads = 8;
  const tbb::global_control really(tbb::global_control::max_allowed_parallelism, 8);  // also on a small machine
  const std::string expected = dump(scan(t.path(), one));
  for (int i = 0; i < 5; ++i) ASSERT_EQ(dump(scan(t.path(), many)), expected);
}

TEST(Scan, ExcludesByNameAndByPathOfTheImage) {
  const TempTree t;
  for (const char* name : {"a.o", "d/b.o", "d/keep", "d/cache/x", "cache", "e/d/keep"}) t.file(name, "x");
  ScanOptions options;
  options.exclude = {"*.o", "cache/", "/img/e/**"};
  TreeBuilder builder(options);
  builder.add_directory(t.path(), "img");
  EXPECT_EQ(paths(builder.finish()), (std::vector<std::string>{"/", "/img", "/img/cache", "/img/d", "/img/e", "/img/d/keep"}));
}

TEST(Scan, FollowLinksTakesWhatTheyLeadTo) {
  const TempTree t;
  t.file("in/real/f", "data");
  t.file("out/g", "outside");
  t.symlink("in/file", "real/f");
  t.symlink("in/dir", "../out");
  t.symlink("in/dangling", "nowhere");
  ScanOptions options;
  options.follow_links = true;
  TreeBuilder builder(options);
  builder.add_directory(t.path("in"));
  Told told;
  const SourceTree tree = builder.finish([&](const auto& where, const auto& what) { told.emplace_back(where, what); });
  EXPECT_EQ(bytes_at(tree, "/file"), "data");
  EXPECT_EQ(bytes_at(tree, "/dir/g"), "outside");
  EXPECT_EQ(tree.nodes[find_node(tree, "/dangling")].kind, NodeKind::symlink);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].first, t.path("in/dangling"));
}

TEST(Scan, FollowedLoopIsNamed) {
  const TempTree t;
  t.file("a/b/f", "x");
  t.symlink("a/b/up", "..");
  ScanOptions options;
  options.follow_links = true;
  const Error error = error_of([&] { scan(t.path(), options); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.where(), t.path("a/b/up"));
  EXPECT_NE(error.why().find(t.path("a")), std::string::npos);
  // As long as links are kept there is no loop.
  EXPECT_EQ(scan(t.path()).nodes.size(), 5u);
}

TEST(Scan, OneFileSystemLeavesMountPointsEmpty) {
  struct stat root, proc;
  if (::stat("/", &root) != 0 || ::stat("/proc/self", &proc) != 0 || root.st_dev == proc.st_dev) GTEST_SKIP() << "needs /proc";
  ScanOptions options;
  options.one_file_system = true;
  options.exclude = {"/[!p]*", "/p[!r]*"};  // only /proc is left of /
  const SourceTree tree = scan("/", options);
  const NodeId id = find_node(tree, "/proc");
  ASSERT_NE(id, kNone);
  EXPECT_EQ(tree.nodes[id].child_count, 0u);
}

TEST(Scan, DeepTreesAndPathsLongerThanPathMax) {
  const TempTree t;
  constexpr int kDepth = 2000;
  const std::string name(200, 'n');  // 400 KB of path in the end
  {
    Fd at(::open(t.path().c_str(), O_PATH));
    for (int i = 0; i < kDepth; ++i) {
      ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
      at = Fd(::openat(at.get(), name.c_str(), O_PATH));
    }
    const Fd file(::openat(at.get(), "leaf", O_CREAT | O_WRONLY, 0644));
    ASSERT_EQ(::write(file.get(), "down here", 9), 9);
  }
  const SourceTree tree = scan(t.path());
  ASSERT_EQ(tree.nodes.size(), kDepth + 2u);
  EXPECT_EQ(tree.name(kDepth + 1), "leaf");
  EXPECT_EQ(bytes_of_content(tree, 0), "down here");
  EXPECT_EQ(tree.origin_path(0).size(), t.path().size() + kDepth * 201 + 5);
}

TEST(Scan, MissingArgumentsAreAllNamed) {
  const TempTree t;
  t.file("there", "x");
  ScanOptions options;
  options.skip_unreadable = true;  // does not excuse what the user named
  TreeBuilder builder(options);
  builder.add_source(t.path("no1"));
  builder.add_source(t.path("there"));
  builder.add_source(t.path("no2.tar"));
  builder.add_directory(t.path("no3"), "x");
  Told told;
  const Error error = error_of([&] { builder.finish([&](const auto& where, const auto& what) { told.emplace_back(where, what); }); });
  EXPECT_EQ(error.kind(), ErrorKind::source);
  EXPECT_EQ(error.why().substr(0, 2), "3 ");
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].first, t.path("no1"));
  EXPECT_EQ(told[1].first, t.path("no2.tar"));
  EXPECT_EQ(told[2].first, t.path("no3"));
}

// Runs as a user who may not read everything: in a process of its own, started afresh.
[[noreturn]] void scan_as_nobody(const std::string& directory, bool skip) {
  if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) std::exit(9);
  ScanOptions options;
  options.skip_unreadable = skip;
  options.threads = 4;
  TreeBuilder builder(options);
  builder.add_directory(directory);
  std::string told;
  try {
    const SourceTree tree =
        builder.finish([&](const std::string& where, const std::string&) { told += where.substr(directory.size()) + " "; });
    std::fprintf(stderr, "told %sleft %zu\n", told.c_str(), tree.nodes.size());
    std::exit(0);
  } catch (const Error& error) {
    std::fprintf(stderr, "told %serror %s\n", told.c_str(), error.what());
    std::exit(exit_code(error.kind()));
  }
}

TEST(ScanDeathTest, UnreadableThingsAreAllNamedInOrder) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const char* given = std::getenv("DISCPRESS_TEST_UNREADABLE");
  std::unique_ptr<TempTree> t;
  std::string directory = given ? given : "";
  if (!given) {
    t = std::make_unique<TempTree>();
    directory = t->path();
    t->file("b/secret", "x");
    t->file("b/open", "x");
    t->file("a/closed/f", "x");
    t->file("c", "x");
    ::chmod(t->path("b/secret").c_str(), 0200);
    ::chmod(t->path("a/closed").c_str(), 0100);
    ::chmod(t->path("c").c_str(), 0);
    for (const char* name : {"", "a", "b"}) ::chmod(t->path(name).c_str(), 0755);
    ::setenv("DISCPRESS_TEST_UNREADABLE", directory.c_str(), 1);
  }
  EXPECT_EXIT(scan_as_nobody(directory, false), ::testing::ExitedWithCode(1), "told /a/closed /b/secret /c error .*3 source items");
  EXPECT_EXIT(scan_as_nobody(directory, true), ::testing::ExitedWithCode(0), "told /a/closed /b/secret /c left 4");
  if (t) {
    ::unsetenv("DISCPRESS_TEST_UNREADABLE");
    ::chmod(t->path("a/closed").c_str(), 0700);
  }
}

TEST(Scan, OutputInsideOfTheSource) {
  const TempTree t;
  t.file("src/deep/f", "x");
  struct stat st;
  ScanOptions options;
  ASSERT_EQ(::stat(t.path("src/deep").c_str(), &st), 0);
  options.output.directory = {st.st_dev, st.st_ino};
  options.output.name = "out.iso";
  const Error error = error_of([&] { scan(t.path("src"), options); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.where(), t.path("src/deep/out.iso"));
  options.exclude = {"out.iso"};
  EXPECT_NO_THROW(scan(t.path("src"), options));

  ScanOptions by_file;  // standard output of `mkimage src > src/deep/f`
  ASSERT_EQ(::stat(t.path("src/deep/f").c_str(), &st), 0);
  by_file.output.file = {st.st_dev, st.st_ino};
  EXPECT_EQ(error_of([&] { scan(t.path("src"), by_file); }).kind(), ErrorKind::usage);
}

TEST(Scan, RulesForOwnersModesAndTimes) {
  const TempTree t;
  t.file("d/f", "x");
  ::chmod(t.path("d/f").c_str(), 0600);
  ScanOptions options;
  options.uid = 7;
  options.gid = 8;
  options.mode = ModeRule::parse("a+rX");
  options.time = 5 * kSecond;
  for (const SourceTree tree = scan(t.path(), options); const Node& node : tree.nodes) {
    EXPECT_EQ(node.uid, 7u);
    EXPECT_EQ(node.gid, 8u);
    EXPECT_EQ(node.mode & 0555, node.kind == NodeKind::directory ? 0555 : 0444);
    EXPECT_EQ(node.mtime, 5 * kSecond);
    EXPECT_EQ(node.atime, 5 * kSecond);
    EXPECT_EQ(node.ctime, 5 * kSecond);
  }
}

TEST(Scan, SourceDateEpochCutsLaterTimes) {
  const TempTree t;
  t.file("old", "x");
  t.file("new", "x");
  const timespec times[2] = {{900, 0}, {500, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, t.path("old").c_str(), times, 0), 0);
  ScanOptions options;
  options.source_date_epoch = 1000 * kSecond;
  const SourceTree tree = scan(t.path(), options);
  for (const Node& node : tree.nodes) {
    EXPECT_LE(node.mtime, 1000 * kSecond);
    EXPECT_EQ(node.atime, node.mtime);
    EXPECT_EQ(node.ctime, node.mtime);
  }
  EXPECT_EQ(tree.nodes[find_node(tree, "/old")].mtime, 500 * kSecond);
  EXPECT_EQ(tree.nodes[find_node(tree, "/new")].mtime, 1000 * kSecond);
}

TEST(Scan, StopsWhenAsked) {
  const TempTree t;
  t.file("f", "x");
  std::stop_source stop;
  stop.request_stop();
  TreeBuilder builder({}, stop.get_token());
  EXPECT_EQ(error_of([&] { builder.add_directory(t.path()); }).kind(), ErrorKind::interrupted);
}

TEST(Scan, TellsProgressWithItemCounts) {
  const TempTree t;
  for (int i = 0; i < 10; ++i) t.file("f" + std::to_string(i));
  std::atomic<uint64_t> seen = 0;
  TreeBuilder builder({}, {}, [&](const ProgressEvent& event) {
    EXPECT_EQ(event.phase, "scanning");
    seen = event.done;
  });
  builder.add_directory(t.path());
  EXPECT_EQ(seen, 10u);
}

}  // namespace
}  // namespace fsi
