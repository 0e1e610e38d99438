// What the recording of a CD will do, worked out before anything is done: all that can be refused is refused here. Asks the drive, and
// changes nothing. Not public.
#pragma once

#include <string>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"
#include "librecorder/record_cd.h"

namespace rec {

inline constexpr uint32_t kTrackPause = 152;  ///< sectors between two tracks written at once: run-out and pause

/// `node`: the drive's, for messages. Throws Error: unsuitable (drive, disc), usage (layout, options), limit (CD-TEXT).
CdPlan make_cd_plan(Drive& drive, const std::string& node, const Medium& medium, const cd::DiscLayout& layout,
                    const CdBurnOptions& options);

}  // namespace rec
