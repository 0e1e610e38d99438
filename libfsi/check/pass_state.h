// How far a pass over the sectors has come: what a long run keeps, so that it can be ended and taken up again.
#pragma once

#include <cstdint>
#include <functional>

#include "libfsi/check/compare.h"
#include "libfsi/check/reading.h"

namespace fsi {

/// Going on from here gives the same result as never having stopped.
struct PassState {
  uint64_t next = 0;          ///< sectors of the range that are done; of a disc that is sampled: chunks
  CompareResult so_far{};     ///< with the manifest
  CompareResult against{};    ///< with the other source, when there is one
  Reading reading{};          ///< of a drive
  uint64_t skip = 0;          ///< sectors that the last failure gave up, once patience was over
  uint32_t bad_in_a_row = 0;  ///< single sectors just before `next`
};
/// Called now and then, from the thread that reads; what it keeps is its business.
using Checkpoint = std::function<void(const PassState&)>;

}  // namespace fsi
