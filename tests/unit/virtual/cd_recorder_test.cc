// The strictness of the virtual drive about CDs: what a host does wrong is refused with the sense of MMC, and nothing is recorded. Command
// blocks, cue sheets and Q are written out by hand.
#include "librecorder/virtual/cd_recorder.h"

#include "librecorder/scsi/cue_sheet.h"
#include "librecorder/virtual/cd_sector.h"
#include "tests/unit/virtual/rig.h"

namespace rec::virt {
namespace {

class CdRecording : public Rig {
 protected:
  static WriteParameters parameters(uint8_t type, uint8_t block_type, bool test = false) {
    WriteParameters page;
    page.write_type_flags = static_cast<uint8_t>(WriteParameters::kBufferUnderrunFree | type | (test ? WriteParameters::kTestWrite : 0));
    page.block_type = block_type;
    page.audio_pause_length = 150;
    return page;
  }
  Answer cue(const std::vector<uint8_t>& sheet) {
    const auto length = static_cast<uint32_t>(sheet.size());
    return send({0x5D, 0, 0, 0, 0, 0, b(length, 2), b(length, 1), b(length, 0), 0}, std::as_bytes(std::span(sheet)));
  }
  Answer put(int32_t lba, uint32_t blocks, size_t size) {
    const std::vector<std::byte> bytes(blocks * size, std::byte{0x55});
    const auto at = static_cast<uint32_t>(lba);
    return send({0x2A, 0, b(at, 3), b(at, 2), b(at, 1), b(at, 0), 0, b(blocks, 1), b(blocks, 0), 0}, bytes);
  }
  Answer put(int32_t lba, const CdBlock& block) {
    const auto at = static_cast<uint32_t>(lba);
    return send({0x2A, 0, b(at, 3), b(at, 2), b(at, 1), b(at, 0), 0, 0, 1, 0}, std::as_bytes(std::span(block)));
  }
  Answer read_cd(int32_t lba, uint8_t type, uint8_t main, uint8_t sub, size_t bytes) {
    std::vector<std::byte> in(bytes);
    const auto at = static_cast<uint32_t>(lba);
    return receive({0xBE, static_cast<uint8_t>(type << 2), b(at, 3), b(at, 2), b(at, 1), b(at, 0), 0, 0, 1, main, sub, 0}, in);
  }
  /// 150 sectors of pause, 300 of audio.
  static std::vector<uint8_t> sheet() {
    return {0x01, 0, 0, 0x01, 0, 0, 0, 0, 0x01, 1, 0, 0, 0, 0, 0, 0, 0x01, 1, 1, 0, 0, 0, 2, 0, 0x01, 0xAA, 1, 0x01, 0, 0, 6, 0};
  }
};

TEST_F(CdRecording, ACueSheetIsReadStrictly) {
  start("cd-r");
  EXPECT_TRUE(sensed(cue(sheet()), 5, 0x2C, 0)) << "not in session at once";
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::session_at_once, 0))));
  EXPECT_TRUE(sensed(put(-150, 1, 2352), 5, 0x2C, 0)) << "no cue sheet";
  const auto refused = [&](size_t at, uint8_t value) {
    auto wrong = sheet();
    wrong[at] = value;
    return sensed(cue(wrong), 5, 0x26, 0);
  };
  EXPECT_TRUE(refused(0, 0x04)) << "ADR";
  EXPECT_TRUE(refused(1, 1)) << "no lead-in";
  EXPECT_TRUE(refused(3, 0x00)) << "the lead-in's main channel is the drive's";
  EXPECT_TRUE(refused(11, 0x10)) << "data form of data, control of audio";
  EXPECT_TRUE(refused(11, 0x0F)) << "no such form";
  EXPECT_TRUE(refused(9, 2)) << "first track";
  EXPECT_TRUE(refused(10, 1)) << "no pause";
  EXPECT_TRUE(refused(13, 1)) << "does not begin at 00:00:00";
  EXPECT_TRUE(refused(18, 2)) << "index left out";
  EXPECT_TRUE(refused(16, 0x21)) << "control changes within a track";
  EXPECT_TRUE(refused(22, 0)) << "INDEX 01 where INDEX 00 is";
  EXPECT_TRUE(refused(23, 75)) << "frames";
  EXPECT_TRUE(refused(25, 3)) << "no lead-out";
  EXPECT_TRUE(refused(29, 99)) << "behind the end of the disc";
  auto twice = sheet();
  const auto last = std::vector<uint8_t>(twice.end() - 8, twice.end());
  twice.insert(twice.end(), last.begin(), last.end());
  EXPECT_TRUE(sensed(cue(twice), 5, 0x26, 0)) << "two lead-outs";
  EXPECT_TRUE(sensed(cue({0x01, 0, 0}), 5, 0x1A, 0));
  EXPECT_TRUE(good(cue(sheet())));
}

