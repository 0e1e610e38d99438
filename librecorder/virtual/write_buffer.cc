#include "librecorder/virtual/write_buffer.h"

#include <algorithm>
#include <utility>

namespace rec::virt {

Duration WriteBuffer::time_for(uint64_t bytes) const {
  if (rate_ == 0) return {};
  return Duration(static_cast<int64_t>(static_cast<double>(bytes) * 1e9 / static_cast<double>(rate_)) + 1);
}

void WriteBuffer::drain(Duration now) {
  if (burning_ && rate_ != 0) {
    const double seconds = std::chrono::duration<double>(now - drained_at_).count();
    const double burned = seconds * static_cast<double>(rate_);
    if (burned < 1.0) return;  // too short a time to tell: let it add up
    if (burned >= static_cast<double>(fill_)) {
      fill_ = 0;
      burning_ = false;
      ++dry_count_;
    } else {
      fill_ -= static_cast<uint64_t>(burned);
    }
  }
  drained_at_ = now;
}

void WriteBuffer::set_rate(uint64_t rate, Duration now) {
  drain(now);
  rate_ = rate;
}

bool WriteBuffer::take(uint64_t bytes, Duration now) {
  if (rate_ == 0) return true;
  drain(now);
  if (bytes > size_ - fill_) return false;
  fill_ += bytes;
  if (!burning_ && fill_ >= size_ / 2) {
    burning_ = true;
    drained_at_ = now;
  }
  return true;
}

uint64_t WriteBuffer::available(Duration now) {
  drain(now);
  return size_ - fill_;
}

Duration WriteBuffer::flush(Duration now) {
  drain(now);
  burning_ = false;
  return time_for(std::exchange(fill_, 0));
}

Duration WriteBuffer::until_available(uint64_t bytes, Duration now) {
  const uint64_t room = available(now);
  return time_for(bytes > room ? std::min(bytes, size_) - std::min(bytes, room) : 0);
}

uint32_t WriteBuffer::take_dry_count(Duration now) {
  drain(now);
  return std::exchange(dry_count_, 0);
}

}  // namespace rec::virt
