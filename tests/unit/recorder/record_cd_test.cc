// Random discs there and back: a layout is burned on a virtual drive in each way there is, and then asked for again with READ CD, READ TOC,
// READ SUB-CHANNEL and READ TRACK INFORMATION. The drive has its own arithmetic for EDC, ECC, Q and its CRC
// (librecorder/virtual/cd_sector), so what agrees here has been computed twice.
#include <cstdlib>
#include <map>
#include <set>

#include "librecorder/cd/raw_image.h"
#include "librecorder/cd/time.h"
#include "librecorder/open_drive.h"
#include "librecorder/recorder.h"
#include "librecorder/scsi/cue_sheet.h"
#include "tests/unit/cd/cd_fixture.h"

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

/// One sector with everything, as READ CD gives it.
struct Whole {
  cd::Sector main;
  std::array<std::byte, 96> sub;
};

std::vector<Whole> read_all(Drive& drive, int32_t first, int32_t end) {
  std::vector<Whole> out(static_cast<size_t>(end - first));
  static_assert(sizeof(Whole) == 2448);
  for (int32_t lba = first; lba < end; lba += 26) {
    const auto count = static_cast<uint32_t>(std::min(26, end - lba));
    const auto bytes = std::as_writable_bytes(std::span(out).subspan(static_cast<size_t>(lba - first), count));
    const Answer answer = drive.read_cd(lba, count, read_cd::kWholeSector, read_cd::kRaw96, bytes);
    EXPECT_TRUE(answer.good()) << "at " << lba << ": " << sense_text(answer.sense);
    EXPECT_EQ(answer.residual, 0u);
    if (!answer.good()) break;
  }
  return out;
}

/// What the Q channel of a disc tells, from INDEX 00 of track 1 to the lead-out.
struct Told {
  std::map<int, int32_t> pauses, starts;
  std::map<int, std::vector<uint32_t>> indexes;
  std::map<int, uint8_t> controls;
  std::set<std::string> mcns;
  std::map<int, std::set<std::string>> isrcs;
  size_t bad = 0;
};

Told listen(const std::vector<Whole>& sectors, int32_t first) {
  Told told;
  int track = 0, index = -1;
  for (size_t i = 0; i < sectors.size(); ++i) {
    const int32_t lba = first + static_cast<int32_t>(i);
    const cd::QFrame q = cd::q_of(sectors[i].sub);
    if (!cd::crc_matches(q)) {
      ++told.bad;
      continue;
    }
    if (const auto mcn = cd::catalog_of(q)) told.mcns.insert(*mcn);
    if (const auto isrc = cd::isrc_of(q)) told.isrcs[track].insert(*isrc);
    if ((q[0] & 15) != 1) continue;
    const int now = *cd::from_bcd(q[1]), here = *cd::from_bcd(q[2]);
    const int32_t address = (*cd::from_bcd(q[7]) * 60 + *cd::from_bcd(q[8])) * 75 + *cd::from_bcd(q[9]) - 150;
    if (address != lba) ++told.bad;
    if (now != track || here != index) {
      if (here == 0) told.pauses[now] = lba;
      if (here == 1) told.starts[now] = lba;
      if (here > 1) told.indexes[now].push_back(static_cast<uint32_t>(lba - told.starts[now]));
      told.controls[now] = q[0] >> 4;
    }
    track = now;
    index = here;
  }
  return told;
}

std::string code_of_sub_channel(Drive& drive, SubChannelFormat format, uint8_t track) {
  std::vector<std::byte> bytes(24);
  Command command;
  command.cdb = {0x42, 0, 0x40, static_cast<uint8_t>(format), 0, 0, track, 0, 24, 0};
  command.direction = Direction::from_drive;
  command.in = bytes;
  const Answer answer = drive.run(command);
  EXPECT_TRUE(answer.good()) << sense_text(answer.sense);
  SubChannelCode code;
  if (!fsi::load(bytes, sizeof(SubChannelHeader), code) || !(code.valid & SubChannelCode::kValid)) return {};
  return std::string(code.code, format == SubChannelFormat::mcn ? 13 : 12);
}

/// The table of contents, three ways.
void expect_contents(Drive& drive, const std::vector<int32_t>& starts, const std::vector<uint8_t>& controls, int32_t lead_out) {
  const auto toc = drive.toc(TocFormat::toc);
  ASSERT_EQ(toc.size(), sizeof(TocHeader) + (starts.size() + 1) * sizeof(TocTrack));
  for (size_t i = 0; i <= starts.size(); ++i) {
    TocTrack entry;
    ASSERT_TRUE(fsi::load(toc, sizeof(TocHeader) + i * sizeof entry, entry));
    EXPECT_EQ(static_cast<int32_t>(entry.start.get()), i < starts.size() ? starts[i] : lead_out);
    if (i < starts.size()) {
      EXPECT_EQ(entry.control(), controls[i]);
    }
  }
  const auto full = drive.toc(TocFormat::full_toc, 1);
  size_t found = 0;
  FullTocEntry entry;
  for (size_t at = sizeof(TocHeader); fsi::load(full, at, entry); at += sizeof entry) {
    if (entry.point >= 1 && entry.point <= 99) {
      EXPECT_EQ(lba_of(entry.ptime), starts.at(entry.point - 1u));
      ++found;
    }
    if (entry.point == 0xA2) {
      EXPECT_EQ(lba_of(entry.ptime), lead_out);
    }
  }
  EXPECT_EQ(found, starts.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    const auto info = drive.track_information(TrackAddress::track, static_cast<uint32_t>(i + 1));
    ASSERT_TRUE(info);
    EXPECT_EQ(static_cast<int32_t>(info->start.get()), starts[i]);
    EXPECT_EQ(info->control(), controls[i]);
    EXPECT_FALSE(info->damaged());
  }
}