TEST_F(CdRecording, ASessionAtOnceIsWrittenInOrderAndThenIsThere) {
  start("cd-r");
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::session_at_once, 0))));
  ASSERT_TRUE(good(cue(sheet())));
  EXPECT_TRUE(sensed(put(0, 1, 2352), 5, 0x21, 2)) << "the pause comes first";
  EXPECT_TRUE(sensed(put(-150, 1, 2048), 0xB, 0x4B, 0)) << "blocks of 2352";
  ASSERT_TRUE(good(put(-150, 20, 2352)));
  EXPECT_TRUE(sensed(put(-150, 1, 2352), 5, 0x21, 2)) << "again";
  EXPECT_TRUE(sensed(cue(sheet()), 5, 0x2C, 0)) << "while writing";
  EXPECT_TRUE(track(1).damaged()) << "until it is complete";
  for (int32_t lba = -130; lba < 300; lba += 10) ASSERT_TRUE(good(put(lba, 10, 2352))) << lba;
  EXPECT_TRUE(sensed(put(300, 1, 2352), 5, 0x21, 0)) << "the lead-out is the drive's";
  ASSERT_TRUE(good(drive().execute(Command{.cdb = Cdb{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .timeout = std::chrono::hours(1)})));
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::finalized);
  EXPECT_EQ(track(1).size, 300u);
  EXPECT_FALSE(track(1).damaged());

  EXPECT_TRUE(sensed(read(0, 1), 5, 0x64, 0)) << "READ(10) of audio";
  EXPECT_TRUE(good(read_cd(0, 1, 0xF8, 0, 2352)));
  EXPECT_TRUE(good(read_cd(-150, 0, 0xF8, 1, 2448)));
  EXPECT_TRUE(good(read_cd(299, 0, 0x10, 2, 2368)));
  EXPECT_TRUE(sensed(read_cd(0, 2, 0xF8, 0, 2352), 5, 0x64, 0)) << "mode 1 expected";
  EXPECT_TRUE(sensed(read_cd(-151, 0, 0xF8, 0, 2352), 5, 0x21, 0)) << "the lead-in";
  EXPECT_TRUE(sensed(read_cd(300, 0, 0xF8, 0, 2352), 5, 0x21, 0)) << "the lead-out";
  EXPECT_TRUE(sensed(read_cd(0, 0, 0xF8, 3, 2448), 5, 0x24, 0)) << "no such subchannel";
  EXPECT_TRUE(sensed(read_cd(0, 6, 0xF8, 0, 2352), 5, 0x24, 0)) << "no such type";
}

TEST_F(CdRecording, AWriteThatIsNeverCompletedLeavesADamagedDisc) {
  start("cd-r");
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::session_at_once, 0))));
  ASSERT_TRUE(good(cue(sheet())));
  ASSERT_TRUE(good(put(-150, 20, 2352)));
  open();  // the process is gone, another one comes
  while (run({0x00}).sense.key == 6) {
  }
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::incomplete);
  EXPECT_TRUE(track(1).damaged());
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::session_at_once, 0))));
  EXPECT_TRUE(sensed(cue(sheet()), 5, 0x2C, 0)) << "the session has begun";
}

TEST_F(CdRecording, RawWritingBeginsAtTheLeadInAndItsQMustNotLie) {
  start("cd-r");
  EXPECT_TRUE(sensed(set_write_parameters(parameters(WriteParameters::raw, WriteParameters::raw_2352_rw_packed)), 5, 0x26, 0));
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::raw, WriteParameters::raw_2352_rw))));
  constexpr int32_t kLeadIn = -11635;
  CdBlock block{};
  const auto with_q = [&](const Q& q) {
    set_q(std::span(block).last<kCdSub>(), false, q);
    return block;
  };
  const Q a0 = q_point(0, 1, 0xA0, msf_of(kLeadIn), 0, {1, 0, 0});
  EXPECT_TRUE(sensed(put(kLeadIn + 1, with_q(a0)), 5, 0x21, 2)) << "lead-in too short";
  EXPECT_TRUE(sensed(put(-150, with_q(q_position(0, 1, 0, 150, -150))), 5, 0x21, 2));
  Q bad = a0;
  bad[11] ^= 1;
  EXPECT_TRUE(sensed(put(kLeadIn, with_q(bad)), 5, 0x26, 0)) << "CRC";
  EXPECT_TRUE(sensed(put(kLeadIn, with_q(q_position(0, 1, 1, 0, kLeadIn))), 5, 0x26, 0)) << "a track in the lead-in";
  EXPECT_TRUE(disc_information().disc_status() == DiscStatus::empty) << "nothing was recorded";
  // A lead-in that tells too little is found out where the program begins.
  for (int32_t lba = kLeadIn; lba < -150; ++lba) ASSERT_TRUE(good(put(lba, with_q(a0)))) << lba;
  EXPECT_TRUE(sensed(put(-150, with_q(q_position(0, 1, 0, 150, -150))), 5, 0x26, 0)) << "no A1, no A2, no track";
}

