#include "librecorder/medium/family.h"

namespace rec {

const MediumFamily* family_for(Profile profile) {
  switch (profile) {
    case Profile::cd_r: return &cd_r_family();
    case Profile::cd_rw: return &cd_rw_family();
    case Profile::dvd_plus_r: return &dvd_plus_r_family();
    case Profile::bd_r_srm: return &bd_r_family();
    default: return nullptr;
  }
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
