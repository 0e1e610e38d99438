// What lies on a volume at known sectors without being in a tree: system area, descriptors, path tables, boot catalog
// and boot images, the manifest.
#pragma once

#include <vector>

#include "libfsi/check/damage.h"
#include "libfsi/check/manifest_reader.h"
#include "libfsi/read/volume.h"

namespace fsi {

std::vector<NamedRange> known_regions(const VolumeRead& volume, const SectorSource& source, uint64_t session_start,
                                      const Manifest* manifest);

}  // namespace fsi
