// The state machines of CD-R, DVD+R and BD-R: where they let write, what they say of themselves, how they are closed.
#include "tests/unit/virtual/rig.h"

namespace rec::virt {
namespace {

// ---- what DVD+R and BD-R have in common

struct Kind {
  const char* type;
  uint16_t profile;
  uint32_t unit;
  uint8_t finalize;
  uint32_t session_gap;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.type; }

class WriteOnce : public Rig, public testing::WithParamInterface<Kind> {
 protected:
  static constexpr uint32_t kSectors = 4096;
  uint32_t unit() const { return GetParam().unit; }
  void begin() { start(GetParam().type, kSectors); }
};

INSTANTIATE_TEST_SUITE_P(Media, WriteOnce,
                         testing::Values(Kind{"dvd+r", 0x1B, 16, 6, 2048}, Kind{"dvd+r-dl", 0x2B, 16, 5, 2048},
                                         Kind{"bd-r", 0x41, 32, 6, 0}, Kind{"bd-r-dl", 0x41, 32, 6, 0}, Kind{"bd-r-xl", 0x41, 32, 6, 0}));

TEST_P(WriteOnce, Blank) {
  begin();
  EXPECT_EQ(profile(), GetParam().profile);
  const DiscInformation disc = disc_information();
  EXPECT_EQ(disc.disc_status(), DiscStatus::empty);
  EXPECT_EQ(disc.last_session_state(), SessionState::empty);
  EXPECT_FALSE(disc.erasable());
  EXPECT_EQ(disc.sessions(), 1);
  EXPECT_EQ(disc.first_track_in_last_session(), 1);
  EXPECT_EQ(disc.last_track_in_last_session(), 1);
  const TrackInformation t = track(1);
  EXPECT_TRUE(t.blank());
  EXPECT_TRUE(t.next_writable_valid());
  EXPECT_FALSE(t.last_recorded_valid());
  EXPECT_EQ(t.next_writable, 0u);
  EXPECT_EQ(t.free_blocks, kSectors);
  EXPECT_EQ(last_lba(), 0u);
  EXPECT_TRUE(sensed(read(0, 1), 8, 0x00, 0)) << "nothing is recorded";
  EXPECT_TRUE(sensed(read(kSectors, 1), 5, 0x21, 0));
  EXPECT_TRUE(sensed(receive({0x43, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {}), 5, 0x24, 0)) << "no session, no TOC";
}

TEST_P(WriteOnce, OneUnit) {
  begin();
  EXPECT_TRUE(good(write(0, unit())));
  EXPECT_EQ(track(1).next_writable, unit());
  EXPECT_EQ(track(1).last_recorded, unit() - 1);
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::incomplete);
  EXPECT_EQ(disc_information().last_session_state(), SessionState::incomplete);
  expect_readable(0, unit());
  EXPECT_TRUE(sensed(read(unit(), 1), 8, 0x00, 0));
  EXPECT_TRUE(good(synchronize()));
  EXPECT_EQ(track(1).next_writable, unit()) << "SYNCHRONIZE CACHE does not close a track here";
}

TEST_P(WriteOnce, PartsOfAUnitAreGatheredUntilTheCacheIsSynchronized) {
  begin();
  for (const uint32_t lba : {0u, 1u, 2u}) EXPECT_TRUE(good(write(lba, 1)));
  EXPECT_EQ(track(1).next_writable, 3u);
  EXPECT_TRUE(good(write(3, unit() - 2))) << "across the end of a unit";
  EXPECT_EQ(track(1).next_writable, unit() + 1);
  EXPECT_TRUE(good(synchronize()));
  EXPECT_EQ(track(1).next_writable, 2 * unit()) << "the rest of the unit is filled";
  EXPECT_TRUE(sensed(write(unit() + 1, 1), 5, 0x21, 2));
  expect_readable(0, unit() + 1);
  std::vector<std::byte> rest;
  ASSERT_TRUE(good(read(unit() + 1, unit() - 1, &rest)));
  EXPECT_EQ(rest, std::vector<std::byte>(rest.size())) << "with zeros";
  EXPECT_TRUE(good(write(2 * unit(), 1)));
  EXPECT_TRUE(good(close_with(1, 1)));
  EXPECT_EQ(track(1).size, 3 * unit()) << "and so does closing";
}

TEST_P(WriteOnce, AFullReservationNeedsNoClosing) {
  begin();
  ASSERT_TRUE(good(run({0x53, 0, 0, 0, 0, 0, 0, 0, 96, 0})));
  fill(0, 64);
  EXPECT_TRUE(sensed(close_with(2), 5, 0x72, 4)) << "something is missing";
  fill(64, 32);
  EXPECT_TRUE(good(close_with(2)));
  EXPECT_EQ(last_lba(), 95u);
}

TEST_P(WriteOnce, OnlyTheNextWritableAddress) {
  begin();
  EXPECT_TRUE(sensed(write(unit(), unit()), 5, 0x21, 2));
  fill(0, unit());
  const Answer again = write(0, unit());
  EXPECT_TRUE(sensed(again, 5, 0x21, 2));
  EXPECT_EQ(again.sense.information, 0u);
  EXPECT_TRUE(sensed(write(2 * unit(), unit()), 5, 0x21, 2));
  EXPECT_TRUE(good(write(unit(), unit())));
}

TEST_P(WriteOnce, ExactlyFullAndOneMore) {
  begin();
  fill(0, kSectors);
  EXPECT_FALSE(track(1).next_writable_valid());
  EXPECT_EQ(track(1).free_blocks, 0u);
  EXPECT_TRUE(sensed(write(kSectors, unit()), 5, 0x21, 0));
  EXPECT_TRUE(good(close_with(1, 1)));
  EXPECT_TRUE(good(close_with(2)));
  EXPECT_EQ(last_lba(), kSectors - 1);
  expect_readable(0, kSectors);
  EXPECT_TRUE(sensed(read(kSectors - 1, 2), 5, 0x21, 0)) << "half outside";
}

TEST_P(WriteOnce, AWriteThatCrossesTheEndIsRefusedWhole) {
  begin();
  fill(0, kSectors - 32);
  EXPECT_TRUE(good(write(kSectors - 32, unit())));
  if (unit() == 16) {
    EXPECT_TRUE(sensed(write(kSectors - 16, 32), 5, 0x21, 0));
  }
}

TEST_P(WriteOnce, ClosedSessionIsAppendable) {
  begin();
  fill(0, 64);
  EXPECT_TRUE(sensed(close_with(2), 5, 0x72, 3)) << "the track is open";
  EXPECT_TRUE(good(close_with(1, 1)));
  EXPECT_TRUE(good(close_with(1, 1))) << "twice does no harm";
  EXPECT_TRUE(good(close_with(2)));
  EXPECT_TRUE(sensed(close_with(2), 5, 0x2C, 4)) << "nothing in it";

  const DiscInformation disc = disc_information();
  EXPECT_EQ(disc.disc_status(), DiscStatus::incomplete);
  EXPECT_EQ(disc.last_session_state(), SessionState::empty);
  EXPECT_EQ(disc.sessions(), 2);
  EXPECT_EQ(disc.first_track_in_last_session(), 2);
  EXPECT_EQ(disc.last_track_in_last_session(), 2);
  EXPECT_EQ(profile(), GetParam().profile) << "closing does not make it another medium";
  EXPECT_EQ(last_lba(), 63u);
  EXPECT_EQ(track(2).next_writable, 64 + GetParam().session_gap);
  EXPECT_TRUE(sensed(write(64 + GetParam().session_gap + unit(), unit()), 5, 0x21, 2));
}

TEST_P(WriteOnce, SecondSession) {
  begin();
  fill(0, 64);
  ASSERT_TRUE(good(close_with(1, 1)));
  ASSERT_TRUE(good(close_with(2)));
  const uint32_t second = track(2).next_writable;
  fill(second, 96);
  EXPECT_EQ(disc_information().last_session_state(), SessionState::incomplete);
  EXPECT_EQ(last_lba(), 63u) << "only complete sessions count";
  ASSERT_TRUE(good(close_with(1, 2)));
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(last_lba(), second + 95);
  expect_readable(0, 64);
  expect_readable(second, 96);
  if (GetParam().session_gap != 0) {
    EXPECT_TRUE(sensed(read(64, 1), 5, 0x21, 0)) << "between sessions";
  }

  const auto toc = ask({0x43, 0, 0, 0, 0, 0, 0, 0, 200, 0}, 200);
  TocHeader header;
  TocTrack entries[3];
  ASSERT_EQ(toc.size(), sizeof header + sizeof entries);
  ASSERT_TRUE(fsi::load(toc, 0, header));
  EXPECT_EQ(header.length, toc.size() - 2);
  EXPECT_EQ(header.last, 2);
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(fsi::load(toc, 4 + 8 * i, entries[i]));
  EXPECT_EQ(entries[0].start, 0u);
  EXPECT_EQ(entries[1].start, second);
  EXPECT_EQ(entries[1].track, 2);
  EXPECT_EQ(entries[2].track, kLeadOutTrack);
  EXPECT_EQ(entries[2].start, second + 96);
  const auto sessions = ask({0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0}, 12);
  ASSERT_TRUE(fsi::load(sessions, 4, entries[0]));
  EXPECT_EQ(entries[0].track, 2);
  EXPECT_EQ(entries[0].start, second);
}

TEST_P(WriteOnce, FinalizedTakesNothing) {
  begin();
  fill(0, 64);
  ASSERT_TRUE(good(close_with(1, 1)));
  ASSERT_TRUE(good(close_with(GetParam().finalize)));
  const DiscInformation disc = disc_information();
  EXPECT_EQ(disc.disc_status(), DiscStatus::finalized);
  EXPECT_EQ(disc.last_session_state(), SessionState::complete);
  EXPECT_EQ(disc.sessions(), 1);
  EXPECT_EQ(disc.last_track_in_last_session(), 1);
  EXPECT_EQ(profile(), GetParam().profile);
  EXPECT_TRUE(sensed(write(64, unit()), 5, 0x30, 5));
  EXPECT_TRUE(sensed(close_with(2), 5, 0x30, 5));
  EXPECT_FALSE(track(1).next_writable_valid());
  expect_readable(0, 64);
  EXPECT_TRUE(sensed(read(64, 1), 5, 0x21, 0));
}

TEST_P(WriteOnce, ReopeningInTheMiddleGoesOnAtTheSameAddress) {
  begin();
  fill(0, 96);
  close();
  open();
  EXPECT_EQ(track(1).next_writable, 96u);
  EXPECT_TRUE(sensed(write(64, unit()), 5, 0x21, 2));
  fill(96, 32);
  ASSERT_TRUE(good(close_with(1, 1)));
  close();
  open();
  ASSERT_TRUE(good(close_with(2)));
  expect_readable(0, 128);
}

TEST_P(WriteOnce, AReservationIsKept) {
  begin();
  ASSERT_TRUE(good(run({0x53, 0, 0, 0, 0, 0, 0, 0, 100, 0})));
  const uint32_t reserved = (100 + unit() - 1) / unit() * unit();
  const TrackInformation first = track(1);
  EXPECT_TRUE(first.reserved());
  EXPECT_EQ(first.size, reserved);
  EXPECT_EQ(first.free_blocks, reserved);
  const uint32_t second = track(2).next_writable;
  EXPECT_GE(second, reserved);
  EXPECT_TRUE(sensed(close_with(2), 5, 0x72, 4)) << "reserved and empty";

  fill(second, unit());  // the open track may be written before the reserved one
  for (uint32_t at = 0; at < reserved; at += unit()) ASSERT_TRUE(good(write(at, unit())));
  EXPECT_FALSE(track(1).next_writable_valid());
  EXPECT_FALSE(good(write(reserved, unit()))) << "beyond the reservation";
  close();
  open();
  EXPECT_EQ(track(2).next_writable, second + unit()) << "each track has its own next writable address";
  EXPECT_TRUE(good(close_with(1, 1)));
  EXPECT_TRUE(good(close_with(1, 2)));
  EXPECT_TRUE(good(close_with(2)));
}

TEST_P(WriteOnce, UnknownCloseFunctionsAndTracks) {
  begin();
  fill(0, 64);
  EXPECT_TRUE(sensed(close_with(0), 5, 0x24, 0));
  EXPECT_TRUE(sensed(close_with(3), 5, 0x24, 0));
  EXPECT_TRUE(sensed(close_with(1, 0), 5, 0x24, 0));
  EXPECT_TRUE(sensed(close_with(1, 2), 5, 0x24, 0));
  EXPECT_TRUE(sensed(receive({0x52, 1, 0, 0, 0, 7, 0, 0, 48, 0}, {}), 5, 0x24, 0));
}

TEST_P(WriteOnce, StaleProgressOfAKilledProcessDoesNotSpeakForANewTrack) {
  begin();
  close();
  // As if a process had been killed after a WRITE's data and number, before the track was in the state.
  Store store(directory() / "drives/d/disc");
  store.note_written_to(0, 1024);
  open();
  EXPECT_EQ(track(1).next_writable, 0u);
  ASSERT_TRUE(good(run({0x53, 0, 0, 0, 0, 0, 0, 8, 0, 0})));
  close();
  open();
  EXPECT_EQ(track(1).next_writable, 0u);
}

// ---- each on its own

class DvdPlusR : public Rig {};
class BdR : public Rig {};
class CdR : public Rig {
 protected:
  static constexpr uint32_t kSectors = 20000;
  void begin(bool next_session = false) {
    start("cd-r", kSectors);
    ASSERT_TRUE(good(set_write_parameters(track_at_once(next_session))));
  }
};

TEST_F(DvdPlusR, TheInvisibleTrackHasANumberOfItsOwn) {
  start("dvd+r", 4096);
  EXPECT_EQ(track(0xFF).track(), 1);
  fill(0, 16);
  EXPECT_EQ(track(0xFF).next_writable, 16u);
  ASSERT_TRUE(good(close_with(1, 1)));
  EXPECT_EQ(track(0xFF).track(), 2);
  EXPECT_EQ(track(0xFF).start, 16u + 32u) << "run-out and run-in between fragments";
}

TEST_F(DvdPlusR, AWriteThatDoesNotFitTheReservation) {
  start("dvd+r", 4096);
  ASSERT_TRUE(good(run({0x53, 0, 0, 0, 0, 0, 0, 0, 16, 0})));
  EXPECT_TRUE(sensed(write(0, 32), 5, 0x63, 0));
  EXPECT_TRUE(good(write(0, 16)));
}

TEST_F(DvdPlusR, PhysicalFormat) {
  start("dvd+r-dl");
  const auto bytes = ask({0xAD, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x04, 0, 0}, 2052);
  ASSERT_EQ(bytes.size(), 2052u);
  EXPECT_EQ(bytes[4], std::byte{0xE1});
  EXPECT_TRUE(sensed(receive({0xAD, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0}, {}), 5, 0x24, 0)) << "no BD";
}

TEST_F(DvdPlusR, SizesOfTheTrade) {
  start("dvd+r");
  EXPECT_EQ(track(1).free_blocks, 2295104u);
}

TEST_F(BdR, HasNoInvisibleTrackNumber) {
  start("bd-r", 4096);
  EXPECT_TRUE(sensed(receive({0x52, 1, 0, 0, 0, 0xFF, 0, 0, 48, 0}, {}), 5, 0x24, 0));
  fill(0, 32);
  EXPECT_TRUE(sensed(close_with(5), 5, 0x24, 0)) << "a function of DVD+R";
  EXPECT_EQ(track(1).fixed_packet_size, 32u);
}

TEST_F(BdR, WritesAndVerifies) {
  start("bd-r", 4096);
  const auto bytes = pattern(0, 32);
  EXPECT_TRUE(good(send({0x2E, 0, 0, 0, 0, 0, 0, 0, 32, 0}, bytes)));
  EXPECT_TRUE(good(send({0xAA, 0, 0, 0, 0, 32, 0, 0, 0, 32, 0x80, 0}, pattern(32, 32)))) << "WRITE(12), streaming";
  expect_readable(0, 64);
  EXPECT_TRUE(good(run({0x2F, 0, 0, 0, 0, 0, 0, 0, 64, 0})));
  EXPECT_TRUE(sensed(run({0x2F, 0, 0, 0, 0, 0, 0, 0, 65, 0}), 8, 0, 0));
}

TEST_F(CdR, NothingGoesWithoutTrackAtOnce) {
  start("cd-r", kSectors);
  EXPECT_TRUE(sensed(write(0, 1), 5, 0x64, 0)) << "page 05 says packet until told otherwise";
  EXPECT_TRUE(good(set_write_parameters(track_at_once())));
  EXPECT_TRUE(good(write(0, 1)));
}

TEST_F(CdR, Blank) {
  start("cd-r");
  EXPECT_EQ(track(0xFF).free_blocks, 359845u);
  const DiscInformation disc = disc_information();
  EXPECT_EQ(disc.last_possible_lead_out_start, 79u << 16 | 59u << 8 | 74u);
  EXPECT_EQ(disc.last_session_lead_in_start, 97u << 16 | 26u << 8 | 65u);
  const auto atip = ask_record<Atip>({0x43, 2, 4, 0, 0, 0, 0, 0, 28, 0});
  EXPECT_FALSE(atip.rewritable());
  EXPECT_EQ(lba_of(atip.last_lead_out_start), 359849);
  EXPECT_TRUE(sensed(receive({0xAD, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0}, {}), 5, 0x30, 2)) << "no structure of a DVD";
}

TEST_F(CdR, TwoRunOutBlocksCountAndCannotBeRead) {
  begin();
  fill(0, 301);
  ASSERT_TRUE(good(synchronize()));
  EXPECT_EQ(track(1).size, 303u);
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(last_lba(), 302u);
  expect_readable(0, 301);
  const Answer tail = read(300, 2);
  EXPECT_TRUE(sensed(tail, 5, 0x64, 0));
  EXPECT_EQ(tail.sense.information, 301u);
  EXPECT_TRUE(sensed(read(302, 1), 5, 0x64, 0));
  EXPECT_TRUE(sensed(read(303, 1), 5, 0x21, 0));
}

TEST_F(CdR, ATrackOfLessThanFourSecondsIsNotClosed) {
  begin();
  fill(0, 299);
  EXPECT_TRUE(good(synchronize()));
  EXPECT_EQ(track(0xFF).next_writable, 299u) << "still open";
  EXPECT_TRUE(sensed(close_with(1, 1), 5, 0x2C, 0));
  EXPECT_TRUE(sensed(close_with(2), 5, 0x72, 3));
  fill(299, 1);
  EXPECT_TRUE(good(synchronize()));
  EXPECT_TRUE(good(close_with(2)));
}

TEST_F(CdR, SyncEndsTheTrackAndTheNextHasItsPregap) {
  begin(true);
  fill(0, 300);
  ASSERT_TRUE(good(synchronize()));
  EXPECT_EQ(track(0xFF).track(), 2);
  EXPECT_EQ(track(0xFF).next_writable, 302u + 150u);
  fill(452, 300);
  ASSERT_TRUE(good(synchronize()));
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_TRUE(sensed(read(310, 1), 5, 0x64, 0)) << "a pregap is not data";
  EXPECT_EQ(track(0xFF).next_writable, 452u + 302u + 11400u) << "lead-out, lead-in, pregap";
  const uint32_t second = track(0xFF).next_writable;
  fill(second, 300);
  ASSERT_TRUE(good(synchronize()));
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(track(0xFF).next_writable, second + 302u + 6900u);
}

TEST_F(CdR, MultisessionBitsDecideWhatClosingMeans) {
  begin(true);
  fill(0, 300);
  ASSERT_TRUE(good(synchronize()));
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::incomplete);
  EXPECT_EQ(disc_information().sessions(), 2);
  ASSERT_TRUE(good(set_write_parameters(track_at_once(false))));
  fill(track(0xFF).next_writable, 300);
  ASSERT_TRUE(good(synchronize()));
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::finalized);
  EXPECT_TRUE(sensed(write(0, 1), 5, 0x30, 5));
  EXPECT_TRUE(sensed(close_with(6), 5, 0x24, 0)) << "a function of DVD and BD";
}

