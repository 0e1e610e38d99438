#include "librecorder/pipeline/pacer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rec {

using namespace std::chrono_literals;

namespace {
constexpr auto kBetween = 20ms;       // two looks closer than this are one
constexpr double kMemory = 120;       // seconds after which what the source did counts for a third
constexpr double kRecent = 1.5;       // the same for the rate of the moment
constexpr double kMargin = 0.95;      // of what the source sustains, what a speed may ask for
constexpr double kReach = 20;         // seconds that a full ring must last with the source as it is at the moment
constexpr double kCarefulReach = 60;  // where an empty buffer spoils the disc
constexpr double kLast = 2;           // seconds of data that are enough to end a track with
constexpr double kFarFaster = 4;      // than the fastest speed: such a source fills the ring while the drive writes
constexpr size_t kEnoughOfFast = 64 << 20;
constexpr auto kFirstPause = 3s, kLongestPause = 60s;
constexpr auto kTooSoon = 60s;  // a raise that must be taken back within this time was wrong

double seconds_of(Pacer::Time time) { return std::chrono::duration<double>(time).count(); }
}  // namespace

Pacer::Pacer(Facts facts)
    : facts_(std::move(facts)),
      refill_(std::max(facts_.ring - facts_.ring / 16, facts_.chunk)),
      low_(facts_.ring - facts_.ring / 8),
      full_(facts_.ring - std::min(std::max(facts_.ring / 32, 2 * facts_.chunk), facts_.ring / 4)),
      raise_pause_(kFirstPause) {}

void Pacer::measure(const Look& look, double seconds) {
  const double bytes = static_cast<double>(look.arrived - last_->arrived);
  const double fade = std::exp(-seconds / kMemory);
  for (double* sum : {&open_seconds_, &active_seconds_, &full_seconds_, &open_bytes_}) *sum *= fade;
  const bool was_full = full(last_->fill), is_full = full(look.fill);
  // A source that meets a full ring is held up: what it can do is not seen then.
  if (was_full && is_full) full_seconds_ += seconds;
  if (!was_full && !is_full) {
    open_seconds_ += seconds;
    open_bytes_ += bytes;
    if (bytes > 0) active_seconds_ += seconds;
  }
  const double weight = 1 - std::exp(-seconds / kRecent);
  recent_ += ((was_full && is_full ? std::max(bytes / seconds, rate()) : bytes / seconds) - recent_) * weight;
}

// The drive's buffer as any drive has one: the laser starts when it is half full, and stops when it is dry.
void Pacer::drain(const Look& look, double seconds) {
  drive_fill_ += static_cast<double>(look.sent - last_->sent);
  if (!burning_) burning_ = look.sent > last_->sent && drive_fill_ * 2 >= static_cast<double>(facts_.drive_buffer);
  if (burning_) drive_fill_ -= rate() * seconds;
  drive_fill_ = std::clamp(drive_fill_, 0.0, static_cast<double>(facts_.drive_buffer));
}

double Pacer::sustained() const {
  if (open_seconds_ <= 0) return std::numeric_limits<double>::infinity();
  if (active_seconds_ <= 0) return 0;
  const double active = open_bytes_ / active_seconds_;
  return (open_bytes_ + active * full_seconds_) / (open_seconds_ + full_seconds_);
}

void Pacer::fill(const Look& look) {
  if (!last_) {
    last_ = look;
    first_ = look.now;
    return;
  }
  if (look.now - last_->now < kBetween) return;
  measure(look, seconds_of(look.now - last_->now));
  last_ = look;
}

bool Pacer::filled(const Look& look) const {
  if (look.ended || look.fill >= refill_) return true;
  if (facts_.speeds.empty() || !facts_.may_stop || !first_ || look.fill < kEnoughOfFast) return false;
  const double time = seconds_of(look.now - *first_);
  return static_cast<double>(look.arrived) >= kFarFaster * static_cast<double>(facts_.speeds.front()) * time;
}

