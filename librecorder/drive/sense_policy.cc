#include "librecorder/drive/sense_policy.h"

namespace rec {

namespace {
using namespace std::chrono_literals;
using fsi::ErrorKind;

constexpr uint8_t kAny = SenseRule::kAny;
constexpr uint8_t bit(Phase p) { return static_cast<uint8_t>(p); }
constexpr uint8_t kProbe = bit(Phase::probe), kPrepare = bit(Phase::prepare), kWrite = bit(Phase::write), kClose = bit(Phase::close),
                  kRead = bit(Phase::read), kFormat = bit(Phase::format);
constexpr uint8_t kAll = kProbe | kPrepare | kWrite | kClose | kRead | kFormat;
constexpr uint8_t kBurning = kWrite | kClose;
constexpr uint8_t kNotBurning = kAll & ~(kBurning | kFormat);

constexpr std::string_view kNoDisc = "put a disc in";
constexpr std::string_view kClean = "clean the disc or take another one";
constexpr std::string_view kOtherDisc = "take a disc that this drive can write";
constexpr std::string_view kSpoiled = "the disc may be spoiled; take another one, if it happens again a slower speed or another brand";
constexpr std::string_view kWorn = "the disc is worn out or dirty: clean it and erase it in full, or take another one";
constexpr std::string_view kFaulty = "switch the drive off and on; if it stays, the drive is broken";
constexpr std::string_view kBusyDrive = "wait until the drive has finished what it is doing and try again";
constexpr std::string_view kChanged = "the disc was changed or the tray opened while burning; the disc is incomplete";
constexpr std::string_view kUnformatted = "the disc was changed or the drive reset while erasing or formatting; do that again";
constexpr std::string_view kOtherNow = "the disc was changed or the tray opened while reading; begin again";
constexpr std::string_view kReset = "the drive was reset while burning; check cable and power, the disc is probably incomplete";

// Most particular first. The union of what burning programs have learned from real drives.
constexpr SenseRule kRules[] = {
    {0x0, kAny, kAny, kAll, Action::retry, 3, 100ms},
    {0x1, kAny, kAny, kAll, Action::carry_on},

    {0x2, 0x04, 0x00, kAll, Action::wait, 0, 200ms, 5s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x01, kAll, Action::wait, 0, 500ms, 100s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x02, kAll, Action::start, 1, 0ms, 0ms, ErrorKind::failed, kFaulty},
    {0x2, 0x04, 0x03, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, "the drive needs a hand: look at its tray and its disc"},
    {0x2, 0x04, 0x04, kWrite, Action::synchronize, 1, 0ms, 0ms, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x04, kFormat, Action::wait, 0, 500ms, 18000s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x07, kFormat, Action::wait, 0, 500ms, 18000s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x04, kAll, Action::wait, 0, 500ms, 3600s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x07, kWrite, Action::wait, 0, 60ms, 120s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x07, kAll, Action::wait, 0, 300ms, 3600s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, 0x08, kWrite, Action::flow, 0, 20ms, 120s, ErrorKind::failed, "the drive takes no data any more; the disc may be spoiled"},
    {0x2, 0x04, 0x08, kAll, Action::wait, 0, 100ms, 3600s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x04, kAny, kAll, Action::wait, 0, 500ms, 30s, ErrorKind::failed, kBusyDrive},
    {0x2, 0x3A, 0x02, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, "the tray is open: put a disc in and close it"},
    {0x2, 0x3A, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kNoDisc},
    {0x2, 0x06, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kClean},
    {0x2, 0x30, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kOtherDisc},

    {0x3, 0x0C, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kSpoiled},
    {0x3, 0x73, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable,
     "the drive cannot find the right laser power; take another disc"},
    {0x3, 0x30, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kOtherDisc},
    {0x3, kAny, kAny, kFormat, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kWorn},
    {0x3, kAny, kAny, kBurning | kPrepare, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kSpoiled},
    {0x3, kAny, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kClean},
    {0x4, kAny, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kFaulty},

    {0x5, 0x20, kAny, kAll, Action::absent, 0, 0ms, 0ms, ErrorKind::unsuitable, "this drive cannot do it; take another one"},
    {0x5, 0x24, kAny, kAll, Action::other_form},
    {0x5, 0x26, kAny, kAll, Action::other_form},
    {0x5, 0x21, kAny, kWrite, Action::fail, 0, 0ms, 0ms, ErrorKind::failed,
     "the drive is at another place of the disc than we are, or at its end"},
    {0x5, 0x2C, kAny, kWrite, Action::synchronize, 1},
    {0x5, 0x55, kAny, kAll, Action::retry, 5, 1000ms},
    {0x5, 0x30, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kOtherDisc},
    {0x5, 0x64, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kOtherDisc},
    {0x5, 0x6F, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, "the disc is protected against copying"},
    {0x5, 0x72, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kOtherDisc},

    {0x6, 0x28, kAny, kBurning, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kChanged},
    {0x6, 0x29, kAny, kBurning, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kReset},
    {0x6, 0x28, kAny, kRead, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, kOtherNow},
    {0x6, 0x2A, kAny, kWrite, Action::resend, 3},
    {0x6, 0x28, kAny, kFormat, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kUnformatted},
    {0x6, 0x29, kAny, kFormat, Action::fail, 0, 0ms, 0ms, ErrorKind::failed, kUnformatted},
    {0x6, 0x2A, kAny, kFormat, Action::retry, 3, 20ms},
    // An eject request, while the door is locked: the user pressed the button.
    {0x6, 0x5A, kAny, kAll, Action::retry, 10, 50ms},
    {0x6, kAny, kAny, kNotBurning, Action::retry, 10, 20ms},

    {0x7, kAny, kAny, kAll, Action::fail, 0, 0ms, 0ms, ErrorKind::unsuitable, "take off the disc's write protection, or take another disc"},
    {0xB, kAny, kAny, kAll, Action::retry, 3, 100ms},
    {kAny, kAny, kAny, kAll, Action::fail},
};
}  // namespace

std::span<const SenseRule> sense_rules() { return kRules; }

SenseRule rule_for(const Sense& sense, Phase phase) {
  const auto matches = [](uint8_t pattern, uint8_t value) { return pattern == kAny || pattern == value; };
  for (const SenseRule& rule : kRules) {
    if (!matches(rule.key, sense.key) || !matches(rule.asc, sense.asc) || !matches(rule.ascq, sense.ascq) || !(rule.phases & bit(phase)))
      continue;
    SenseRule found = rule;
    if (sense.deferred && found.action == Action::carry_on) {
      found.action = Action::retry;
      found.attempts = 3;
    }
    return found;
  }
  return kRules[std::size(kRules) - 1];  // not reached: the last rule matches all
}

}  // namespace rec
