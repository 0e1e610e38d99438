#include "libfsi/source/xattrs.h"

#include <gtest/gtest.h>
#include <sys/xattr.h>

#include "libfsi/base/error.h"
#include "libfsi/source/builder.h"
#include "tests/unit/source/temp_tree.h"

namespace fsi {
namespace {

bool set(const std::string& path, const char* name, std::string_view value) {
  return ::lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}

std::string bytes_of(const SourceTree& tree, const Stream& stream) {
  return {reinterpret_cast<const char*>(tree.stream_bytes.data()) + stream.offset, stream.bytes};
}

// "PATH NAME=VALUE" of every stream, in their order.
std::vector<std::string> streams(const SourceTree& tree) {
  std::vector<std::string> all;
  for (const Stream& stream : tree.streams)
    all.push_back(tree.path(stream.node) + " " + std::string(tree.str(stream.name)) + "=" + bytes_of(tree, stream));
  return all;
}

SourceTree scan(const std::string& path, Xattrs xattrs, const std::string& at = "/") {
  ScanOptions options;
  options.xattrs = xattrs;
  TreeBuilder builder(options);
  builder.add_directory(path, at);
  return builder.finish();
}

class Attributes : public testing::Test {
 protected:
  void SetUp() override {
    const std::string file = t.file("f", "data");
    if (!set(file, "user.comment", "a comment")) GTEST_SKIP() << "the file system of " << t.path() << " has no extended attributes";
    set(file, "user.zero", "");
    set(file, "user.a", std::string(2000, 'a'));
    t.link("a link", "f");
    t.file("plain", "");
    t.file("d/inner", "");
    set(t.path("d"), "user.of a directory", "d");
    set(t.path(), "user.of the root", "r");
    t.symlink("s", "f");
  }
  TempTree t;
};

TEST_F(Attributes, BecomeStreamsInTheOrderOfTheirNames) {
  const SourceTree tree = scan(t.path(), Xattrs::keep);
  EXPECT_EQ(streams(tree), (std::vector<std::string>{"/ of the root=r", "/a link a=" + std::string(2000, 'a'), "/a link comment=a comment",
                                                     "/a link zero=", "/d of a directory=d"}));
  EXPECT_EQ(tree.left_attributes, (LeftAttributes{}));
}

TEST_F(Attributes, AreCountedOrNotLookedAt) {
  const SourceTree counted = scan(t.path(), Xattrs::count);
  EXPECT_TRUE(counted.streams.empty());
  EXPECT_EQ(counted.left_attributes.user, 8u) << "three of a file with two names, two of directories";
  EXPECT_EQ(scan(t.path(), Xattrs::ignore).left_attributes, (LeftAttributes{}));
}

TEST_F(Attributes, OfMergedDirectoriesAreTheFirstOnes) {
  const TempTree other;
  other.file("d/more", "");
  set(other.path("d"), "user.of another directory", "o");
  ScanOptions options;
  options.xattrs = Xattrs::keep;
  TreeBuilder builder(options);
  builder.add_directory(t.path("d"), "/x/d");
  builder.add_directory(other.path(), "/x");
  builder.add_file(t.path("s"), "/followed");
  EXPECT_EQ(streams(builder.finish()), (std::vector<std::string>{"/followed a=" + std::string(2000, 'a'), "/followed comment=a comment",
                                                                 "/followed zero=", "/x/d of a directory=d"}));
}

TEST(Xattrs, StreamsOfAProgram) {
  TreeBuilder builder{ScanOptions{}};
  builder.add_memory("/f", {});
  builder.add_symlink("/l", "f");
  const std::string_view text = "bytes";
  builder.add_stream("/f", "z", std::as_bytes(std::span(text)));
  builder.add_stream("/f", "a", {});
  builder.add_stream("/", "root", {});
  builder.add_hard_link("/g", "/f");
  EXPECT_THROW(builder.add_stream("/f", "z", {}), Error);
  EXPECT_THROW(builder.add_stream("/f", "a/b", {}), Error);
  EXPECT_THROW(builder.add_stream("/f", "", {}), Error);
  EXPECT_THROW(builder.add_stream("/l", "x", {}), Error);
  EXPECT_THROW(builder.add_stream("/nothing", "x", {}), Error);
  EXPECT_EQ(streams(builder.finish()), (std::vector<std::string>{"/ root=", "/f a=", "/f z=bytes"}));
}

TEST(Xattrs, OnlyThoseOfUsersAreTaken) {
  draft::Pool pool;
  LeftAttributes left;
  XattrTaker keep(Xattrs::keep, pool, left);
  EXPECT_TRUE(keep.wants("user.x"));
  for (const char* name : {"user.", "security.selinux", "system.posix_acl_access", "security.capability", "trusted.x", "other"})
    EXPECT_FALSE(keep.wants(name)) << name;
  EXPECT_EQ(left, (LeftAttributes{0, 3}));
  draft::Entry entry;
  keep.take("user.b", "2");
  keep.take("user.a", "1");
  EXPECT_TRUE(keep.finish(entry));
  ASSERT_TRUE(draft::streams_of(entry));
  EXPECT_EQ(draft::streams_of(entry)->front().name, "a");
  keep.take("user.b", "2");
  keep.take("user.b", "3");
  EXPECT_FALSE(keep.finish(entry));
}

}  // namespace
}  // namespace fsi
