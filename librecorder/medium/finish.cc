#include "librecorder/medium/finish.h"

#include "librecorder/medium/family.h"

namespace rec {

namespace {
/// CD and DVD-R: what follows the last session is decided when that one is closed.
bool is_closed_with_its_session(Profile profile) {
  switch (profile) {
    case Profile::cd_r:
    case Profile::cd_rw:
    case Profile::dvd_r:
    case Profile::dvd_rw_sequential:
    case Profile::dvd_r_dl_sequential:
    case Profile::dvd_r_dl_jump: return true;
    default: return false;
  }
}

bool has_open_session(const Medium& medium) { return medium.status & kOpenSession || (medium.open_track && !medium.open_track->blank); }
}  // namespace

bool has_unended_track(const Medium& medium) {
  const auto& track = medium.open_track;
  return track && !track->blank && track->next_writable && *track->next_writable > track->start;
}

void check_finishable(const std::string& drive, const Medium& medium, bool multi) {
  const auto unsuitable = [&](const std::string& why) {
    return fsi::Error(fsi::ErrorKind::unsuitable, drive, "choosing how to close", why);
  };
  switch (medium.state) {
    case MediumState::absent:
      throw unsuitable(medium.tray_open ? "the tray is open; put a disc in and close it" : "there is no disc in it; put one in");
    case MediumState::blank: throw unsuitable("the disc is blank; there is nothing to close");
    case MediumState::closed: throw unsuitable("the disc is closed already");
    case MediumState::rewritable: throw unsuitable(medium.name() + " is written anywhere at any time and needs no closing");
    case MediumState::unknown: throw unsuitable("the drive tells too little of the disc; try another drive");
    case MediumState::appendable: break;
  }
  if (medium.status & kWriteProtected) throw unsuitable("the disc is write-protected; take off the protection");
  if (has_open_session(medium)) return;
  if (multi) throw unsuitable("its last session is closed already, and another can follow");
  if (is_closed_with_its_session(medium.profile))
    throw unsuitable("its sessions are closed already, and a " + medium.name() +
                     " is closed together with a session; burn a last one without --multi, or leave it as it is");
}

void finish_medium(Drive& drive, const Medium& medium, bool multi, const LongProgress& progress) {
  check_finishable(drive.name(), medium, multi);
  const MediumFamily& family = *family_for(medium.profile);
  WriteSettings settings;
  settings.multi = multi;
  settings.xa = !medium.tracks.empty() && medium.tracks.back().mode2;
  family.resend(drive, settings);  // the write parameters say what closing leaves behind
  if (medium.open_track && !medium.open_track->blank) family.end_track(drive, medium, progress);
  family.close(drive, settings, progress);
}

}  // namespace rec
