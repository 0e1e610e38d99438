// What a list asks of a drive: little, and nothing that waits. The drive is one of answers.
#include "librecorder/medium/glance.h"

#include <gtest/gtest.h>

#include "librecorder/scsi/opcode.h"
#include "tests/unit/drive/fake_transport.h"

namespace rec {
namespace {

struct Asked {
  FakeTransport* transport = new FakeTransport;
  Drive drive{std::unique_ptr<Transport>(transport)};

  void answers(const Answer& answer) {
    transport->always[op::kTestUnitReady] = [answer](const Command&) { return answer; };
  }
  std::string state() {
    const auto seen = glance(drive);
    return seen ? seen->state : "not told";
  }
};

TEST(Glance, TellsWhyThereIsNothing) {
  for (const auto& [ascq, says] : {std::pair<uint8_t, const char*>{0, "no medium"}, {1, "no medium"}, {2, "tray open"}}) {
    Asked asked;
    asked.answers(FakeTransport::sense(2, 0x3A, ascq));
    EXPECT_EQ(asked.state(), says);
    EXPECT_EQ(asked.transport->seen.size(), 1u);
  }
}

TEST(Glance, DoesNotWaitForADriveThatIsNotReady) {
  for (const auto& [ascq, says] : {std::pair<uint8_t, const char*>{1, "becoming ready"}, {4, "busy"}, {7, "busy"}, {8, "busy"}}) {
    Asked asked;
    asked.answers(FakeTransport::sense(2, 0x04, ascq));
    EXPECT_EQ(asked.state(), says);
    EXPECT_EQ(asked.transport->seen.size(), 1u) << "a drive that is busy is left in peace";
    EXPECT_EQ(asked.transport->time.count(), 0);
  }
}

TEST(Glance, HearsAttentionsOutAndGivesUpOnADriveThatHasNoEndOfThem) {
  Asked asked;
  asked.transport->queued[op::kTestUnitReady] = {FakeTransport::sense(6, 0x29, 0), FakeTransport::sense(6, 0x28, 0)};
  asked.answers(FakeTransport::sense(2, 0x3A, 1));
  EXPECT_EQ(asked.state(), "no medium");
  Asked endless;
  endless.answers(FakeTransport::sense(6, 0x29, 0));
  EXPECT_EQ(endless.state(), "not told");
  EXPECT_LT(endless.transport->seen.size(), 20u);
  Asked broken;
  broken.answers(FakeTransport::sense(4, 0x44, 0));
  EXPECT_EQ(broken.state(), "not told");
}

}  // namespace
}  // namespace rec
