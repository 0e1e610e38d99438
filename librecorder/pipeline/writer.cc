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

PaceFacts pace_facts(const WriteJob& job) {
  PaceFacts facts;
  facts.profile = job.profile;
  facts.last = static_cast<fsi::Lba>(job.start + job.free_sectors - 1);
  facts.speeds_kb = job.speeds_kb;
  facts.may_stop = job.may_stop;
  return facts;
}
}  // namespace

Writer::Writer(Drive& drive, const MediumFamily& family, Ring& ring, WriteJob job)
    : family_(family),
      ring_(ring),
      job_(std::move(job)),
      next_(job_.start),
      paced_(
          drive, ring, pace_facts(job_), written_,
          [&drive](int64_t lba, std::span<const std::byte> chunk) { return drive.write(static_cast<fsi::Lba>(lba), chunk); },
          [this, &drive] { family_.resend(drive, job_.settings); }) {}

void Writer::tick(const WriteProgress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (!progress || now - last_tick_ < kTick) return;
  last_tick_ = now;
  tell(progress);
}

void Writer::tell(const WriteProgress& progress) {
  paced_.tell();
  if (progress) progress(written_, ring_);
}

void Writer::fill_ring(const WriteProgress& progress, const std::stop_token& stop) {
  paced_.fill_ring([&] { tick(progress); }, stop);
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
  paced_.begin();
  for (;;) {
    const Pacer::Do what = paced_.next();
    if (what == Pacer::Do::end) return ended(WriteEnd::late_source);
    const auto front = what == Pacer::Do::wait ? std::span<const std::byte>{} : ring_.front();
    if (front.empty()) {
      if (ring_.drained()) break;
      if (stop.stop_requested() || ring_.cancelled()) return ended(WriteEnd::interrupted);
      paced_.rest(what);
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
  const size_t most = size_t{job_.chunk_sectors} * kSectorSize;
  for (size_t at = 0; at < bytes.size(); at += most) {
    const auto chunk = bytes.subspan(at, std::min(most, bytes.size() - at));
    paced_.put(static_cast<int64_t>(next_), chunk);
    paced_.sent(chunk.size());
    next_ += chunk.size() / kSectorSize;
  }
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

}  // namespace rec
