#include "librecorder/medium/glance.h"

#include "librecorder/medium/probe.h"

namespace rec {

std::optional<MediumBrief> glance(Drive& drive) {
  constexpr int kMostAttentions = 8;  // one for each thing that happened since; they must be heard before anything else is
  Answer answer = drive.test_unit_ready();
  for (int i = 0; i < kMostAttentions && answer.outcome == Outcome::check && answer.sense.key == 6; ++i) answer = drive.test_unit_ready();
  if (answer.outcome == Outcome::check && answer.sense.is(2, 0x3A))
    return MediumBrief{"", answer.sense.ascq == 2 ? "tray open" : std::string(state_name(MediumState::absent))};
  if (answer.outcome == Outcome::check && answer.sense.is(2, 0x04))
    return MediumBrief{"", answer.sense.ascq == 1 ? "becoming ready" : "busy"};
  if (!answer.good()) return std::nullopt;
  const Medium medium = probe_medium(drive);
  if (medium.state == MediumState::absent) return MediumBrief{"", medium.tray_open ? "tray open" : std::string(state_name(medium.state))};
  return MediumBrief{medium.name(), std::string(state_name(medium.state))};
}

}  // namespace rec
