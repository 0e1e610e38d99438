#include "librecorder/pipeline/writer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "libfsi/base/error.h"

namespace rec {

using namespace std::chrono_literals;
using fsi::kSectorSize;

namespace {
constexpr auto kTick = 500ms;

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};

constexpr auto kLook = 20ms;          // between two looks at a ring that is not full enough
constexpr size_t kWakeFor = 1 << 20;  // waking for every chunk would cost more than the chunk
constexpr auto kAskDrive = 100ms;

Pacer::Facts facts_of(const WriteJob& job, const Ring& ring, Drive& drive) {
  Pacer::Facts facts;
  facts.ring = ring.capacity();
  facts.chunk = Ring::kChunk;
  for (const uint32_t kb : job.speeds_kb) facts.speeds.push_back(data_rate(kb, job.profile));
  if (const auto buffer = drive.buffer_capacity()) facts.drive_buffer = buffer->size;
  facts.may_stop = job.may_stop;
  return facts;
}
}  // namespace

uint64_t data_rate(uint32_t kb_per_second, Profile profile) {
  const uint64_t raw = uint64_t{kb_per_second} * 1000;
  return is_cd(profile) ? raw * 2048 / 2352 : raw;
}

Writer::Writer(Drive& drive, const MediumFamily& family, Ring& ring, WriteJob job)
    : drive_(drive), family_(family), ring_(ring), job_(std::move(job)), next_(job_.start), pacer_(facts_of(job_, ring, drive)) {
  if (!job_.speeds_kb.empty()) written_.speed_kb = job_.speeds_kb.front();
}

void Writer::tick(const WriteProgress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (!progress || now - last_tick_ < kTick) return;
  last_tick_ = now;
  tell(progress);
}

void Writer::tell(const WriteProgress& progress) {
  written_.stops = pacer_.stops();
  written_.seconds_lost = std::chrono::duration<double>(pacer_.lost()).count();
  if (progress) progress(written_, ring_);
}

Pacer::Look Writer::look() const {
  const Ring::Level level = ring_.level();
  return {drive_.transport().now(), level.fill, level.put, (next_ - job_.start) * kSectorSize, level.ended};
}

void Writer::follow(const Pacer::Advice& advice) {
  if (!advice.speed) return;
  const uint32_t kb = job_.speeds_kb[*advice.speed];
  const Answer answer = drive_.set_write_speed(kb, job_.profile, static_cast<fsi::Lba>(job_.start + job_.free_sectors - 1));
  if (!answer.good()) {
    // One speed then. What is wrong with the drive, if anything, the next WRITE will tell.
    pacer_.refused(speed_);
    written_.speed_refused = true;
    return;
  }
  speed_ = *advice.speed;
  written_.speed_kb = kb;
  written_.speeds.push_back({written_.data_sectors, kb});
}

// Nothing can be written at the moment, so there is time to ask how much the drive still has.
void Writer::ask_drive() {
  const auto now = drive_.transport().now();
  if (now - asked_ < kAskDrive) return;
  asked_ = now;
  if (const auto buffer = drive_.buffer_capacity()) pacer_.drive_holds(buffer->size - std::min(buffer->size, buffer->available));
}

void Writer::fill_ring(const WriteProgress& progress, const std::stop_token& stop) {
  for (auto now = look(); !stop.stop_requested() && !ring_.cancelled() && !pacer_.filled(now); now = look()) {
    pacer_.fill(now);
    ring_.want(pacer_.refill_mark(), kLook);
    tick(progress);
  }
  written_.lowest_fill = ring_.fill();
}

Written Writer::write(const WriteProgress& progress, const std::stop_token& stop) {
  write_data(progress, stop);
  pad();
  tell(progress);
  return written_;
}

void Writer::write_data(const WriteProgress& progress, const std::stop_token& stop) {
  const size_t unit = size_t{job_.unit} * kSectorSize;
  uint64_t bytes = 0;
  const auto ended = [&](WriteEnd how) {
    written_.end = how;
    written_.data_sectors = fsi::sectors_for(bytes);
  };
  follow(pacer_.begin(look()));
  for (;;) {
    const Pacer::Look now = look();
    if (!now.ended) written_.lowest_fill = std::min(written_.lowest_fill, now.fill);
    const Pacer::Advice advice = pacer_.look(now);
    follow(advice);
    if (advice.what == Pacer::Do::end) return ended(WriteEnd::late_source);
    const auto front = advice.what == Pacer::Do::wait ? std::span<const std::byte>{} : ring_.front();
    if (front.empty()) {
      if (ring_.drained()) break;
      if (stop.stop_requested() || ring_.cancelled()) return ended(WriteEnd::interrupted);
      if (advice.what != Pacer::Do::wait) ask_drive();
      ring_.want(advice.what == Pacer::Do::wait ? pacer_.refill_mark() : kWakeFor, kLook);
      tick(progress);
      continue;
    }
    if (stop.stop_requested()) return ended(WriteEnd::interrupted);
    // What fits: whole sectors up to the end of the medium.
    const uint64_t room = (job_.free_sectors - (next_ - job_.start)) * kSectorSize;
    const auto fits = front.first(static_cast<size_t>(std::min<uint64_t>(front.size(), room)));
    const size_t whole = fits.size() / unit * unit;
    put(fits.first(whole));
    if (fits.size() < front.size()) {
      bytes += whole;
      return ended(WriteEnd::medium_full);
    }
    if (whole < fits.size()) tail_.assign(fits.begin() + static_cast<ptrdiff_t>(whole), fits.end());
    bytes += front.size();
    ring_.drop(front.size());
    written_.data_sectors = fsi::sectors_for(bytes);
    tick(progress);
  }
  // An input that a stop has woken looks as if it had ended.
  const bool all = bytes >= job_.least_sectors * kSectorSize;
  if (stop.stop_requested() && !(all && job_.least_sectors)) return ended(WriteEnd::interrupted);
  if ((written_.source_error = ring_.error())) return ended(WriteEnd::broken_source);
  if (!all) return ended(WriteEnd::short_source);
  ended(bytes % kSectorSize ? WriteEnd::odd_source : WriteEnd::complete);
}

