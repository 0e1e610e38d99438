#include "librecorder/pipeline/paced_drive.h"

#include <algorithm>
#include <string>
#include <utility>

namespace rec {

using namespace std::chrono_literals;

namespace {
constexpr auto kLook = 20ms;          // between two looks at a ring that is not full enough
constexpr size_t kWakeFor = 1 << 20;  // waking for every chunk would cost more than the chunk
constexpr auto kAskDrive = 100ms;
constexpr auto kCatchUp = 2s;  // of the machine's time, while a virtual drive's stands still

Pacer::Facts pacer_facts(const PaceFacts& known, const Ring& ring, Drive& drive) {
  Pacer::Facts facts;
  facts.ring = ring.capacity();
  facts.chunk = Ring::kChunk;
  for (const uint32_t kb : known.speeds_kb) facts.speeds.push_back(data_rate(kb, known.profile, known.sector_bytes));
  if (const auto buffer = drive.buffer_capacity()) facts.drive_buffer = buffer->size;
  facts.may_stop = known.may_stop;
  return facts;
}
}  // namespace

uint64_t data_rate(uint32_t kb_per_second, Profile profile, uint32_t sector_bytes) {
  const uint64_t raw = uint64_t{kb_per_second} * 1000;
  return is_cd(profile) ? raw * sector_bytes / 2352 : raw;
}

PacedDrive::PacedDrive(Drive& drive, Ring& ring, PaceFacts facts, Pace& pace, Write write, Resend resend)
    : drive_(drive),
      ring_(ring),
      facts_(std::move(facts)),
      pace_(pace),
      write_(std::move(write)),
      resend_(std::move(resend)),
      pacer_(pacer_facts(facts_, ring, drive)) {
  if (!facts_.speeds_kb.empty()) pace_.speed_kb = facts_.speeds_kb.front();
}

Pacer::Look PacedDrive::look() const {
  const Ring::Level level = ring_.level();
  return {drive_.transport().now(), level.fill, level.put, sent_, level.ended};
}

void PacedDrive::tell() {
  pace_.stops = pacer_.stops();
  pace_.seconds_lost = std::chrono::duration<double>(pacer_.lost()).count();
}

void PacedDrive::fill_ring(const std::function<void()>& tick, const std::stop_token& stop) {
  for (auto now = look(); !stop.stop_requested() && !ring_.cancelled() && !pacer_.filled(now); now = look()) {
    pacer_.fill(now);
    ring_.want(pacer_.refill_mark(), kLook);
    tick();
  }
  pace_.lowest_fill = ring_.fill();
}

void PacedDrive::follow(const Pacer::Advice& advice) {
  if (!advice.speed) return;
  const uint32_t kb = facts_.speeds_kb[*advice.speed];
  const Answer answer = drive_.set_write_speed(kb, facts_.profile, facts_.last);
  if (!answer.good()) {
    // One speed then. What is wrong with the drive, if anything, the next WRITE will tell.
    pacer_.refused(speed_);
    pace_.speed_refused = true;
    return;
  }
  speed_ = *advice.speed;
  pace_.speed_kb = kb;
  pace_.speeds.push_back({sent_ / facts_.sector_bytes, kb});
}

Pacer::Do PacedDrive::next() {
  for (;;) {
    const Pacer::Look now = look();
    if (!now.ended) pace_.lowest_fill = std::min(pace_.lowest_fill, now.fill);
    const Pacer::Advice advice = pacer_.look(now);
    follow(advice);
    if (advice.what != Pacer::Do::end || !source_catches_up()) return advice.what;
  }
}

void PacedDrive::rest(Pacer::Do what) {
  if (what != Pacer::Do::wait) ask_drive();
  ring_.want(what == Pacer::Do::wait ? pacer_.refill_mark() : kWakeFor, kLook);
}

// Nothing can be written at the moment, so there is time to ask how much the drive still has.
void PacedDrive::ask_drive() {
  const auto now = drive_.transport().now();
  if (now - asked_ < kAskDrive) return;
  asked_ = now;
  if (const auto buffer = drive_.buffer_capacity()) pacer_.drive_holds(buffer->size - std::min(buffer->size, buffer->available));
}

// The time of a virtual drive stands still while it is not asked: then the ring is low because the machine is busy, not because
// the source is slow, and a short while is waited for more. A real drive goes on, and nothing is waited for.
bool PacedDrive::source_catches_up() {
  const auto drive_time = drive_.transport().now();
  const auto until = std::chrono::steady_clock::now() + kCatchUp;
  const uint64_t put = ring_.level().put;
  while (drive_.transport().now() == drive_time && !ring_.cancelled()) {
    const Ring::Level level = ring_.level();
    if (level.put > put || level.ended) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
    ring_.want(level.fill + 1, kLook);
  }
  return false;
}

void PacedDrive::put(int64_t lba, std::span<const std::byte> bytes) {
  Transport& transport = drive_.transport();
  const auto began = transport.now();
  const auto fail = [&](const Answer& answer) { drive_.fail("writing at LBA " + std::to_string(lba), answer); };
  uint8_t attempts = 0;
  for (;;) {
    const Answer answer = write_(lba, bytes);
    if (answer.good() && answer.residual == 0) return;
    if (answer.outcome == Outcome::busy && answer.status != 0x18 && transport.now() - began < 30s) {
      transport.sleep(200ms);
      continue;
    }
    if (answer.outcome != Outcome::check) fail(answer);
    const SenseRule rule = rule_for(answer.sense, Phase::write);
    if (rule.action == Action::carry_on) return drive_.note_recovered(answer.sense);
    const bool again = ++attempts <= rule.attempts;
    switch (rule.action) {
      case Action::flow:
      case Action::wait:
        if (transport.now() - began >= rule.patience) fail(answer);
        ++pace_.drive_waits;
        transport.sleep(rule.action == Action::flow ? drain_time() : rule.pause);
        attempts = 0;
        break;
      case Action::retry:
        // Only if the drive took nothing of it: a block written twice would be one too many.
        if (!again || answer.residual != bytes.size()) fail(answer);
        transport.sleep(rule.pause);
        break;
      case Action::synchronize:
        if (!again) fail(answer);
        // On a CD it would end the track or the session in its midst.
        if (is_cd(facts_.profile)) {
          if (answer.sense.key != 2) fail(answer);
          transport.sleep(500ms);
          break;
        }
        drive_.synchronize_cache();
        break;
      case Action::resend:
        if (!again) fail(answer);
        resend_();
        break;
      case Action::start:
        if (!again) fail(answer);
        drive_.start_unit();
        break;
      default: fail(answer);
    }
  }
}

// Until half of the drive's buffer is free: often enough that it never runs dry, seldom enough that it is left in peace.
std::chrono::nanoseconds PacedDrive::drain_time() {
  const auto buffer = drive_.buffer_capacity();
  if (!buffer || pace_.speed_kb == 0 || buffer->available >= buffer->size / 2) return 10ms;
  const uint64_t too_much = buffer->size / 2 - buffer->available;
  const auto time = std::chrono::microseconds(too_much * 1'000'000 / data_rate(pace_.speed_kb, facts_.profile, facts_.sector_bytes));
  return std::clamp<std::chrono::nanoseconds>(time, 2ms, 1s);
}

}  // namespace rec
