// A SectorSource that takes time and trouble, as a disc in a drive does: what a careful reader has to know of it.
// The trouble itself is the reader's business (check/disc_pass.h).
#pragma once

#include <chrono>
#include <cstdint>

#include "libfsi/base/sectors.h"

namespace fsi {

/// How read() fails says what follows: Error{interrupted} and Error{unsuitable} end all reading (a stop was asked for; the
/// drive or the disc is gone or another one), any other kind means that these sectors cannot be read.
class TimedSource : public SectorSource {
 public:
  /// Time as the drive lives it: a virtual drive has a clock of its own.
  virtual std::chrono::nanoseconds now() const = 0;

  struct Effort {
    uint64_t retries = 0;    ///< commands that had to be sent again
    uint64_t recovered = 0;  ///< reads of which the drive told that it could correct them with effort only
  };
  /// Since it was opened.
  virtual Effort effort() const = 0;

  /// Reads of these sectors fail at once from now on: nobody waits for them again.
  virtual void give_up(SectorRange range) const = 0;
};

}  // namespace fsi