TEST_F(CdRecording, AudioAndDataDoNotMixInOneTrack) {
  start("cd-r");
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::track_at_once, 0))));
  ASSERT_TRUE(good(put(0, 20, 2352)));
  ASSERT_TRUE(good(set_write_parameters(track_at_once())));
  EXPECT_TRUE(sensed(write(20, 1), 5, 0x64, 0));
}

TEST_F(CdRecording, DataAtOnceMayBeOfMode2) {
  start("cd-r");
  WriteParameters page = track_at_once(true);
  page.block_type = WriteParameters::mode2_form1;
  page.session_format = 0x20;
  ASSERT_TRUE(good(set_write_parameters(page)));
  fill(0, 320);
  ASSERT_TRUE(good(set_write_parameters(track_at_once(true))));
  EXPECT_TRUE(sensed(write(320, 1), 5, 0x64, 0)) << "mode 1 in the same track";
  ASSERT_TRUE(good(drive().execute(Command{.cdb = Cdb{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .timeout = std::chrono::hours(1)})));
  EXPECT_EQ(disc_information().disc_type, 0x20);
  expect_readable(0, 320);
  std::vector<std::byte> sector(2352);
  ASSERT_TRUE(good(receive({0xBE, 0, 0, 0, 0, 16, 0, 0, 1, 0xF8, 0, 0}, sector)));
  const CdSectorState state = look_at(std::span<const uint8_t, kCdMain>(reinterpret_cast<const uint8_t*>(sector.data()), kCdMain), true);
  EXPECT_TRUE(state.readable);
  EXPECT_EQ(state.mode, CdMode::form1);
}

TEST_F(CdRecording, TheRunOutOfAudioAtOnceIsSilent) {
  start("cd-r");
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::track_at_once, 0))));
  for (int32_t lba = 0; lba < 320; lba += 20) ASSERT_TRUE(good(put(lba, 20, 2352)));
  ASSERT_TRUE(good(drive().execute(Command{.cdb = Cdb{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .timeout = std::chrono::hours(1)})));
  EXPECT_EQ(track(1).size, 322u);
  std::vector<std::byte> sound(2448);
  ASSERT_TRUE(good(receive({0xBE, 0, 0, 0, 1, 0x41, 0, 0, 1, 0xF8, 1, 0}, sound)));
  EXPECT_TRUE(std::all_of(sound.begin(), sound.begin() + kCdMain, [](std::byte b) { return b == std::byte{}; }));
  const Q q = get_q(std::span(reinterpret_cast<const uint8_t*>(sound.data()), sound.size()).last<kCdSub>());
  EXPECT_TRUE(q_is_good(q));
  EXPECT_EQ(of_bcd(q[9]), (321u + 150u) % 75u);
  EXPECT_TRUE(sensed(read_cd(322, 0, 0xF8, 0, 2352), 8, 0x00, 0)) << "the pause of a track that may come";
}

