// The buffer of the drive between the host and the laser. It holds byte counts only: the data itself goes straight to
// the store. The laser starts when the buffer is half full, runs at the set speed, and stops when the buffer is dry.
#pragma once

#include <cstdint>

#include "librecorder/virtual/clock.h"

namespace rec::virt {

class WriteBuffer {
 public:
  /// `rate` in bytes a second; 0: the laser takes everything at once, and the buffer is always empty.
  WriteBuffer(uint64_t size, uint64_t rate) : size_(size), rate_(rate) {}

  void set_rate(uint64_t rate, Duration now);
  uint64_t rate() const { return rate_; }
  uint64_t size() const { return size_; }

  /// False when there is no room now.
  bool take(uint64_t bytes, Duration now);
  uint64_t available(Duration now);
  /// How long it takes until everything is on the disc. The buffer is empty then; that is no underrun.
  Duration flush(Duration now);
  /// How long until `bytes` have room.
  Duration until_available(uint64_t bytes, Duration now);
  /// How often the buffer ran dry while the laser was on, since the last call.
  uint32_t take_dry_count(Duration now);

 private:
  void drain(Duration now);
  Duration time_for(uint64_t bytes) const;

  uint64_t size_, rate_;
  uint64_t fill_ = 0;
  bool burning_ = false;
  Duration drained_at_{};
  uint32_t dry_count_ = 0;
};

}  // namespace rec::virt
