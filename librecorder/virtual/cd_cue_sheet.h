// A cue sheet as the drive understands it: what is recorded where, and what comes from the host. Read strictly: everything that MMC says
// a host must not send is refused with 5/26/00 and the byte.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "librecorder/virtual/medium.h"

namespace rec::virt {

/// From `first` until the next one begins.
struct CueArea {
  int32_t first = 0;
  uint8_t track = 0;  ///< kLeadOutTrack for the last
  uint8_t index = 0;
  uint8_t control = 0;
  uint8_t form = 0;
};

struct CueProgram {
  std::vector<CueArea> areas;
  std::string mcn;
  std::map<uint8_t, std::string> isrcs;
  uint8_t lead_in_form = 0, lead_in_control = 0;
  int32_t lead_in_start = 0;  ///< where the host begins to send it, when it does
  int32_t lead_out = 0;

  const CueArea& area_at(int32_t lba) const;
  /// INDEX 01 of this track; of the lead-out its start.
  int32_t start_of(uint8_t track) const;
  uint8_t last_track() const;
};

/// Bytes that the host sends for a sector of this form: main channel, then subchannel.
uint32_t main_bytes(uint8_t form);
uint32_t sub_bytes(uint8_t form);

/// `session_first`: LBA of the first track's pause. `first_track`: the number it must have. `end`: no lead-out after it.
CueProgram read_cue_sheet(std::span<const std::byte> bytes, int32_t session_first, uint8_t first_track, int32_t lead_in_start, int32_t end);

}  // namespace rec::virt
