// Sums of others in images made byte by byte: found, right, wrong, and hostile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "libfsi/base/digest.h"
#include "libfsi/check/verify.h"
#include "libfsi/disc/isomd5.h"
#include "libfsi/disc/libisofs_sums.h"
#include "tests/unit/check/manifest_fixture.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

using namespace fsi::disc;
using fsi::ForeignSum;
using fsi::Severity;
using testing::HasSubstr;
using State = fsi::ForeignSum::State;
constexpr size_t kSector = fsi::kSectorSize;

std::span<const std::byte> sectors(const Bytes& bytes, size_t from, size_t to) {
  return std::as_bytes(std::span(bytes)).subspan(from * kSector, (to - from) * kSector);
}

void put_text(Bytes& bytes, size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), bytes.begin() + static_cast<ptrdiff_t>(at));
}

// /a in 34 to 37 with sum 1, /b in 40 to 55 with sum 2, an array at 60, tags at 30, 32, 61.
struct Layout {
  uint64_t array = 60, count = 4, index_a = 1, index_b = 2;
  uint32_t first_b = 40, bytes_b = 16 * kSector - 5;
};

Bytes image_with(const Layout& layout, uint32_t size = 64) {
  TinyImage image(size);
  AaipArray array;
  array.end = layout.array;
  array.count = layout.count;
  AaipIndex a, b;
  a.index = layout.index_a;
  b.index = layout.index_b;
  image.directory(20, 20,
                  {record("A.;1", 34, 7000, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 2).nm("a").add(a)),
                   record("B.;1", layout.first_b, layout.bytes_b, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 3).nm("b").add(b))},
                  SystemUseBytes().sp().px(S_IFDIR | 0755, 2, 1).add(array));
  Bytes bytes = image.bytes();
  for (size_t i = 34 * kSector; i < 56 * kSector; ++i) bytes[i] = static_cast<unsigned char>(i * 7 + i / 256);
  return bytes;
}

void put_tag(Bytes& bytes, TagKind kind, uint64_t at, uint64_t next = 0) {
  LibisofsTag tag;
  tag.kind = kind;
  tag.position = at;
  tag.range = {0, at};
  tag.next = next;
  tag.md5 = fsi::md5_of(sectors(bytes, 0, at));
  put_text(bytes, at * kSector, tag_line(tag));
}

Bytes good_image(const Layout& layout = {}) {
  Bytes bytes = image_with(layout);
  put_tag(bytes, TagKind::superblock, 30, 32);
  put_tag(bytes, TagKind::tree, 32, 61);
  const auto entry = [&](size_t index, const fsi::Md5& md5) { std::memcpy(bytes.data() + 60 * kSector + index * 16, md5.data(), 16); };
  entry(0, fsi::md5_of(sectors(bytes, 0, 60)));
  entry(1, fsi::md5_of(sectors(bytes, 34, 38).first(7000)));
  entry(2, fsi::md5_of(sectors(bytes, 40, 56).first(16 * kSector - 5)));
  entry(3, fsi::md5_of(sectors(bytes, 60, 61).first(48)));
  put_tag(bytes, TagKind::session, 61);
  return bytes;
}

fsi::VerifyReport verify(Bytes bytes, std::set<uint64_t> unreadable = {}) {
  MemorySource source(std::move(bytes));
  source.unreadable = std::move(unreadable);
  return fsi::verify(source);
}

std::map<std::string, State> states(const fsi::VerifyReport& report) {
  std::map<std::string, State> all;
  for (const ForeignSum& sum : report.foreign_sums) all[sum.kind] = sum.state;
  return all;
}

std::vector<std::string> sum_issues(const fsi::VerifyReport& report) {
  std::vector<std::string> words;
  for (const auto& issue : report.issues)
    if (issue.finding == fsi::Finding::foreign_sum) words.push_back(issue.what + (issue.detail.empty() ? "" : ": " + issue.detail));
  return words;
}

const std::map<std::string, State> kAllRight = {{"libisofs superblock tag", State::right},
                                                {"libisofs tree tag", State::right},
                                                {"libisofs session sum", State::right},
                                                {"libisofs session tag", State::right},
                                                {"libisofs file sums", State::right}};

TEST(LibisofsSums, AGoodImageIsGood) {
  for (const bool parallel : {false, true}) {
    const MemorySource source(good_image());
    fsi::VerifyOptions options;
    options.parallel = parallel;
    const auto report = fsi::verify(source, options);
    EXPECT_TRUE(report.ok()) << testing::PrintToString(sum_issues(report));
    EXPECT_EQ(states(report), kAllRight);
    EXPECT_EQ(report.foreign_sums.back().files, 2u);
    options.foreign_sums = false;
    EXPECT_TRUE(fsi::verify(source, options).foreign_sums.empty());
  }
}

