// What a disc is used for, part by part: the ground for a picture of it.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "libfsi/check/damage.h"

namespace fsi {

/// Some sectors, and how many of them hold what. The rest is free, or nobody knows what it is for.
struct SurveyCell {
  SectorRange range;
  uint64_t data = 0;      ///< of files
  uint64_t metadata = 0;  ///< descriptors, directories, tables, manifest, boot
};

/// At most `cells` parts of `range`, all of the same size but the last. Walks all trees; takes a quarter of a byte for each
/// sector meanwhile. Throws Error(interrupted).
std::vector<SurveyCell> survey(const VolumeRead& volume, const std::vector<NamedRange>& known, SectorRange range, size_t cells,
                               const std::stop_token& stop);

}  // namespace fsi
