// The one seam between us and a drive. Kernel SG_IO, iSCSI and the virtual drive answer the same
// command blocks here.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "librecorder/scsi/command.h"

namespace rec {

struct TransferLimits {
  uint32_t max_bytes = 64 * 1024;  ///< per command
  uint32_t alignment = 1;          ///< of buffers in memory, a power of two
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// Sends one command and waits for its answer, at most command.timeout. Not thread-safe: one
  /// command at a time. Never throws for what the drive or the transport answers.
  virtual Answer execute(const Command& command) = 0;
  virtual TransferLimits limits() const { return {}; }

  /// Time as the drive lives it, for deadlines and for the pauses between polls. A virtual drive overrides both: its
  /// clock goes on when sleep() is called, and nobody waits for real unless it was made with --real-time.
  virtual std::chrono::nanoseconds now() const { return std::chrono::steady_clock::now().time_since_epoch(); }
  virtual void sleep(std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); }

  /// "/dev/sr0", "virtual:archive", "iscsi://…".
  virtual std::string name() const = 0;
};

}  // namespace rec
