// Takes chunks out of the ring and writes them, one WRITE(10) each, straight from the ring's memory; paces itself by
// what the drive says. It neither opens nor closes a track: medium/ does.
//
// When to write, when to wait and how fast is said by PacedDrive; the writer does it.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/family.h"
#include "librecorder/pipeline/paced_drive.h"
#include "librecorder/pipeline/ring.h"

namespace rec {

struct WriteJob {
  fsi::Lba start = 0;
  uint64_t least_sectors = 0;   ///< that the source promised; fewer are a fault
  uint64_t free_sectors = 0;    ///< from `start`; never more than these are written
  uint32_t chunk_sectors = 32;  ///< a multiple of the family's unit that divides 32
  uint32_t unit = 1;
  std::function<uint64_t(uint64_t)> padding_after;  ///< zeros after so many sectors of data
  WriteSettings settings;
  Profile profile = Profile::none;
  /// What the drive may be told, in its own kB/s, fastest first; it begins with the first. Empty: not known.
  std::vector<uint32_t> speeds_kb;
  bool may_stop = true;  ///< an empty drive buffer does no harm
};

/// How the data ended. All but `complete` leave a track that can be ended properly.
enum class WriteEnd : uint8_t {
  complete,
  short_source,   ///< it ended before the sectors that were promised
  odd_source,     ///< complete, but the last sector was not whole; zeros fill it up
  broken_source,  ///< it failed: see Written::source_error
  medium_full,    ///< there is more than the medium takes
  late_source,    ///< it fell silent, and the drive cannot wait for it
  interrupted,
};

struct Written : Pace {
  WriteEnd end = WriteEnd::complete;
  std::exception_ptr source_error;
  uint64_t data_sectors = 0;     ///< of the source, the last one filled up if need be
  uint64_t padding_sectors = 0;  ///< zeros
};

/// Called about twice a second, from the thread that writes.
using WriteProgress = std::function<void(const Written& so_far, const Ring& ring)>;

class Writer {
 public:
  /// All are the caller's and outlive the writer.
  Writer(Drive& drive, const MediumFamily& family, Ring& ring, WriteJob job);

  /// Waits until the ring is filled for the first time (or holds all there is), and measures the source.
  void fill_ring(const WriteProgress& progress, const std::stop_token& stop);
  /// After fill_ring(): may a disc be begun that an empty buffer would spoil? See Pacer::proven().
  bool proven(bool file) const { return paced_.proven(file); }
  double sustained() const { return paced_.sustained(); }  ///< bytes a second, as measured while the ring was filled
  /// Writes until the source ends. On a stop request it writes what the track needs to be a legal one, and returns.
  /// Throws DriveError when the drive fails.
  Written write(const WriteProgress& progress, const std::stop_token& stop);

  /// Sectors that the drive has acknowledged, also after a throw.
  uint64_t acknowledged() const { return next_ - job_.start; }

 private:
  void write_data(const WriteProgress& progress, const std::stop_token& stop);
  void put(std::span<const std::byte> bytes);
  void pad();
  void tick(const WriteProgress& progress);
  void tell(const WriteProgress& progress);

  const MediumFamily& family_;
  Ring& ring_;
  const WriteJob job_;
  uint64_t next_;                // LBA
  std::vector<std::byte> tail_;  // what was left of the source at its end, less than a unit
  Written written_;
  PacedDrive paced_;
  std::chrono::steady_clock::time_point last_tick_{};
};

}  // namespace rec
