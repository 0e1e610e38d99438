#include "libfsi/check/compare.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "libfsi/base/error.h"
#include "libfsi/base/try_read.h"
#include "libfsi/check/ordered_window.h"
#include "libfsi/check/selection.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

using disc::kChunkBytes;
using disc::kChunkSectors;

namespace {

// What one read call takes. Small enough that the bytes are still in the second-level cache when they are hashed.
constexpr uint64_t kUnitChunks = 8;
// A drive likes it larger, and has one reader only.
constexpr uint64_t kSerialUnitChunks = 16;

class Comparison {
 public:
  Comparison(const SectorSource& source, SectorRange range, const Manifest* manifest, const CompareOptions& options)
      : source_(source),
        range_(range),
        manifest_(manifest && manifest->has_digests() ? manifest : nullptr),
        options_(options),
        chunks_((range.count + kChunkSectors - 1) / kChunkSectors),
        selection_(chunks_, options.sample),
        unit_(selection_.sampled() ? 1
              : options.parallel   ? kUnitChunks
                                   : kSerialUnitChunks) {}

  CompareResult run() {
    const uint64_t units = (selection_.count() + unit_ - 1) / unit_;
    uint64_t threads = !options_.parallel ? 1 : options_.threads ? options_.threads : std::max(1u, std::thread::hardware_concurrency());
    threads = std::min<uint64_t>({threads, std::max<uint64_t>(units, 1), 64});
    if (options_.in_order && !selection_.sampled()) {
      window_ = std::make_unique<OrderedWindow>(2 * threads + 2, unit_ * kChunkBytes);
      std::vector<std::jthread> readers;
      for (uint64_t i = 0; i < threads; ++i) readers.emplace_back([this] { work(); });
      window_->drain(units, *options_.in_order);
    } else {
      std::vector<std::jthread> others;
      for (uint64_t i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
      work();
    }
    if (failure_) std::rethrow_exception(failure_);
    join(result_.different);
    join(result_.unreadable);
    return std::move(result_);
  }

 private:
  struct Part {
    std::vector<SectorRange> different, unreadable;
    uint64_t read = 0, compared = 0;
    std::string why;
  };

  void work() {
    try {
      OrderedWindow own(window_ ? 0 : 1, unit_ * kChunkBytes);
      Part part;
      while (!failed_.load(std::memory_order_relaxed)) {
        const uint64_t unit = next_.fetch_add(1, std::memory_order_relaxed);
        if (unit * unit_ >= selection_.count()) break;
        check_stop(options_.stop);
        const uint64_t chunk = selection_.chunk(unit * unit_);
        const uint64_t first = range_.first + chunk * kChunkSectors;
        const uint64_t count = std::min(unit_ * kChunkSectors, range_.end() - first);
        const uint64_t before = part.read;
        const std::span<std::byte> buffer = window_ ? window_->claim(unit) : own.claim(0);
        if (buffer.empty()) break;
        std::vector<SectorRange> unreadable = std::exchange(part.unreadable, {});
        read_unit({first, count}, buffer.first(count * kSectorSize), part);
        unreadable.insert(unreadable.end(), part.unreadable.begin(), part.unreadable.end());
        unreadable.swap(part.unreadable);
        if (window_) window_->fill(unit, {first, count}, std::move(unreadable));
        tell(part.read - before);
      }
      const std::lock_guard lock(mutex_);
      auto add = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
      add(result_.different, part.different);
      add(result_.unreadable, part.unreadable);
      result_.sectors_read += part.read;
      result_.sectors_compared += part.compared;
      if (result_.why_unreadable.empty()) result_.why_unreadable = part.why;
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_ = true;
      if (window_) window_->stop();
    }
  }

  // True when the range was read whole.
  bool try_read(SectorRange range, std::span<std::byte> out, Part& part) {
    try {
      source_.read(range, out);
      return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      if (part.why.empty()) part.why = error.why();
      return false;
    }
  }

  void read_unit(SectorRange range, std::span<std::byte> out, Part& part) {
    const bool whole = try_read(range, out, part);
    for (uint64_t at = 0; at < range.count; at += kChunkSectors) {
      const SectorRange chunk{range.first + at, std::min<uint64_t>(kChunkSectors, range.count - at)};
      const auto bytes = out.subspan(at * kSectorSize, chunk.count * kSectorSize);
      const size_t lost_before = part.unreadable.size();
      if (whole)
        part.read += chunk.count;
      else
        read_around(chunk, bytes, part);
      compare(chunk, bytes, std::span(part.unreadable).subspan(std::min(lost_before, part.unreadable.size())), part);
    }
  }

  // The chunk, or what can be read of it: sector by sector, so that exactly the bad ones are named.
  void read_around(SectorRange chunk, std::span<std::byte> out, Part& part) {
    if (try_read(chunk, out, part)) {
      part.read += chunk.count;
      return;
    }
    for (uint64_t i = 0; i < chunk.count; ++i) {
      check_stop(options_.stop);
      if (try_read({chunk.first + i, 1}, out.subspan(i * kSectorSize, kSectorSize), part)) {
        ++part.read;
      } else {
        append(part.unreadable, {chunk.first + i, 1});
      }
    }
  }

  void compare(SectorRange chunk, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable, Part& part) {
    if (!manifest_) return;
    const uint64_t index = (chunk.first - manifest_->base) / kChunkSectors;
    if (!manifest_->has_digest(index)) return;
    if (unreadable.empty() && manifest_->matches(index, bytes))
      part.compared += chunk.count;
    else
      part.compared += manifest_->narrow(index, chunk, bytes, unreadable, part.different);
  }

  void tell(uint64_t sectors) {
    const uint64_t done = done_.fetch_add(sectors, std::memory_order_relaxed) + sectors;
    if (!options_.progress) return;
    // Whoever finds the lock taken leaves the telling to the other.
    const std::unique_lock lock(telling_, std::try_to_lock);
    if (!lock) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < tell_at_) return;
    tell_at_ = now + std::chrono::milliseconds(500);
    options_.progress(ProgressEvent{"verifying", "", done, selection_.sampled() ? selection_.count() * kChunkSectors : range_.count});
  }

  const SectorSource& source_;
  const SectorRange range_;
  const Manifest* const manifest_;
  const CompareOptions& options_;
  const uint64_t chunks_;
  const Selection selection_;
  const uint64_t unit_;  // chunks
  std::atomic<uint64_t> next_{0}, done_{0};
  std::atomic<bool> failed_{false};
  std::unique_ptr<OrderedWindow> window_;  // for in_order
  std::mutex mutex_, telling_;
  std::chrono::steady_clock::time_point tell_at_{};
  CompareResult result_;
  std::exception_ptr failure_;
};

}  // namespace

void join(std::vector<SectorRange>& ranges) {
  std::ranges::sort(ranges, {}, &SectorRange::first);
  size_t kept = 0;
  for (const SectorRange& range : ranges) {
    if (range.count == 0) continue;
    if (kept > 0 && range.first <= ranges[kept - 1].end())
      ranges[kept - 1].count = std::max(ranges[kept - 1].end(), range.end()) - ranges[kept - 1].first;
    else
      ranges[kept++] = range;
  }
  ranges.resize(kept);
}

CompareResult read_and_compare(const SectorSource& source, SectorRange range, const Manifest* manifest, const CompareOptions& options) {
  return Comparison(source, range, manifest, options).run();
}

}  // namespace fsi
