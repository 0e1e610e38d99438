#include "libfsi/check/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <mutex>

#include "tests/unit/check/manifest_fixture.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace fsi::disc;
using fsi::Finding;
using fsi::Severity;

// Two chunks and a half: /A in sectors 34 to 37, /BIG over 40 to 71, both in Rock Ridge.
Bytes good_image() {
  TinyImage image(80);
  const std::string root = SystemUseBytes().sp().px(S_IFDIR | 0755, 2, 1);
  image.directory(20, 20,
                  {record("A.;1", 34, 7000, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 2).nm("a.txt")),
                   record("BIG.;1", 40, 32 * 2048 - 5, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 3).nm("big"))},
                  root);
  image.primary.volume_space_size = 96 + 32;  // with the filling up and the manifest
  Bytes bytes = image.bytes();
  for (size_t i = 34 * 2048; i < 72 * 2048; ++i) bytes[i] = static_cast<unsigned char>(i * 7 + i / 256);
  return bytes;
}

const fsi::Issue* find(const fsi::VerifyReport& report, Finding finding) {
  for (const auto& issue : report.issues)
    if (issue.finding == finding && issue.severity == Severity::error) return &issue;
  return nullptr;
}

std::vector<std::string> errors(const fsi::VerifyReport& report) {
  std::vector<std::string> words;
  for (const auto& issue : report.issues)
    if (issue.severity == Severity::error) words.push_back(issue.what);
  return words;
}

class BothDigests : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Verify, BothDigests, testing::Bool(), [](const auto& p) { return p.param ? "sha256" : "xxh3"; });

TEST_P(BothDigests, AGoodImageIsGood) {
  const MemorySource source(with_manifest(good_image(), {.sha256 = GetParam()}));
  ASSERT_EQ(source.sectors(), 128u);
  for (const bool parallel : {false, true}) {
    fsi::VerifyOptions options;
    options.parallel = parallel;
    const auto report = fsi::verify(source, options);
    EXPECT_THAT(errors(report), IsEmpty());
    EXPECT_TRUE(report.ok());
    EXPECT_TRUE(report.manifest.believed);
    EXPECT_EQ(report.manifest.digest, GetParam() ? "sha256" : "xxh3");
    EXPECT_EQ(report.manifest.image_sectors, 128u);
    EXPECT_EQ(report.manifest.root.size(), GetParam() ? 64u : 32u);
    EXPECT_EQ(report.sectors_read, 128u);
    EXPECT_EQ(report.sectors_compared, 96u);
    EXPECT_EQ(report.files, 2u);
  }
}

TEST_P(BothDigests, EverySectorIsCovered) {
  const Bytes good = with_manifest(good_image(), {.sha256 = GetParam()});
  for (uint64_t sector = 0; sector < 128; ++sector)
    for (const size_t byte : {size_t{0}, size_t{1000}, size_t{2047}}) {
      Bytes bad = good;
      bad[sector * 2048 + byte] ^= 0x10;
      EXPECT_FALSE(fsi::verify(MemorySource(std::move(bad))).ok()) << "sector " << sector << " byte " << byte;
    }
}

TEST(Verify, NamesTheRangeAndThePath) {
  Bytes bad = with_manifest(good_image());
  bad[70 * 2048 + 5] ^= 1;
  const auto report = fsi::verify(MemorySource(bad));
  const fsi::Issue* issue = find(report, Finding::different);
  ASSERT_TRUE(issue);
  EXPECT_EQ(issue->where, (fsi::SectorRange{64, 32}));
  ASSERT_EQ(issue->paths.size(), 1u);
  EXPECT_EQ(issue->paths[0].path, "/big");
  EXPECT_EQ(issue->paths[0].first_byte, 24u * 2048);
  EXPECT_EQ(issue->paths[0].bytes, 8u * 2048 - 5);
  EXPECT_EQ(issue->paths[0].size, 32u * 2048 - 5);
}

