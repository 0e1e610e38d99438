// A picture of a disc: what lies where, what is damaged, slow, or of which session. SVG 1.1 with generic fonts only.
#pragma once

#include <string>
#include <vector>

#include "libfsi/fsi.h"

namespace tool {

/// How many parts of the disc the picture shows at most; a report is made with as many survey_cells.
inline constexpr size_t kMapCells = 80 * 40;

/// `sessions`: at least one, in order.
std::string map_svg(const fsi::VerifyReport& report, const std::vector<fsi::SectorRange>& sessions);

}  // namespace tool
