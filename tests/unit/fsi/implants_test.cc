// Images with sums of others: the function and the file are the same bytes, whatever is asked of the function first.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "libfsi/fsi.h"

namespace fsi {
namespace {

std::unique_ptr<Image> make(const ImplantOptions& implants, DigestKind digest, bool udf, Lba session_start = 0) {
  ImageOptions options;
  options.volume.created = 1'700'000'000 * kSecond;
  options.scan.time = options.volume.created;
  options.implants = implants;
  options.digest = digest;
  options.session_start = session_start;
  options.file_systems.udf = udf;
  options.sums = {SumKind::sha256};
  FileSystemImage description(options);
  for (int i = 0; i < 50; ++i) {
    std::vector<std::byte> bytes(static_cast<size_t>(i) * i * 61);
    for (size_t b = 0; b < bytes.size(); ++b) bytes[b] = static_cast<std::byte>(b * 31 + b / 256 + static_cast<size_t>(i));
    description.tree().add_memory("d" + std::to_string(i % 3) + "/f" + std::to_string(i), std::move(bytes));
  }
  return description.create_result();
}

class Implanted : public testing::TestWithParam<std::tuple<int, DigestKind, bool>> {
 protected:
  ImplantOptions implants() const { return {.isomd5 = (std::get<0>(GetParam()) & 1) != 0, .libisofs = (std::get<0>(GetParam()) & 2) != 0}; }
  std::unique_ptr<Image> image(Lba session_start = 0) const {
    return make(implants(), std::get<1>(GetParam()), std::get<2>(GetParam()), session_start);
  }
};
INSTANTIATE_TEST_SUITE_P(Implants, Implanted,
                         testing::Combine(testing::Values(1, 2, 3), testing::Values(DigestKind::none, DigestKind::xxh3), testing::Bool()));

std::vector<std::byte> all_of(const Image& image) {
  std::vector<std::byte> bytes(image.sectors() * kSectorSize);
  image.read({0, image.sectors()}, bytes);
  return bytes;
}

TEST_P(Implanted, TheFunctionIsTheFile) {
  const std::string path = testing::TempDir() + "implanted" + std::to_string(::getpid());
  const auto written = image();
  write_image_file(*written, path, {});
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  const auto read = all_of(*image());
  ASSERT_EQ(bytes.size(), read.size());
  EXPECT_EQ(std::memcmp(bytes.data(), read.data(), bytes.size()), 0);
  EXPECT_TRUE(all_of(*written) == read) << "the written image is the function still";
  // Sector by sector, backwards: nothing depends on what was asked before.
  const auto backwards = image();
  for (uint64_t s = backwards->sectors(); s-- > 0;) {
    std::byte sector[kSectorSize];
    backwards->read({s, 1}, sector);
    ASSERT_EQ(std::memcmp(sector, read.data() + s * kSectorSize, kSectorSize), 0) << s;
  }
}

TEST_P(Implanted, VerifyFindsEachSumRight) {
  const auto made = image();
  const VerifyReport report = verify(*made);
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.foreign_sums.empty(), false);
  for (const ForeignSum& sum : report.foreign_sums) EXPECT_EQ(sum.state, ForeignSum::State::right) << sum.kind;
}

TEST_P(Implanted, SumsOfFilesAreThoseOfTheirBytes) {
  const auto made = image();
  all_of(*made);
  size_t files = 0;
  ContentReader reader(made->tree());
  made->for_each_file_sum(SumKind::sha256, [&](NodeId id, const Sum& sum) {
    std::vector<std::byte> bytes(made->tree().contents[made->tree().nodes[id].content].size);
    reader.read(made->tree().nodes[id].content, 0, bytes);
    EXPECT_EQ(sum, digest_of(DigestKind::sha256, bytes));
    ++files;
  });
  EXPECT_EQ(files, 50u);
}

/// Where a session lies on a disc: nothing before it is read by verify, so zeros do.
class Shifted : public SectorSource {
 public:
  Shifted(const Image& image, uint64_t start) : image_(image), start_(start) {}
  uint64_t sectors() const override { return start_ + image_.sectors(); }
  void read(SectorRange range, std::span<std::byte> out) const override {
    std::ranges::fill(out, std::byte{});
    const uint64_t from = std::max(range.first, start_);
    if (from < range.end()) image_.read({from - start_, range.end() - from}, out.subspan((from - range.first) * kSectorSize));
  }
  std::string name() const override { return "disc"; }

 private:
  const Image& image_;
  uint64_t start_;
};

TEST_P(Implanted, ALaterSession) {
  if (implants().isomd5) {
    EXPECT_THROW(image(1000), Error);
    return;
  }
  const auto made = image(992);
  const Shifted disc(*made, 992);
  VerifyOptions options;
  options.session_start = 992;
  const VerifyReport report = verify(disc, options);
  EXPECT_EQ(report.foreign_sums.size(), 5u);
  for (const ForeignSum& sum : report.foreign_sums) EXPECT_EQ(sum.state, ForeignSum::State::right) << sum.kind;
}

TEST(Implants, WordsAndWhatCannotBe) {
  ImplantOptions options;
  add_implants("isomd5,supported", options);
  add_implants("libisofs", options);
  EXPECT_TRUE(options.isomd5 && options.supported && options.libisofs);
  for (const char* words : {"", "md5", "isomd5,", "ISOMD5"}) EXPECT_THROW(add_implants(words, options), Error) << words;
  const auto image = make({.isomd5 = true}, DigestKind::xxh3, false);
  try {
    write_image_stream(*image, 1, "a pipe", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

}  // namespace
}  // namespace fsi
