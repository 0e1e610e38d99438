// The library as a program uses it: burning from a SectorSource and reading the disc back, on virtual drives.
#include "librecorder/recorder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "librecorder/virtual/drive_state.h"

namespace rec {
namespace {

class Noise : public fsi::SectorSource {
 public:
  explicit Noise(uint64_t sectors) : bytes_(static_cast<size_t>(sectors) * fsi::kSectorSize) {
    std::mt19937 random(static_cast<unsigned>(sectors));
    for (auto& b : bytes_) b = static_cast<std::byte>(random() | 1);
  }
  uint64_t sectors() const override { return bytes_.size() / fsi::kSectorSize; }
  void read(fsi::SectorRange range, std::span<std::byte> out) const override {
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(range.first * fsi::kSectorSize), out.size(), out.begin());
  }
  std::string name() const override { return "noise"; }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

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

/// A stream: no length, and as slow as it is told to be.
class Stream : public Input {
 public:
  explicit Stream(size_t bytes, std::chrono::microseconds pause = {}) : left_(bytes), pause_(pause) {}
  void cancel() noexcept override { cancelled_ = true; }
  std::optional<uint64_t> bytes() const override { return std::nullopt; }
  std::string name() const override { return "stream"; }
  static std::byte at(size_t i) { return static_cast<std::byte>((i * 2654435761u) >> 13); }

