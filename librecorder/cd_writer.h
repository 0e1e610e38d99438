// Takes the blocks of a CD out of the ring and writes them, as many with one WRITE(10) as the transport carries, straight from the ring's
// memory. Unlike pipeline/writer it knows block sizes other than 2048, addresses below zero, and always the whole length; when to write
// and how fast is said to both by PacedDrive. Not public.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <stop_token>

#include "librecorder/cd/block_stream.h"
#include "librecorder/drive/drive.h"
#include "librecorder/pipeline/paced_drive.h"
#include "librecorder/pipeline/ring.h"
#include "librecorder/pipeline/writer.h"

namespace rec {

struct CdWritten : Pace {
  WriteEnd end = WriteEnd::complete;  ///< or broken_source, late_source, interrupted
  std::exception_ptr source_error;
  uint64_t blocks = 0;  ///< acknowledged by the drive
};

class CdWriter {
 public:
  using Progress = std::function<void(const CdWritten&, const Ring&)>;

  /// All are the caller's and outlive the writer; the ring holds what CdInput makes of the stream. The share of a sector is put into the
  /// facts here.
  CdWriter(Drive& drive, Ring& ring, const cd::BlockStream& stream, const PaceFacts& facts, PacedDrive::Resend resend);

  /// See PacedDrive.
  void fill_ring(const Progress& progress, const std::stop_token& stop);
  /// Bytes a second that leave the ring at the drive's slowest speed; 0: not known.
  uint64_t slowest_rate() const { return slowest_rate_; }

  /// To the end of the stream, or as far as it comes. Throws DriveError; written() is true all the same.
  const CdWritten& write(const Progress& progress, const std::stop_token& stop);
  /// So many blocks of zeros from `lba` on: a track that ends early must have a legal length. Throws DriveError.
  void fill_up(int32_t lba, uint32_t blocks);
  const CdWritten& written() const { return written_; }

 private:
  WriteEnd write_blocks(const Progress& progress, const std::stop_token& stop);
  void put(std::span<const std::byte> bytes, uint32_t block_bytes);
  void tick(const Progress& progress);

  Drive& drive_;
  Ring& ring_;
  const cd::BlockStream& stream_;
  int32_t next_;  // LBA
  CdWritten written_;
  PacedDrive paced_;
  uint64_t slowest_rate_ = 0;
  uint32_t block_bytes_ = 0;  // of the command that is sent
  std::chrono::steady_clock::time_point last_tick_{};
};

}  // namespace rec
