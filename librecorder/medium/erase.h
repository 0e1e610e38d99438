// Taking away what is on a rewritable disc, quickly or in full. How it is done follows from the profile that is current;
// formatting, which gives a disc another shape, is in format.h.
#pragma once

#include <stop_token>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// Throws Error (unsuitable), with the disc untouched, when it cannot be erased, and says why.
void check_erasable(const std::string& drive, const Medium& medium);

/// quick: what says that something is recorded goes; the data itself can still be on the disc. full: every sector.
/// BLANK cannot be stopped. Throws DriveError.
void erase_medium(Drive& drive, const Medium& medium, bool full, const LongProgress& progress, const std::stop_token& stop);

}  // namespace rec
