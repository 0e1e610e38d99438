// The MD5 of a run of sectors at several places of it, as isomd5sum and libisofs define theirs: each covers all from the
// start of the run to a point. A serial sum: it rides on a pass in ascending order.
#pragma once

#include <optional>
#include <vector>

#include "libfsi/base/in_order.h"
#include "libfsi/base/running_digest.h"

namespace fsi {

/// Bytes that count as spaces whatever they are.
struct Blank {
  uint64_t first = 0;  ///< byte, from sector 0
  uint64_t bytes = 0;
};

class PrefixSums : public InOrder {
 public:
  /// From sector `first`; `points` are sectors, ascending, none before `first`: each sum covers [first, point).
  PrefixSums(uint64_t first, std::vector<uint64_t> points, Blank blank = {});

  void take(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) override;

  /// By point. Empty when the pass ended before it, or when a sector before it could not be read.
  const std::vector<std::optional<Md5>>& sums() const { return sums_; }
  /// The first sector of the run that could not be read.
  std::optional<uint64_t> unreadable() const { return unreadable_; }

 private:
  void add(uint64_t first, std::span<const std::byte> bytes);

  const uint64_t first_;
  const std::vector<uint64_t> points_;
  const Blank blank_;
  RunningDigest digest_{SumKind::md5};
  uint64_t next_;  // sector
  std::vector<std::optional<Md5>> sums_;
  size_t done_ = 0;  // points
  std::optional<uint64_t> unreadable_;
};

}  // namespace fsi
