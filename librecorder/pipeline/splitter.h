// One stream for several drives: read once, handed to each tap. The slowest tap that is alive sets the pace; one that is
// cancelled no longer counts. Knows nothing of drives.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "librecorder/pipeline/input.h"

namespace rec {

class Splitter {
 public:
  /// Starts to read at once. `source` outlives the splitter.
  Splitter(Input& source, size_t taps);
  /// Cancels the source and all taps, and joins.
  ~Splitter();
  Splitter(const Splitter&) = delete;
  Splitter& operator=(const Splitter&) = delete;

  /// Lives as long as the splitter. Each tap is one Input: one thread reads it, any may cancel it. An error of the source comes
  /// out of every tap, after the bytes before it.
  Input& tap(size_t index);

 private:
  using Block = std::shared_ptr<const std::vector<std::byte>>;
  class Tap;
  void run();
  bool hand_out(Block block);

  Input& source_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Tap>> taps_;
  bool ended_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace rec