TEST(LibisofsSums, DamageIsNamed) {
  Bytes bad = good_image();
  bad[50 * kSector + 3] ^= 1;
  const auto report = verify(bad);
  EXPECT_FALSE(report.ok());
  auto expected = kAllRight;
  expected["libisofs session sum"] = expected["libisofs session tag"] = expected["libisofs file sums"] = State::wrong;
  EXPECT_EQ(states(report), expected);
  bool file = false, range = false;
  for (const auto& issue : report.issues) {
    if (!issue.paths.empty() && issue.finding == fsi::Finding::foreign_sum) {
      EXPECT_EQ(issue.paths.front().path, "/b");
      file = true;
    } else if (issue.finding == fsi::Finding::foreign_sum) {
      EXPECT_EQ(issue.where, (fsi::SectorRange{32, 28})) << "behind the last sum that is right";
      range = true;
    }
  }
  EXPECT_TRUE(file && range);
}

TEST(LibisofsSums, EverySectorIsCovered) {
  const Bytes good = good_image();
  for (size_t sector = 0; sector < 61; ++sector) {
    Bytes bad = good;
    bad[sector * kSector + 11] ^= 4;
    EXPECT_FALSE(verify(bad).ok()) << sector;
  }
}

TEST(LibisofsSums, WhatCannotBeReadIsUnknown) {
  auto expected = kAllRight;
  expected["libisofs session sum"] = expected["libisofs session tag"] = expected["libisofs file sums"] = State::unknown;
  EXPECT_EQ(states(verify(good_image(), {35})), expected);
}

TEST(LibisofsSums, HostileArrays) {
  const auto fault = [](const Layout& layout) {
    const auto report = verify(good_image(layout));
    EXPECT_FALSE(sum_issues(report).empty());
    return report;
  };
  EXPECT_THAT(sum_issues(fault({.count = 0xFFFFFFFF})), testing::Contains(HasSubstr("beyond the end")));
  EXPECT_THAT(sum_issues(fault({.array = 0xFFFFFFFF})), testing::Contains(HasSubstr("beyond the end")));
  EXPECT_THAT(sum_issues(fault({.array = 63, .count = 129})), testing::Contains(HasSubstr("beyond the end")));
  EXPECT_THAT(sum_issues(fault({.count = 5})), testing::Contains(HasSubstr("its own sum is wrong")));
  EXPECT_THAT(sum_issues(fault({.index_b = 3})), testing::Contains(HasSubstr("does not have"))) << "the array's own sum is nobody's";
  EXPECT_THAT(sum_issues(fault({.index_b = 0xFFFFFFFF})), testing::Contains(HasSubstr("does not have")));
  EXPECT_THAT(sum_issues(fault({.index_b = 0})), testing::Contains(HasSubstr("does not have")));
  EXPECT_EQ(states(verify(good_image({.first_b = 0xFFFFFF00})))["libisofs file sums"], State::unknown);
  EXPECT_THAT(sum_issues(fault({.bytes_b = 0xFFFFF000})), testing::Contains(HasSubstr("not checked")));
}

TEST(LibisofsSums, HostileTags) {
  for (const uint64_t next : {uint64_t{0}, uint64_t{30}, uint64_t{29}, uint64_t{33}, uint64_t{61}, uint64_t{64}, uint64_t{0xFFFFFFFF}}) {
    Bytes bytes = good_image();
    put_tag(bytes, TagKind::superblock, 30, next);
    EXPECT_THAT(sum_issues(verify(bytes)), testing::Contains(HasSubstr("is missing"))) << next;
  }
  Bytes bytes = good_image();
  LibisofsTag tag;
  tag.kind = TagKind::superblock;
  tag.position = 30;
  for (const fsi::SectorRange range : {fsi::SectorRange{0, 0}, {30, 0}, {0, 31}, {31, 0xFFFFFFFF}, {0xFFFFFFFF, 30}}) {
    tag.range = range;
    Bytes lie = bytes;
    put_text(lie, 30 * kSector, tag_line(tag));
    EXPECT_THAT(sum_issues(verify(lie)), testing::Contains(HasSubstr("does not cover"))) << range.first;
  }
  // A relocated superblock that leads nowhere, to itself, or through sessions of no length.
  for (const uint64_t start : {uint64_t{0}, uint64_t{5}, uint64_t{40}, uint64_t{0xFFFFFFFF}}) {
    Bytes lie = bytes;
    std::fill_n(lie.begin() + 30 * kSector, kSector, 0);
    put_tag(lie, TagKind::relocated, 30, start);
    verify(lie);
  }
}

