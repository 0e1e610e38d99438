// What is loaded, by a few questions that neither wait nor move anything.
#pragma once

#include <optional>
#include <string>

#include "librecorder/drive/drive.h"

namespace rec {

struct Glance {
  std::string name;   ///< as Medium::name(); empty when there is no medium
  std::string state;  ///< state_name(), "tray open", or what a drive does that is not ready: "becoming ready", "busy"
};

/// None when the drive does not tell. Throws DriveError as probe_medium().
std::optional<Glance> glance(Drive& drive);

}  // namespace rec
