// Slow, bursty sources against drives, without any of them: seeded traces of a source, the virtual drive's own buffer, a
// virtual clock, and the policy that burn uses (pipeline/pacer.h). Three writers get the same traces through the same ring:
//
//   ours      the Pacer
//   refill    fixed speed; once dry it waits until the ring is full again
//   fixed     fixed speed; passes on what it has, as burning programs do
//
//   underrun_bench [TRACES [FIRST_SEED]]
//
// Exit 1 when ours spoils a disc or gives one up, or stops more than a tenth as often as the fixed writer.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "librecorder/pipeline/pacer.h"
#include "librecorder/pipeline/ring.h"
#include "librecorder/plan/buffer_size.h"
#include "librecorder/scsi/performance.h"
#include "librecorder/virtual/write_buffer.h"

namespace {

using Time = rec::Pacer::Time;
using rec::Ring;
using rec::virt::WriteBuffer;
using namespace std::chrono_literals;

double seconds(Time t) { return std::chrono::duration<double>(t).count(); }
Time time_of(double s) { return Time(static_cast<int64_t>(s * 1e9)); }

/// What a sender does over time: periods of delivering at some rate, and of silence. Time in which the ring is full is lost to it.
class Source {
 public:
  Source(uint64_t seed, double mean_rate, double silent_share, uint64_t bytes)
      : random_(seed), mean_rate_(mean_rate), silent_share_(silent_share), left_(bytes) {
    next_period();
  }
  bool ended() const { return left_ == 0; }

  /// What comes in `dt` when there is room for `room`.
  uint64_t deliver(double dt, uint64_t room) {
    double bytes = carry_;
    const double most = static_cast<double>(std::min(room, left_));
    while (dt > 0 && bytes < most) {
      const double span = std::min(dt, period_);
      const double need = rate_ > 0 ? (most - bytes) / rate_ : span;
      const double used = std::min(span, need);
      bytes += used * rate_;
      period_ -= used;
      dt -= used;
      if (period_ <= 0) next_period();
      if (used == need && rate_ > 0) break;
    }
    bytes = std::min(bytes, most);
    const auto whole = static_cast<uint64_t>(bytes);
    carry_ = bytes - static_cast<double>(whole);
    left_ -= whole;
    return whole;
  }

 private:
  static constexpr double kShortest = 0.05, kLongest = 30;

  void next_period() {
    const auto uniform = [&] { return std::uniform_real_distribution<double>(0, 1)(random_); };
    const double mean_silence = (kLongest - kShortest) / std::log(kLongest / kShortest);
    silent_ = !silent_;
    if (silent_) {
      period_ = kShortest * std::pow(kLongest / kShortest, uniform());
      rate_ = 0;
    } else {
      period_ = -std::log(1 - uniform()) * mean_silence * (1 - silent_share_) / silent_share_;
      rate_ = mean_rate_ / (1 - silent_share_) * (0.5 + uniform());
    }
  }

