#include "librecorder/scsi/profile.h"

namespace rec {

std::string_view profile_name(Profile profile) {
  switch (profile) {
    case Profile::none: return "no medium";
    case Profile::non_removable_disk: return "hard disk";
    case Profile::removable_disk: return "removable disk";
    case Profile::cd_rom: return "CD-ROM";
    case Profile::cd_r: return "CD-R";
    case Profile::cd_rw: return "CD-RW";
    case Profile::dvd_rom: return "DVD-ROM";
    case Profile::dvd_r: return "DVD-R";
    case Profile::dvd_ram: return "DVD-RAM";
    case Profile::dvd_rw_overwrite: return "DVD-RW restricted overwrite";
    case Profile::dvd_rw_sequential: return "DVD-RW sequential";
    case Profile::dvd_r_dl_sequential: return "DVD-R DL";
    case Profile::dvd_r_dl_jump: return "DVD-R DL layer jump";
    case Profile::dvd_rw_dl: return "DVD-RW DL";
    case Profile::dvd_plus_rw: return "DVD+RW";
    case Profile::dvd_plus_r: return "DVD+R";
    case Profile::dvd_plus_rw_dl: return "DVD+RW DL";
    case Profile::dvd_plus_r_dl: return "DVD+R DL";
    case Profile::bd_rom: return "BD-ROM";
    case Profile::bd_r_srm: return "BD-R";
    case Profile::bd_r_rrm: return "BD-R RRM";
    case Profile::bd_re: return "BD-RE";
    case Profile::non_conforming: return "non-conforming medium";
  }
  return "unknown";
}

}  // namespace rec
