#include "librecorder/cd_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libfsi/base/error.h"
#include "librecorder/cd_input.h"

namespace rec {

using namespace std::chrono_literals;

namespace {
constexpr auto kTick = 500ms;

PaceFacts with_share(PaceFacts facts, const cd::BlockStream& stream) {
  facts.sector_bytes = cd_sector_share(stream);
  return facts;
}
}  // namespace

CdWriter::CdWriter(Drive& drive, Ring& ring, const cd::BlockStream& stream, const PaceFacts& facts, PacedDrive::Resend resend)
    : drive_(drive),
      ring_(ring),
      stream_(stream),
      next_(stream.first()),
      paced_(
          drive, ring, with_share(facts, stream), written_,
          [this](int64_t lba, std::span<const std::byte> bytes) {
            return drive_.write_blocks(static_cast<int32_t>(lba), static_cast<uint32_t>(bytes.size() / block_bytes_), bytes);
          },
          std::move(resend)) {
  if (!facts.speeds_kb.empty()) slowest_rate_ = data_rate(facts.speeds_kb.back(), facts.profile, cd_sector_share(stream));
}

void CdWriter::tick(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_tick_ < kTick) return;
  last_tick_ = now;
  paced_.tell();
  progress(written_, ring_);
}

void CdWriter::fill_ring(const Progress& progress, const std::stop_token& stop) {
  paced_.fill_ring([&] { tick(progress); }, stop);
}

const CdWritten& CdWriter::write(const Progress& progress, const std::stop_token& stop) {
  written_.end = write_blocks(progress, stop);
  paced_.tell();
  progress(written_, ring_);
  return written_;
}

WriteEnd CdWriter::write_blocks(const Progress& progress, const std::stop_token& stop) {
  paced_.begin();
  while (next_ < stream_.end()) {
    const Pacer::Do what = paced_.next();
    if (stop.stop_requested() || ring_.cancelled()) return WriteEnd::interrupted;
    if (what == Pacer::Do::end) return WriteEnd::late_source;
    const auto front = what == Pacer::Do::wait ? std::span<const std::byte>{} : ring_.front();
    if (front.empty()) {
      if (ring_.drained()) {
        written_.source_error = ring_.error();
        return written_.source_error ? WriteEnd::broken_source : WriteEnd::short_source;
      }
      paced_.rest(what);
      tick(progress);
      continue;
    }
    const CdChunk chunk = cd_chunk_at(stream_, next_);
    if (front.size() < chunk.bytes()) return WriteEnd::short_source;
    put(front.first(chunk.bytes()), chunk.block_bytes);
    ring_.drop(front.size());
    paced_.sent(front.size());
    tick(progress);
  }
  return WriteEnd::complete;
}

void CdWriter::put(std::span<const std::byte> bytes, uint32_t block_bytes) {
  block_bytes_ = block_bytes;
  const size_t most = std::max<size_t>(drive_.transport().limits().max_bytes / block_bytes, 1) * block_bytes;
  for (size_t at = 0; at < bytes.size(); at += most) {
    const auto command = bytes.subspan(at, std::min(most, bytes.size() - at));
    paced_.put(next_, command);
    const auto blocks = static_cast<uint32_t>(command.size() / block_bytes);
    next_ += static_cast<int32_t>(blocks);
    written_.blocks += blocks;
  }
}

void CdWriter::fill_up(int32_t lba, uint32_t blocks) {
  const uint32_t size = stream_.block_bytes(stream_.first());
  const std::vector<std::byte> zeros(size_t{blocks} * size);
  next_ = lba;
  put(zeros, size);
}

}  // namespace rec