void Writer::put(std::span<const std::byte> bytes) {
  const size_t chunk = size_t{job_.chunk_sectors} * kSectorSize;
  for (size_t at = 0; at < bytes.size(); at += chunk) put_chunk(bytes.subspan(at, std::min(chunk, bytes.size() - at)));
}

// What is left of the source, filled up to a unit, and the zeros that the family wants.
void Writer::pad() {
  const uint64_t done = next_ - job_.start;
  const uint64_t data = done + fsi::sectors_for(tail_.size());
  if (data == 0) return;  // stopped before the first block: the disc is as it was
  const uint64_t room = job_.free_sectors - done;
  uint64_t left = std::min(data - done + job_.padding_after(data), room);
  written_.padding_sectors = left - std::min(left, data - done);
  constexpr size_t kZeros = Ring::kChunk;
  const std::unique_ptr<std::byte, Free> zeros(static_cast<std::byte*>(std::aligned_alloc(4096, kZeros)));
  if (!zeros) throw std::bad_alloc();
  std::memset(zeros.get(), 0, kZeros);
  if (!tail_.empty()) std::memcpy(zeros.get(), tail_.data(), tail_.size());
  while (left) {
    const uint64_t sectors = std::min<uint64_t>(left, kZeros / kSectorSize);
    put(std::span(zeros.get(), static_cast<size_t>(sectors) * kSectorSize));
    left -= sectors;
    if (!tail_.empty()) {
      std::memset(zeros.get(), 0, tail_.size());
      tail_.clear();
    }
  }
}

void Writer::put_chunk(std::span<const std::byte> chunk) {
  Transport& transport = drive_.transport();
  const auto began = transport.now();
  uint8_t attempts = 0;
  for (;;) {
    const Answer answer = drive_.write(static_cast<fsi::Lba>(next_), chunk);
    if (answer.good()) break;
    const std::string doing = "writing at LBA " + std::to_string(next_);
    if (answer.outcome == Outcome::busy && answer.status != 0x18 && transport.now() - began < 30s) {
      transport.sleep(200ms);
      continue;
    }
    if (answer.outcome != Outcome::check) drive_.fail(doing, answer);
    const SenseRule rule = rule_for(answer.sense, Phase::write);
    if (rule.action == Action::carry_on) {
      drive_.note_recovered(answer.sense);
      break;
    }
    const bool again = ++attempts <= rule.attempts;
    switch (rule.action) {
      case Action::flow:
      case Action::wait:
        if (transport.now() - began >= rule.patience) drive_.fail(doing, answer);
        ++written_.drive_waits;
        transport.sleep(rule.action == Action::flow ? drain_time() : rule.pause);
        attempts = 0;
        break;
      case Action::retry:
        // Only if the drive took nothing of it: a block written twice would be one too many.
        if (!again || answer.residual != chunk.size()) drive_.fail(doing, answer);
        transport.sleep(rule.pause);
        break;
      case Action::synchronize:
        if (!again) drive_.fail(doing, answer);
        drive_.synchronize_cache();
        break;
      case Action::resend:
        if (!again) drive_.fail(doing, answer);
        family_.resend(drive_, job_.settings);
        break;
      case Action::start:
        if (!again) drive_.fail(doing, answer);
        drive_.start_unit();
        break;
      default: drive_.fail(doing, answer);
    }
  }
  next_ += chunk.size() / kSectorSize;
}

// Until half of the drive's buffer is free: often enough that it never runs dry, seldom enough that it is left in peace.
std::chrono::nanoseconds Writer::drain_time() {
  const auto buffer = drive_.buffer_capacity();
  if (!buffer || written_.speed_kb == 0 || buffer->available >= buffer->size / 2) return 10ms;
  const uint64_t too_much = buffer->size / 2 - buffer->available;
  const auto time = std::chrono::microseconds(too_much * 1'000'000 / data_rate(written_.speed_kb, job_.profile));
  return std::clamp<std::chrono::nanoseconds>(time, 2ms, 1s);
}

}  // namespace rec
