// Times of the tree as ECMA-167 records them: UTC, to the microsecond, years 1 to 9999.
#pragma once

#include "libfsi/disc/ecma167.h"
#include "libfsi/source/tree.h"

namespace fsi::udf {

inline constexpr Time kEarliestTime = -62135596800 * kSecond;    // 0001-01-01T00:00:00
inline constexpr Time kLatestTime = 253402300800 * kSecond - 1;  // 9999-12-31T23:59:59.999999

/// Times outside of the range become its ends.
disc::Timestamp timestamp(Time time);

}  // namespace fsi::udf
