#include "librecorder/medium/erase.h"

namespace rec {

namespace {
/// CD-RW and DVD-RW: a command of its own.
void blank(Drive& drive, bool full, const LongProgress& progress) {
  drive.blank(full ? BlankType::disc : BlankType::minimal);
  wait_ready(drive, "blanking the disc", limit::kErase, progress);
}
}  // namespace

void check_erasable(const std::string& drive, const Medium& medium) {
  const auto unsuitable = [&](const std::string& why) {
    return fsi::Error(fsi::ErrorKind::unsuitable, drive, "choosing how to erase", why);
  };
  if (medium.state == MediumState::absent)
    throw unsuitable(medium.tray_open ? "the tray is open; put a rewritable disc in and close it"
                                      : "there is no disc in it; put a rewritable one in");
  if (medium.status & kWriteProtected) throw unsuitable("the disc is write-protected; take off the protection, or take another disc");
  switch (medium.profile) {
    case Profile::cd_rw: return;
    default: throw unsuitable(medium.name() + " cannot be erased; take a rewritable disc");
  }
}

void erase_medium(Drive& drive, const Medium& medium, bool full, const LongProgress& progress, const std::stop_token& stop) {
  (void)stop;
  check_erasable(drive.name(), medium);
  blank(drive, full, progress);
}

}  // namespace rec
