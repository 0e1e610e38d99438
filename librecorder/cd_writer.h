// Sends a stream of CD blocks to a drive: a thread makes them, a ring holds them, WRITE(10) takes them, as many in one command as the
// transport carries. Unlike pipeline/writer it knows block sizes other than 2048, addresses below zero, and always the whole length. Not
// public.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "librecorder/cd/block_stream.h"
#include "librecorder/drive/drive.h"
#include "librecorder/pipeline/ring.h"

namespace rec {

struct CdWritten {
  uint64_t blocks = 0;  ///< acknowledged by the drive
  size_t lowest_fill = 0, ring_size = 0;
  uint32_t stops = 0;  ///< how often the ring ran dry
  uint64_t drive_waits = 0;
};

class CdWriter {
 public:
  using Progress = std::function<void(const CdWritten&, const Ring&)>;
  /// Sends again what the drive has forgotten (mode parameters). Throws DriveError.
  using Resend = std::function<void()>;

  CdWriter(Drive& drive, size_t ring_bytes, uint32_t kb_per_second, Resend resend)
      : drive_(drive), ring_bytes_(ring_bytes), kb_per_second_(kb_per_second), resend_(std::move(resend)) {}

  /// Fills the ring, then writes to the end of the stream. False: stopped before it. Throws DriveError, or what the stream threw.
  bool write(const cd::BlockStream& stream, const Progress& progress, const std::stop_token& stop);
  const CdWritten& written() const { return written_; }

 private:
  void put(int32_t lba, uint32_t blocks, std::span<const std::byte> bytes);
  std::chrono::nanoseconds drain_time();

  Drive& drive_;
  size_t ring_bytes_;
  uint32_t kb_per_second_;
  Resend resend_;
  CdWritten written_;
};

}  // namespace rec
