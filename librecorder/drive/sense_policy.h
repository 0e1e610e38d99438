// What to do about a drive's answer, as one table: sense x phase -> action. Knows no command and sends none.
// The words for a sense are in scsi/; this is only what follows from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "libfsi/base/error.h"
#include "librecorder/scsi/command.h"

namespace rec {

/// What the drive is being used for at the moment. The same sense means different things: a unit attention while
/// looking at a disc is news, while writing it is a disaster.
enum class Phase : uint8_t { probe = 1, prepare = 2, write = 4, close = 8, read = 16, format = 32 };  // format: also blanking

enum class Action : uint8_t {
  carry_on,     ///< the command was done; worth a note
  retry,        ///< send it again, at most `attempts` times
  wait,         ///< pause and send it again until `patience` is over
  flow,         ///< the drive's buffer is full: pause as long as it takes to drain, then the same WRITE
  start,        ///< START UNIT once, then again
  synchronize,  ///< SYNCHRONIZE CACHE once, then again
  resend,       ///< the mode parameters were lost: send them, then again
  absent,       ///< the drive has no such command: do without it
  other_form,   ///< the drive does not take it in this form: try the plainer one
  fail,
};

struct SenseRule {
  static constexpr uint8_t kAny = 0xFF;
  uint8_t key, asc, ascq;  ///< kAny matches all
  uint8_t phases;          ///< bits of Phase
  Action action;
  uint8_t attempts = 0;
  std::chrono::milliseconds pause{0}, patience{0};
  fsi::ErrorKind kind = fsi::ErrorKind::failed;  ///< when it comes to failing
  std::string_view advice{};                     ///< what the user can do, when it comes to failing
};

/// The rule for a sense: the first that matches, and there is one for each. A deferred sense tells of an earlier
/// command and means that this one was not done, so "carry on" becomes "retry" for it. Thread-safe.
SenseRule rule_for(const Sense& sense, Phase phase);

/// The table, for tests.
std::span<const SenseRule> sense_rules();

}  // namespace rec
