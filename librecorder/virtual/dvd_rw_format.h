// FORMAT UNIT of a DVD-RW, which both its modes know: the sequential one becomes restricted overwrite by it, the other one
// is made anew or grows.
#pragma once

#include "librecorder/virtual/medium.h"

namespace rec::virt {

std::vector<FormattableCapacity> dvd_rw_formats(const Disc& disc);

/// Makes the disc one of restricted overwrite: full or quick; the types that grow are refused here. Returns the time.
Duration format_dvd_rw(Disc& disc, const FormatRequest& request);

}  // namespace rec::virt
