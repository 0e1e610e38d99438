// The log of all commands that a virtual drive was given, one line each: name, command block, outcome. Made to be compared
// with a golden file: no times, no addresses of memory. Equal lines are not folded; a reader may do that.
#pragma once

#include <string>

#include "libfsi/base/file.h"
#include "librecorder/scsi/command.h"

namespace rec::virt {

/// "WRITE(10) 2A 00 00 00 00 00 00 00 20 00 -> good". Other outcomes: "5/21/02", "good, residual 2048", "timeout",
/// "gone", "transport: …".
std::string transcript_line(const Command& command, const Answer& answer);

class Transcript {
 public:
  /// Appends to the file, which is made when it is missing.
  explicit Transcript(std::string path);
  /// Each line is one write(2), so that several drives may share a file.
  void add(const Command& command, const Answer& answer);

 private:
  std::string path_;
  fsi::Fd file_;
};

}  // namespace rec::virt
