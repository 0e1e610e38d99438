// The library as a program uses it: burning from a SectorSource and reading the disc back, on virtual drives.
#include "librecorder/recorder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "tests/unit/recorder/virtual_bench.h"

namespace rec {
namespace {

class Recorder : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    char name[] = "/tmp/recorder-XXXXXX";
    directory_ = mkdtemp(name);
    setenv("DISCPRESS_STATE_DIR", directory_.c_str(), 1);
    virt::Registry().add("drive", GetParam());
  }
  void TearDown() override {
    unsetenv("DISCPRESS_STATE_DIR");
    std::filesystem::remove_all(directory_);
  }
  std::filesystem::path directory_;
};

fsi::ErrorKind kind_of(auto call) {
  try {
    call();
  } catch (const fsi::Error& e) {
    return e.kind();
  }
  ADD_FAILURE() << "no error";
  return fsi::ErrorKind::failed;
}

TEST_P(Recorder, BurnsASourceOfSectorsAndReadsItBack) {
  const DriveEntry drive = find_drive("drive");
  EXPECT_EQ(kind_of([&] { disc_source(drive); }), fsi::ErrorKind::unsuitable);  // blank
  const Noise noise(1001);
  SectorInput input(noise);
  std::vector<std::string> phases;
  const WriteReport report = burn(drive, input, {}, [&](const BurnEvent& e) {
    if (phases.empty() || phases.back() != e.phase) phases.emplace_back(e.phase);
  });
  EXPECT_EQ(phases, (std::vector<std::string>{"preparing", "filling", "writing", "closing", "done"}));
  EXPECT_EQ(report.data_sectors, 1001u);

  const auto disc = disc_source(drive);
  // Data and padding, without the run-out of a CD.
  EXPECT_EQ(disc->sectors(), report.data_sectors + report.padding_sectors);
  std::vector<std::byte> back(static_cast<size_t>(disc->sectors()) * fsi::kSectorSize);
  disc->read({0, disc->sectors()}, back);
  EXPECT_TRUE(std::equal(noise.bytes().begin(), noise.bytes().end(), back.begin()));
  EXPECT_TRUE(
      std::all_of(back.begin() + static_cast<ptrdiff_t>(noise.bytes().size()), back.end(), [](std::byte b) { return b == std::byte{0}; }));
  disc->read({1000, 1}, std::span(back).first(2048));
  EXPECT_TRUE(std::equal(back.begin(), back.begin() + 2048, noise.bytes().end() - 2048));
}

TEST_P(Recorder, ASecondSessionIsTheEndOfTheDisc) {
  const DriveEntry drive = find_drive("drive");
  BurnOptions options;
  options.multi = true;
  const Noise first(700), second(400);
  SectorInput a(first), b(second);
  burn(drive, a, options);
  EXPECT_EQ(disc_source(drive)->sectors(),
            drive_info(drive).medium.tracks.front().sectors - (is_cd(drive_info(drive).medium.profile) ? 2 : 0));
  const WriteReport report = burn(drive, b, options);
  EXPECT_GE(report.plan.start, 700u);
  const auto disc = disc_source(drive);
  EXPECT_EQ(disc->sectors(), report.plan.start + report.data_sectors + report.padding_sectors);
  std::vector<std::byte> back(second.bytes().size());
  disc->read({report.plan.start, 400}, back);
  EXPECT_EQ(back, second.bytes());
}

TEST_P(Recorder, ABadSpotIsAnErrorOfThatRead) {
  const DriveEntry drive = find_drive("drive");
  const Noise noise(1000);
  SectorInput input(noise);
  burn(drive, input, {});
  virt::Registry().set_faults("drive", {"lba=500,read,sense=3/11/05"});
  const auto disc = disc_source(drive);
  std::vector<std::byte> sector(2048);
  EXPECT_NO_THROW(disc->read({499, 1}, sector));
  EXPECT_THROW(disc->read({500, 1}, sector), DriveError);
}

TEST_P(Recorder, OneBurnAtATime) {
  const DriveEntry drive = find_drive("drive");
  const Noise noise(1000);
  SectorInput input(noise);
  burn(drive, input, {}, [&](const BurnEvent& e) {
    if (e.phase != "filling") return;
    EXPECT_EQ(kind_of([&] { drive_info(drive); }), fsi::ErrorKind::unsuitable);
  });
}

TEST_P(Recorder, ADryRunReadsNoMoreThanItMust) {
  const Noise noise(5000);
  SectorInput input(noise);
  const WritePlan plan = plan_burn(find_drive("drive"), input, {});
  EXPECT_EQ(plan.data_sectors, 5000u);
  EXPECT_EQ(drive_info(find_drive("drive")).medium.state, MediumState::blank);
}

INSTANTIATE_TEST_SUITE_P(Media, Recorder, testing::Values("cd-r", "dvd+r", "bd-r"), [](const auto& media) {
  std::string name = media.param;
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
});

}  // namespace
}  // namespace rec
