// The time of a virtual drive. On the virtual clock nobody sleeps: what the drive does takes its time at once, and every
// look of the host at an unfinished operation lets some time pass. On the real clock time is what it is.
#pragma once

#include <chrono>
#include <memory>
#include <thread>

namespace rec::virt {

using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Since an arbitrary start; never goes back.
  virtual Duration now() const = 0;
  /// The drive works this long before it answers.
  virtual void work(Duration time) = 0;
  /// The host looked and will look again; a host waits about this long between two looks.
  virtual void looked(Duration pause) = 0;
};

class VirtualClock final : public Clock {
 public:
  Duration now() const override { return now_; }
  void work(Duration time) override { now_ += time; }
  void looked(Duration pause) override { now_ += pause; }

 private:
  Duration now_{};
};

class RealClock final : public Clock {
 public:
  Duration now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
  void work(Duration time) override { std::this_thread::sleep_for(time); }
  void looked(Duration) override {}
};

}  // namespace rec::virt
