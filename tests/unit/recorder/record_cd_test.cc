// Random discs there and back: a layout is burned on a virtual drive in each way there is, and then asked for again with READ CD, READ TOC,
// READ SUB-CHANNEL and READ TRACK INFORMATION. The drive has its own arithmetic for EDC, ECC, Q and its CRC
// (librecorder/virtual/cd_sector), so what agrees here has been computed twice.
#include <cstdlib>

#include "librecorder/cd/time.h"
#include "tests/unit/recorder/cd_disc.h"

namespace rec {
namespace {

using cd::DiscLayout;
using cd::Track;
using fsi::ErrorKind;

class RecordCd : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/dev/shm/record-cd-XXXXXX";
    char other[] = "/tmp/record-cd-XXXXXX";
    const char* made = mkdtemp(name);
    directory_ = made ? made : mkdtemp(other);
    setenv("DISCPRESS_STATE_DIR", directory_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("DISCPRESS_STATE_DIR");
    std::filesystem::remove_all(directory_);
  }
  DriveEntry with(const std::string& media, uint32_t capacity = 0, const std::vector<std::string>& faults = {}) {
    virt::DriveOptions options;
    options.faults = faults;
    virt::Registry().add("drive", media, options, capacity);
    return find_drive("drive");
  }
  void blank() { virt::Registry().remove("drive"); }
  std::filesystem::path directory_;
};

CdBurnOptions options_for(CdMode mode) {
  CdBurnOptions options;
  options.mode = mode;
  options.buffer_bytes = 1024 * 1024;
  return options;
}

TEST_F(RecordCd, RandomDiscsSurviveSessionAtOnce) {
  size_t sectors = 0;
  for (uint32_t seed = 1000; seed < 1024; ++seed, blank()) {
    const DiscLayout layout = cd::random_layout(seed);
    const DriveEntry drive = with(seed % 2 ? "cd-r" : "cd-rw");
    burn_cd(drive, layout, options_for(CdMode::session_at_once));
    expect_disc(drive, layout, "seed " + std::to_string(seed));
    sectors += static_cast<size_t>(layout.lead_out());
  }
  std::printf("24 discs of %zu sectors written by cue sheet and read back\n", sectors);
}

TEST_F(RecordCd, RandomDiscsSurviveDao96) {
  size_t sectors = 0;
  for (uint32_t seed = 2000; seed < 2012; ++seed, blank()) {
    const DiscLayout layout = cd::random_layout(seed);
    const DriveEntry drive = with("cd-r");
    burn_cd(drive, layout, options_for(CdMode::raw_96));
    expect_disc(drive, layout, "seed " + std::to_string(seed));
    sectors += static_cast<size_t>(layout.lead_out());
  }
  std::printf("12 discs of %zu sectors written raw and read back\n", sectors);
}

TEST_F(RecordCd, RandomTracksSurviveTrackAtOnce) {
  for (uint32_t seed = 3000; seed < 3008; ++seed, blank()) {
    const DiscLayout layout = cd::random_layout(seed, {false, 5, 400});
    const DriveEntry entry = with("cd-r");
    burn_cd(entry, layout, options_for(CdMode::track_at_once));
    expect_tracks(entry, layout, "seed " + std::to_string(seed));
  }
}

TEST_F(RecordCd, OpenDiscsTakeMore) {
  const DriveEntry drive = with("cd-r");
  const DiscLayout one = cd::random_layout(4001, {false, 3, 400}), two = cd::random_layout(4002, {false, 3, 400});
  CdBurnOptions options = options_for(CdMode::session_at_once);
  options.multi = true;
  burn_cd(drive, one, options);
  DriveInfo info = drive_info(drive);
  EXPECT_EQ(info.medium.state, MediumState::appendable);
  EXPECT_EQ(info.medium.tracks.size(), one.tracks.size());
  cd::expect_error([&] { burn_cd(drive, two, options); }, ErrorKind::unsuitable,
                   "the disc is not blank, and disc at once needs one that is");
  burn_cd(drive, two, options_for(CdMode::track_at_once));
  info = drive_info(drive);
  EXPECT_EQ(info.medium.state, MediumState::closed);
  EXPECT_EQ(info.medium.tracks.size(), one.tracks.size() + two.tracks.size());
  EXPECT_EQ(info.medium.tracks.back().session, 2);
  EXPECT_EQ(static_cast<int32_t>(info.medium.tracks[one.tracks.size()].start), one.lead_out() + 11400);
}

TEST_F(RecordCd, RawDiscsMayStayOpenToo) {
  const DriveEntry drive = with("cd-r");
  CdBurnOptions options = options_for(CdMode::raw_96);
  options.multi = true;
  burn_cd(drive, cd::random_layout(4100), options);
  EXPECT_EQ(drive_info(drive).medium.state, MediumState::appendable);
}

TEST_F(RecordCd, ASimulationLeavesTheDiscBlank) {
  for (const CdMode mode : {CdMode::session_at_once, CdMode::raw_96, CdMode::track_at_once}) {
    const DriveEntry drive = with("cd-r");
    CdBurnOptions options = options_for(mode);
    options.simulate = true;
    burn_cd(drive, cd::random_layout(5000, {false, 3, 400}), options);
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::blank);
    options.simulate = false;
    burn_cd(drive, cd::random_layout(5000, {false, 3, 400}), options);
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::closed);
    blank();
  }
}

