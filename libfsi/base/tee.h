// One stream of sectors for several InOrder at once, each in a thread of its own: serial sums take the time of the
// slowest instead of the sum of all.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "libfsi/base/in_order.h"

namespace fsi {

class Tee final : public InOrder {
 public:
  /// The takers outlive it.
  explicit Tee(std::vector<InOrder*> takers);
  Tee(const Tee&) = delete;
  ~Tee() override;

  /// Hands the same sectors to every taker, and calls `meanwhile` (when there is one) in the calling thread. Returns when all
  /// of them are done, so that `bytes` is the caller's again. Throws what the first of them threw.
  void hand(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable = {},
            const std::function<void()>& meanwhile = {});
  void take(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) override {
    hand(range, bytes, unreadable);
  }

 private:
  void work(size_t index);

  const std::vector<InOrder*> takers_;
  std::mutex mutex_;
  std::condition_variable given_, done_;
  uint64_t round_ = 0;  // how often bytes were given out
  size_t busy_ = 0;     // takers that are not done with them
  bool closed_ = false;
  SectorRange range_;
  std::span<const std::byte> bytes_;
  std::span<const SectorRange> unreadable_;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace fsi
