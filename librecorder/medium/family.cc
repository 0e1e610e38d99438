#include "librecorder/medium/family.h"

namespace rec {

const MediumFamily* family_for(Profile profile) {
  switch (profile) {
    case Profile::cd_r: return &cd_r_family();
    case Profile::cd_rw: return &cd_rw_family();
    case Profile::dvd_r:
    case Profile::dvd_rw_sequential:
    case Profile::dvd_r_dl_sequential: return &dvd_incremental_family();
    case Profile::dvd_rw_overwrite: return &dvd_rw_overwrite_family();
    case Profile::dvd_plus_rw: return &dvd_plus_rw_family();
    case Profile::dvd_plus_r: return &dvd_plus_r_family();
    case Profile::dvd_plus_r_dl: return &dvd_plus_r_dl_family();
    case Profile::dvd_ram: return &dvd_ram_family();
    case Profile::bd_r_srm: return &bd_r_family();
    case Profile::bd_re: return &bd_re_family();
    default: return nullptr;
  }
}

const MediumFamily* family_for(const Medium& medium, const WriteWish& wish) {
  const MediumFamily* family = family_for(medium.profile);
  if (is_cd(medium.profile) && wish.at_once) return &cd_session_at_once_family();
  if (family != &dvd_incremental_family()) return family;
  // At once is what players know best, and on two layers what writes them without a gap; but it is for a whole disc.
  const bool whole_disc = medium.state == MediumState::blank && wish.known_length && !wish.multi;
  const bool better = wish.dvd_compat || medium.profile == Profile::dvd_r_dl_sequential;
  if (medium.at_once_only || wish.at_once || (better && whole_disc)) return &dvd_at_once_family();
  return family;
}

fsi::Lba next_writable_address(Drive& drive, TrackAddress address, uint32_t number) {
  const auto info = drive.track_information(address, number);
  if (!info || !info->next_writable_valid())
    throw fsi::Error(fsi::ErrorKind::unsuitable, drive.name(), "asking where to write",
                     "the drive tells no address; the disc may be damaged, take another one");
  // -150 for the start of a disc is an old habit of some drives.
  if (static_cast<int32_t>(info->next_writable.get()) < static_cast<int32_t>(info->start.get())) return info->start;
  return info->next_writable;
}

}  // namespace rec
