// The fault script: its grammar, when faults happen, what they do; and the transcript, which shows them.
#include <fstream>

#include "tests/unit/virtual/rig.h"

namespace rec::virt {
namespace {

using fsi::ErrorKind;

TEST(FaultGrammar, AllWords) {
  const Fault write = parse_fault("op=2A,nth=3,sense=3/0C/00");
  EXPECT_EQ(write.opcode, 0x2A);
  EXPECT_EQ(write.nth, 3u);
  EXPECT_EQ(write.times, 1u);
  EXPECT_EQ(write.key, 3);
  EXPECT_EQ(write.asc, 0x0C);
  const Fault spot = parse_fault("lba=1234-1240,read,sense=3/11/05");
  EXPECT_EQ(spot.first_lba, 1234u);
  EXPECT_EQ(spot.last_lba, 1240u);
  EXPECT_TRUE(spot.only_read);
  EXPECT_EQ(spot.times, Fault::kAlways);
  EXPECT_EQ(parse_fault("lba=5000,corrupt").action, Fault::Action::corrupt);
  EXPECT_EQ(parse_fault("op=5B,timeout").action, Fault::Action::timeout);
  EXPECT_EQ(parse_fault("op=2A,nth=2,residual=2048").residual, 2048u);
  EXPECT_EQ(parse_fault("op=2A,gone").action, Fault::Action::gone);
  EXPECT_FALSE(parse_fault("op=*,nth=1,sense=6/29/00").opcode);
  EXPECT_EQ(parse_fault("write,times=7,timeout").times, 7u);
  EXPECT_EQ(parse_fault("op=00,always,timeout").times, Fault::kAlways);
}

TEST(FaultGrammar, MistakesAreNamed) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"", "is not a word of a fault"},
      {"op=2A", "does not say what happens"},
      {"timeout", "does not say to which commands"},
      {"op=2A,", "ends with a comma"},
      {"op=XYZ,timeout", "not a number"},
      {"op=100,timeout", "from 0 to 255"},
      {"op=2A,nth=0,timeout", "not a number from 1"},
      {"op=2A,sense=3/0C", "write sense=K/AA/QQ"},
      {"op=2A,sense=10/00/00", "from 0 to 15"},
      {"op=2A,corrupt", "corrupt needs lba"},
      {"lba=9-3,timeout", "not a number from 9"},
      {"lba=4294967296,timeout", "not a number"},
      {"op=2A,timeout,gone", "twice"},
      {"read,write,timeout", "does not both"},
      {"op=2A,explode", "`explode` is not a word"},
      {"op=2A,read=1,timeout", "is not a word"},
      {"op=2A,lba=1 ,timeout", "not a number"},
  };
  for (const auto& [spec, words] : kWrong) expect_error([&, s = spec] { (void)parse_fault(s); }, ErrorKind::usage, words);
}

class Faults : public Rig {
 protected:
  void begin(std::vector<std::string> faults) { start("dvd+r", 4096, {.faults = std::move(faults)}); }
};

TEST_F(Faults, TheNthWriteFailsOnceAndNothingWasWritten) {
  begin({"op=2A,nth=3,sense=3/0C/00"});
  fill(0, 64);
  EXPECT_TRUE(sensed(write(64, 32), 3, 0x0C, 0));
  EXPECT_EQ(track(1).next_writable, 64u);
  EXPECT_TRUE(good(write(64, 32)));
  close();
  open();
  fill(96, 128);  // spent is spent, also for the next process
}

TEST_F(Faults, ARecoveredErrorIsToldOfACommandThatWasDone) {
  begin({"op=2A,sense=1/0C/01"});
  EXPECT_TRUE(sensed(write(0, 32), 1, 0x0C, 1));
  EXPECT_EQ(track(1).next_writable, 32u);
  expect_readable(0, 32);
}

TEST_F(Faults, ABadSpotStaysBad) {
  begin({"lba=70,read,sense=3/11/05"});
  fill(0, 128);
  EXPECT_TRUE(good(read(0, 32)));
  for (int i = 0; i < 3; ++i) {
    const Answer answer = read(64, 32);
    EXPECT_TRUE(sensed(answer, 3, 0x11, 5));
    EXPECT_EQ(answer.sense.information, 70u);
  }
  EXPECT_TRUE(good(read(64, 6)));
  EXPECT_TRUE(good(read(71, 6)));
  EXPECT_TRUE(sensed(run({0x2F, 0, 0, 0, 0, 64, 0, 0, 32, 0}), 3, 0x11, 5)) << "VERIFY reads";
}

TEST(FaultScript, WhatIsSlowDoesNotHideWhatIsBad) {
  std::vector<Fault> faults{parse_fault("lba=2,read,slow=50"), parse_fault("lba=3,read,sense=1/17/00"),
                            parse_fault("lba=4,read,sense=3/11/00")};
  Command command;
  const auto reads = [&](uint8_t first, uint8_t count) {
    command.cdb = {};
    command.cdb.bytes[0] = 0x28, command.cdb.bytes[5] = first, command.cdb.bytes[8] = count, command.cdb.length = 10;
    const Fault* fault = next_fault(faults, command);
    return fault ? fault->spec : std::string();
  };
  EXPECT_EQ(reads(0, 16), "lba=4,read,sense=3/11/00");
  EXPECT_EQ(reads(0, 4), "lba=2,read,slow=50");
  EXPECT_EQ(reads(3, 1), "lba=3,read,sense=1/17/00");
  EXPECT_EQ(reads(5, 1), "");
}

