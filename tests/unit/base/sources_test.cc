#include "libfsi/base/sources.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "libfsi/base/error.h"
#include "libfsi/base/wire.h"

namespace fsi {
namespace {

using Bytes = std::vector<std::byte>;

Bytes all_of(const SectorSource& source) {
  Bytes bytes(source.sectors() * kSectorSize);
  source.read({0, source.sectors()}, bytes);
  return bytes;
}

// Any part of it is that part of the whole.
void expect_seekable(const SectorSource& source, const Bytes& whole, std::mt19937& random) {
  ASSERT_EQ(source.sectors() * kSectorSize, whole.size());
  for (int i = 0; i < 50; ++i) {
    const uint64_t first = random() % (source.sectors() + 1), count = random() % (source.sectors() - first + 1);
    Bytes part(count * kSectorSize, std::byte{0xAA});
    source.read({first, count}, part);
    ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<ptrdiff_t>(first * kSectorSize))) << first << " " << count;
  }
}

std::shared_ptr<const SectorSource> some(uint64_t seed, uint64_t sectors) { return std::make_shared<RandomSource>(seed, sectors); }

TEST(Sources, RandomNumbersAreTheSameEverywhere) {
  std::mt19937 random(1);
  const RandomSource source(42, 20);
  const Bytes whole = all_of(source);
  // What the authors' splitmix64.c gives for seed 42.
  Le64 begin[2];
  std::memcpy(begin, whole.data(), sizeof begin);
  EXPECT_EQ(begin[0], 13679457532755275413u);
  EXPECT_EQ(begin[1], 2949826092126892291u);
  expect_seekable(source, whole, random);
  EXPECT_NE(all_of(RandomSource(43, 20)), whole);
}

TEST(Sources, OneAfterTheOther) {
  std::mt19937 random(2);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::shared_ptr<const SectorSource>> parts;
    Bytes whole;
    for (unsigned i = 0; i < 1 + random() % 5; ++i) {
      parts.push_back(i == 3 ? parts[0] : i == 2 ? std::make_shared<ZeroSource>(random() % 3) : some(random(), random() % 7));
      const Bytes part = all_of(*parts.back());
      whole.insert(whole.end(), part.begin(), part.end());
    }
    expect_seekable(ConcatSource(parts), whole, random);
  }
  EXPECT_EQ(ConcatSource({}).sectors(), 0u);
  EXPECT_THROW(ConcatSource({some(1, UINT64_MAX), some(1, 1)}), Error);
}

TEST(Sources, APart) {
  std::mt19937 random(3);
  const auto source = some(7, 30);
  const Bytes whole = all_of(*source);
  expect_seekable(RangeSource(source, {4, 9}), Bytes(whole.begin() + 4 * kSectorSize, whole.begin() + 13 * kSectorSize), random);
  EXPECT_EQ(RangeSource(source, {30, 0}).sectors(), 0u);
  EXPECT_THROW(RangeSource(source, {30, 1}), Error);
  EXPECT_THROW(RangeSource(source, {31, 0}), Error);
  EXPECT_THROW(RangeSource(source, {1, UINT64_MAX}), Error);
}

TEST(Sources, BlocksInTurn) {
  std::mt19937 random(4);
  for (int round = 0; round < 30; ++round) {
    const uint64_t turns = 1 + random() % 40;
    std::vector<InterleaveSource::Part> parts;
    std::vector<Bytes> contents;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      const uint32_t block = round == 0 ? (i == 0 ? 2352 : 96) : 1 + random() % 5000;
      parts.push_back({some(random(), sectors_for(turns * block)), turns * block, block});
      contents.push_back(all_of(*parts.back().source));
    }
    Bytes whole;
    for (uint64_t turn = 0; turn < turns; ++turn)
      for (size_t i = 0; i < parts.size(); ++i) {
        const auto begin = contents[i].begin() + static_cast<ptrdiff_t>(turn * parts[i].block);
        whole.insert(whole.end(), begin, begin + parts[i].block);
      }
    const InterleaveSource source(parts);
    EXPECT_EQ(source.bytes(), whole.size());
    whole.resize(sectors_for(whole.size()) * kSectorSize);
    expect_seekable(source, whole, random);
  }
  EXPECT_EQ(InterleaveSource({}).sectors(), 0u);
  EXPECT_THROW(InterleaveSource({{some(1, 1), 10, 3}}), Error);
  EXPECT_THROW(InterleaveSource({{some(1, 1), 10, 0}}), Error);
  EXPECT_THROW(InterleaveSource({{some(1, 1), 2049, 1}}), Error);
  EXPECT_THROW(InterleaveSource({{some(1, 1), 10, 1}, {some(1, 1), 11, 1}}), Error);
}

}  // namespace
}  // namespace fsi