TEST(Verify, NeighbouringDamageIsOneRange) {
  Bytes bad = with_manifest(good_image());
  bad[33 * 2048] ^= 1;
  bad[70 * 2048] ^= 1;
  const auto report = fsi::verify(MemorySource(bad));
  EXPECT_EQ(std::ranges::count(report.issues, Finding::different, &fsi::Issue::finding), 1);
  EXPECT_EQ(find(report, Finding::different)->where, (fsi::SectorRange{32, 64}));
}

std::vector<std::string> names(const fsi::Issue& issue) {
  std::vector<std::string> all;
  for (const auto& hit : issue.paths) all.push_back(hit.path);
  return all;
}

TEST_P(BothDigests, WithSumsOfSectorsNoNeighbourIsAccused) {
  // /A ends in sector 37, /BIG lies from 40 on: all in chunk 1.
  const Bytes good = with_manifest(good_image(), {.sha256 = GetParam(), .chunks_with_sums = {0, 1}});
  EXPECT_TRUE(fsi::verify(MemorySource(good)).ok());
  Bytes bad = good;
  bad[36 * 2048] ^= 1;
  auto report = fsi::verify(MemorySource(bad));
  ASSERT_TRUE(find(report, Finding::different));
  EXPECT_EQ(find(report, Finding::different)->where, (fsi::SectorRange{36, 1}));
  EXPECT_THAT(names(*find(report, Finding::different)), testing::ElementsAre("/a.txt"));
  EXPECT_EQ(find(report, Finding::different)->paths.at(0).first_byte, 2 * 2048u);

  bad = good;
  bad[38 * 2048 + 5] ^= 1;  // between the two
  report = fsi::verify(MemorySource(bad));
  EXPECT_EQ(find(report, Finding::different)->where, (fsi::SectorRange{38, 1}));
  EXPECT_THAT(names(*find(report, Finding::different)), testing::ElementsAre("free space"));

  // A chunk without sums, next to one that has some.
  bad = good;
  bad[63 * 2048] ^= 1, bad[70 * 2048] ^= 1;
  report = fsi::verify(MemorySource(bad));
  EXPECT_EQ(find(report, Finding::different)->where, (fsi::SectorRange{63, 33}));
  EXPECT_THAT(find(report, Finding::different)->detail, HasSubstr("32 sectors"));
}

TEST_P(BothDigests, WhatLiesBehindTheEndOfAFileIsNoneOfIt) {
  Bytes image = good_image();
  std::fill(image.begin() + 34 * 2048 + 7000, image.begin() + 38 * 2048, static_cast<unsigned char>(0));
  const Bytes good = with_manifest(image, {.sha256 = GetParam(), .chunks_with_sums = {1}});
  Bytes bad = good;
  bad[34 * 2048 + 7000] = 1;
  auto report = fsi::verify(MemorySource(bad));
  ASSERT_TRUE(find(report, Finding::different));
  EXPECT_THAT(names(*find(report, Finding::different)), testing::ElementsAre("/a.txt"));
  EXPECT_TRUE(find(report, Finding::different)->paths.at(0).padding && find(report, Finding::different)->paths.at(0).is_structure);
  bad[34 * 2048 + 6999] ^= 1;
  report = fsi::verify(MemorySource(bad));
  EXPECT_THAT(names(*find(report, Finding::different)), testing::ElementsAre("/a.txt"));
  EXPECT_FALSE(find(report, Finding::different)->paths.at(0).is_structure);
  bad = good;
  bad[36 * 2048] ^= 1, bad[34 * 2048 + 7001] = 1;  // its third sector, and behind its end in the fourth
  report = fsi::verify(MemorySource(bad));
  ASSERT_THAT(names(*find(report, Finding::different)), testing::ElementsAre("/a.txt"));
  EXPECT_EQ(find(report, Finding::different)->paths.at(0).bytes, 2048u);
}

