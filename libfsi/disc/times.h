// Times as ECMA-119 records them, always in UTC, from microseconds since 1970-01-01.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "libfsi/disc/iso9660.h"

namespace fsi::disc {

/// 9.1.5: a byte for the year holds 1900 to 2155; what lies outside is recorded as the nearest second inside.
/// The seven bytes of the field, the first one lowest.
uint64_t short_time_bytes(int64_t time);
/// Sets a field. In place and from a register, because records have up to four of them.
inline void set_short_time(ShortTime& field, uint64_t bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(static_cast<void*>(&field), &bytes, sizeof field);
}
bool fits_short_time(int64_t time);

/// 8.4.26.1: years 1 to 9999, to a hundredth of a second; the nearest one inside.
LongTime long_time(int64_t time);

}  // namespace fsi::disc
