#include "libfsi/check/disc_pass.h"

#include <algorithm>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/try_read.h"
#include "libfsi/check/selection.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

using disc::kChunkBytes;
using disc::kChunkSectors;
using std::chrono::nanoseconds;

namespace {

constexpr auto kStall = std::chrono::seconds(2);
constexpr uint32_t kClose = 16;            // bad sectors in a row that are tried one by one
constexpr uint64_t kLargestStep = 32'768;  // 64 MiB
constexpr uint64_t kStretches = 512;

class DiscPass {
 public:
  DiscPass(const TimedSource& disc, const SectorSource& through, SectorRange range, const Manifest* manifest,
           const DiscPassOptions& options, PassState& state)
      : disc_(disc),
        through_(through),
        range_(range),
        manifest_(manifest && manifest->has_digests() ? manifest : nullptr),
        options_(options),
        state_(state),
        selection_(chunks_in(range), options.sample),
        buffer_(kChunkBytes) {
    Reading& reading = state_.reading;
    reading.timed = true;
    reading.patience = options.patience;
    if (!reading.stretches.empty() || range.count == 0) return;
    stretch_sectors_ = std::max<uint64_t>((chunks_in(range) + kStretches - 1) / kStretches, 1) * kChunkSectors;
    for (uint64_t at = 0; at < range.count; at += stretch_sectors_)
      reading.stretches.push_back({.range = {range.first + at, std::min(stretch_sectors_, range.count - at)}});
  }

  void run() {
    stretch_sectors_ = state_.reading.stretches.empty() ? 1 : state_.reading.stretches.front().range.count;
    const uint64_t count = selection_.sampled() ? selection_.count() : range_.count;
    while (state_.next < count) {
      check_stop(options_.stop);
      if (selection_.sampled()) {
        const uint64_t at = selection_.chunk(state_.next) * kChunkSectors;
        end_ = range_.first + std::min<uint64_t>(at + kChunkSectors, range_.count);
        for (uint64_t from = range_.first + at; from < end_;) from = read_chunk(from);
        state_.bad_in_a_row = 0;
        ++state_.next;
      } else {
        end_ = range_.end();
        const uint64_t from = range_.first + state_.next, to = read_chunk(from);
        if (options_.in_order) hand_on({from, to - from});
        state_.next = to - range_.first;
      }
      tell(selection_.sampled() ? state_.next * kChunkSectors : state_.next, selection_.sampled() ? count * kChunkSectors : count);
      if (options_.checkpoint) options_.checkpoint(state_);
    }
  }

 private:
  static uint64_t chunks_in(SectorRange range) { return (range.count + kChunkSectors - 1) / kChunkSectors; }

  // From `from` to the end of its chunk, or further when that leads into a hole. Returns the sector to go on with. Then each
  // sector of the chunk is in the buffer or lost: who begins in the middle has just crossed a hole that reaches to there.
  uint64_t read_chunk(uint64_t from) {
    const uint64_t start = from - (from - range_.first) % kChunkSectors;
    const SectorRange chunk{start, std::min<uint64_t>(kChunkSectors, range_.end() - start)};
    const uint64_t to = read_parts(chunk, from);
    compare(chunk);
    return to;
  }

  uint64_t read_parts(SectorRange chunk, uint64_t from) {
    const uint64_t start = chunk.first;
    uint64_t length = chunk.end() - from;
    for (uint64_t at = from; at < chunk.end();) {
      length = std::min(length, chunk.end() - at);
      const auto out = std::span(buffer_).subspan((at - start) * kSectorSize, length * kSectorSize);
      if (try_read({at, length}, out)) {
        at += length;
        length *= 2;
        state_.bad_in_a_row = 0;
        continue;
      }
      if (stalled_) return give_up_stretch(at + length, 0);  // slow is not bad, but there is no time for more of it
      if (late()) return give_up_stretch(at, length);
      if (out_of_patience()) {
        lose({at, length}, length);
        at += length;
      } else if (length > 1) {
        length /= 2;
      } else {
        lose({at, 1}, 0);
        ++at;
        if (++state_.bad_in_a_row < kClose) continue;
        at = cross_hole(at);
        state_.bad_in_a_row = 0;
        if (at >= chunk.end()) return at;
      }
    }
    return chunk.end();
  }

  // What of a range is lost, ascending.
  std::vector<SectorRange> lost_in(SectorRange range) const {
    std::vector<SectorRange> all;
    for (auto lost = state_.so_far.unreadable.rbegin(); lost != state_.so_far.unreadable.rend() && lost->end() > range.first; ++lost) {
      const uint64_t first = std::max(lost->first, range.first), end = std::min(lost->end(), range.end());
      if (first < end) all.insert(all.begin(), {first, end - first});
    }
    return all;
  }

  // What read_chunk() has left behind, chunk by chunk: the buffer holds the first of them, what lies behind it was lost.
  void hand_on(SectorRange range) {
    for (uint64_t at = range.first; at < range.end();) {
      const uint64_t offset = (at - range_.first) % kChunkSectors;
      const SectorRange part{at, std::min(kChunkSectors - offset, range.end() - at)};
      options_.in_order->take(part, std::span(buffer_).subspan(offset * kSectorSize, part.count * kSectorSize), lost_in(part));
      at = part.end();
    }
  }

