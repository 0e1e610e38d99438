// The blocks of a CD as the pipeline takes them: one after the other, in pieces of the ring's chunk. A chunk holds as many blocks of one
// size as it has room for, the rest of it means nothing; so blocks of 2048, 2352, 2448 and 96 bytes all go from the ring to the drive
// where they lie, without being copied. Not public.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "librecorder/cd/block_stream.h"
#include "librecorder/pipeline/input.h"

namespace rec {

/// What the chunk that begins with the block at some address holds.
struct CdChunk {
  uint32_t blocks = 0, block_bytes = 0;
  size_t bytes() const { return size_t{blocks} * block_bytes; }
};
/// Chunks follow each other from stream.first(); `lba` is where one begins, before the end.
CdChunk cd_chunk_at(const cd::BlockStream& stream, int32_t lba);
/// The largest part of a chunk that one sector takes, for conversion of speeds.
uint32_t cd_sector_share(const cd::BlockStream& stream);

class CdInput final : public Input {
 public:
  /// The stream outlives the input. `name`: of what it is made of.
  CdInput(const cd::BlockStream& stream, std::string name);

  void cancel() noexcept override { cancelled_ = true; }
  std::optional<uint64_t> bytes() const override { return bytes_; }
  std::string name() const override { return name_; }

  /// Bytes of chunks a second that the files behind the stream have delivered so far, lead-in and silence apart; 0 when none has been
  /// read yet. Any thread.
  double rate() const;

 protected:
  size_t read_more(std::span<std::byte> out) override;

 private:
  void make_chunk(std::span<std::byte> out);

  const cd::BlockStream& stream_;
  std::string name_;
  uint64_t bytes_ = 0;
  int32_t next_;
  std::vector<std::byte> chunk_;  // of which only a part has been asked for so far
  size_t chunk_taken_ = 0;
  std::atomic<bool> cancelled_ = false;
  std::atomic<uint64_t> read_bytes_ = 0, read_nanoseconds_ = 0;
};

}  // namespace rec
