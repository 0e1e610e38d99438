// The pass over the sectors: by one careful reader for a disc, by many for an image; in pieces when it shall be possible
// to take it up again.
#pragma once

#include "libfsi/check/disc_pass.h"

namespace fsi {

struct PassOptions {
  bool parallel = true;
  unsigned threads = 0;
  uint64_t sample = 0;
  std::chrono::nanoseconds patience{};
  InOrder* in_order = nullptr;  ///< as in CompareOptions; not of a pass that goes on from an earlier one
  Progress progress{};
  std::stop_token stop{};
  Checkpoint checkpoint{};  ///< empty: nothing is kept
};

/// Reads `range` of `source` through `through` (the source itself, or what watches it) and compares it with the manifest,
/// if there is one. Goes on from `state` and leaves the whole result there.
void run_pass(const SectorSource& source, const SectorSource& through, SectorRange range, const Manifest* manifest,
              const PassOptions& options, PassState& state);

}  // namespace fsi
