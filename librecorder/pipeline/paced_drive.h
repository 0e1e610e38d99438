// The drive as those see it that write to it from a ring: how fast it is, when to write and when to wait, and one WRITE that is sent
// until the drive has taken it. Joins the Pacer, which decides, with the ring and the drive that it decides on. What is written, and
// where, is the business of the writers: Writer for data, CdWriter for sectors of a CD.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "librecorder/drive/drive.h"
#include "librecorder/pipeline/pacer.h"
#include "librecorder/pipeline/ring.h"

namespace rec {

struct SpeedChange {
  uint64_t sectors = 0;  ///< written before it
  uint32_t kb_per_second = 0;
};

/// How the writing went, whatever was written.
struct Pace {
  size_t lowest_fill = 0;    ///< bytes in the ring, since it was full first and as long as the source went on
  uint32_t stops = 0;        ///< how often the drive must have run dry
  uint64_t drive_waits = 0;  ///< how often the drive's buffer was full
  uint32_t speed_kb = 0;     ///< that the drive was told last; 0 when not known
  std::vector<SpeedChange> speeds{};
  double seconds_lost = 0;     ///< against the first speed, held throughout
  bool speed_refused = false;  ///< the drive did not let its speed be changed while writing
};

/// What is known of drive and disc before the first byte.
struct PaceFacts {
  Profile profile = Profile::none;
  fsi::Lba last = 0;  ///< of the medium
  /// What the drive may be told, in its own kB/s, fastest first; it begins with the first. Empty: not known.
  std::vector<uint32_t> speeds_kb{};
  uint32_t sector_bytes = fsi::kSectorSize;  ///< that a sector takes in the ring
  bool may_stop = true;                      ///< an empty drive buffer does no harm
};

/// Bytes that go from the ring to the drive in a second at so many kB/s: on a CD those are 2352 for each sector.
uint64_t data_rate(uint32_t kb_per_second, Profile profile, uint32_t sector_bytes = fsi::kSectorSize);

/// One thread at a time.
class PacedDrive {
 public:
  using Write = std::function<Answer(int64_t lba, std::span<const std::byte>)>;  ///< one command, no policy
  using Resend = std::function<void()>;  ///< sends again what the drive has forgotten (mode parameters); throws DriveError

  /// Drive, ring and pace are the caller's and outlive this.
  PacedDrive(Drive& drive, Ring& ring, PaceFacts facts, Pace& pace, Write write, Resend resend);

  /// Waits until the ring is filled for the first time (or holds all there is), and measures the source. `tick` is called between.
  void fill_ring(const std::function<void()>& tick, const std::stop_token& stop);
  /// After fill_ring(): may a disc be begun that an empty buffer would spoil? See Pacer::proven().
  bool proven(bool file) const { return pacer_.proven(look(), file); }
  double sustained() const { return pacer_.sustained(); }  ///< bytes a second, as measured while the ring was filled

  /// The ring is as full as it gets: chooses the speed to begin with.
  void begin() { follow(pacer_.begin(look())); }
  /// What to do now; the speed is changed already, if that was wise. `end`: the source is late, and the drive cannot wait.
  Pacer::Do next();
  /// After next(), when there is nothing to be sent: a short while.
  void rest(Pacer::Do what);
  /// Sends it until the drive has taken all of it. Throws DriveError.
  void put(int64_t lba, std::span<const std::byte> bytes);
  /// So many bytes have left the ring for good.
  void sent(uint64_t bytes) { sent_ += bytes; }
  /// Brings stops and seconds_lost of the pace up to date.
  void tell();

 private:
  Pacer::Look look() const;
  void follow(const Pacer::Advice& advice);
  void ask_drive();
  bool source_catches_up();
  std::chrono::nanoseconds drain_time();

  Drive& drive_;
  Ring& ring_;
  const PaceFacts facts_;
  Pace& pace_;
  const Write write_;
  const Resend resend_;
  Pacer pacer_;
  uint64_t sent_ = 0;
  size_t speed_ = 0;  // index into the speeds
  std::chrono::nanoseconds asked_{};
};

}  // namespace rec
