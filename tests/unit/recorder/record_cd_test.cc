// Random discs there and back: a layout is burned on a virtual drive in each way there is, and then asked for again with READ CD, READ TOC,
// READ SUB-CHANNEL and READ TRACK INFORMATION. The drive has its own arithmetic for EDC, ECC, Q and its CRC
// (librecorder/virtual/cd_sector), so what agrees here has been computed twice.
#include <cstdlib>
#include <thread>

#include "librecorder/cd/time.h"
#include "librecorder/virtual/drive_state.h"
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
    virt::Registry().add("drive", media, options, {.capacity = capacity});
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

/// DISCPRESS_SEED=N tries other discs.
uint32_t other_seed() {
  const char* seed = std::getenv("DISCPRESS_SEED");
  return seed ? static_cast<uint32_t>(std::strtoul(seed, nullptr, 10)) * 10'000 : 0;
}

TEST_F(RecordCd, RandomDiscsSurviveSessionAtOnce) {
  size_t sectors = 0;
  const uint32_t first = 1000 + other_seed();
  for (uint32_t seed = first; seed < first + 24; ++seed, blank()) {
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
  const uint32_t first = 2000 + other_seed();
  for (uint32_t seed = first; seed < first + 12; ++seed, blank()) {
    const DiscLayout layout = cd::random_layout(seed);
    const DriveEntry drive = with("cd-r");
    burn_cd(drive, layout, options_for(CdMode::raw_96));
    expect_disc(drive, layout, "seed " + std::to_string(seed));
    sectors += static_cast<size_t>(layout.lead_out());
  }
  std::printf("12 discs of %zu sectors written raw and read back\n", sectors);
}

TEST_F(RecordCd, RandomTracksSurviveTrackAtOnce) {
  const uint32_t first = 3000 + other_seed();
  for (uint32_t seed = first; seed < first + 8; ++seed, blank()) {
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

/// Samples by position that do something when they are read as far as a sector.
class Samples final : public cd::ByteSource {
 public:
  Samples(uint32_t sectors, uint32_t at, std::function<void()> then)
      : bytes_(uint64_t{sectors} * cd::kSectorBytes), at_(at), then_(std::move(then)) {}
  uint64_t bytes() const override { return bytes_; }
  std::string name() const override { return "samples"; }
  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset / cd::kSectorBytes == at_) then_();
    for (std::byte& b : out) b = static_cast<std::byte>(offset++ * 2654435761u >> 13);
  }

 private:
  uint64_t bytes_;
  uint32_t at_;
  std::function<void()> then_;
};

Track track_of(std::shared_ptr<const cd::ByteSource> source, uint32_t pregap) {
  Track track;
  track.parts = {{nullptr, 0, uint64_t{pregap} * cd::kSectorBytes}, {std::const_pointer_cast<cd::ByteSource>(source), 0, source->bytes()}};
  track.pregap = pregap;
  track.sectors = pregap + static_cast<uint32_t>(source->bytes() / cd::kSectorBytes);
  return track;
}
const auto kNothing = [] {};

struct Stop {
  const char* label;
  CdMode mode;
  const char* media;
  const char* phase;               ///< when this begins; or
  uint32_t track = 0, sector = 0;  ///< when this sector is read
  const char* says = "nothing was written";
};
void PrintTo(const Stop& stop, std::ostream* out) { *out << stop.label; }

class StopCd : public RecordCd, public testing::WithParamInterface<Stop> {};

TEST_P(StopCd, LeavesTheDriveFreeAndTheDiscAsUsableAsItCanBe) {
  const Stop& param = GetParam();
  const DriveEntry drive = with(param.media);
  drive_info(drive);
  std::stop_source stop;
  DiscLayout layout;
  layout.name = "samples";
  for (uint32_t i = 1; i <= 2; ++i) {
    const uint32_t at = param.track == i ? param.sector : UINT32_MAX;
    layout.tracks.push_back(track_of(std::make_shared<Samples>(2000, at, [&] { stop.request_stop(); }), cd::kPregap));
  }
  std::string message;
  const auto progress = [&](const BurnEvent& event) {
    if (param.phase && event.phase == param.phase) stop.request_stop();
  };
  const std::string phase = param.phase ? param.phase : "";
  const auto act = [&] { burn_cd(drive, layout, options_for(param.mode), progress, stop.get_token()); };
  if (phase == "closing") {  // that is not interrupted
    EXPECT_NO_THROW(act());
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::closed);
  } else {
    try {
      act();
      FAIL() << "not interrupted";
    } catch (const fsi::Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::interrupted) << e.what();
      EXPECT_THAT(e.what(), testing::HasSubstr(param.says));
      message = e.what();
    }
  }
  EXPECT_FALSE(virt::load_drive_state(directory_ / "drives/drive").locked) << message;
  if (!message.empty() && phase != "preparing") expect_promise(drive, layout, message);
}

