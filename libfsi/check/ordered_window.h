// Between readers that work in parallel and a taker that wants everything in order: a window of buffers. Bounded
// memory: a reader waits until its buffer is free again.
#pragma once

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "libfsi/base/in_order.h"

namespace fsi {

class OrderedWindow {
 public:
  /// `slots` buffers of `bytes` each, page aligned.
  OrderedWindow(size_t slots, size_t bytes);

  /// The buffer of piece `number`, when its turn has come near enough; empty when all was stopped.
  std::span<std::byte> claim(uint64_t number);
  /// It is filled: `range`, of which `unreadable` could not be read.
  void fill(uint64_t number, SectorRange range, std::vector<SectorRange> unreadable);
  /// Hands pieces 0 to count - 1 to `taker` in order, from the calling thread. Returns early when all was stopped. What
  /// `taker` throws stops all.
  void drain(uint64_t count, InOrder& taker);
  void stop();

 private:
  struct Slot {
    std::unique_ptr<std::byte, decltype(&std::free)> bytes{nullptr, &std::free};
    SectorRange range;
    std::vector<SectorRange> unreadable;
    bool full = false;
  };
  Slot& slot(uint64_t number) { return slots_[number % slots_.size()]; }

  const size_t bytes_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 0;  // to be handed on
  bool stopped_ = false;
};

}  // namespace fsi
