#include "librecorder/drive/drive_error.h"

namespace rec {

DriveError drive_error(std::string drive, std::string what, const Answer& answer, Phase phase) {
  const auto make = [&](fsi::ErrorKind kind, std::string why) {
    return DriveError(kind, std::move(drive), std::move(what), std::move(why), answer);
  };
  switch (answer.outcome) {
    case Outcome::check: {
      const SenseRule rule = rule_for(answer.sense, phase);
      std::string why = sense_text(answer.sense);
      if (answer.sense.deferred) why = "an earlier command failed: " + why;
      if (answer.sense.information && (answer.sense.key == 3 || answer.sense.key == 8 || answer.sense.is(5, 0x21)))
        why += " at LBA " + std::to_string(*answer.sense.information);
      if (!rule.advice.empty()) why.append("; ").append(rule.advice);
      return make(rule.kind, std::move(why));
    }
    case Outcome::busy:
      return make(fsi::ErrorKind::failed, answer.status == 0x18 ? "another program or computer has reserved the drive; end that one"
                                                                : "the drive stays busy; wait and try again");
    case Outcome::timeout: return make(fsi::ErrorKind::failed, "the drive does not answer in time; switch it off and on");
    case Outcome::gone: return make(fsi::ErrorKind::failed, "the drive is gone; check cable and power");
    case Outcome::transport_error:
      return make(fsi::ErrorKind::failed, "the command did not get through" +
                                              (answer.transport.empty() ? std::string() : ": " + answer.transport) +
                                              "; check cable, power and permissions");
    case Outcome::good:
      if (answer.residual)
        return make(fsi::ErrorKind::failed, "the transfer was cut short by " + std::to_string(answer.residual) +
                                                " bytes; check the cable, or connect the drive in another way");
      break;
  }
  return make(fsi::ErrorKind::failed, "the drive's answer makes no sense");
}

}  // namespace rec
