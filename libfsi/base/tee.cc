#include "libfsi/base/tee.h"

namespace fsi {

Tee::Tee(std::vector<InOrder*> takers) : takers_(std::move(takers)) {
  for (size_t i = 0; i < takers_.size(); ++i) threads_.emplace_back([this, i] { work(i); });
}

Tee::~Tee() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  given_.notify_all();
}

void Tee::hand(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable,
               const std::function<void()>& meanwhile) {
  {
    const std::lock_guard lock(mutex_);
    range_ = range;
    bytes_ = bytes;
    unreadable_ = unreadable;
    busy_ = takers_.size();
    ++round_;
    given_.notify_all();
  }
  std::exception_ptr mine;
  try {
    if (meanwhile) meanwhile();
  } catch (...) {
    mine = std::current_exception();
  }
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return busy_ == 0; });
  if (mine) std::rethrow_exception(mine);
  if (failure_) std::rethrow_exception(failure_);
}

void Tee::work(size_t index) {
  uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    given_.wait(lock, [&] { return closed_ || round_ != seen; });
    if (round_ == seen) return;
    seen = round_;
    const bool spoiled = failure_ != nullptr;
    lock.unlock();
    std::exception_ptr thrown;
    try {
      if (!spoiled) takers_[index]->take(range_, bytes_, unreadable_);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    if (thrown && !failure_) failure_ = thrown;
    if (--busy_ == 0) done_.notify_one();
  }
}

}  // namespace fsi
