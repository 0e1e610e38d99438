// Reading where what fails is an answer, and the lists of sectors that come of it.
#pragma once

#include <span>
#include <vector>

#include "libfsi/base/sectors.h"

namespace fsi {

/// False when the source does not have the whole range, or fails; `out`, exactly range.count * 2048 bytes, is then unspecified.
/// Throws Error{interrupted}.
bool try_read(const SectorSource& source, SectorRange range, std::span<std::byte> out);

/// `range` follows the last one of the list, and becomes a part of it where nothing lies between.
void append(std::vector<SectorRange>& ranges, SectorRange range);

}  // namespace fsi
