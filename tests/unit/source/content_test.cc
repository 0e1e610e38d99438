#include "libfsi/source/content.h"

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>

#include "libfsi/source/builder.h"
#include "tests/unit/source/temp_tree.h"

namespace fsi {
namespace {

struct Fixture {
  explicit Fixture(const std::string& bytes) {
    t.file("f", bytes);
    TreeBuilder builder({});
    builder.add_directory(t.path());
    tree = builder.finish();
  }
  std::optional<Drift> read(uint64_t offset, size_t length) {
    out.assign(length, '?');
    return ContentReader(tree).read(0, offset, std::as_writable_bytes(std::span(out)));
  }
  TempTree t;
  SourceTree tree;
  std::string out;
};

TEST(ContentReader, ReadsPartsInAnyOrder) {
  std::string bytes(3 << 20, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 8);
  Fixture f(bytes);
  ContentReader reader(f.tree);
  for (const uint64_t offset : {uint64_t{0}, uint64_t{1} << 20, uint64_t{5}, uint64_t{2} << 20}) {
    std::string part(1 << 20, '?');
    EXPECT_FALSE(reader.read(0, offset, std::as_writable_bytes(std::span(part))));
    EXPECT_EQ(part, bytes.substr(offset, part.size()));
  }
}

TEST(ContentReader, ShrankIsPaddedWithZeros) {
  Fixture f("0123456789");
  f.t.file("f", "0123");
  const auto drift = f.read(0, 10);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->kind, DriftKind::shrank);
  EXPECT_EQ(drift->promised, 10u);
  EXPECT_EQ(drift->found, 4u);
  EXPECT_EQ(f.out, std::string("0123\0\0\0\0\0\0", 10));
  const auto second = f.read(5, 5);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, DriftKind::shrank);
  EXPECT_EQ(f.out, std::string(5, '\0'));
}

TEST(ContentReader, GrewIsCutAndTold) {
  Fixture f("01234");
  f.t.file("f", "0123456789");
  const auto drift = f.read(0, 5);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->kind, DriftKind::grew);
  EXPECT_EQ(drift->found, 10u);
  EXPECT_EQ(f.out, "01234");
  EXPECT_FALSE(f.read(0, 3));  // by the call that reads the end
  EXPECT_TRUE(f.read(3, 2));
  EXPECT_EQ(ContentReader(f.tree).direct(0).drift->kind, DriftKind::grew);
  EXPECT_EQ(ContentReader(f.tree).check(0)->kind, DriftKind::grew);
}

TEST(ContentReader, VanishedAndReplaced) {
  Fixture f("01234");
  ASSERT_EQ(::unlink(f.t.path("f").c_str()), 0);
  auto drift = f.read(0, 5);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->kind, DriftKind::vanished);
  EXPECT_EQ(drift->error, ENOENT);
  EXPECT_EQ(f.out, std::string(5, '\0'));
  EXPECT_EQ(ContentReader(f.tree).direct(0).drift->kind, DriftKind::vanished);
  EXPECT_EQ(ContentReader(f.tree).check(0)->kind, DriftKind::vanished);

  f.t.symlink("f", "/etc/passwd");  // must not be followed
  drift = f.read(0, 5);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->kind, DriftKind::failed);
  EXPECT_EQ(f.out, std::string(5, '\0'));
  ASSERT_EQ(::unlink(f.t.path("f").c_str()), 0);

  ASSERT_EQ(::mkfifo(f.t.path("f").c_str(), 0600), 0);  // must not be waited for
  drift = f.read(0, 5);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->kind, DriftKind::failed);
}

TEST(ContentReader, EmptyFilesAreLookedAt) {
  Fixture f("");
  EXPECT_FALSE(ContentReader(f.tree).check(0));
  f.t.file("f", "x");
  EXPECT_EQ(ContentReader(f.tree).check(0)->kind, DriftKind::grew);
}

TEST(ContentReader, DirectGivesTheFileItself) {
  Fixture f("01234");
  ContentReader reader(f.tree);
  const auto direct = reader.direct(0);
  ASSERT_GE(direct.fd, 0);
  EXPECT_EQ(direct.offset, 0u);
  char byte = 0;
  EXPECT_EQ(::pread(direct.fd, &byte, 1, 3), 1);
  EXPECT_EQ(byte, '3');
}

TEST(ContentReader, CallbacksThatFailAreDrift) {
  TreeBuilder builder({});
  builder.add_callback("a-throws", 4, [](uint64_t, std::span<std::byte>) -> size_t { throw std::runtime_error("no"); });
  builder.add_callback("b-ends", 4, [](uint64_t offset, std::span<std::byte> out) -> size_t {
    if (offset >= 2) return 0;
    out[0] = std::byte('x');
    return 1;
  });
  builder.add_callback("c-lies", 4, [](uint64_t, std::span<std::byte>) -> size_t { return 5; });
  const SourceTree tree = builder.finish();
  ContentReader reader(tree);
  std::string out(4, '?');
  const auto span = std::as_writable_bytes(std::span(out));
  EXPECT_EQ(reader.read(0, 0, span)->kind, DriftKind::failed);
  EXPECT_EQ(out, std::string(4, '\0'));
  const auto ends = reader.read(1, 0, span);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->kind, DriftKind::shrank);
  EXPECT_EQ(ends->found, 2u);
  EXPECT_EQ(out, std::string("xx\0\0", 4));
  EXPECT_EQ(reader.read(2, 0, span)->kind, DriftKind::failed);
  EXPECT_LT(reader.direct(0).fd, 0);
  EXPECT_FALSE(reader.direct(0).drift);
}

TEST(ContentReader, DescriptorThatShrank) {
  const TempTree t;
  const Fd fd(::open(t.file("host", "0123456789").c_str(), O_RDWR));
  TreeBuilder builder({});
  builder.add_descriptor("d", fd.get(), 2, 8);
  const SourceTree tree = builder.finish();
  ContentReader reader(tree);
  const auto direct = reader.direct(0);
  EXPECT_GE(direct.fd, 0);
  EXPECT_EQ(direct.offset, 2u);
  ASSERT_EQ(::ftruncate(fd.get(), 5), 0);
  std::string out(8, '?');
  const auto drift = reader.read(0, 0, std::as_writable_bytes(std::span(out)));
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->kind, DriftKind::shrank);
  EXPECT_EQ(drift->found, 3u);
  EXPECT_EQ(out, std::string("234\0\0\0\0\0", 8));
  EXPECT_EQ(reader.direct(0).drift->found, 3u);
}

}  // namespace
}  // namespace fsi
