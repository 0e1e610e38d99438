// The one place where verify meets librecorder: a disc in a drive as a SectorSource.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "librecorder/recorder.h"

namespace tool {

/// `drive`: number in `burn list`, name or device. Throws Error (unsuitable) when there is no such drive or nothing to
/// read in it, e.g. a blank disc.
std::unique_ptr<const rec::DiscSource> open_disc(const std::string& drive, const std::stop_token& stop);

/// One for each drive, under whatever name it is asked for.
std::string drive_key(const std::string& drive);

}  // namespace tool