TEST_F(CdRecording, WhereWritingGoesOnDependsOnTheWriteType) {
  start("cd-r");
  const auto next = [&](uint8_t type, uint8_t block_type) {
    EXPECT_TRUE(good(set_write_parameters(parameters(type, block_type))));
    return static_cast<int32_t>(track(0xFF).next_writable.get());
  };
  EXPECT_EQ(next(WriteParameters::track_at_once, 0), 0);
  EXPECT_EQ(next(WriteParameters::session_at_once, 0), -150);
  EXPECT_EQ(next(WriteParameters::raw, WriteParameters::raw_2352_pq), kUsualLeadInStart);
  ASSERT_TRUE(good(set_write_parameters(track_at_once(true))));
  fill(0, 320);
  ASSERT_TRUE(good(drive().execute(Command{.cdb = Cdb{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .timeout = std::chrono::hours(1)})));
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(next(WriteParameters::track_at_once, 0), 322 + 11400);
  EXPECT_EQ(next(WriteParameters::session_at_once, 0), 322 + 11250);
}

TEST_F(CdRecording, TheHeadIsWhereItReadLast) {
  start("cd-r");
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::session_at_once, 0))));
  ASSERT_TRUE(good(cue(sheet())));
  for (int32_t lba = -150; lba < 300; lba += 10) ASSERT_TRUE(good(put(lba, 10, 2352))) << lba;
  ASSERT_TRUE(good(drive().execute(Command{.cdb = Cdb{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .timeout = std::chrono::hours(1)})));
  const auto here = [&](uint8_t time) {
    const auto bytes = ask({0x42, time, 0x40, 1, 0, 0, 0, 0, 16, 0}, 16);
    SubChannelPosition position;
    EXPECT_TRUE(fsi::load(bytes, 4, position));
    return position;
  };
  ASSERT_TRUE(good(read_cd(160, 0, 0xF8, 0, 2352)));
  SubChannelPosition position = here(0);
  EXPECT_EQ(position.track, 1);
  EXPECT_EQ(position.index, 1);
  EXPECT_EQ(position.adr_control, 0x10);
  EXPECT_EQ(position.absolute, 160u);
  EXPECT_EQ(position.relative, 160u);
  position = here(2);
  EXPECT_EQ(position.absolute, 0x00040Au) << "00:04:10";
  EXPECT_EQ(position.relative, 0x00020Au);
}

TEST_F(CdRecording, TheCheckOfAFormattedQIsTheDrives) {
  start("cd-r");
  ASSERT_TRUE(good(set_write_parameters(parameters(WriteParameters::raw, WriteParameters::raw_2352_pq))));
  std::vector<std::byte> block(kCdMain + 16);
  Q q = q_point(0, 1, 0xA0, msf_of(kUsualLeadInStart), 0, {1, 0, 0});
  q[10] = q[11] = 0;
  const auto bytes = std::as_bytes(std::span(q));
  std::copy(bytes.begin(), bytes.end(), block.begin() + kCdMain);
  const auto at = static_cast<uint32_t>(kUsualLeadInStart);
  EXPECT_TRUE(good(send({0x2A, 0, b(at, 3), b(at, 2), b(at, 1), b(at, 0), 0, 0, 1, 0}, block)));
}

TEST_F(CdRecording, ReadCdMakesSectorsOfDataTracksAndSelectsTheirFields) {
  start("cd-r");
  ASSERT_TRUE(good(set_write_parameters(track_at_once())));
  fill(0, 320);
  ASSERT_TRUE(good(drive().execute(Command{.cdb = Cdb{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .timeout = std::chrono::hours(1)})));
  std::vector<std::byte> sector(2448);
  ASSERT_TRUE(good(receive({0xBE, 0, 0, 0, 0, 16, 0, 0, 1, 0xF8, 1, 0}, sector)));
  const auto numbers = std::span(reinterpret_cast<const uint8_t*>(sector.data()), sector.size());
  const CdSectorState state = look_at(numbers.first<kCdMain>(), true);
  EXPECT_TRUE(state.readable && state.sync);
  EXPECT_EQ(state.mode, CdMode::mode1);
  EXPECT_EQ(numbers[13], 0x02);
  EXPECT_EQ(numbers[14], 0x16);
  EXPECT_TRUE(q_is_good(get_q(numbers.last<kCdSub>())));
  const auto user = pattern(16, 1);
  EXPECT_TRUE(std::equal(user.begin(), user.end(), sector.begin() + 16));
  EXPECT_TRUE(good(read_cd(16, 2, 0x10, 0, 2048)));
  EXPECT_TRUE(good(read_cd(16, 2, 0x20, 0, 4)));
  EXPECT_TRUE(good(read_cd(16, 2, 0xA0, 0, 16)));
  EXPECT_TRUE(sensed(read_cd(16, 2, 0x90, 0, 2060), 5, 0x24, 0)) << "sync and data without the header between";
  EXPECT_TRUE(sensed(read_cd(16, 1, 0x10, 0, 2352), 5, 0x64, 0)) << "audio expected";
  EXPECT_TRUE(sensed(read_cd(320, 0, 0x10, 0, 2048), 5, 0x64, 0)) << "run-out";
}

}  // namespace
}  // namespace rec::virt