INSTANTIATE_TEST_SUITE_P(
    Phases, StopCd,
    testing::Values(Stop{"TaoPreparing", CdMode::track_at_once, "cd-r", "preparing", 0, 0, "interrupted"},
                    Stop{"TaoFilling", CdMode::track_at_once, "cd-r", "filling"},
                    Stop{"TaoWriting", CdMode::track_at_once, "cd-r", "writing"},
                    Stop{"TaoClosing", CdMode::track_at_once, "cd-r", "closing"},
                    Stop{"TaoShort", CdMode::track_at_once, "cd-r", nullptr, 1, 550, "track 1 was ended after "},
                    Stop{"TaoSecond", CdMode::track_at_once, "cd-r", nullptr, 2, 1500, "track 1 is complete, track 2 was ended after "},
                    Stop{"TaoBetween", CdMode::track_at_once, "cd-r", nullptr, 2, 20, "track 1 is complete, the session is open"},
                    Stop{"DaoPreparing", CdMode::session_at_once, "cd-r", "preparing", 0, 0, "interrupted"},
                    Stop{"DaoFilling", CdMode::session_at_once, "cd-r", "filling"},
                    Stop{"DaoWriting", CdMode::session_at_once, "cd-r", "writing"},
                    Stop{"DaoMidst", CdMode::session_at_once, "cd-r", nullptr, 1, 1500, "cannot be ended early, the disc is lost)"},
                    Stop{"DaoMidstOfCdRw", CdMode::session_at_once, "cd-rw", nullptr, 1, 1500, "the disc is lost, but can be erased"},
                    Stop{"DaoClosing", CdMode::session_at_once, "cd-r", "closing"}, Stop{"RawFilling", CdMode::raw_96, "cd-r", "filling"},
                    Stop{"RawMidst", CdMode::raw_96, "cd-rw", nullptr, 1, 100, "the disc is lost, but can be erased"},
                    Stop{"RawClosing", CdMode::raw_96, "cd-r", "closing"}),
    [](const auto& stop) { return std::string(stop.param.label); });

// The clock is the real one here: how fast files are is seen in no other way. 8x takes 600 sectors a second.
class SlowFiles : public RecordCd {
 protected:
  DriveEntry slow_drive() {
    virt::DriveOptions options;
    options.real_time = true;
    options.speed = 8;
    virt::Registry().add("drive", "cd-r", options);
    return find_drive("drive");
  }
  /// Half as fast as the drive from the first sector on.
  static DiscLayout trickle() {
    DiscLayout layout;
    layout.name = "samples";
    class Trickle final : public cd::ByteSource {
     public:
      uint64_t bytes() const override { return uint64_t{450} * cd::kSectorBytes; }
      std::string name() const override { return "samples"; }
      void read(uint64_t, std::span<std::byte> out) const override {
        std::this_thread::sleep_for(std::chrono::microseconds(out.size() * 3333 / cd::kSectorBytes));
        std::fill(out.begin(), out.end(), std::byte{1});
      }
    };
    layout.tracks.push_back(track_of(std::make_shared<Trickle>(), cd::kPregap));
    return layout;
  }
  static CdBurnOptions careless(CdMode mode) {
    CdBurnOptions options = options_for(mode);
    options.underrun_protection = false;
    options.buffer_bytes = 1;
    return options;
  }
};

// The closing of a disc takes its time too, so these are stopped when they have shown what they are about.
TEST_F(SlowFiles, AreSpooledWhereTheDriveCannotWait) {
  const DriveEntry drive = slow_drive();
  std::stop_source stop;
  std::vector<std::string> phases;
  const auto progress = [&](const BurnEvent& event) {
    if (phases.empty() || phases.back() != event.phase) phases.emplace_back(event.phase);
    if (event.phase == "writing") stop.request_stop();
  };
  EXPECT_THROW(burn_cd(drive, trickle(), careless(CdMode::session_at_once), progress, stop.get_token()), fsi::Error);
  EXPECT_EQ(phases, (std::vector<std::string>{"preparing", "filling", "spooling", "filling", "writing"}));
}

TEST_F(SlowFiles, AreRefusedWhereTheyMayNotBeSpooled) {
  const DriveEntry drive = slow_drive();
  for (const CdMode mode : {CdMode::session_at_once, CdMode::raw_96, CdMode::track_at_once}) {
    CdBurnOptions options = careless(mode);
    options.spool = BurnOptions::Spool::never;
    options.buffer_bytes = mode == CdMode::raw_96 ? 29 << 20 : 1 << 20;
    cd::expect_error([&] { burn_cd(drive, trickle(), options); }, ErrorKind::unsuitable, "leave out --no-spool");
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::blank);
  }
}

TEST_F(SlowFiles, ThatFallSilentEndTheTrackInTime) {
  const DriveEntry drive = slow_drive();
  DiscLayout layout;
  layout.name = "samples";
  layout.tracks.push_back(
      track_of(std::make_shared<Samples>(4000, 2500, [] { std::this_thread::sleep_for(std::chrono::seconds(8)); }), cd::kPregap));
  CdBurnOptions options = careless(CdMode::track_at_once);
  options.buffer_bytes = 2 << 20;
  try {
    burn_cd(drive, layout, options);
    FAIL() << "the drive ran dry and nobody noticed";
  } catch (const fsi::Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("its files fell silent after"));
    EXPECT_THAT(e.what(), testing::HasSubstr("track 1 was ended after"));
  }
  const Medium medium = drive_info(drive).medium;
  EXPECT_EQ(medium.state, MediumState::appendable);
  EXPECT_FALSE(medium.status & kDamaged);
}

TEST_F(SlowFiles, LowerTheSpeedWhereTheDriveCanWait) {
  virt::DriveOptions options;
  options.real_time = true;
  virt::Registry().add("drive", "cd-r", options);
  CdBurnOptions fast = options_for(CdMode::track_at_once);
  fast.buffer_bytes = 1;
  std::stop_source stop;
  uint32_t fastest = 0, slowest = UINT32_MAX;
  const auto progress = [&](const BurnEvent& event) {
    if (event.phase != "writing" || event.speed_kb == 0) return;
    fastest = std::max(fastest, event.speed_kb);
    slowest = std::min(slowest, event.speed_kb);
    if (slowest < fastest) stop.request_stop();
  };
  cd::expect_error([&] { burn_cd(find_drive("drive"), trickle(), fast, progress, stop.get_token()); }, ErrorKind::interrupted,
                   "track 1 was ended after");
  EXPECT_LT(slowest, fastest);
}

}  // namespace
}  // namespace rec