TEST_P(BothDigests, AroundAnUnreadableSectorTheOthersAreCompared) {
  Bytes bad = with_manifest(good_image(), {.sha256 = GetParam(), .chunks_with_sums = {1}});
  bad[36 * 2048] ^= 1;
  for (const bool parallel : {false, true}) {
    fsi::VerifyOptions options;
    options.parallel = parallel;
    MemorySource source(bad);
    source.unreadable = {41};
    const auto report = fsi::verify(source, options);
    ASSERT_TRUE(find(report, Finding::different) && find(report, Finding::unreadable));
    EXPECT_EQ(find(report, Finding::different)->where, (fsi::SectorRange{36, 1}));
    EXPECT_EQ(find(report, Finding::unreadable)->where, (fsi::SectorRange{41, 1}));
    EXPECT_EQ(report.sectors_compared, 95u);
  }
}

TEST_P(BothDigests, WhatCannotBeComparedIsSaid) {
  const auto not_compared = [](const fsi::VerifyReport& report) {
    for (const auto& issue : report.issues)
      if (issue.what == "beside sectors that cannot be read others could not be compared")
        return issue.detail.substr(0, issue.detail.find(' '));
    return std::string();
  };
  MemorySource source(with_manifest(good_image(), {.sha256 = GetParam(), .chunks_with_sums = {1}}));
  source.unreadable = {40};
  EXPECT_EQ(not_compared(fsi::verify(source)), "");
  source.unreadable = {3, 5, 6, 40, 63, 64};
  EXPECT_EQ(not_compared(fsi::verify(source)), "60");  // 29 of the first chunk, 31 of the third
}

TEST_P(BothDigests, DamagedSumsOfSectorsAreNotBelieved) {
  const Bytes good = with_manifest(good_image(), {.sha256 = GetParam(), .chunks_with_sums = {1}});
  const size_t sums = 96 * 2048 + 208 + 3 * (GetParam() ? 32 : 16) + 12 + 8192;
  ASSERT_EQ(std::memcmp(good.data() + sums, "DISCPRESS SECTOR", 16), 0);
  for (const size_t at : {size_t{0}, size_t{16}, size_t{24}, size_t{32}, size_t{64}, size_t{70}}) {
    Bytes bad = good;
    bad[36 * 2048] ^= 1, bad[sums + at] ^= 1;
    const auto report = fsi::verify(MemorySource(bad));
    ASSERT_TRUE(find(report, Finding::different) && find(report, Finding::manifest)) << at;
    EXPECT_EQ(find(report, Finding::different)->where, (fsi::SectorRange{32, 32})) << at;
    EXPECT_THAT(find(report, Finding::manifest)->detail, HasSubstr("sums of single sectors")) << at;
  }
}

TEST(Verify, DamageOfStructuresHasAName) {
  Bytes bad = with_manifest(good_image());
  bad[5] ^= 1;
  const fsi::VerifyReport report = fsi::verify(MemorySource(bad));
  std::vector<std::string> names;
  for (const auto& hit : find(report, Finding::different)->paths) names.push_back(hit.path);
  EXPECT_THAT(names, Contains("system area"));
  EXPECT_THAT(names, Contains("volume descriptors"));
  EXPECT_THAT(names, Contains("directory records of / (Rock Ridge)"));
}

TEST(Verify, UnreadableSectorsAreNamedExactly) {
  MemorySource source(with_manifest(good_image()));
  source.unreadable = {66, 67, 90};
  for (const bool parallel : {false, true}) {
    fsi::VerifyOptions options;
    options.parallel = parallel;
    const auto report = fsi::verify(source, options);
    std::vector<fsi::SectorRange> ranges;
    for (const auto& issue : report.issues)
      if (issue.finding == Finding::unreadable) ranges.push_back(issue.where);
    EXPECT_THAT(ranges, testing::ElementsAre(fsi::SectorRange{66, 2}, fsi::SectorRange{90, 1}));
    EXPECT_EQ(find(report, Finding::unreadable)->paths[0].path, "/big");
    EXPECT_EQ(find(report, Finding::unreadable)->paths[0].first_byte, 26u * 2048);
    EXPECT_EQ(find(report, Finding::unreadable)->paths[0].bytes, 2u * 2048);
    EXPECT_FALSE(find(report, Finding::different));
    EXPECT_EQ(report.sectors_read, 125u);
  }
}

