// A drive's refusal as an exception: fsi::Error with the sense. Its text is the sense in words and what to do.
#pragma once

#include <string>
#include <utility>

#include "libfsi/base/error.h"
#include "librecorder/drive/sense_policy.h"
#include "librecorder/scsi/command.h"

namespace rec {

class DriveError : public fsi::Error {
 public:
  DriveError(fsi::ErrorKind kind, std::string where, std::string what, std::string why, Answer answer)
      : Error(kind, std::move(where), std::move(what), std::move(why)), answer_(std::move(answer)) {}
  /// Key 0 when the fault is not a sense: a timeout, a transport that broke.
  const Sense& sense() const { return answer_.sense; }
  const Answer& answer() const { return answer_; }

 private:
  Answer answer_;
};

/// The error that an answer which is not good amounts to. `drive`: the transport's name. `what`: what was being done.
DriveError drive_error(std::string drive, std::string what, const Answer& answer, Phase phase);

}  // namespace rec
