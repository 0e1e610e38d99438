// How UDF is found: the recognition sequence (ECMA-167 2/8.3) and the anchors (3/8.4.2.1), which tell the size of a
// block as well.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/disc/udf.h"
#include "libfsi/read/careful.h"

namespace fsi {

/// Sectors of the source that hold something, and what.
using NamedSectors = std::vector<std::pair<SectorRange, std::string>>;
/// Adds the sectors that the bytes [first, first + bytes) touch.
void add_structure(NamedSectors& structures, uint64_t first, uint64_t bytes, std::string name);

struct UdfAnchor {
  uint32_t block_size = kSectorSize;
  uint64_t block = 0;  ///< where the anchor was found
  disc::AnchorVolumeDescriptorPointer descriptor;
  std::optional<bool> third_edition;  ///< NSR03; empty without an NSR descriptor
};

/// Empty when there is no UDF; that one is promised and has no anchor is reported. `volume_sectors`: where something
/// else says that the volume ends, or 0.
std::optional<UdfAnchor> find_udf(const SectorSource& source, uint64_t session_start, uint64_t volume_sectors, NamedSectors& structures,
                                  IssueLog& log);

}  // namespace fsi
