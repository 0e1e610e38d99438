// The thread that fills the ring. A real thread, because a pipe or a slow file may block it for long.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>

#include "librecorder/pipeline/input.h"
#include "librecorder/pipeline/ring.h"

namespace rec {

class Feeder {
 public:
  /// Starts at once. At most `limit` bytes are taken from the input, all when there is no limit.
  /// Input and ring outlive the feeder. An error of the input reaches the writer through the ring.
  Feeder(Input& input, Ring& ring, std::optional<uint64_t> limit);
  /// Cancels ring and input, and joins: never waits for a source that has gone quiet.
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  /// More came after the limit than a little zero padding, as far as it has been looked at. Any thread.
  bool surplus() const { return surplus_; }

 private:
  void run();
  void look_for_surplus();

  Input& input_;
  Ring& ring_;
  const std::optional<uint64_t> limit_;
  std::atomic<bool> surplus_ = false;
  std::thread thread_;
};

}  // namespace rec
