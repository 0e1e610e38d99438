#include "librecorder/medium/medium.h"

#include <algorithm>

namespace rec {

std::string_view state_name(MediumState state) {
  switch (state) {
    case MediumState::absent: return "no medium";
    case MediumState::blank: return "blank";
    case MediumState::appendable: return "appendable";
    case MediumState::closed: return "closed";
    case MediumState::rewritable: return "rewritable";
    case MediumState::unknown: break;
  }
  return "unknown";
}

double speed_1x(Profile profile) { return is_bd(profile) ? 4495.5 : is_dvd(profile) ? 1385.0 : 176.4; }

fsi::Lba last_session_start(const Medium& medium) {
  const Track* first = nullptr;
  for (const Track& track : medium.tracks)
    if (!track.blank && (!first || track.session > first->session)) first = &track;
  return first ? first->start : 0;
}

bool continues_as_xa(const Medium& medium) {
  if (!is_cd(medium.profile) || medium.tracks.empty()) return false;
  for (auto track = medium.tracks.rbegin(); track != medium.tracks.rend(); ++track)
    if (track->data) return track->mode2;
  return true;
}

std::optional<SessionRange> previous_session(const Medium& medium) {
  std::optional<SessionRange> range;
  for (const Track& track : medium.tracks) {
    if (track.session != medium.sessions || track.blank || track.sectors == 0) continue;
    if (!range) range = SessionRange{track.start, 0};
    range->last = track.last_recorded.value_or(track.start + track.sectors - 1);
  }
  return range;
}

uint64_t recorded_end(const Medium& medium) {
  uint64_t end = 0;
  for (const Track& track : medium.tracks) {
    if (track.blank) continue;
    uint64_t here = uint64_t{track.start} + track.sectors;
    // An open track: what is recorded reaches to the next writable address.
    if (track.next_writable) here = std::min<uint64_t>(here, *track.next_writable);
    end = std::max(end, here);
  }
  return end;
}

}  // namespace rec