TEST_F(RecordCd, RefusesWhatDoesNotFitAndSaysByHowMuch) {
  DiscLayout layout = cd::random_layout(6000, {false, 1, 400});
  layout.tracks.back().sectors = layout.tracks.back().pregap + 5000;
  const DriveEntry small = with("cd-r", 4096);
  const std::string by = cd::time_text(static_cast<uint32_t>(layout.lead_out()) - 4096);
  for (const CdMode mode : {CdMode::session_at_once, CdMode::raw_96})
    cd::expect_error([&] { burn_cd(small, layout, options_for(mode)); }, ErrorKind::unsuitable, by + " (");
  cd::expect_error([&] { burn_cd(small, layout, options_for(CdMode::track_at_once)); }, ErrorKind::unsuitable,
                   "too few; take a larger one");
  EXPECT_EQ(drive_info(small).medium.state, MediumState::blank);
  blank();
  cd::expect_error([&] { burn_cd(with("dvd+r"), layout, {}); }, ErrorKind::unsuitable, "needs a CD-R or CD-RW");
  blank();
  const DriveEntry drive = with("cd-r");
  layout.tracks.front().format = cd::BlockFormat::mode1;
  const auto data_at_once = [&] { burn_cd(drive, layout, options_for(CdMode::track_at_once)); };
  cd::expect_error(data_at_once, ErrorKind::usage, "track at once is for audio alone");
}

TEST_F(RecordCd, AFailedWriteTellsWhatBecameOfTheDisc) {
  const DiscLayout layout = cd::random_layout(7000, {false, 2, 400});
  const DriveEntry drive = with("cd-r", 0, {"op=2A,nth=9,sense=3/0C/00"});
  cd::expect_error([&] { burn_cd(drive, layout, options_for(CdMode::session_at_once)); }, ErrorKind::failed,
                   "216 sectors were written; what is written at once cannot be ended early, the disc is lost");
  const DriveInfo info = drive_info(drive);
  EXPECT_TRUE(info.medium.status & kDamaged);
  cd::expect_error([&] { burn_cd(drive, layout, options_for(CdMode::session_at_once)); }, ErrorKind::unsuitable, "not blank");
}

TEST_F(RecordCd, FlowControlAndBusyDrivesAreWaitedFor) {
  const DiscLayout layout = cd::random_layout(7100, {false, 2, 400});
  const DriveEntry drive = with("cd-r", 0, {"op=2A,nth=3,times=4,sense=2/04/08", "op=2A,nth=20,sense=1/17/00"});
  const CdReport report = burn_cd(drive, layout, options_for(CdMode::session_at_once));
  EXPECT_GE(report.drive_waits, 4u);
  expect_disc(drive, layout, "after waiting");
}

TEST_F(RecordCd, AStopEndsTheBurnAndSaysSo) {
  const DiscLayout layout = cd::random_layout(7200, {false, 8, 400});
  const DriveEntry drive = with("cd-r");
  std::stop_source stop;
  const auto progress = [&](const BurnEvent& event) {
    if (event.phase == "writing") stop.request_stop();
  };
  cd::expect_error([&] { burn_cd(drive, layout, options_for(CdMode::session_at_once), progress, stop.get_token()); },
                   ErrorKind::interrupted, "interrupted after");
}

}  // namespace
}  // namespace rec
