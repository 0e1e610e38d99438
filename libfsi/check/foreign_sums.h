// Checksums that other programs keep in an image, as verify reports them.
#pragma once

#include <cstdint>
#include <string>

#include "libfsi/base/sectors.h"

namespace fsi {

struct ForeignSum {
  /// unknown: it covers sectors that could not be read, or that are missing. unchecked: it was not asked for.
  enum class State : uint8_t { right, wrong, unknown, unchecked };
  std::string kind;   ///< "isomd5sum", "libisofs session tag", ...
  SectorRange range;  ///< what it covers, absolute
  State state = State::unchecked;
  std::string detail;  ///< what else it says; why it is unknown
  uint64_t files = 0;  ///< sums of single files: how many were checked,
  uint64_t wrong = 0;  ///< and how many of them are wrong
};

}  // namespace fsi
