// The one seam between us and a drive. Kernel SG_IO, iSCSI and the virtual drive answer the same
// command blocks here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

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
  /// "/dev/sr0", "virtual:archive", "iscsi://…".
  virtual std::string name() const = 0;
};

}  // namespace rec