  std::mt19937_64 random_;
  double mean_rate_, silent_share_;
  uint64_t left_;
  bool silent_ = true;
  double period_ = 0, rate_ = 0, carry_ = 0;
};

struct Case {
  std::string medium;
  std::vector<uint64_t> speeds;
  uint64_t bytes = 0;
  bool may_stop = true;
  uint64_t drive_buffer = 0;
  size_t ring = 0;
  uint64_t seed = 0;
  double times = 1, silent_share = 0;  ///< mean rate as a multiple of the fastest speed
};

struct Outcome {
  uint64_t stops = 0, changes = 0;
  bool spoiled = false, given_up = false, spooled = false, proven = false;
  double time = 0;
};

enum class Kind { ours, refill, fixed };

Outcome run(const Case& c, Kind kind) {
  constexpr double kBus = 120e6;  // bytes a second that a command can carry
  constexpr size_t kChunk = Ring::kChunk;
  Outcome out;
  Source source(c.seed, c.times * static_cast<double>(c.speeds.front()), c.silent_share, c.bytes);
  WriteBuffer drive(c.drive_buffer, c.speeds.front());
  rec::Pacer pacer({c.ring, kChunk, c.speeds, c.drive_buffer, c.may_stop});
  Time now{};
  uint64_t fill = 0, arrived = 0, sent = 0;
  const auto advance = [&](double dt) {
    const uint64_t n = source.deliver(dt, c.ring - fill);
    fill += n;
    arrived += n;
    now += time_of(dt);
  };
  const auto look = [&] { return rec::Pacer::Look{now, static_cast<size_t>(fill), arrived, sent, source.ended()}; };

  while (!pacer.filled(look())) {
    pacer.fill(look());
    advance(0.02);
  }
  const auto set = [&](const rec::Pacer::Advice& advice) {
    if (advice.speed) drive.set_rate(c.speeds[*advice.speed], now);
  };
  if (kind == Kind::ours) {
    if (!c.may_stop && !(out.proven = pacer.proven(look(), false))) {
      out.spooled = true;  // the rest goes to a file first, and a file is there
      return out;
    }
    set(pacer.begin(look()));
  }
  bool waiting = false;
  while (fill > 0 || !source.ended()) {
    if (const uint32_t dry = drive.take_dry_count(now)) {
      out.stops += dry;
      if (!c.may_stop) {
        out.spoiled = true;
        return out;
      }
    }
    if (kind == Kind::ours) {
      const auto advice = pacer.look(look());
      set(advice);
      if (advice.what == rec::Pacer::Do::end) {
        out.given_up = true;
        return out;
      }
      waiting = advice.what == rec::Pacer::Do::wait;
    } else if (kind == Kind::refill) {
      if (fill < kChunk) waiting = true;
      if (fill >= pacer.refill_mark() || source.ended()) waiting = false;
    }
    if (waiting) {
      advance(0.02);
    } else if (fill < kChunk && !source.ended()) {
      advance(0.002);
    } else if (const uint64_t n = std::min<uint64_t>(fill, kChunk); drive.take(n, now)) {
      fill -= n;
      sent += n;
      advance(static_cast<double>(n) / kBus);
    } else {
      // As the writer does: until half of the drive's buffer is free.
      advance(std::clamp(seconds(drive.until_available(c.drive_buffer / 2, now)), 0.002, 1.0));
    }
  }
  if (kind == Kind::ours) out.changes = pacer.changes();
  out.time = seconds(now + drive.flush(now));
  return out;
}

Case make_case(uint64_t seed) {
  std::mt19937_64 random(seed * 0x9E3779B97F4A7C15u + 1);
  const auto uniform = [&] { return std::uniform_real_distribution<double>(0, 1)(random); };
  Case c;
  c.seed = random();
  const auto speeds = [&](std::array<uint32_t, 4> times, uint64_t one) {
    for (const uint32_t t : times) c.speeds.push_back(t * one);
  };
  switch (seed % 4) {
    case 0: c.medium = "CD-R", speeds({48, 24, 16, 8}, rec::kCd1xBytes), c.bytes = 700u << 20; break;
    case 1: c.medium = "CD-R without protection", speeds({48, 24, 16, 8}, rec::kCd1xBytes), c.bytes = 700u << 20, c.may_stop = false; break;
    case 2: c.medium = "DVD+R", speeds({16, 8, 6, 4}, rec::kDvd1xBytes), c.bytes = 4'700'000'000u; break;
    default: c.medium = "BD-R", speeds({16, 8, 6, 4}, rec::kBd1xBytes), c.bytes = 8'000'000'000u; break;
  }
  c.drive_buffer = seed / 4 % 2 ? 8u << 20 : 512u << 10;
  c.ring = seed / 8 % 2 ? Ring::kDefault : rec::buffer_size(c.speeds.back(), c.may_stop);
  c.times = 0.5 * std::pow(8.0, uniform());
  c.silent_share = 0.02 + 0.38 * uniform();
  return c;
}

struct Sum {
  uint64_t traces = 0, ours = 0, refill = 0, fixed = 0, changes = 0, spoiled = 0, given_up = 0, proven = 0, spooled = 0, fixed_spoiled = 0;
  double time = 0, fixed_time = 0;
};

void print(const std::string& name, const Sum& s) {
  const auto ratio = [&](uint64_t other) { return s.ours ? static_cast<double>(other) / static_cast<double>(s.ours) : 0.0; };
  std::printf("%-46s %6llu %8llu %8llu %9llu %7.1f %7.1f %8llu %6.2f", name.c_str(), static_cast<unsigned long long>(s.traces),
              static_cast<unsigned long long>(s.ours), static_cast<unsigned long long>(s.refill), static_cast<unsigned long long>(s.fixed),
              ratio(s.refill), ratio(s.fixed), static_cast<unsigned long long>(s.changes), s.fixed_time > 0 ? s.time / s.fixed_time : 0.0);
  std::printf("  spoiled %llu", static_cast<unsigned long long>(s.spoiled));
  if (s.proven + s.spooled)
    std::printf(" (fixed: %llu), proven %llu, spooled %llu, given up %llu", static_cast<unsigned long long>(s.fixed_spoiled),
                static_cast<unsigned long long>(s.proven), static_cast<unsigned long long>(s.spooled),
                static_cast<unsigned long long>(s.given_up));
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t traces = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
  const uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  std::map<std::string, Sum> classes;
  Sum all;
  for (uint64_t seed = first; seed < first + traces; ++seed) {
    const Case c = make_case(seed);
    const Outcome ours = run(c, Kind::ours), fixed = run(c, Kind::fixed);
    const Outcome refill = c.may_stop ? run(c, Kind::refill) : Outcome{};
    const char* rate = c.times < 1 ? "0.5 to 1x" : c.times < 2 ? "1 to 2x" : "2 to 4x";
    const std::string name =
        c.medium + ", " + rate + ", drive " + std::to_string(c.drive_buffer >> 10) + "K, ring " + std::to_string(c.ring >> 20) + "M";
    for (Sum* s : {&classes[name], &all}) {
      ++s->traces;
      s->spoiled += ours.spoiled;
      s->given_up += ours.given_up;
      s->proven += ours.proven;
      s->spooled += ours.spooled;
      s->fixed_spoiled += fixed.spoiled;
      s->changes += ours.changes;
      if (!c.may_stop) continue;
      s->ours += ours.stops;
      s->fixed += fixed.stops;
      s->refill += refill.stops;
      s->time += ours.time;
      s->fixed_time += fixed.time;
    }
  }
  std::printf("%-46s %6s %8s %8s %9s %7s %7s %8s %6s\n", "class (source rate as multiple of the drive's)", "traces", "ours", "refill",
              "fixed", "refill/", "fixed/", "changes", "time");
  for (const auto& [name, sum] : classes) print(name, sum);
  print("all", all);
  const bool good = all.spoiled == 0 && all.given_up == 0 && all.ours * 10 <= all.fixed;
  std::printf("%s: spoiled %llu, given up %llu, stops %llu against %llu of a fixed-speed writer\n", good ? "PASS" : "FAIL",
              static_cast<unsigned long long>(all.spoiled), static_cast<unsigned long long>(all.given_up),
              static_cast<unsigned long long>(all.ours), static_cast<unsigned long long>(all.fixed));
  return good ? 0 : 1;
}
