// The partition maps of a logical volume descriptor, with what they need to be of use: virtual allocation table,
// sparing table, metadata file and mirror.
#pragma once

#include "libfsi/read/udf_sequence.h"
#include "libfsi/read/udf_volume.h"

namespace fsi {

/// Fills volume.maps from the maps in `sequence`; volume.integrity too where the virtual allocation table has it.
void read_udf_maps(const SectorSource& source, const UdfSequence& sequence, UdfVolume& volume, IssueLog& log, const ReadLimits& limits);

}  // namespace fsi
