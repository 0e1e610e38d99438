// What is loaded, by a few questions that neither wait nor move anything.
#pragma once

#include <optional>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// None when the drive does not tell. Throws DriveError as probe_medium().
std::optional<MediumBrief> glance(Drive& drive);

}  // namespace rec
