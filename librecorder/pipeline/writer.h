// Takes chunks out of the ring and writes them, one WRITE(10) each, straight from the ring's memory; paces itself by
// what the drive says. It neither opens nor closes a track: medium/ does.
//
// When to write, when to wait and how fast is the Pacer's business; the writer does what it says.
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
#include "librecorder/pipeline/pacer.h"
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

/// User data that a drive writes in a second at so many kB/s: a CD has 2048 bytes of data in each sector of 2352.
uint64_t data_rate(uint32_t kb_per_second, Profile profile);

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

struct SpeedChange {
  uint64_t sectors = 0;  ///< of data before it
  uint32_t kb_per_second = 0;
};

struct Written {
  WriteEnd end = WriteEnd::complete;
  std::exception_ptr source_error;
  uint64_t data_sectors = 0;     ///< of the source, the last one filled up if need be
  uint64_t padding_sectors = 0;  ///< zeros
  size_t lowest_fill = 0;        ///< bytes in the ring, since it was full first and as long as the source went on
  uint32_t stops = 0;            ///< how often the drive must have run dry
  uint64_t drive_waits = 0;      ///< how often the drive's buffer was full
  uint32_t speed_kb = 0;         ///< that the drive was told last; 0 when not known
  std::vector<SpeedChange> speeds{};
  double seconds_lost = 0;     ///< against the first speed, held throughout
  bool speed_refused = false;  ///< the drive did not let its speed be changed while writing
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
  bool proven(bool file) const { return pacer_.proven(look(), file); }
  double sustained() const { return pacer_.sustained(); }  ///< bytes a second, as measured while the ring was filled
  /// Writes until the source ends. On a stop request it writes what the track needs to be a legal one, and returns.
  /// Throws DriveError when the drive fails.
  Written write(const WriteProgress& progress, const std::stop_token& stop);

  /// Sectors that the drive has acknowledged, also after a throw.
  uint64_t acknowledged() const { return next_ - job_.start; }

 private:
  Pacer::Look look() const;
  void follow(const Pacer::Advice& advice);
  void ask_drive();
  void write_data(const WriteProgress& progress, const std::stop_token& stop);
  void put(std::span<const std::byte> bytes);
  void put_chunk(std::span<const std::byte> chunk);
  void pad();
  std::chrono::nanoseconds drain_time();
  void tick(const WriteProgress& progress);
  void tell(const WriteProgress& progress);

  Drive& drive_;
  const MediumFamily& family_;
  Ring& ring_;
  const WriteJob job_;
  uint64_t next_;                // LBA
  std::vector<std::byte> tail_;  // what was left of the source at its end, less than a unit
  Pacer pacer_;
  Written written_;
  size_t speed_ = 0;  // index into job_.speeds_kb
  std::chrono::nanoseconds asked_{};
  std::chrono::steady_clock::time_point last_tick_{};
};

}  // namespace rec