TEST_F(Faults, CorruptionIsSilentAndAlwaysTheSameBit) {
  begin({"lba=40,corrupt"});
  fill(0, 64);
  std::vector<std::byte> first, second;
  EXPECT_TRUE(good(read(32, 32, &first)));
  EXPECT_TRUE(good(read(40, 1, &second)));
  const auto wanted = pattern(32, 32);
  size_t wrong = 0;
  for (size_t i = 0; i < wanted.size(); ++i) wrong += wanted[i] != first[i];
  EXPECT_EQ(wrong, 1u);
  EXPECT_TRUE(std::equal(second.begin(), second.end(), first.begin() + 8 * 2048));
}

TEST_F(Faults, Timeout) {
  begin({"op=35,timeout"});
  fill(0, 32);
  const Duration before = drive().clock().now();
  EXPECT_EQ(synchronize().outcome, Outcome::timeout);
  EXPECT_EQ(drive().clock().now() - before, std::chrono::seconds(30));
  EXPECT_TRUE(good(synchronize()));
}

TEST_F(Faults, ACutTransferWritesWhatArrived) {
  begin({"op=2A,nth=2,residual=2048"});
  fill(0, 32);
  const Answer cut = write(32, 32);
  EXPECT_TRUE(good(cut));
  EXPECT_EQ(cut.residual, 2048u);
  EXPECT_EQ(track(1).next_writable, 64u) << "an ECC block is recorded as a whole";
  EXPECT_TRUE(good(write(64, 32)));
  std::vector<std::byte> last;
  ASSERT_TRUE(good(read(63, 1, &last)));
  EXPECT_EQ(last[1], std::byte{0}) << "what did not arrive is zero";
}

TEST_F(Faults, ACutReadTellsSo) {
  begin({"op=28,residual=4096"});
  fill(0, 32);
  std::vector<std::byte> bytes;
  const Answer cut = read(0, 4, &bytes);
  EXPECT_TRUE(good(cut));
  EXPECT_EQ(cut.residual, 4096u);
  EXPECT_EQ(bytes[4096], std::byte{0});
  EXPECT_EQ(bytes[0], pattern(0, 1)[0]);
}

TEST_F(Faults, GoneIsGoneUntilReopened) {
  begin({"op=2A,gone"});
  EXPECT_EQ(write(0, 32).outcome, Outcome::gone);
  EXPECT_EQ(run({0x00}).outcome, Outcome::gone);
  close();
  open();
  EXPECT_TRUE(good(write(0, 32)));
}

TEST_F(Faults, AnyCommand) {
  registry().add("d", "dvd+r", {.faults = {"op=*,nth=2,sense=B/00/00"}}, {.capacity = 4096});
  open();
  EXPECT_TRUE(good(receive({0x12, 0, 0, 0, 0, 0}, {})));
  EXPECT_TRUE(sensed(receive({0x12, 0, 0, 0, 0, 0}, {}), 0xB, 0, 0));
}

TEST_F(Faults, CanBeReplaced) {
  begin({"op=28,always,sense=3/11/00"});
  fill(0, 32);
  EXPECT_TRUE(sensed(read(0, 1), 3, 0x11, 0));
  close();
  registry().set_faults("d", {});
  open();
  EXPECT_TRUE(good(read(0, 1)));
  close();
  expect_error([&] { registry().set_faults("d", {"nonsense"}); }, ErrorKind::usage, "nonsense");
}

TEST_F(Faults, TheTranscriptIsGolden) {
  begin({"op=35,timeout"});
  const auto file = directory() / "transcript";
  drive().set_transcript(file);
  (void)run({0x00});
  (void)write(0, 16);
  (void)write(0, 16);
  (void)synchronize();
  (void)ask({0x12, 0, 0, 0, 5, 0}, 36);
  std::vector<std::byte> small(1);
  (void)receive({0x12, 0, 0, 0, 5, 0}, small);
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(text,
            "TEST UNIT READY 00 00 00 00 00 00 -> good\n"
            "WRITE(10) 2A 00 00 00 00 00 00 00 10 00 -> good\n"
            "WRITE(10) 2A 00 00 00 00 00 00 00 10 00 -> 5/21/02\n"
            "SYNCHRONIZE CACHE 35 00 00 00 00 00 00 00 00 00 -> timeout\n"
            "INQUIRY 12 00 00 00 05 00 -> good, residual 31\n"
            "INQUIRY 12 00 00 00 05 00 -> transport: the command block allows 5 bytes, the buffer takes 1\n");
}

}  // namespace
}  // namespace rec::virt