 protected:
  size_t read_more(std::span<std::byte> out) override {
    if (pause_.count()) std::this_thread::sleep_for(pause_);
    if (cancelled_) return 0;
    const size_t n = std::min({out.size(), left_, size_t{65'536}});
    for (size_t i = 0; i < n; ++i) out[i] = at(done_ + i);
    done_ += n;
    left_ -= n;
    return n;
  }

 private:
  size_t left_, done_ = 0;
  std::chrono::microseconds pause_;
  std::atomic<bool> cancelled_ = false;
};

bool tray_locked() { return virt::load_drive_state(virt::Registry().list().front().directory).locked; }

TEST_P(Recorder, AStopInAnyPhaseLeavesTheTrayUnlockedAndTheDiscUsable) {
  const DriveEntry drive = find_drive("drive");
  for (const std::string_view phase : {"preparing", "filling", "writing", "closing"}) {
    SCOPED_TRACE(phase);
    virt::Registry().insert("drive", GetParam());
    // Endless, except where the end of the stream must be seen.
    Stream stream(phase == "closing" ? 2 << 20 : SIZE_MAX, std::chrono::microseconds(phase == "closing" ? 0 : 1000));
    std::stop_source stop;
    bool reached = false;
    const auto act = [&] {
      burn(
          drive, stream, {},
          [&](const BurnEvent& e) {
            if (e.phase != phase || (phase == "writing" && e.done == 0)) return;
            reached = true;
            stop.request_stop();
          },
          stop.get_token());
    };
    if (phase == "closing")
      act();  // is finished: a disc that is half closed is good for nothing
    else
      EXPECT_EQ(kind_of(act), fsi::ErrorKind::interrupted);
    EXPECT_TRUE(reached);
    EXPECT_FALSE(tray_locked());
    const MediumState expected = phase == "closing"   ? MediumState::closed
                                 : phase == "writing" ? MediumState::appendable
                                                      : MediumState::blank;
    EXPECT_EQ(drive_info(drive).medium.state, expected);
    if (expected == MediumState::closed) continue;
    Stream again(1 << 20);
    burn(drive, again, {});
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::closed);
  }
}

TEST_P(Recorder, ADriveThatFailsLeavesTheTrayUnlocked) {
  virt::Registry().set_faults("drive", {"op=2A,nth=3,sense=3/0C/00"});
  Stream stream(10 << 20);
  EXPECT_EQ(kind_of([&] { burn(find_drive("drive"), stream, {}); }), fsi::ErrorKind::failed);
  EXPECT_FALSE(tray_locked());
}

TEST_P(Recorder, SeveralDrivesTakeOneStreamAndOneThatFailsHarmsNoOther) {
  virt::Registry().add("second", GetParam());
  virt::Registry().add("third", GetParam());
  virt::Registry().set_faults("second", {"op=2A,nth=30,sense=3/0C/00"});
  const std::vector<DriveEntry> drives{find_drive("drive"), find_drive("second"), find_drive("third")};
  for (const bool file : {false, true}) {
    SCOPED_TRACE(file);
    if (file)
      for (const DriveEntry& drive : drives) virt::Registry().insert(drive.name, GetParam());
    if (file) virt::Registry().set_faults("second", {"op=2A,nth=30,sense=3/0C/00"});
    constexpr size_t kSectors = 20'000;
    const Noise noise(kSectors);
    SectorInput sectors(noise);
    Stream stream(kSectors * 2048);
    std::vector<bool> told(3);
    const auto outcomes =
        burn_many(drives, file ? static_cast<Input&>(sectors) : stream, {}, [&](size_t i, const BurnEvent&) { told[i] = true; });
    EXPECT_EQ(told, std::vector<bool>(3, true));
    EXPECT_FALSE(outcomes[1].report);
    EXPECT_EQ(kind_of([&] { std::rethrow_exception(outcomes[1].error); }), fsi::ErrorKind::failed);
    for (const size_t i : {size_t{0}, size_t{2}}) {
      ASSERT_TRUE(outcomes[i].report);
      EXPECT_EQ(outcomes[i].report->data_sectors, kSectors);
      std::vector<std::byte> back(kSectors * 2048);
      disc_source(drives[i])->read({0, kSectors}, back);
      for (size_t k = 0; k < back.size(); ++k) ASSERT_EQ(back[k], file ? noise.bytes()[k] : Stream::at(k)) << k;
    }
  }
  Stream stream(1 << 20);
  EXPECT_EQ(kind_of([&] { burn_many({drives[0], drives[0]}, stream, {}); }), fsi::ErrorKind::usage);
}

TEST_P(Recorder, WhereAnEmptyBufferSpoilsTheDiscAStreamIsSpooledOrRefused) {
  const DriveEntry drive = find_drive("drive");
  BurnOptions options;
  options.underrun_protection = false;
  options.buffer_bytes = 1 << 20;
  const auto run = [&](Input& input) { return burn(drive, input, options); };
  const bool cd = std::string_view(GetParam()) == "cd-r";  // the other media cannot do without
  options.spool = BurnOptions::Spool::never;
  Stream refused(5'000 * 2048);
  if (cd) {
    EXPECT_EQ(kind_of([&] { run(refused); }), fsi::ErrorKind::unsuitable);
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::blank);
    options.spool = BurnOptions::Spool::if_needed;
    // A stop while it is copied.
    std::stop_source stop;
    Stream endless(SIZE_MAX, std::chrono::microseconds(1000));
    EXPECT_EQ(kind_of([&] {
                burn(
                    drive, endless, options, [&](const BurnEvent& e) { e.phase == "spooling" && stop.request_stop(); }, stop.get_token());
              }),
              fsi::ErrorKind::interrupted);
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::blank);
    EXPECT_FALSE(tray_locked());
    // More than the disc takes is known before the first block.
    Stream large(720 << 20);
    EXPECT_EQ(kind_of([&] { run(large); }), fsi::ErrorKind::unsuitable);
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::blank);
  }
  Stream stream(5'000 * 2048);
  const WriteReport report = run(stream);
  EXPECT_EQ(report.spooled, cd);
  EXPECT_EQ(report.data_sectors, 5'000u);
  std::vector<std::byte> back(5'000 * 2048);
  disc_source(drive)->read({0, 5'000}, back);
  for (size_t k = 0; k < back.size(); ++k) ASSERT_EQ(back[k], Stream::at(k)) << k;
  // All of it in the ring is proof enough.
  virt::Registry().insert("drive", GetParam());
  options.buffer_bytes = 0;
  Stream small(1'000 * 2048);
  EXPECT_FALSE(run(small).spooled);
}

TEST_P(Recorder, AMonitorTellsOfDrivesThatComeAndGo) {
  DriveMonitor monitor;
  const size_t before = monitor.drives().size();
  EXPECT_TRUE(monitor.wait(std::chrono::milliseconds(10)).empty());
  virt::Registry().add("new", GetParam());
  auto changes = monitor.wait(std::chrono::seconds(20));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].what, DriveChange::What::added);
  EXPECT_EQ(changes[0].drive.name, "new");
  EXPECT_EQ(monitor.drives().size(), before + 1);
  virt::Registry().remove("new");
  changes = monitor.wait(std::chrono::seconds(20));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].what, DriveChange::What::removed);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(monitor.wait(std::chrono::hours(1), stop.get_token()).empty());
}

INSTANTIATE_TEST_SUITE_P(Media, Recorder, testing::Values("cd-r", "dvd+r", "bd-r"), [](const auto& media) {
  std::string name = media.param;
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
});

}  // namespace
}  // namespace rec