TEST_F(CdR, FullTocOfTwoSessions) {
  begin(true);
  fill(0, 300);
  ASSERT_TRUE(good(synchronize()));
  ASSERT_TRUE(good(close_with(2)));
  const auto toc = ask({0x43, 2, 2, 0, 0, 0, 1, 1, 0, 0}, 256);
  ASSERT_EQ(toc.size(), 4 + 6 * sizeof(FullTocEntry));
  FullTocEntry e[6];
  for (size_t i = 0; i < 6; ++i) ASSERT_TRUE(fsi::load(toc, 4 + i * sizeof e[0], e[i]));
  EXPECT_EQ(e[0].point, 0xA0);
  EXPECT_EQ(e[2].point, 0xA2);
  EXPECT_EQ(lba_of(e[2].ptime), 302) << "lead-out";
  EXPECT_EQ(e[3].point, 1);
  EXPECT_EQ(lba_of(e[3].ptime), 0);
  EXPECT_EQ(e[4].point, 0xB0);
  EXPECT_EQ(lba_of(e[4].time), 302 + 11400 - 150);
  EXPECT_EQ(e[5].point, 0xC0);
}

TEST_F(CdR, ExactlyFull) {
  begin();
  fill(0, kSectors);
  EXPECT_TRUE(sensed(write(kSectors, 1), 5, 0x21, 0));
  EXPECT_TRUE(good(synchronize()));
  EXPECT_TRUE(good(close_with(2)));
  EXPECT_EQ(last_lba(), kSectors + 1);
  close();
  open();
  expect_readable(0, kSectors);
}

TEST_F(CdR, ATestWriteLeavesTheDiscBlank) {
  start("cd-r", kSectors);
  WriteParameters page = track_at_once();
  page.write_type_flags = page.write_type_flags | WriteParameters::kTestWrite;
  ASSERT_TRUE(good(set_write_parameters(page)));
  fill(0, 400);
  EXPECT_EQ(track(0xFF).next_writable, 400u);
  EXPECT_TRUE(sensed(write(0, 1), 5, 0x21, 2));
  EXPECT_TRUE(good(synchronize()));
  EXPECT_TRUE(good(close_with(2)));
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::empty);
  EXPECT_EQ(track(0xFF).next_writable, 0u);
}

TEST_F(CdR, ReadCdGivesUserData) {
  begin();
  fill(0, 300);
  ASSERT_TRUE(good(synchronize()));
  EXPECT_EQ(ask({0xBE, 0x08, 0, 0, 0, 5, 0, 0, 2, 0x10, 0, 0}, 4096), pattern(5, 2));
  EXPECT_TRUE(sensed(receive({0xBE, 0x04, 0, 0, 0, 5, 0, 0, 2, 0x10, 0, 0}, {}), 5, 0x64, 0)) << "not audio";
}

}  // namespace
}  // namespace rec::virt
