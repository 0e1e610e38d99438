// What the preloaded shim and the server of a virtual drive say to each other over a local socket: one request, one
// answer, in the byte order of the machine. Test code only.
#pragma once

#include <cstdint>

namespace wire {

inline constexpr uint32_t kMostBytes = 64 * 1024;  // of one transfer: what the transport of the virtual drive takes

// Program and drive live in a time that runs so much faster than ours: a nap takes a hundredth of what it says, and the
// drive does in that what it does in all of it.
inline constexpr int kFaster = 100;

enum class Direction : uint8_t { none, from_drive, to_drive };

struct Request {
  uint8_t cdb[16];
  uint8_t cdb_length;
  Direction direction;
  uint16_t unused;
  uint32_t bytes;  // of the transfer; to_drive: they follow
  uint32_t timeout_ms;
};

struct Answer {
  uint8_t outcome;  // 0: the drive answered; 1: timeout; 2: the transport failed
  uint8_t status;   // SAM
  uint8_t sense_length;
  uint8_t unused;
  uint32_t residual;
  uint8_t sense[64];
  // from_drive: Request::bytes follow
};

}  // namespace wire
