// Tells the caller of a burn how it goes: what is done now, how far, how fast of late. Not public.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string_view>

#include "librecorder/recorder.h"

namespace rec {

class Teller {
 public:
  explicit Teller(const BurnProgress& progress) : progress_(progress) {}

  void phase(std::string_view name) {
    event_.phase = name;
    event_.part.reset();
    tell();
  }
  void expect(std::optional<uint64_t> sectors) { event_.total = sectors; }
  /// Of a CD of tracks: the one that is written now, 0 for the lead-in, `tracks` + 1 for the lead-out.
  void track(uint32_t number, uint32_t tracks) {
    event_.track = number;
    event_.tracks = tracks;
  }
  void written(uint64_t sectors, const Pace& pace, const Ring& ring) {
    event_.done = sectors;
    event_.ring_fill = ring.fill();
    event_.ring_size = ring.capacity();
    event_.speed_kb = pace.speed_kb;
    event_.stops = pace.stops;
    tell();
  }
  void spooled(uint64_t bytes) {
    event_.done = bytes / fsi::kSectorSize;
    if (seconds() - event_.seconds >= 0.5) tell();
  }
  void part(std::optional<double> part) {
    event_.part = part;
    if (seconds() - event_.seconds >= 0.5) tell();
  }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

 private:
  void tell() {
    event_.seconds = seconds();
    // The rate of the last few seconds: steady enough to read, quick enough to be true.
    recent_.push_back({event_.seconds, event_.done});
    while (recent_.size() > 2 && event_.seconds - recent_.front().seconds > 5) recent_.pop_front();
    const double span = event_.seconds - recent_.front().seconds;
    const uint64_t sectors = event_.done - std::min(event_.done, recent_.front().sectors);
    event_.bytes_per_second = span > 0 ? static_cast<double>(sectors * fsi::kSectorSize) / span : 0;
    if (progress_) progress_(event_);
  }

  struct Sample {
    double seconds;
    uint64_t sectors;
  };
  const BurnProgress& progress_;
  BurnEvent event_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::deque<Sample> recent_;
};

}  // namespace rec
