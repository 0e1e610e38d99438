// When to write, when to wait and how fast: the underrun policy as a pure piece. It has no clock, no ring and no drive of
// its own; it is told the time and the levels, and answers. The writer and the simulation in bench/ use the same code.
//
// Three marks of the ring. `refill`: the first block is written, and writing goes on after a stop, when the ring is that
// full. `low`: below it a speed that the source cannot feed is lowered, long before the ring is dry, because a slow disc
// lives far longer on what is left. Dry: the drive's own buffer keeps the laser on for a while, and what comes meanwhile is
// passed on; only when that buffer must be empty too, the drive has stopped, and it then waits until the ring is full again.
// So it stops once, for long, and not at every drop.
//
// Speeds are lowered at once and raised with care: only with a full ring, only to what the source has shown to sustain, and
// after a pause that doubles each time a raise proved wrong. Drives may link when their speed is changed.
//
// All times are those of the transport, all sizes bytes of user data, all speeds bytes of user data a second.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace rec {

class Pacer {
 public:
  using Time = std::chrono::nanoseconds;

  struct Facts {
    size_t ring = 0;
    size_t chunk = 0;              ///< what is written at once; less in the ring is nothing
    std::vector<uint64_t> speeds;  ///< that may be chosen, fastest first; the first is the one the drive begins with. Empty: not known
    uint64_t drive_buffer = 0;     ///< 0: not known
    bool may_stop = true;          ///< an empty drive buffer does no harm
  };

  struct Look {
    Time now{};
    size_t fill = 0;       ///< of the ring
    uint64_t arrived = 0;  ///< from the source, since the start
    uint64_t sent = 0;     ///< to the drive, since the start
    bool ended = false;    ///< the source: what is in the ring is all there is
  };

  enum class Do : uint8_t {
    write,  ///< as much as there is
    wait,   ///< nothing, until the ring is filled to refill_mark()
    end,    ///< the source is late, and an empty buffer would spoil the disc: end the track while there is data for it
  };
  struct Advice {
    Do what = Do::write;
    std::optional<size_t> speed;  ///< index into Facts::speeds: change to it
  };

  explicit Pacer(Facts facts);

  size_t refill_mark() const { return refill_; }

  /// While the ring is filled, before anything is written: measures the source.
  void fill(const Look& look);
  /// Is that enough to begin with? The ring is full, or holds all there is, or fills so much faster than any speed empties it
  /// that it will be full anyway.
  bool filled(const Look& look) const;
  /// The ring is as full as it gets before the first block: chooses the speed to begin with.
  Advice begin(const Look& look);
  /// Before each chunk, and now and then while waiting. Cheap when little time has passed.
  Advice look(const Look& look);
  /// The drive did not take the last change: it stays at the speed before, and no other is tried.
  void refused(size_t speed);
  /// What the drive says its buffer holds; without it a model of it counts.
  void drive_holds(uint64_t bytes) { drive_fill_ = static_cast<double>(bytes); }

  /// After fill(): may a disc that does not survive an underrun be begun? Only if all of it is in the ring, or the source has
  /// fed the slowest speed twice over while the ring was filled and the ring alone lasts for kProofTime.
  /// A file is at hand and need only be fast enough.
  bool proven(const Look& look, bool file) const;
  static constexpr std::chrono::seconds kProofTime{60};

  /// What the source would deliver for long if it were never held up. Infinite until it has been seen to be slower than the drive.
  double sustained() const;

  size_t speed() const { return speed_; }                                ///< index into Facts::speeds
  uint32_t stops() const { return stops_; }                              ///< how often the drive must have run dry
  uint32_t changes() const { return changes_; }                          ///< of the speed
  Time lost() const { return Time(static_cast<int64_t>(lost_ * 1e9)); }  ///< against the first speed, held throughout

 private:
  double rate() const { return facts_.speeds.empty() ? 0 : static_cast<double>(facts_.speeds[speed_]); }
  bool full(size_t fill) const { return fill >= full_; }
  void measure(const Look& look, double seconds);
  void drain(const Look& look, double seconds);
  std::optional<size_t> other_speed(const Look& look);
  Advice change_to(size_t speed);

  const Facts facts_;
  const size_t refill_, low_, full_;

  // The source, with old times fading out: when the ring had room for more, when it came, and when the ring was full.
  double open_seconds_ = 0, active_seconds_ = 0, full_seconds_ = 0, open_bytes_ = 0;
  double recent_ = 0;  ///< rate of the last seconds

  std::optional<Look> last_;
  std::optional<Time> first_;
  size_t speed_ = 0;
  bool fixed_ = false;
  Time raise_after_{}, raise_pause_, raised_{};
  bool waiting_ = false;
  double drive_fill_ = 0;
  bool burning_ = false;
  uint32_t stops_ = 0, changes_ = 0;
  double lost_ = 0;  ///< seconds
};

}  // namespace rec
