#include "libfsi/check/manifest_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/check/manifest_fixture.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

TEST(ManifestReader, TakesWhatTheTextSays) {
  ManifestPlan plan;
  plan.sha256 = true;
  plan.troubles = {{3, 2, 10, 0, "/gone"}};
  plan.marked_sectors = {9};
  const MemorySource source(with_manifest(Bytes(64 * 2048, 1), plan));
  fsi::IssueLog log;
  const auto found = fsi::load_manifest(source, 0, log);
  EXPECT_TRUE(log.take().empty());
  ASSERT_TRUE(found.manifest);
  const fsi::Manifest& m = *found.manifest;
  EXPECT_EQ(m.kind, fsi::DigestKind::sha256);
  EXPECT_EQ(m.chunk_count, 2u);
  EXPECT_EQ(m.first, 64u);
  EXPECT_TRUE(m.table_whole && m.body_whole);
  ASSERT_EQ(m.troubles.size(), 1u);
  EXPECT_EQ(m.troubles[0].path, "/gone");
  EXPECT_EQ(m.troubles[0].promised, 10u);
  EXPECT_EQ(std::to_integer<int>(m.marks[1]), 2);
}

TEST(ManifestReader, ATableThatIsWholeIsBelievedWithoutTheRest) {
  Bytes bytes = with_manifest(Bytes(64 * 2048, 1));
  bytes[64 * 2048 + 208 + 2 * 16] ^= 1;  // a mark
  fsi::IssueLog log;
  const MemorySource source(bytes);
  const auto found = fsi::load_manifest(source, 0, log);
  ASSERT_TRUE(found.manifest);
  EXPECT_TRUE(found.manifest->table_whole);
  EXPECT_FALSE(found.manifest->body_whole);
  EXPECT_EQ(log.take().size(), 1u);
}

TEST(ManifestReader, ATroubleThatRunsOnIsNotFollowed) {
  ManifestPlan plan;
  plan.troubles = {{1, 0, 10, 0, "/a"}};
  Bytes bytes = with_manifest(Bytes(64 * 2048, 1), plan);
  const size_t m = 64 * 2048, trouble = m + 208 + 2 * 16 + 8;
  ASSERT_EQ(bytes[trouble], 1);
  put(bytes, trouble + 2, 0xFFFF, 2);
  const Bytes body = digest(false, bytes.data() + m + 208, bytes.size() - m - 208);
  std::copy(body.begin(), body.end(), bytes.begin() + m + 144);
  std::fill_n(bytes.begin() + m + 176, 32, static_cast<unsigned char>(0));
  const Bytes header = digest(false, bytes.data() + m, 208);
  std::copy(header.begin(), header.end(), bytes.begin() + m + 176);
  fsi::IssueLog log;
  const MemorySource source(bytes);
  const auto found = fsi::load_manifest(source, 0, log);
  ASSERT_TRUE(found.manifest);
  EXPECT_TRUE(found.manifest->troubles.empty());
  EXPECT_EQ(log.take().at(0).what, "a trouble record runs past its room");
}

}  // namespace
}  // namespace fixture
