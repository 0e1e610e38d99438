// The thread that fills the ring. A real thread, because a pipe or a slow file may block it for long.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <thread>

#include "librecorder/pipeline/input.h"
#include "librecorder/pipeline/ring.h"

namespace rec {

class Feeder {
 public:
  /// Starts at once. At most `limit` bytes are taken from the input, all when there is no limit.
  /// Input and ring outlive the feeder. An error of the input reaches the writer through the ring.
  /// `real_time`: with that priority, where it is allowed.
  Feeder(Input& input, Ring& ring, std::optional<uint64_t> limit, bool real_time = false);
  /// Cancels ring and input, and joins: never waits for a source that has gone quiet.
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  /// Did more come after the limit than a little zero padding? Asked once, after the ring is drained; a sender that
  /// neither sends nor ends is given `patience`.
  bool surplus(std::chrono::milliseconds patience) { return surplus_.wait_for(patience) == std::future_status::ready && surplus_.get(); }

 private:
  void run();
  void fill();
  bool look_for_surplus();

  Input& input_;
  Ring& ring_;
  const std::optional<uint64_t> limit_;
  const bool real_time_;
  std::promise<bool> found_;
  std::future<bool> surplus_ = found_.get_future();
  std::thread thread_;
};

}  // namespace rec