void expect_disc(const DriveEntry& entry, const DiscLayout& layout, const std::string& where) {
  SCOPED_TRACE(where);
  OpenDrive open = open_drive(entry, Access::look);
  Drive& drive = *open.drive;
  wait_ready(drive, "test", std::chrono::seconds(60));
  drive.enter(Phase::read);
  const auto sectors = read_all(drive, -150, layout.lead_out());
  const cd::RawImage image(layout, {});
  for (int32_t lba = -150; lba < layout.lead_out(); ++lba) {
    cd::Sector wanted;
    image.main_channel(lba, wanted);
    ASSERT_EQ(sectors[static_cast<size_t>(lba + 150)].main, wanted) << "LBA " << lba;
  }
  const Told told = listen(sectors, -150);
  EXPECT_EQ(told.bad, 0u);
  EXPECT_EQ(told.mcns, layout.mcn.empty() ? std::set<std::string>{} : std::set<std::string>{layout.mcn});
  std::vector<int32_t> starts;
  std::vector<uint8_t> controls;
  for (size_t i = 0; i < layout.tracks.size(); ++i) {
    const Track& track = layout.tracks[i];
    const int number = static_cast<int>(i + 1);
    starts.push_back(layout.start_of(i));
    controls.push_back(track.control());
    EXPECT_EQ(told.starts.at(number), layout.start_of(i));
    if (track.pregap) {
      EXPECT_EQ(told.pauses.at(number), layout.pause_of(i));
    }
    EXPECT_EQ(told.controls.at(number), track.control());
    EXPECT_EQ(told.indexes.contains(number) ? told.indexes.at(number) : std::vector<uint32_t>{}, track.indexes);
    EXPECT_EQ(told.isrcs.contains(number) ? told.isrcs.at(number) : std::set<std::string>{},
              track.isrc.empty() ? std::set<std::string>{} : std::set<std::string>{track.isrc});
    EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::isrc, static_cast<uint8_t>(number)), track.isrc);
  }
  EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::mcn, 0), layout.mcn);
  expect_contents(drive, starts, controls, layout.lead_out());
  // CD-TEXT as the drive gives it back: READ TOC format 5.
  const auto packs = drive.toc(TocFormat::cd_text);
  ASSERT_EQ(packs.empty(), layout.cd_text.empty());
  if (packs.empty()) return;
  const cd::DecodedCdText text = cd::decode_cd_text(std::span(packs).subspan(4));
  EXPECT_EQ(text.damaged, 0u);
  EXPECT_EQ(text.packs, image.cd_text().size());
  ASSERT_EQ(text.text.blocks.size(), 1u);
  for (const auto& [type, texts] : layout.cd_text.blocks[0].texts)
    for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(text.text.blocks[0].get(type, i), texts[i]);
}

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
    OpenDrive open = open_drive(entry, Access::look);
    Drive& drive = *open.drive;
    wait_ready(drive, "test", std::chrono::seconds(60));
    int32_t start = 0;
    std::vector<int32_t> starts;
    std::vector<uint8_t> controls;
    for (size_t i = 0; i < layout.tracks.size(); ++i) {
      const Track& track = layout.tracks[i];
      const auto length = static_cast<int32_t>(track.sectors - track.pregap);
      const auto sectors = read_all(drive, start - 150, start + length);
      for (int32_t s = -150; s < length; ++s) {
        cd::Sector wanted{};
        if (s >= 0) read_track(track, (track.pregap + static_cast<uint64_t>(s)) * cd::kSectorBytes, wanted);
        ASSERT_EQ(sectors[static_cast<size_t>(s + 150)].main, wanted) << "seed " << seed << " track " << i + 1 << " sector " << s;
      }
      const Told told = listen(sectors, start - 150);
      EXPECT_EQ(told.bad, 0u);
      EXPECT_EQ(told.starts.at(static_cast<int>(i + 1)), start);
      EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::isrc, static_cast<uint8_t>(i + 1)), track.isrc);
      EXPECT_EQ(told.mcns.empty(), layout.mcn.empty());
      starts.push_back(start);
      controls.push_back(track.control());
      start += length + 152;
    }
    EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::mcn, 0), layout.mcn);
    expect_contents(drive, starts, controls, start - 150);
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
