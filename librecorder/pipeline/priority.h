// Real-time priority for a thread that feeds a drive, where the system allows it; nothing depends on it.
#pragma once

#include <pthread.h>
#include <sched.h>

namespace rec {

/// For the calling thread, as long as this lives.
class RealTime {
 public:
  explicit RealTime(bool wanted) {
    if (!wanted || pthread_getschedparam(pthread_self(), &policy_, &before_) != 0 || policy_ != SCHED_OTHER) return;
    sched_param lowest{};
    lowest.sched_priority = sched_get_priority_min(SCHED_RR);
    // RESET_ON_FORK: what this thread starts is not meant.
    held_ = pthread_setschedparam(pthread_self(), SCHED_RR | SCHED_RESET_ON_FORK, &lowest) == 0;
  }
  ~RealTime() {
    if (held_) pthread_setschedparam(pthread_self(), policy_, &before_);
  }
  RealTime(const RealTime&) = delete;
  RealTime& operator=(const RealTime&) = delete;

  bool held() const { return held_; }

 private:
  int policy_ = 0;
  sched_param before_{};
  bool held_ = false;
};

}  // namespace rec
