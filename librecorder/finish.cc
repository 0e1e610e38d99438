// The recipe of closing a disc that was left open. What that takes on each kind of medium is in medium/.
#include "librecorder/medium/finish.h"

#include "librecorder/reshape.h"

namespace rec {

EraseReport close_disc(const DriveEntry& entry, const CloseOptions& options, const BurnProgress& progress, const std::stop_token& stop) {
  return reshape(
      entry, "closing", Phase::close, options.eject, progress, stop,
      [&](const Medium& medium) { check_finishable(entry.node, medium, options.multi); },
      [&](Drive& drive, const Medium& medium, const LongProgress& part) { finish_medium(drive, medium, options.multi, part); });
}

}  // namespace rec