// isomd5sum over all but `skip` sectors of an image of 400 sectors.
Bytes with_isomd5(uint64_t skip, uint32_t fragments = 20, uint32_t volume = 400) {
  TinyImage image(400);
  image.primary.volume_space_size = volume;
  std::memset(image.primary.application_use, ' ', sizeof image.primary.application_use);
  image.directory(20, 20, {record("B.;1", 100, 200 * kSector)});
  Bytes bytes = image.bytes();
  for (size_t i = 100 * kSector; i < 300 * kSector; ++i) bytes[i] = static_cast<unsigned char>(i * 13 + i / 512);
  Isomd5 sums;
  sums.skip_sectors = skip;
  sums.fragment_count = fragments;
  if (skip < 400) {
    sums.sum = fsi::md5_of(sectors(bytes, 0, 400 - skip));
    for (const Isomd5Point& point : isomd5_points(400 - skip, fragments))
      sums.fragment_digits += isomd5_digits(fsi::md5_of(sectors(bytes, 0, point.sector)), fragments);
  }
  sums.fragment_digits.resize(60, '0');
  put_text(bytes, 16 * kSector + kIsomd5Offset, isomd5_text(sums));
  return bytes;
}

TEST(Isomd5sum, RightWrongAndWhere) {
  for (const uint64_t skip : {uint64_t{0}, uint64_t{15}}) {
    EXPECT_TRUE(verify(with_isomd5(skip)).ok());
    EXPECT_EQ(states(verify(with_isomd5(skip)))["isomd5sum"], State::right);
    for (size_t sector = 0; sector < 400 - skip; sector += 23) {
      if (sector >= 16 && sector < 21) continue;  // the structures
      Bytes bad = with_isomd5(skip);
      bad[sector * kSector + 100] ^= 1;
      const auto report = verify(bad);
      ASSERT_EQ(states(report)["isomd5sum"], State::wrong) << sector;
      for (const auto& issue : report.issues)
        if (issue.finding == fsi::Finding::foreign_sum) {
          EXPECT_LE(issue.where.first, sector);
          EXPECT_GT(issue.where.end(), sector);
          EXPECT_LT(issue.where.count, 60u);
        }
    }
  }
  Bytes behind = with_isomd5(15);
  behind[390 * kSector] ^= 1;
  EXPECT_TRUE(verify(behind).ok()) << "nothing covers it";
}

TEST(Isomd5sum, HostileValues) {
  EXPECT_THAT(sum_issues(verify(with_isomd5(400))), testing::Contains(HasSubstr("it skips 400 sectors of a volume of 400")));
  EXPECT_THAT(sum_issues(verify(with_isomd5(0xFFFFFFFF))), testing::Contains(HasSubstr("it skips")));
  EXPECT_THAT(sum_issues(verify(with_isomd5(0x1FFFFFFFF))), testing::Contains(HasSubstr("SKIPSECTORS")));
  EXPECT_EQ(states(verify(with_isomd5(0, 20, 0xFFFFFFFF)))["isomd5sum"], State::unknown);
  EXPECT_THAT(sum_issues(verify(with_isomd5(0, 20, 0xFFFFFFFF))), testing::Contains(HasSubstr("missing")));
  for (const uint32_t fragments : {1u, 7u, 59u, 60u}) {
    const auto report = verify(with_isomd5(0, fragments));
    EXPECT_TRUE(report.ok()) << fragments;
    EXPECT_EQ(states(report)["isomd5sum"], State::right) << fragments;
  }
  EXPECT_EQ(states(verify(with_isomd5(0), {200}))["isomd5sum"], State::unknown);
}

TEST(Isomd5sum, ImplantedIntoAnImageWithAManifest) {
  TinyImage image(96);
  std::memset(image.primary.application_use, ' ', sizeof image.primary.application_use);
  image.primary.volume_space_size = 128;
  image.directory(20, 20, {record("B.;1", 40, 20 * kSector)});
  Bytes bytes = with_manifest(image.bytes());
  Isomd5 sums;
  sums.sum = fsi::md5_of(sectors(bytes, 0, 128));
  put_text(bytes, 16 * kSector + kIsomd5Offset, isomd5_text(sums));
  const auto report = verify(bytes);
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(states(report)["isomd5sum"], State::right);
  bytes[3 * kSector] ^= 1;
  EXPECT_FALSE(verify(bytes).ok());
  bytes[3 * kSector] ^= 1;
  bytes[16 * kSector + 1400] ^= 1;
  EXPECT_FALSE(verify(bytes).ok());
}

}  // namespace
}  // namespace fixture
