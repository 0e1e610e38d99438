// Sums that ride on a pass: of prefixes and of files, whatever pieces the pass comes in.
#include <gtest/gtest.h>

#include <random>

#include "libfsi/base/digest.h"
#include "libfsi/base/error.h"
#include "libfsi/base/file_sums.h"
#include "libfsi/base/prefix_sums.h"
#include "libfsi/base/sum_list.h"
#include "libfsi/base/tee.h"

namespace fsi {
namespace {

std::vector<std::byte> noise(size_t bytes, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<std::byte> out(bytes);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  return out;
}

Sum sum_of(SumKind kind, std::span<const std::byte> bytes) {
  RunningDigest digest(kind);
  digest.add(bytes);
  return digest.finish();
}

std::string text(SumKind kind, std::string_view of) {
  const Sum sum = sum_of(kind, std::as_bytes(std::span(of)));
  return hex(std::span(sum).first(sum_size(kind)));
}

// Hands `bytes` on in pieces of random sizes.
void pass(InOrder& taker, std::span<const std::byte> bytes, unsigned seed, std::vector<SectorRange> unreadable = {}, uint64_t from = 0) {
  std::mt19937 random(seed);
  const uint64_t end = bytes.size() / kSectorSize;
  for (uint64_t at = from; at < end;) {
    const uint64_t count = std::min<uint64_t>(1 + random() % 9, end - at);
    std::vector<SectorRange> bad;
    for (const SectorRange& range : unreadable)
      if (range.first >= at && range.end() <= at + count) bad.push_back(range);
    taker.take({at, count}, bytes.subspan(at * kSectorSize, count * kSectorSize), bad);
    at += count;
  }
}

TEST(RunningDigest, HasThePublishedValues) {
  EXPECT_EQ(text(SumKind::md5, ""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(text(SumKind::md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(text(SumKind::sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(text(SumKind::xxh128, ""), "99aa06d3014798d86001c324468d497f");
}

TEST(RunningDigest, AValueOnTheWayDisturbsNothing) {
  const auto bytes = noise(10'000);
  for (const SumKind kind : {SumKind::md5, SumKind::sha256, SumKind::xxh128}) {
    RunningDigest digest(kind);
    digest.add(std::span(bytes).first(777));
    EXPECT_EQ(digest.value(), sum_of(kind, std::span(bytes).first(777)));
    digest.add(std::span(bytes).subspan(777));
    EXPECT_EQ(digest.value(), sum_of(kind, bytes));
    EXPECT_EQ(digest.finish(), sum_of(kind, bytes));
    digest.add(std::span(bytes).first(5));
    EXPECT_EQ(digest.finish(), sum_of(kind, std::span(bytes).first(5)));
  }
}

TEST(PrefixSums, AreThoseOfThePrefixes) {
  auto bytes = noise(64 * kSectorSize);
  for (unsigned seed = 0; seed < 20; ++seed) {
    PrefixSums sums(3, {3, 4, 20, 20, 64}, {10 * kSectorSize - 5, 2000});
    pass(sums, bytes, seed);
    auto blanked = bytes;
    std::fill_n(blanked.begin() + 10 * kSectorSize - 5, 2000, std::byte{' '});
    const uint64_t points[] = {3, 4, 20, 20, 64};
    for (size_t i = 0; i < 5; ++i)
      EXPECT_EQ(sums.sums()[i].value(), md5_of(std::span(blanked).subspan(3 * kSectorSize, (points[i] - 3) * kSectorSize))) << i;
    EXPECT_FALSE(sums.unreadable());
  }
}

TEST(PrefixSums, KnowNothingBehindWhatCannotBeRead) {
  const auto bytes = noise(64 * kSectorSize);
  for (unsigned seed = 0; seed < 20; ++seed) {
    PrefixSums sums(0, {20, 21, 64, 99});
    pass(sums, bytes, seed, {{20, 1}, {50, 1}});
    EXPECT_EQ(sums.sums()[0].value(), md5_of(std::span(bytes).first(20 * kSectorSize)));
    for (size_t i = 1; i < 4; ++i) EXPECT_FALSE(sums.sums()[i]);
    EXPECT_EQ(sums.unreadable(), 20u);
  }
  PrefixSums short_pass(0, {64, 65});
  pass(short_pass, bytes, 1);
  EXPECT_TRUE(short_pass.sums()[0]);
  EXPECT_FALSE(short_pass.sums()[1]);
  PrefixSums late_pass(1, {64});
  pass(late_pass, bytes, 1, {}, 2);
  EXPECT_FALSE(late_pass.sums()[0]);
}

TEST(FileSums, AreThoseOfTheFiles) {
  const auto bytes = noise(200 * kSectorSize);
  for (const SumKind kind : {SumKind::md5, SumKind::xxh128})
    for (unsigned seed = 0; seed < 20; ++seed) {
      std::mt19937 random(seed + 100);
      FileSums sums(kind);
      std::vector<Sum> expected;
      for (int i = 0; i < 60; ++i) {  // they overlap, share bytes, have holes and are in no order
        std::vector<ByteRun> runs;
        std::vector<std::byte> all;
        uint64_t at = random() % 150'000;
        for (unsigned r = random() % 4; r > 0; --r) {
          const ByteRun run{at, random() % 60'000, random() % 5 == 0};
          runs.push_back(run);
          if (run.zeros) {
            all.resize(all.size() + run.bytes);
          } else {
            all.insert(all.end(), bytes.begin() + static_cast<ptrdiff_t>(at), bytes.begin() + static_cast<ptrdiff_t>(at + run.bytes));
            at += run.bytes + random() % 3 * 1000;
          }
        }
        ASSERT_TRUE(sums.add(runs));
        expected.push_back(sum_of(kind, all));
      }
      pass(sums, bytes, seed);
      for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(sums.sum(i), expected[i]) << i;
    }
}

TEST(FileSums, KnowNothingOfWhatCannotBeRead) {
  const auto bytes = noise(20 * kSectorSize);
  FileSums sums(SumKind::md5);
  const ByteRun runs[] = {
      {0, 5 * kSectorSize}, {5 * kSectorSize, 100}, {6 * kSectorSize, 100}, {19 * kSectorSize, kSectorSize + 1}, {99999999, 1}};
  for (const ByteRun& run : runs) EXPECT_TRUE(sums.add({&run, 1}));
  pass(sums, bytes, 3, {{5, 1}});
  EXPECT_TRUE(sums.sum(0));
  EXPECT_FALSE(sums.sum(1));
  EXPECT_TRUE(sums.sum(2));
  EXPECT_FALSE(sums.sum(3)) << "it goes on behind the end";
  EXPECT_FALSE(sums.sum(4));
}

TEST(FileSums, RefuseWhatAPassCannotSum) {
  FileSums sums(SumKind::md5);
  const ByteRun backwards[] = {{5000, 10}, {100, 10}}, overlapping[] = {{100, 10}, {105, 10}}, wrapping[] = {{UINT64_MAX - 3, 10}};
  EXPECT_FALSE(sums.add(backwards));
  EXPECT_FALSE(sums.add(overlapping));
  EXPECT_FALSE(sums.add(wrapping));
  EXPECT_EQ(sums.size(), 0u);
}

struct Throws : InOrder {
  void take(SectorRange, std::span<const std::byte>, std::span<const SectorRange>) override {
    throw Error(ErrorKind::failed, "here", "taking", "no");
  }
};

TEST(Tee, GivesAllTheSameAndPassesErrorsOn) {
  const auto bytes = noise(64 * kSectorSize);
  PrefixSums a(0, {64}), b(0, {64});
  int meanwhile = 0;
  {
    Tee tee({&a, &b});
    for (uint64_t at = 0; at < 64; at += 16)
      tee.hand({at, 16}, std::span(bytes).subspan(at * kSectorSize, 16 * kSectorSize), {}, [&] { ++meanwhile; });
  }
  EXPECT_EQ(meanwhile, 4);
  EXPECT_EQ(a.sums()[0].value(), md5_of(bytes));
  EXPECT_EQ(b.sums()[0].value(), md5_of(bytes));

  Throws bad;
  Tee tee({&a, &bad});
  EXPECT_THROW(tee.hand({0, 64}, bytes), Error);
  Tee fine({&a});
  EXPECT_THROW(fine.hand({0, 64}, bytes, {}, [] { throw Error(ErrorKind::failed, "", "", ""); }), Error);
}

TEST(SumLine, EscapesAsCoreutilsDoes) {
  const Sum sum = sum_of(SumKind::md5, {});
  const std::string digits = "d41d8cd98f00b204e9800998ecf8427e";
  EXPECT_EQ(sum_line(SumKind::md5, sum, "/a b/c"), digits + "  a b/c\n");
  EXPECT_EQ(sum_line(SumKind::md5, sum, "/a\nb\rc\\d"), "\\" + digits + "  a\\nb\\rc\\\\d\n");
  EXPECT_EQ(sum_line(SumKind::xxh128, sum, "/a\rc\\d"), digits + "  a\rc\\d\n");
  EXPECT_EQ(sum_line(SumKind::xxh128, sum, "/a\nc\\d"), "\\" + digits + "  a\\nc\\\\d\n");
}

}  // namespace
}  // namespace fsi
