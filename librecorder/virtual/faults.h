// Things that go wrong with a virtual drive, on demand. A fault is written as words separated by commas:
//
//   which commands     op=2A (opcode, hexadecimal) or op=* (any)    lba=N or lba=N-M (a block of the command lies there)
//                      read | write (only commands that move data this way)
//   which of these     nth=N (the N-th since the drive was opened; default the first)
//   how often          times=N | always (default: once; always for a fault of an lba, for a bad spot stays bad)
//   what happens       sense=K/AA/QQ     the command is refused with this sense, all three in hexadecimal
//                                    (key 1, a recovered error: it is done, and the sense comes with it)
//                      corrupt           one bit of the block at lba is read wrong, and nobody says so
//                      timeout           no answer comes within the command's time
//                      residual=N        GOOD, but the last N bytes were not transferred
//                      slow=N            it is done, N milliseconds later (or in no time that the host waits for)
//                      gone              the drive is no longer there
//
//   op=2A,nth=3,sense=3/0C/00      lba=1234,read,sense=3/11/05      op=5B,timeout      op=*,sense=6/29/00
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "librecorder/scsi/command.h"

namespace rec::virt {

struct Fault {
  enum class Action : uint8_t { sense, corrupt, timeout, residual, slow, gone };
  static constexpr uint32_t kAlways = UINT32_MAX;

  std::string spec;
  std::optional<uint8_t> opcode;
  std::optional<uint32_t> first_lba, last_lba;
  bool only_read = false, only_write = false;
  uint32_t nth = 1;
  uint32_t times = 1;
  Action action = Action::sense;
  uint8_t key = 0, asc = 0, ascq = 0;
  uint32_t residual = 0;
  uint32_t milliseconds = 0;

  uint32_t seen = 0;   ///< matching commands since the drive was opened
  uint32_t fired = 0;  ///< how often it happened, ever
};

/// Throws fsi::Error (usage) that says which word is wrong and what would be right.
Fault parse_fault(std::string_view spec);

struct BlockRange {
  uint32_t first = 0, count = 0;
};
/// The blocks that a command reads, writes or verifies; nullopt for all other commands.
std::optional<BlockRange> blocks_of(const Cdb& cdb);

/// Counts this command, and returns the fault that happens to it: the first that makes it fail, else the first that lets it be done
/// (slow, recovered). A corrupt one is left to corrupt().
Fault* next_fault(std::vector<Fault>& faults, const Command& command);
/// Flips the bits that are to be flipped in blocks just read, of `block_bytes` each. True when that used up one of a
/// limited number of times.
bool corrupt(std::vector<Fault>& faults, const Cdb& cdb, std::span<std::byte> data, uint32_t block_bytes);

}  // namespace rec::virt
