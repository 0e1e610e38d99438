// How the reading of a disc went: time, trouble, slow zones. Values only.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "libfsi/base/sectors.h"

namespace fsi {

/// A stretch of the disc and how long its reading took.
struct ReadStretch {
  SectorRange range;
  uint64_t sectors = 0;  ///< that could be read
  std::chrono::nanoseconds time{};
  uint64_t retries = 0;  ///< and errors that the drive recovered from

  /// Bytes a second; infinite when the drive's clock is too coarse to tell.
  double rate() const;
};

struct Reading {
  bool timed = false;  ///< a drive was read; else all else here says nothing
  std::chrono::nanoseconds time{};
  uint64_t retries = 0, recovered = 0;
  std::chrono::nanoseconds trouble{};  ///< spent with commands that failed or took two seconds and more
  std::chrono::nanoseconds patience{};
  uint64_t sectors_skipped = 0;          ///< counted as unreadable without having been tried one by one
  bool out_of_patience = false;          ///< the trouble took longer than `patience`
  std::vector<ReadStretch> stretches{};  ///< equal parts of the disc, at most 512, in order

  /// Of the stretches: half were read faster. Bytes a second, 0 when nothing was read; infinite as above.
  double typical_rate() const;
  /// Stretches that were read at a quarter of the typical rate or less, or where the drive had to try again; neighbours
  /// joined.
  std::vector<ReadStretch> slow_zones() const;
};

}  // namespace fsi
