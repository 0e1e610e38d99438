// Looks at what is loaded. Several commands are asked, because each of them is wrong on some drive.
#pragma once

#include <stop_token>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// Waits until the drive is ready, then asks. An empty drive is an answer (MediumState::absent), not an error.
/// Throws DriveError when the drive fails.
Medium probe_medium(Drive& drive, const std::stop_token& stop = {});

}  // namespace rec
