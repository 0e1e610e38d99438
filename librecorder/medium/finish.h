// Closing what was left open: a session on purpose, or a burn that died before its end.
#pragma once

#include <string>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// Is there a track that a burn has begun and not ended? What is written now would become a part of it.
bool has_unended_track(const Medium& medium);

/// Throws Error (unsuitable), with the disc untouched, when there is nothing to close or its kind cannot be closed so, and says
/// why. `multi`: the session alone is to be closed, so that another can follow.
void check_finishable(const std::string& drive, const Medium& medium, bool multi);

/// Ends an open track, closes the session and, unless `multi`, the disc. Nothing of what is recorded is lost. Throws DriveError.
void finish_medium(Drive& drive, const Medium& medium, bool multi, const LongProgress& progress);

}  // namespace rec
