// How much of a BD or DVD-RAM goes to spare areas, for each choice that FORMAT UNIT has.
#pragma once

#include "librecorder/virtual/medium.h"

namespace rec::virt {

struct SpareSizes {
  uint32_t smallest, usual, largest;  ///< sectors
};
SpareSizes spare_sizes(const Disc& disc);

/// What READ FORMAT CAPACITIES lists of a type: usual, largest and smallest spare areas.
std::vector<FormattableCapacity> spare_choices(const Disc& disc, FormatType type);

/// What is left to the host where it asks for `blocks`: at least that, if the smallest spare areas leave as much.
std::optional<uint32_t> capacity_with_spares(const Disc& disc, uint32_t blocks);

/// Is `blocks` what one of the choices leaves to the host?
bool is_spare_choice(const Disc& disc, uint32_t blocks);

/// READ DISC STRUCTURE of a BD: disc information, spare area information. `kind`: "BDR", "BDW".
Bytes bd_structure(const Disc& disc, const char* kind, uint8_t format);

}  // namespace rec::virt