bool Pacer::proven(const Look& look, bool file) const {
  if (look.ended) return true;
  if (facts_.speeds.empty()) return false;
  const double slowest = static_cast<double>(facts_.speeds.back());
  return (file || static_cast<double>(look.fill) >= slowest * seconds_of(kProofTime)) && sustained() >= 2 * slowest;
}

Pacer::Advice Pacer::begin(const Look& look) {
  fill(look);
  last_ = look;
  burning_ = false;
  raise_after_ = look.now + raise_pause_;
  if (look.ended || facts_.speeds.size() < 2) return {};
  // The fastest that the source can feed for long, else the slowest.
  for (size_t i = 0; i < facts_.speeds.size(); ++i)
    if (static_cast<double>(facts_.speeds[i]) <= kMargin * sustained() || i + 1 == facts_.speeds.size())
      return i == speed_ ? Advice{} : change_to(i);
  return {};
}

void Pacer::refused(size_t speed) {
  speed_ = speed;
  fixed_ = true;
  --changes_;
}

Pacer::Advice Pacer::change_to(size_t speed) {
  speed_ = speed;
  ++changes_;
  return {Do::write, speed};
}

std::optional<size_t> Pacer::other_speed(const Look& look) {
  const auto& speeds = facts_.speeds;
  if (fixed_ || speeds.size() < 2 || look.ended) return {};
  const double steady = kMargin * sustained();
  if (look.fill < low_) {
    const double reach = recent_ + static_cast<double>(look.fill) / (facts_.may_stop ? kReach : kCarefulReach);
    // Below half of the ring what the source does on the whole counts too, even if it comes well just now.
    const double limit = look.fill < facts_.ring / 2 ? std::min(reach, steady) : reach;
    size_t to = speed_;
    while (to + 1 < speeds.size() && static_cast<double>(speeds[to]) > limit) ++to;
    if (to == speed_) return {};
    if (raised_ != Time{} && look.now - raised_ < kTooSoon) raise_pause_ = std::min<Time>(raise_pause_ * 2, kLongestPause);
    raise_after_ = look.now + raise_pause_;
    return to;
  }
  if (speed_ == 0 || look.fill < refill_ || look.now < raise_after_) return {};
  size_t to = speed_;
  while (to > 0 && static_cast<double>(speeds[to - 1]) <= steady) --to;
  if (to == speed_) return {};
  if (look.now - raised_ >= 2 * kTooSoon) raise_pause_ = std::max<Time>(raise_pause_ / 2, kFirstPause);
  raised_ = look.now;
  raise_after_ = look.now + raise_pause_;
  return to;
}

Pacer::Advice Pacer::look(const Look& look) {
  const bool dry = look.fill < facts_.chunk && !look.ended;
  if (look.now - last_->now < kBetween && !dry && !waiting_) return {};
  const double seconds = seconds_of(look.now - last_->now);
  drain(look, seconds);
  last_->sent = look.sent;
  if (seconds > 0) {
    measure(look, seconds);
    if (const double first = facts_.speeds.empty() ? 0 : static_cast<double>(facts_.speeds.front()); first > 0)
      lost_ += waiting_ || (burning_ && drive_fill_ == 0) ? seconds : seconds * (1 - rate() / first);
    last_ = look;
  }
  if (waiting_) {
    if (look.fill < refill_ && !look.ended) return {Do::wait, {}};
    waiting_ = false;
  }
  if (!facts_.may_stop && !look.ended &&
      static_cast<double>(look.fill) + drive_fill_ < std::min(rate() * kLast, static_cast<double>(facts_.ring) / 4))
    return {Do::end, {}};
  if (dry && (rate() <= 0 || (burning_ && drive_fill_ <= 0))) {
    ++stops_;
    waiting_ = true;
    burning_ = false;
    drive_fill_ = 0;
  }
  Advice advice;
  if (const auto to = other_speed(look)) advice = change_to(*to);
  if (waiting_) advice.what = Do::wait;
  return advice;
}

}  // namespace rec
