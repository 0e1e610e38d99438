// Where the first layer of a blank disc of two layers shall end: DVD+R DL and DVD-R DL take it from the host.
#pragma once

#include "librecorder/medium/family.h"

namespace rec {

/// Tells the drive what settings.layer_break says. Drives that choose themselves refuse; that is fine when nobody has insisted.
void set_layer_break(Drive& drive, const Medium& medium, const WriteSettings& settings);

}  // namespace rec