TEST(Verify, ADamagedLocatorDoesNotHideTheManifest) {
  for (const int how : {0, 1}) {
    Bytes bad = with_manifest(good_image());
    if (how == 0)
      std::fill_n(bad.begin() + 31 * 2048, 2048, static_cast<unsigned char>(0));
    else
      bad[31 * 2048 + 40] ^= 1;
    const auto report = fsi::verify(MemorySource(bad));
    EXPECT_TRUE(report.manifest.believed);
    EXPECT_TRUE(find(report, Finding::manifest));
    ASSERT_TRUE(find(report, Finding::different));
    EXPECT_EQ(find(report, Finding::different)->where, (fsi::SectorRange{0, 32}));
  }
}

TEST(Verify, TheLocatorMayBeInAnyDescriptorSector) {
  for (const uint32_t sector : {22u, 31u})
    EXPECT_TRUE(fsi::verify(MemorySource(with_manifest(good_image(), {.locator_sector = sector}))).ok());
}

TEST(Verify, ATruncatedImageIsOneAndNamesWhatIsLost) {
  Bytes cut = with_manifest(good_image());
  cut.resize(50 * 2048);
  const auto report = fsi::verify(MemorySource(cut));
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(errors(report), Contains("the image is truncated"));
  bool named = false;
  for (const auto& issue : report.issues)
    for (const auto& hit : issue.paths)
      named |= issue.where == fsi::SectorRange{50, 78} && hit.path == "/big" && hit.first_byte == 10 * 2048;
  EXPECT_TRUE(named);
}

TEST(Verify, SectorsBehindTheImageAreNoted) {
  Bytes longer = with_manifest(good_image());
  longer.resize(longer.size() + 300 * 2048);
  const auto report = fsi::verify(MemorySource(longer));
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(std::ranges::any_of(
      report.issues, [](const auto& i) { return i.what == "there are sectors behind the image" && i.severity == Severity::note; }));
  std::fill_n(longer.begin() + 31 * 2048, 2048, static_cast<unsigned char>(0));
  EXPECT_TRUE(fsi::verify(MemorySource(longer)).manifest.believed);
}

TEST(Verify, ForeignImages) {
  Bytes foreign = good_image();
  foreign[16 * 2048 + 80] = 80, foreign[16 * 2048 + 87] = 80;
  const auto report = fsi::verify(MemorySource(foreign));
  EXPECT_TRUE(report.ok());
  EXPECT_FALSE(report.manifest.found);
  EXPECT_EQ(report.sectors_read, 80u);
  EXPECT_TRUE(std::ranges::any_of(report.issues, [](const auto& i) { return i.what == "there is no manifest"; }));
}

TEST(Verify, NothingAtAllIsNotOk) {
  EXPECT_FALSE(fsi::verify(MemorySource(Bytes())).ok());
  EXPECT_FALSE(fsi::verify(MemorySource(Bytes(100 * 2048, 0x55))).ok());
}

TEST(Verify, TroublesAreNamedWithTheirKind) {
  ManifestPlan plan;
  plan.troubles = {{1, 0, 7000, 100, "/a.txt"}, {4, EIO, 65531, 4096, "/b\xC3\xBCg"}};
  plan.marked_sectors = {34, 35};
  const auto report = fsi::verify(MemorySource(with_manifest(good_image(), plan)));
  EXPECT_FALSE(report.ok());
  std::vector<std::string> lines;
  for (const auto& issue : report.issues)
    if (issue.finding == Finding::trouble) lines.push_back(issue.paths.at(0).path + " " + issue.detail);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "/a.txt was shorter than promised: filled with zeros; promised 7000 bytes, found 100");
  EXPECT_THAT(lines[1], HasSubstr("Input/output error"));
}

