#include "librecorder/medium/layer_break.h"

#include "libfsi/base/wire.h"

namespace rec {

void set_layer_break(Drive& drive, const Medium& medium, const WriteSettings& settings) {
  if (!settings.layer_break || medium.state != MediumState::blank || settings.simulate) return;
  LayerBoundary boundary;
  boundary.layer0_sectors = *settings.layer_break;
  const Answer answer = drive.send_disc_structure(kLayerBoundary, fsi::bytes_of(boundary));
  const bool refused = answer.outcome == Outcome::check && answer.sense.key == 5;
  if (!answer.good() && (settings.insist_on_layer_break || !refused)) drive.fail("setting where the first layer ends", answer);
}

}  // namespace rec
