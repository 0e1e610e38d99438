// The pass over the sectors of a disc in a drive: one reader, in ascending order, that goes around what cannot be read
// and never waits without end. Knows nothing of file systems, and of drives only what TimedSource says.
#pragma once

#include <chrono>

#include "libfsi/base/in_order.h"
#include "libfsi/base/timed_source.h"
#include "libfsi/check/pass_state.h"

namespace fsi {

struct DiscPassOptions {
  uint64_t sample = 0;  ///< as in CompareOptions
  /// How much time may go into commands that fail or take two seconds and more. After it what fails is no longer looked
  /// at closely, after twice as much growing stretches are given up: the pass ends in bounded time in any case.
  std::chrono::nanoseconds patience = std::chrono::minutes(30);
  InOrder* in_order = nullptr;  ///< as in CompareOptions
  Progress progress{};
  std::stop_token stop{};
  Checkpoint checkpoint{};
};

/// Reads `range` through `through`, which is `disc` or something that watches what is read from it. Unreadable places are
/// halved down to single sectors; behind 16 bad ones in a row growing steps are taken until one can be read again, and
/// the edge is found by bisection. state.so_far.unreadable has every place once. Throws what ends all reading (see
/// TimedSource); `state` is then as of the last checkpoint.
void read_disc(const TimedSource& disc, const SectorSource& through, SectorRange range, const Manifest* manifest,
               const DiscPassOptions& options, PassState& state);

}  // namespace fsi