  // Everything before `first` is bad. Steps that double, until a sector can be read; then back to the first good one.
  uint64_t cross_hole(uint64_t first) {
    uint64_t bad = first - 1, step = kChunkSectors, tried = 0;
    std::vector<std::byte> sector(kSectorSize);
    for (;;) {
      if (bad + 1 >= end_) return end_;
      check_stop(options_.stop);
      const uint64_t land = std::min(bad + step, end_ - 1);
      if (try_read({land, 1}, sector) || stalled_) {
        uint64_t good = land;
        while (good - bad > 1 && !late()) {
          const uint64_t middle = bad + (good - bad) / 2;
          if (try_read({middle, 1}, sector) || stalled_)
            good = middle;
          else
            ++tried, bad = middle;
        }
        if (good > first) lose({first, good - first}, good - first - std::min(tried, good - first));
        return good;
      }
      bad = land;
      ++tried;
      step = std::min(step * 2, kLargestStep);
      if (late()) {
        lose({first, bad + 1 - first}, bad + 1 - first - std::min(tried, bad + 1 - first));
        return give_up_stretch(bad + 1, 0);
      }
      if (bad + 1 >= end_) {
        lose({first, end_ - first}, end_ - first - std::min(tried, end_ - first));
        return end_;
      }
    }
  }

  // Far beyond all patience: what failed goes, and with each failure twice as much behind it.
  uint64_t give_up_stretch(uint64_t at, uint64_t failed) {
    state_.skip = state_.skip ? state_.skip * 2 : kChunkSectors;
    const uint64_t count = std::min(std::max(failed, state_.skip), end_ - std::min(at, end_));
    if (count > 0) lose({at, count}, count);
    return at + count;
  }

  bool out_of_patience() {
    if (state_.reading.trouble < options_.patience) return false;
    return state_.reading.out_of_patience = true;
  }
  bool late() { return out_of_patience() && state_.reading.trouble >= 2 * options_.patience; }

  void lose(SectorRange range, uint64_t skipped) {
    append(state_.so_far.unreadable, range);
    state_.reading.sectors_skipped += skipped;
    disc_.give_up(range);
  }

  // True when the sectors were read, and in time. stalled_: they were read, but it took long; that matters only late.
  bool try_read(SectorRange range, std::span<std::byte> out) {
    const nanoseconds began = disc_.now();
    const TimedSource::Effort before = disc_.effort();
    bool read = true;
    try {
      through_.read(range, out);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable) throw;
      if (state_.so_far.why_unreadable.empty()) state_.so_far.why_unreadable = error.why();
      read = false;
    }
    const nanoseconds took = disc_.now() - began;
    const TimedSource::Effort after = disc_.effort();
    Reading& reading = state_.reading;
    const uint64_t retries = after.retries - before.retries, recovered = after.recovered - before.recovered;
    reading.time += took;
    reading.retries += retries;
    reading.recovered += recovered;
    if (!read || took >= kStall) reading.trouble += took;
    ReadStretch& stretch = reading.stretches[(range.first - range_.first) / stretch_sectors_];
    stretch.time += took;
    stretch.retries += retries + recovered;
    if (read) {
      stretch.sectors += range.count;
      if (&out.front() >= buffer_.data() && &out.back() <= &buffer_.back()) state_.so_far.sectors_read += range.count;
    }
    if (!read) tell(done_, total_);
    stalled_ = read && took >= kStall && late();
    return read && !stalled_;
  }

  void compare(SectorRange chunk) {
    if (!manifest_ || chunk.first < manifest_->base) return;
    const uint64_t index = (chunk.first - manifest_->base) / kChunkSectors;
    if (!manifest_->has_digest(index)) return;
    const auto bytes = std::span<const std::byte>(buffer_).first(chunk.count * kSectorSize);
    const std::vector<SectorRange> lost = lost_in(chunk);
    if (lost.empty() && manifest_->matches(index, bytes))
      state_.so_far.sectors_compared += chunk.count;
    else
      state_.so_far.sectors_compared += manifest_->narrow(index, chunk, bytes, lost, state_.so_far.different);
  }

  void tell(uint64_t done, uint64_t total) {
    done_ = done;
    total_ = total;
    if (!options_.progress) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < tell_at_) return;
    tell_at_ = now + std::chrono::milliseconds(500);
    std::string found;
    const auto add = [&](size_t n, const char* what) {  // short: both have to fit into a line of 80
      if (n > 0) found += (found.empty() ? "" : ", ") + std::to_string(n) + what;
    };
    add(state_.so_far.unreadable.size(), " unreadable");
    add(state_.so_far.different.size(), " wrong");
    if (state_.reading.out_of_patience) found += ", out of patience";
    options_.progress(ProgressEvent{"verifying", found, done, total});
  }

  const TimedSource& disc_;
  const SectorSource& through_;
  const SectorRange range_;
  const Manifest* const manifest_;
  const DiscPassOptions& options_;
  PassState& state_;
  const Selection selection_;
  std::vector<std::byte> buffer_;
  uint64_t stretch_sectors_ = 1;
  uint64_t end_ = 0;  // up to here this step may go
  bool stalled_ = false;
  uint64_t done_ = 0, total_ = 0;  // as told last
  std::chrono::steady_clock::time_point tell_at_{};
};

}  // namespace

void read_disc(const TimedSource& disc, const SectorSource& through, SectorRange range, const Manifest* manifest,
               const DiscPassOptions& options, PassState& state) {
  DiscPass(disc, through, range, manifest, options, state).run();
}

}  // namespace fsi
