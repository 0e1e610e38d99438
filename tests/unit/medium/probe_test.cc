// The probe against the answers of drives that are wrong in the ways real ones are.
#include "librecorder/medium/probe.h"

#include <gtest/gtest.h>

#include "librecorder/medium/family.h"
#include "librecorder/scsi/opcode.h"
#include "tests/unit/drive/fake_transport.h"

namespace rec {
namespace {

std::vector<uint8_t> raw(const auto& record) {
  const auto bytes = fsi::bytes_of(record);
  std::vector<uint8_t> out;
  for (const std::byte b : bytes) out.push_back(std::to_integer<uint8_t>(b));
  return out;
}

struct FakeDisc {
  FakeTransport* fake = new FakeTransport;
  Drive drive{std::unique_ptr<Transport>(fake)};
  DiscInformation disc;
  std::map<uint32_t, TrackInformation> tracks;  // by number asked for

  explicit FakeDisc(Profile profile) {
    disc.length = 32;
    disc.first_track = disc.sessions_lsb = disc.first_track_in_last_session_lsb = disc.last_track_in_last_session_lsb = 1;
    fake->always[op::kTestUnitReady] = [](const Command&) { return FakeTransport::good(); };
    FeatureHeader header;
    header.data_length = 4;
    header.current_profile = static_cast<uint16_t>(profile);
    fake->always[op::kGetConfiguration] = FakeTransport::data(raw(header));
    fake->always[op::kReadDiscInformation] = [this](const Command& c) { return FakeTransport::data(raw(disc))(c); };
    fake->always[op::kReadTrackInformation] = [this](const Command& c) {
      const auto found = tracks.find(uint32_t{c.cdb.bytes[4]} << 8 | c.cdb.bytes[5]);
      return found == tracks.end() ? FakeTransport::sense(5, 0x24, 0) : FakeTransport::data(raw(found->second))(c);
    };
  }

