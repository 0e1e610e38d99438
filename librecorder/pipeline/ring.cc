#include "librecorder/pipeline/ring.h"

#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "libfsi/base/error.h"

namespace rec {

namespace {
constexpr size_t kMostSlot = 1 << 20;  // a read of this size costs next to nothing besides its copying
}

Ring::Ring(size_t bytes) {
  if (bytes > std::numeric_limits<size_t>::max() - kMostSlot)
    throw fsi::Error(fsi::ErrorKind::usage, "", "reserving the buffer", std::to_string(bytes) + " bytes are more than there can be");
  // A slot that is being emptied takes no data; at most a thirty-second part of the ring is lost to that.
  slot_ = std::clamp<size_t>(bytes / 32 / kChunk * kChunk, kChunk, kMostSlot);
  capacity_ = std::max((bytes + slot_ - 1) / slot_ * slot_, kSmallest);
  void* memory = mmap(nullptr, capacity_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw fsi::system_error("", "reserving a buffer of " + std::to_string(capacity_) + " bytes; choose a smaller one");
  memory_ = static_cast<std::byte*>(memory);
  // RLIMIT_MEMLOCK may forbid it; then the ring can be paged like other memory.
  locked_ = mlock2(memory_, capacity_, MLOCK_ONFAULT) == 0;
  for (size_t at = capacity_; at > 0; at -= slot_) free_.push_back(memory_ + at - slot_);
}

Ring::~Ring() { munmap(memory_, capacity_); }

std::span<std::byte> Ring::room(size_t most) {
  std::unique_lock lock(mutex_);
  if (!has_room()) {
    feeder_waits_ = true;
    may_take_.notify_one();
    may_put_.wait(lock, [&] { return cancelled_ || has_room(); });
    feeder_waits_ = false;
  }
  if (cancelled_) return {};
  const auto at = static_cast<size_t>(put_ % slot_);
  if (at == 0 && !filling_) {
    used_.push_back(free_.back());
    free_.pop_back();
    filling_ = true;
  }
  return {used_.back() + at, std::min(slot_ - at, most)};
}

void Ring::put(size_t bytes) {
  const std::lock_guard lock(mutex_);
  put_ += bytes;
  if (bytes > 0 && put_ % slot_ == 0) filling_ = false;
  if (wanted_ && fill_locked() >= wanted_) may_take_.notify_one();
}

void Ring::end(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  error_ = std::move(error);
  may_take_.notify_one();
}

bool Ring::want(size_t fill, std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  wanted_ = std::clamp<size_t>(fill, 1, capacity_);
  const bool there = may_take_.wait_for(lock, at_most, [&] { return cancelled_ || ended_ || fill_locked() >= wanted_ || feeder_waits_; });
  wanted_ = 0;
  return there;
}

std::span<const std::byte> Ring::front() const {
  const std::lock_guard lock(mutex_);
  const size_t fill = fill_locked();
  if (cancelled_ || (fill < kChunk && !ended_)) return {};
  if (fill == 0) return {};
  return {used_.front() + static_cast<size_t>(taken_ % slot_), std::min(fill, kChunk)};
}

void Ring::drop(size_t bytes) {
  const std::lock_guard lock(mutex_);
  taken_ += bytes;
  if (bytes > 0 && taken_ % slot_ == 0) {
    free_.push_back(used_.front());
    used_.pop_front();
  }
  if (feeder_waits_) may_put_.notify_one();
}

void Ring::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  may_put_.notify_all();
  may_take_.notify_all();
}

bool Ring::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

size_t Ring::fill() const {
  const std::lock_guard lock(mutex_);
  return fill_locked();
}

Ring::Level Ring::level() const {
  const std::lock_guard lock(mutex_);
  return {fill_locked(), put_, ended_};
}

uint64_t Ring::put_total() const {
  const std::lock_guard lock(mutex_);
  return put_;
}

bool Ring::drained() const {
  const std::lock_guard lock(mutex_);
  return ended_ && put_ == taken_;
}

bool Ring::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::exception_ptr Ring::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace rec
