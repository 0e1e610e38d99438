// The body of an image rendered in slabs by several threads, handed on as they come (a file takes any
// order) or in order of address with bounded memory (a pipe). Real threads, since a sink may block long.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "libfsi/base/progress.h"
#include "libfsi/image/image.h"

namespace fsi {

/// Rendered bytes of the body: `range` counts from the session start.
struct Slab {
  SectorRange range;
  std::span<const std::byte> bytes;
};

struct SlabOptions {
  Progress progress;
  std::stop_token stop;
};

class SlabWork {
 public:
  SlabWork(const Image& image, unsigned threads, SlabOptions options);

  /// Only slabs that touch `range`. Returns *this.
  SlabWork& only(SectorRange range);
  /// Leaves out slabs of which this is true; they count as done. For run() only.
  void skip(std::function<bool(SectorRange)> needless) { needless_ = std::move(needless); }

  using Take = std::function<void(const Slab&)>;
  /// Calls `take` from the rendering threads, in any order. Throws the error of the lowest slab.
  void run(const Take& take);
  /// Calls `take` from the calling thread, in order of address; at most two slabs a thread (and two more) are
  /// in memory. `early`, when there is one, is called before that from the rendering threads, in any order.
  void run_in_order(const Take& take, const Take& early = {});

 private:
  struct Failure {
    uint64_t slab = UINT64_MAX;
    std::exception_ptr error;
  };
  SectorRange slab_range(uint64_t slab) const;
  void fail(uint64_t slab);
  void report();
  template <class Body>
  void with_ticker(Body body);

  const Image& image_;
  const unsigned threads_;
  const SlabOptions options_;
  uint64_t slabs_;  // end
  std::function<bool(SectorRange)> needless_;

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 0;      // next slab to render
  uint64_t finished_ = 0;  // slabs handed on
  uint64_t at_ = 0;        // sector last handed on, for progress
  Failure failure_;
};

}  // namespace fsi
