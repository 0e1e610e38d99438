// The answer of GET CONFIGURATION taken apart: the profile that is current and the features. MMC-6 6.5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "librecorder/scsi/feature.h"
#include "librecorder/scsi/profile.h"

namespace rec {

struct Configuration {
  struct Item {
    Feature code{};
    bool current = false;
    std::vector<std::byte> body;  ///< after the four bytes of the descriptor
  };
  Profile profile = Profile::none;
  std::vector<Item> features;
  std::vector<Profile> profiles;  ///< of feature 0000: what the drive knows at all

  const Item* find(Feature code) const;
  bool current(Feature code) const;
};

/// Bounds-checked; a descriptor that reaches past the end is dropped with all after it.
Configuration parse_configuration(std::span<const std::byte> answer);

}  // namespace rec
