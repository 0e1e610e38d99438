// Rock Ridge (RRIP on SUSP 1.12): POSIX names and attributes in the system use field of ISO 9660's
// directory records. Emits entries; where they lie is the hierarchy's business.
#pragma once

#include <memory>

#include "libfsi/rockridge/system_use.h"

namespace fsi {

enum class RockRidgeVersion : uint8_t {
  v1_10,  ///< RRIP_1991A: PX without a serial number; link groups are known by their extents alone
  v1_12,  ///< IEEE_P1282: PX with a serial number, so that empty files, symlinks and devices have link groups too
};

/// `tree` must outlive it.
std::unique_ptr<const SystemUse> make_rock_ridge(const SourceTree& tree, RockRidgeVersion version);

}  // namespace fsi
