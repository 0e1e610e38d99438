#include "librecorder/drive/drive.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "librecorder/drive/discovery.h"
#include "librecorder/drive/drive_lock.h"
#include "librecorder/host/mounts.h"
#include "librecorder/scsi/opcode.h"
#include "tests/unit/drive/fake_transport.h"

namespace rec {
namespace {

using namespace std::chrono_literals;

struct Fixture {
  FakeTransport* fake = new FakeTransport;
  Drive drive{std::unique_ptr<Transport>(fake)};
};

TEST(SensePolicy, EachSenseHasARuleInEachPhase) {
  for (const Phase phase : {Phase::probe, Phase::prepare, Phase::write, Phase::close, Phase::read})
    for (unsigned key = 0; key < 16; ++key)
      for (unsigned asc = 0; asc < 256; asc += 1)
        for (unsigned ascq = 0; ascq < 16; ++ascq) {
          Sense sense;
          sense.key = static_cast<uint8_t>(key);
          sense.asc = static_cast<uint8_t>(asc);
          sense.ascq = static_cast<uint8_t>(ascq);
          const SenseRule rule = rule_for(sense, phase);
          // A rule that repeats has an end.
          if (rule.action == Action::wait || rule.action == Action::flow) {
            EXPECT_GT(rule.patience, 0ms);
            EXPECT_GT(rule.pause, 0ms);
          }
          if (rule.action == Action::retry) {
            EXPECT_GT(rule.attempts, 0);
          }
        }
}

struct Row {
  uint8_t key, asc, ascq;
  Phase phase;
  Action action;
};

TEST(SensePolicy, KnowsTheTableOfTheTrade) {
  for (const Row& row : {Row{1, 0x5D, 0, Phase::write, Action::carry_on},
                         {2, 4, 1, Phase::probe, Action::wait},
                         {2, 4, 2, Phase::probe, Action::start},
                         {2, 4, 8, Phase::write, Action::flow},
                         {2, 4, 8, Phase::close, Action::wait},
                         {2, 4, 7, Phase::close, Action::wait},
                         {2, 4, 4, Phase::write, Action::synchronize},
                         {2, 0x3A, 1, Phase::probe, Action::fail},
                         {3, 0x0C, 0, Phase::write, Action::fail},
                         {4, 0x44, 0, Phase::read, Action::fail},
                         {5, 0x20, 0, Phase::probe, Action::absent},
                         {5, 0x24, 0, Phase::close, Action::other_form},
                         {5, 0x2C, 0, Phase::write, Action::synchronize},
                         {5, 0x21, 0, Phase::write, Action::fail},
                         {6, 0x28, 0, Phase::probe, Action::retry},
                         {6, 0x28, 0, Phase::write, Action::fail},
                         {6, 0x29, 0, Phase::prepare, Action::retry},
                         {6, 0x29, 0, Phase::close, Action::fail},
                         {6, 0x2A, 1, Phase::write, Action::resend},
                         {7, 0x27, 0, Phase::write, Action::fail},
                         {8, 0, 0, Phase::read, Action::fail},
                         {0xB, 0, 0, Phase::read, Action::retry}}) {
    Sense sense;
    sense.key = row.key;
    sense.asc = row.asc;
    sense.ascq = row.ascq;
    EXPECT_EQ(rule_for(sense, row.phase).action, row.action) << int(row.key) << "/" << int(row.asc) << "/" << int(row.ascq);
  }
  Sense sense;
  sense.key = 2;
  sense.asc = 0x3A;
  EXPECT_EQ(rule_for(sense, Phase::probe).kind, fsi::ErrorKind::unsuitable);
}

TEST(SensePolicy, ADeferredNoteMeansThatTheCommandWasNotDone) {
  Sense sense;
  sense.key = 1;
  sense.deferred = true;
  EXPECT_EQ(rule_for(sense, Phase::write).action, Action::retry);
}

TEST(Drive, RetriesUnitAttentionsAndGivesUpOnEndlessOnes) {
  Fixture f;
  f.fake->queued[op::kReadCapacity] = {FakeTransport::sense(6, 0x29, 0), FakeTransport::sense(6, 0x28, 0)};
  f.fake->always[op::kReadCapacity] = FakeTransport::data({0, 0, 0x12, 0x34, 0, 0, 8, 0});
  EXPECT_EQ(f.drive.capacity()->last_lba, 0x1234u);
  f.fake->always[op::kInquiry] = [](const Command&) { return FakeTransport::sense(6, 0x29, 0); };
  EXPECT_THROW(f.drive.inquiry(), DriveError);
  EXPECT_LT(f.fake->count(op::kInquiry), 20u);
}

TEST(Drive, AsksForTheLengthFirstAndThenForExactlyThat) {
  Fixture f;
  std::vector<uint8_t> answer(34);
  answer[1] = 32;
  answer[2] = 0x0E;  // complete, last session complete
  answer[4] = 3;
  answer[9] = 1;
  f.fake->always[op::kReadDiscInformation] = FakeTransport::data(answer);
  const auto disc = f.drive.disc_information();
  ASSERT_TRUE(disc);
  EXPECT_EQ(disc->sessions(), 259);
  ASSERT_EQ(f.fake->seen.size(), 2u);
  EXPECT_EQ(f.fake->seen[0].in.size(), 4u);
  EXPECT_EQ(f.fake->seen[1].in.size(), 34u);
  EXPECT_EQ(f.fake->seen[1].cdb.bytes[8], 34);
}

TEST(Drive, ShortAndHostileLengthsAreNoProblem) {
  Fixture f;
  for (const uint8_t length : {0, 1, 2, 9, 10, 31, 255}) {
    f.fake->always[op::kReadDiscInformation] =
        FakeTransport::data({length == 255 ? uint8_t{255} : uint8_t{0}, length, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0});
    const auto disc = f.drive.disc_information();
    EXPECT_EQ(disc.has_value(), length >= 10) << int(length);
  }
  f.fake->always[op::kGetConfiguration] = FakeTransport::data({255, 255, 255, 255, 0, 0, 0, 9, 0, 0, 3, 200, 1, 2});
  EXPECT_EQ(f.drive.configuration()->profile, Profile::cd_r);
  EXPECT_TRUE(f.drive.configuration()->features.empty());
}

TEST(Drive, DoesWithoutACommandThatTheDriveLacks) {
  Fixture f;
  EXPECT_FALSE(f.drive.configuration());
  EXPECT_FALSE(f.drive.format_capacities());
  EXPECT_TRUE(f.drive.write_speeds().empty());
  EXPECT_TRUE(f.drive.mode_page(ModePageCode::write_parameters).empty());
  EXPECT_NO_THROW(f.drive.calibrate_power());
}

TEST(Drive, FindsAPageBehindABlockDescriptor) {
  Fixture f;
  std::vector<uint8_t> answer(8 + 8 + 2 + 4 + 2 + 2);
  answer[1] = static_cast<uint8_t>(answer.size() - 2);
  answer[7] = 8;
  answer[16] = 0x01;
  answer[17] = 4;
  answer[22] = 0x85;
  answer[23] = 2;
  answer[24] = 0x42;
  f.fake->always[op::kModeSense10] = FakeTransport::data(answer);
  const auto page = f.drive.mode_page(ModePageCode::write_parameters);
  ASSERT_EQ(page.size(), 4u);
  EXPECT_EQ(page[2], std::byte{0x42});
}

TEST(Drive, TriesWithoutImmedWhenTheDriveDoesNotTakeIt) {
  Fixture f;
  f.fake->always[op::kCloseTrackSession] = [](const Command& c) {
    return c.cdb.bytes[1] & 1 ? FakeTransport::sense(5, 0x24, 0) : FakeTransport::good();
  };
  f.drive.close_track_session(CloseFunction::session, 0);
  ASSERT_EQ(f.fake->seen.size(), 2u);
  EXPECT_EQ(f.fake->seen[1].timeout, 3600s);
}

TEST(Drive, SaysWhatToDo) {
  Fixture f;
  f.fake->always[op::kInquiry] = [](const Command&) { return FakeTransport::sense(2, 0x3A, 2); };
  try {
    f.drive.inquiry();
    FAIL();
  } catch (const DriveError& e) {
    EXPECT_EQ(e.kind(), fsi::ErrorKind::unsuitable);
    EXPECT_TRUE(e.sense().is(2, 0x3A, 2));
    EXPECT_NE(std::string(e.what()).find("the tray is open"), std::string::npos) << e.what();
  }
}

TEST(WaitReady, WantsTwoGoodsInARowAndShowsProgress) {
  Fixture f;
  Answer busy = FakeTransport::sense(2, 4, 7);
  busy.sense.progress = 0x8000;
  f.fake->queued[op::kTestUnitReady] = {busy, FakeTransport::good(), busy, FakeTransport::sense(6, 0x28, 0)};
  f.fake->always[op::kTestUnitReady] = [](const Command&) { return FakeTransport::good(); };
  std::vector<double> parts;
  wait_ready(f.drive, "waiting", 100s, [&](std::optional<double> part) { parts.push_back(part.value_or(-1)); });
  EXPECT_EQ(f.fake->count(op::kTestUnitReady), 6u);
  EXPECT_EQ(parts, (std::vector<double>{0.5, 0.5}));
}

TEST(WaitReady, EndsAtTheDeadlineOfTheDrivesOwnTime) {
  Fixture f;
  f.fake->always[op::kTestUnitReady] = [](const Command&) { return FakeTransport::sense(2, 4, 1); };
  EXPECT_THROW(wait_ready(f.drive, "waiting", 100s), DriveError);
  EXPECT_GE(f.fake->time, 100s);
  EXPECT_LT(f.fake->time, 110s);
}

TEST(WaitReady, EndsOnUnitAttentionsWithoutEnd) {
  Fixture f;
  f.fake->always[op::kTestUnitReady] = [](const Command&) { return FakeTransport::sense(6, 0x29, 0); };
  EXPECT_THROW(wait_ready(f.drive, "waiting", 3600s), DriveError);
}

TEST(WaitReady, HearsTheStop) {
  Fixture f;
  f.fake->always[op::kTestUnitReady] = [](const Command&) { return FakeTransport::sense(2, 4, 1); };
  std::stop_source stop;
  stop.request_stop();
  try {
    wait_ready(f.drive, "waiting", 100s, {}, stop.get_token());
    FAIL();
  } catch (const fsi::Error& e) {
    EXPECT_EQ(e.kind(), fsi::ErrorKind::interrupted);
  }
}

TEST(Discovery, ListsTheOpticalDrivesOfSysfsInOrder) {
  const auto sys = std::filesystem::temp_directory_path() / ("sysfs" + std::to_string(getpid()));
  for (const char* name : {"sr10", "sr2", "sda", "srx"}) std::filesystem::create_directories(sys / "block" / name / "device");
  std::filesystem::create_directories(sys / "block/sr2/device/scsi_generic/sg5");
  std::ofstream(sys / "block/sr2/device/vendor") << "ACME    \n";
  const auto drives = find_drives_in_sysfs(sys.string());
  std::filesystem::remove_all(sys);
  ASSERT_EQ(drives.size(), 2u);
  EXPECT_EQ(drives[0].node, "/dev/sr2");
  EXPECT_EQ(drives[0].vendor, "ACME");
  EXPECT_EQ(drives[0].sg_node, "/dev/sg5");
  EXPECT_EQ(drives[1].node, "/dev/sr10");
  EXPECT_TRUE(find_drives_in_sysfs("/nowhere").empty());
}

TEST(DriveLock, ManyMayLookAndOneMayBurn) {
  const auto file = std::filesystem::temp_directory_path() / ("lock" + std::to_string(getpid()));
  std::ofstream(file) << "";
  {
    const DriveLock a(file.string(), DriveLock::Kind::shared), b(file.string(), DriveLock::Kind::shared);
    EXPECT_THROW(DriveLock(file.string(), DriveLock::Kind::exclusive), fsi::Error);  // after five seconds of patience
  }
  EXPECT_NO_THROW(DriveLock(file.string(), DriveLock::Kind::exclusive));
  std::filesystem::remove(file);
  EXPECT_THROW(DriveLock(file.string(), DriveLock::Kind::shared), fsi::Error);
}

TEST(Mounts, FindsTheDeviceAndDecodesItsName) {
  constexpr std::string_view kInfo =
      "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "40 22 11:0 / /media/my\\040disc ro - iso9660 /dev/sr0 ro\n"
      "41 22 11:01 / /no rw - x y z\n";
  EXPECT_EQ(mount_points_in(kInfo, 11, 0), std::vector<std::string>{"/media/my disc"});
  EXPECT_TRUE(mount_points_in(kInfo, 11, 1).empty());
  EXPECT_TRUE(mount_points("/dev/null").empty());
}

}  // namespace
}  // namespace rec
