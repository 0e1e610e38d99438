// What is on a disc that has no sessions: its volume descriptors alone tell where its content ends. Not public.
#pragma once

#include <stop_token>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// probe_medium(), and on media that are written anywhere the start of the disc is read too.
Medium look_at_medium(Drive& drive, const std::stop_token& stop = {});

}  // namespace rec