TEST(Verify, MarksNameWhatTheListHadNoRoomFor) {
  ManifestPlan plan;
  plan.troubles = {{1, 0, 7000, 100, "/a.txt"}};
  plan.trouble_count = 3;
  plan.marked_sectors = {34, 45, 46};
  const auto report = fsi::verify(MemorySource(with_manifest(good_image(), plan)));
  std::vector<std::string> paths;
  for (const auto& issue : report.issues)
    if (issue.finding == Finding::trouble) paths.push_back(issue.paths.empty() ? issue.detail : issue.paths[0].path);
  EXPECT_THAT(paths, testing::ElementsAre("/a.txt", "/big", "1 more than the manifest could name"));
}

TEST(Verify, QuickReadsASampleAndTheWholeStructure) {
  Bytes image = good_image();
  image.resize(2000 * 65536);
  fsi::VerifyOptions options;
  options.level = fsi::VerifyOptions::Level::quick;
  Bytes good = with_manifest(image);
  const auto report = fsi::verify(MemorySource(good), options);
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.sampled);
  EXPECT_EQ(report.sectors_read, 512u * 32);
  good[100] ^= 1;
  EXPECT_FALSE(fsi::verify(MemorySource(good), options).ok());
}

TEST(Verify, AnyNumberOfThreadsFindsTheSame) {
  Bytes image = good_image();
  image.resize(400 * 65536);
  Bytes bad = with_manifest(image);
  for (size_t chunk = 3; chunk < 400; chunk += 5) bad[chunk * 65536 + chunk] ^= 1;
  MemorySource source(std::move(bad));
  source.unreadable = {9000, 9001, 12000};
  std::vector<std::vector<fsi::SectorRange>> results;
  for (const unsigned threads : {1u, 2u, 7u}) {
    fsi::VerifyOptions options;
    options.threads = threads;
    auto& ranges = results.emplace_back();
    for (const auto& issue : fsi::verify(source, options).issues) ranges.push_back(issue.where);
    EXPECT_GT(ranges.size(), 80u);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(Verify, AHostileManifestIsNotBelievedAndAllocatesNothing) {
  const Bytes good = with_manifest(good_image());
  const size_t header = 96 * 2048;
  auto with_header = [&](size_t at, uint64_t value, size_t bytes) {
    Bytes bad = good;
    put(bad, header + at, value, bytes);
    std::fill_n(bad.begin() + header + 176, 32, static_cast<unsigned char>(0));
    const Bytes d = digest(false, bad.data() + header, 208);
    std::copy(d.begin(), d.end(), bad.begin() + header + 176);
    return bad;
  };
  for (const size_t field : {size_t{40}, size_t{48}, size_t{56}, size_t{64}, size_t{72}, size_t{80}, size_t{88}})
    for (const uint64_t value : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, uint64_t{1} << 63, uint64_t{1} << 40}) {
      const auto report = fsi::verify(MemorySource(with_header(field, value, 8)));
      EXPECT_FALSE(report.ok()) << field << " " << value;
      EXPECT_FALSE(report.manifest.believed) << field << " " << value;
    }
  for (const uint64_t value : {uint64_t{0}, uint64_t{0xFFFFFFFF}})
    EXPECT_FALSE(fsi::verify(MemorySource(with_header(96, value, 4))).ok() && value != 0);
  EXPECT_FALSE(fsi::verify(MemorySource(with_header(100, 0xFFFFFFFF, 4))).ok());
}

TEST(Verify, AStopEndsIt) {
  std::stop_source stop;
  fsi::VerifyOptions options;
  options.stop = stop.get_token();
  options.progress = [&](const fsi::ProgressEvent&) { stop.request_stop(); };
  const MemorySource source(with_manifest(good_image()));
  try {
    fsi::verify(source, options);
    FAIL() << "it went on";
  } catch (const fsi::Error& error) {
    EXPECT_EQ(error.kind(), fsi::ErrorKind::interrupted);
  }
}

TEST(Verify, PathTablesLinkCountsAndOverlaps) {
  auto own = [](auto change) {
    TinyImage image(80);
    image.primary.volume_space_size = 128;
    std::vector<std::string> records{record("A.;1", 30, 7000, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 2).nm("a")),
                                     record("SUB", 21, 2048, kDirectory, SystemUseBytes().px(S_IFDIR | 0755, 2, 3).nm("sub"))};
    uint32_t root_links = 3;
    std::vector<TinyImage::Row> rows{{20, 1, kDot}, {21, 1, "SUB"}};
    image.directory(21, 20, {}, SystemUseBytes().px(S_IFDIR | 0755, 2, 3));
    change(image, records, root_links, rows);
    image.directory(20, 20, records, SystemUseBytes().sp().px(S_IFDIR | 0755, root_links, 1));
    image.path_table(rows);
    return errors(fsi::verify(MemorySource(with_manifest(image.bytes()))));
  };
  EXPECT_THAT(own([](auto&, auto&, auto&, auto&) {}), IsEmpty());
  EXPECT_THAT(own([](auto&, auto&, auto& links, auto&) { links = 2; }), Contains("the link count of a directory is wrong"));
  EXPECT_THAT(own([](auto&, auto& records, auto&, auto&) {
                records[0] = record("A.;1", 30, 7000, 0, SystemUseBytes().px(S_IFREG | 0644, 2, 2).nm("a"));
              }),
              Contains("the link count of a file is wrong"));
  EXPECT_THAT(own([](auto&, auto&, auto&, auto& rows) { rows.pop_back(); }), Contains("a directory is missing in the path table"));
  EXPECT_THAT(own([](auto&, auto&, auto&, auto& rows) { rows[1].extent = 22; }),
              Contains("a path table record leads to no directory of the tree"));
  EXPECT_THAT(own([](auto&, auto&, auto&, auto& rows) { rows[1].parent = 2; }), Contains("a path table record has the wrong parent"));
  EXPECT_THAT(own([](auto&, auto&, auto&, auto& rows) { rows[1].identifier = "SAB"; }),
              Contains("a path table record has another identifier than its directory"));
  EXPECT_THAT(own([](auto& image, auto&, auto&, auto&) { image.directory(21, 22, {}); }),
              Contains("\"..\" does not lead to the parent directory"));
  EXPECT_THAT(own([](auto&, auto& records, auto&, auto&) { std::swap(records[0], records[1]); }),
              Contains("directory records are not in order"));
  EXPECT_THAT(own([](auto&, auto& records, auto&, auto&) {
                records.insert(records.begin() + 1, record("B.;1", 32, 7000, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 9).nm("b")));
              }),
              Contains("extents overlap without being the same"));
  EXPECT_THAT(own([](auto&, auto& records, auto&, auto&) {
                records.insert(records.begin() + 1, record("B.;1", 30, 7000, 0, SystemUseBytes().px(S_IFREG | 0644, 1, 9).nm("b")));
              }),
              IsEmpty());
}

TEST(Verify, PathTableMIsComparedWithL) {
  Bytes foreign = good_image();
  foreign[16 * 2048 + 80] = 80, foreign[16 * 2048 + 87] = 80;
  foreign[19 * 2048 + 5] ^= 1;
  EXPECT_THAT(errors(fsi::verify(MemorySource(foreign))), Contains("the path tables L and M differ"));
}

}  // namespace
}  // namespace fixture