  TrackInformation& track(uint32_t asked, uint32_t start, uint32_t size, uint16_t number = 1, uint16_t session = 1) {
    TrackInformation& t = tracks[asked];
    t.length = 46;
    t.track_lsb = number;
    t.session_lsb = session;
    t.track_mode = 4;
    t.start = start;
    t.size = size;
    return t;
  }
  static void writable(TrackInformation& t, uint32_t next, uint32_t free) {
    t.valid = TrackInformation::kNwaValid;
    t.next_writable = next;
    t.free_blocks = free;
  }
  Medium probe() { return probe_medium(drive); }
};

uint8_t status(DiscStatus disc, SessionState session) {
  return static_cast<uint8_t>(static_cast<uint8_t>(session) << 2 | static_cast<uint8_t>(disc));
}

TEST(Probe, AnEmptyDriveIsAnAnswer) {
  FakeDisc d(Profile::none);
  d.fake->always[op::kTestUnitReady] = [](const Command&) { return FakeTransport::sense(2, 0x3A, 2); };
  const Medium medium = d.probe();
  EXPECT_EQ(medium.state, MediumState::absent);
  EXPECT_TRUE(medium.tray_open);
}

TEST(Probe, ABlankCdWhoseNextAddressIsBeforeItsStart) {
  FakeDisc d(Profile::cd_r);
  TrackInformation& t = d.track(kInvisibleTrack, 0, 359'845);
  FakeDisc::writable(t, static_cast<uint32_t>(-150), 359'845);
  const Medium medium = d.probe();
  EXPECT_EQ(medium.state, MediumState::blank);
  EXPECT_EQ(medium.next_writable, 0u);
  EXPECT_EQ(medium.free_sectors, 359'845u);
  EXPECT_TRUE(medium.tracks.empty());
  EXPECT_EQ(medium.sessions, 0);
  EXPECT_TRUE(medium.status & kBlankMedium);
}

TEST(Probe, AFormattedBdRThatSaysAppendableIsBlank) {
  FakeDisc d(Profile::bd_r_srm);
  d.disc.status = status(DiscStatus::incomplete, SessionState::empty);
  FakeDisc::writable(d.track(1, 0, 11'826'176), 0, 11'826'176);
  const Medium medium = d.probe();
  EXPECT_EQ(medium.state, MediumState::blank);
  EXPECT_EQ(medium.free_sectors, 11'826'176u);
  EXPECT_EQ(medium.write_unit, 32u);
}

TEST(Probe, AnAppendableDiscHasItsSessionsAndTheOpenTrack) {
  FakeDisc d(Profile::dvd_plus_r);
  d.disc.status = status(DiscStatus::incomplete, SessionState::empty);
  d.disc.sessions_lsb = 2;
  d.disc.last_track_in_last_session_lsb = d.disc.first_track_in_last_session_lsb = 2;
  d.track(1, 0, 1600);
  FakeDisc::writable(d.track(2, 5'000, 2'000'000, 2, 2), 5'000, 2'000'000);
  d.tracks[kInvisibleTrack] = d.tracks[2];
  const Medium medium = d.probe();
  EXPECT_EQ(medium.state, MediumState::appendable);
  EXPECT_EQ(medium.sessions, 1);
  EXPECT_EQ(medium.next_writable, 5'000u);
  ASSERT_EQ(medium.tracks.size(), 1u);
  EXPECT_EQ(recorded_end(medium), 1600u);
  ASSERT_TRUE(medium.open_track);
  EXPECT_EQ(medium.open_track->number, 2);
}

TEST(Probe, AnAppendableDiscWithoutAnAddressIsRefusedWithAReason) {
  FakeDisc d(Profile::dvd_plus_r);
  d.disc.status = status(DiscStatus::incomplete, SessionState::incomplete);
  d.track(1, 0, 1600);
  const Medium medium = d.probe();
  EXPECT_FALSE(medium.next_writable);
  EXPECT_TRUE(medium.status & kDamaged);
  EXPECT_FALSE(medium.reasons.empty());
}

TEST(Probe, AClosedDiscHasNothingFree) {
  FakeDisc d(Profile::bd_r_srm);
  d.disc.status = status(DiscStatus::finalized, SessionState::complete);
  d.track(1, 0, 3200);
  const Medium medium = d.probe();
  EXPECT_EQ(medium.state, MediumState::closed);
  EXPECT_EQ(medium.free_sectors, 0u);
  EXPECT_EQ(medium.total_sectors, 3200u);
  EXPECT_TRUE(medium.status & kFinalized);
}

TEST(Probe, EveryOtherKindIsNamedAndRefused) {
  for (const Profile profile : {Profile::cd_rom, Profile::dvd_rom, Profile::dvd_r, Profile::dvd_ram, Profile::dvd_rw_overwrite,
                                Profile::dvd_rw_sequential, Profile::dvd_r_dl_sequential, Profile::dvd_plus_rw, Profile::dvd_plus_r_dl,
                                Profile::bd_rom, Profile::bd_r_rrm, Profile::bd_re, static_cast<Profile>(0x0053)}) {
    FakeDisc d(profile);
    d.track(1, 0, 1600);
    const Medium medium = d.probe();
    EXPECT_TRUE(medium.status & kUnsupported) << medium.name();
    EXPECT_NE(medium.reasons.back().find(medium.name()), std::string::npos);
    EXPECT_EQ(family_for(profile), nullptr);
  }
}

TEST(Probe, ADriveThatClaimsManyTracksIsNotBelievedForever) {
  FakeDisc d(Profile::dvd_plus_r);
  d.disc.status = status(DiscStatus::incomplete, SessionState::incomplete);
  d.disc.last_track_in_last_session_lsb = 0xFF;
  d.disc.last_track_in_last_session_msb = 0xFF;
  d.probe();
  EXPECT_LT(d.fake->count(op::kReadTrackInformation), 20'000u);
}

TEST(Family, ACdSaysInItsWriteParametersWhetherASessionFollows) {
  for (const bool multi : {false, true}) {
    FakeDisc d(Profile::cd_r);
    FakeDisc::writable(d.track(kInvisibleTrack, 0, 1000), 0, 1000);
    std::vector<std::byte> sent;
    d.fake->always[op::kModeSelect10] = [&](const Command& c) {
      sent.assign(c.out.begin(), c.out.end());
      return FakeTransport::good();
    };
    EXPECT_EQ(cd_r_family().open(d.drive, d.probe(), {multi, true}), 0u);
    WriteParameters page;
    ASSERT_TRUE(fsi::load(sent, sizeof(ModeHeader10), page));
    EXPECT_EQ(page.write_type(), WriteParameters::track_at_once);
    EXPECT_EQ(page.multisession(), multi ? WriteParameters::next_session : WriteParameters::no_next_session);
    EXPECT_TRUE(page.buffer_underrun_free());
    EXPECT_EQ(page.block_type, WriteParameters::mode1);
  }
}

TEST(Family, ClosesByTheFunctionsOfItsKind) {
  struct Row {
    const MediumFamily& family;
    bool multi;
    std::vector<int> functions;
  };
  for (const Row& row : {Row{cd_r_family(), false, {2}},
                         {cd_r_family(), true, {2}},
                         {dvd_plus_r_family(), false, {1, 6}},
                         {dvd_plus_r_family(), true, {1, 2}},
                         {bd_r_family(), false, {1, 6}},
                         {bd_r_family(), true, {1, 2}}}) {
    FakeDisc d(Profile::none);
    for (const uint8_t opcode : {op::kSynchronizeCache, op::kCloseTrackSession})
      d.fake->always[opcode] = [](const Command&) { return FakeTransport::good(); };
    Medium medium;
    medium.open_track.emplace().number = 7;
    row.family.end_track(d.drive, medium, {});
    row.family.close(d.drive, {row.multi, true}, {});
    std::vector<int> functions;
    for (const Command& c : d.fake->seen)
      if (c.cdb.opcode() == op::kCloseTrackSession) {
        functions.push_back(c.cdb.bytes[2]);
        if (c.cdb.bytes[2] == 1) {
          EXPECT_EQ(c.cdb.bytes[5], 7);
        }
      }
    EXPECT_EQ(functions, row.functions) << row.family.name();
    EXPECT_EQ(d.fake->count(op::kSynchronizeCache), 1u);
  }
}

}  // namespace
}  // namespace rec
