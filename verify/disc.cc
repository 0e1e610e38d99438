#include "verify/disc.h"

#include "librecorder/recorder.h"

namespace tool {

std::unique_ptr<const fsi::SectorSource> open_disc(const std::string& drive, const std::stop_token& stop) {
  return rec::disc_source(rec::find_drive(drive), stop);
}

}  // namespace tool
