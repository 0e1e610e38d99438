// From sectors to paths: what lies in damaged ranges. Walks the trees; memory grows with the damage, not with the image.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "libfsi/read/volume.h"

namespace fsi {

/// Something that lies at known sectors and is not in a tree.
struct NamedRange {
  SectorRange range;
  std::string name;
};

struct RangeHits {
  SectorRange range;
  std::vector<PathHit> paths{};
  uint64_t more = 0;  ///< hits beyond `keep`
};

/// Whether the sector at `lba` of the source is right but for what lies behind its first `keep` bytes, where zeros belong.
using RightBefore = std::function<bool(uint64_t lba, size_t keep)>;

/// What lies in each of `ranges` (ascending, disjoint). `known`: system area, descriptors, manifest, ... . Files of the
/// best tree first; of the other trees only what the best one does not show. A range in which nothing lies has no paths. With
/// `right_before`, a file is not accused for what is wrong behind its end in its last sector.
std::vector<RangeHits> map_to_paths(const VolumeRead& volume, std::vector<SectorRange> ranges, const std::vector<NamedRange>& known,
                                    size_t keep, std::stop_token stop, RightBefore right_before = {});

}  // namespace fsi
