#include "librecorder/cd_input.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "librecorder/pipeline/ring.h"

namespace rec {

CdChunk cd_chunk_at(const cd::BlockStream& stream, int32_t lba) {
  CdChunk chunk{1, stream.block_bytes(lba)};
  const auto most = static_cast<uint32_t>(Ring::kChunk / chunk.block_bytes);
  while (chunk.blocks < most && ++lba < stream.end() && stream.block_bytes(lba) == chunk.block_bytes) ++chunk.blocks;
  return chunk;
}

uint32_t cd_sector_share(const cd::BlockStream& stream) {
  uint32_t largest = 1;
  for (int32_t lba = stream.first(); lba < stream.end(); ++lba) largest = std::max(largest, stream.block_bytes(lba));
  return static_cast<uint32_t>(Ring::kChunk / (Ring::kChunk / largest));
}

CdInput::CdInput(const cd::BlockStream& stream, std::string name) : stream_(stream), name_(std::move(name)), next_(stream.first()) {
  for (int32_t lba = stream.first(); lba < stream.end(); lba += static_cast<int32_t>(cd_chunk_at(stream, lba).blocks))
    bytes_ += Ring::kChunk;
}

void CdInput::make_chunk(std::span<std::byte> out) {
  const CdChunk chunk = cd_chunk_at(stream_, next_);
  const auto began = std::chrono::steady_clock::now();
  for (uint32_t i = 0; i < chunk.blocks; ++i)
    stream_.fill(next_ + static_cast<int32_t>(i), out.subspan(size_t{i} * chunk.block_bytes, chunk.block_bytes));
  // A file that is spooled shall not hold what happened to lie in memory.
  std::fill(out.begin() + static_cast<ptrdiff_t>(chunk.bytes()), out.end(), std::byte{0});
  if (stream_.has_source(next_)) {
    read_nanoseconds_ += static_cast<uint64_t>((std::chrono::steady_clock::now() - began).count());
    read_bytes_ += Ring::kChunk;
  }
  next_ += static_cast<int32_t>(chunk.blocks);
}

double CdInput::rate() const {
  const uint64_t time = read_nanoseconds_;
  return time == 0 ? 0 : static_cast<double>(read_bytes_) * 1e9 / static_cast<double>(time);
}

size_t CdInput::read_more(std::span<std::byte> out) {
  size_t done = 0;
  while (done < out.size() && !cancelled_) {
    const auto left = out.subspan(done);
    if (chunk_taken_ < chunk_.size()) {
      const size_t n = std::min(left.size(), chunk_.size() - chunk_taken_);
      std::copy_n(chunk_.begin() + static_cast<ptrdiff_t>(chunk_taken_), n, left.begin());
      chunk_taken_ += n;
      done += n;
    } else if (next_ >= stream_.end()) {
      break;
    } else if (left.size() >= Ring::kChunk) {
      make_chunk(left.first(Ring::kChunk));
      done += Ring::kChunk;
    } else {
      chunk_.resize(Ring::kChunk);
      make_chunk(chunk_);
      chunk_taken_ = 0;
    }
  }
  return cancelled_ ? 0 : done;
}

}  // namespace rec
