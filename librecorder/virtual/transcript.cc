#include "librecorder/virtual/transcript.h"

#include <fcntl.h>

#include <cstdio>

#include "librecorder/scsi/opcode.h"
#include "librecorder/virtual/faults.h"

namespace rec::virt {

std::string transcript_line(const Command& command, const Answer& answer) {
  std::string line(op::name(command.cdb.opcode()));
  for (uint8_t i = 0; i < command.cdb.length; ++i) {
    char byte[4];
    std::snprintf(byte, sizeof byte, " %02X", unsigned{command.cdb.bytes[i]});
    line += byte;
  }
  // Parameter lists are as much of a recipe as the command block; sectors are not.
  if (command.direction == Direction::to_drive && !blocks_of(command.cdb)) {
    line += " :";
    for (const std::byte parameter : command.out) {
      char byte[4];
      std::snprintf(byte, sizeof byte, " %02X", std::to_integer<unsigned>(parameter));
      line += byte;
    }
  }
  line += " -> ";
  switch (answer.outcome) {
    case Outcome::good: line += "good"; break;
    case Outcome::check: line += sense_code(answer.sense); break;
    case Outcome::busy: line += "busy"; break;
    case Outcome::timeout: line += "timeout"; break;
    case Outcome::transport_error: line += "transport: " + answer.transport; break;
    case Outcome::gone: line += "gone"; break;
  }
  if (answer.good() && answer.residual != 0) line += ", residual " + std::to_string(answer.residual);
  return line;
}

Transcript::Transcript(std::string path)
    : path_(std::move(path)), file_(fsi::open_file(path_, O_WRONLY | O_CREAT | O_APPEND, "opening the transcript of a virtual drive")) {}

void Transcript::add(const Command& command, const Answer& answer) {
  const std::string line = transcript_line(command, answer) + "\n";
  fsi::write_stream(file_.get(), std::as_bytes(std::span(line)), path_);
}

}  // namespace rec::virt
