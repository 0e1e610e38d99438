#include "libfsi/check/ordered_window.h"

#include <new>

namespace fsi {

OrderedWindow::OrderedWindow(size_t slots, size_t bytes) : bytes_(bytes), slots_(slots) {
  for (Slot& slot : slots_) {
    slot.bytes.reset(static_cast<std::byte*>(std::aligned_alloc(4096, bytes)));
    if (!slot.bytes) throw std::bad_alloc();
  }
}

std::span<std::byte> OrderedWindow::claim(uint64_t number) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || number < next_ + slots_.size(); });
  if (stopped_) return {};
  return {slot(number).bytes.get(), bytes_};
}

void OrderedWindow::fill(uint64_t number, SectorRange range, std::vector<SectorRange> unreadable) {
  const std::lock_guard lock(mutex_);
  Slot& filled = slot(number);
  filled.range = range;
  filled.unreadable = std::move(unreadable);
  filled.full = true;
  changed_.notify_all();
}

void OrderedWindow::drain(uint64_t count, InOrder& taker) {
  for (uint64_t number = 0; number < count; ++number) {
    Slot& full = slot(number);
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || full.full; });
      if (stopped_) return;
    }
    try {
      taker.take(full.range, {full.bytes.get(), full.range.count * kSectorSize}, full.unreadable);
    } catch (...) {
      stop();
      throw;
    }
    const std::lock_guard lock(mutex_);
    full.full = false;
    next_ = number + 1;
    changed_.notify_all();
  }
}

void OrderedWindow::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace fsi
