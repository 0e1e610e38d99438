// Times as ECMA-119 records them, always in UTC.
#pragma once

#include <string>

#include "libfsi/disc/iso9660.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// 9.1.5: a byte for the year holds 1900 to 2155; what lies outside is recorded as the nearest second inside.
disc::ShortTime short_time(Time time);
bool fits_short_time(Time time);

/// 8.4.26.1: years 1 to 9999, to a hundredth of a second; the nearest one inside.
disc::LongTime long_time(Time time);

}  // namespace fsi
