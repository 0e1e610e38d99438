#include "librecorder/virtual/medium.h"

#include "libfsi/base/error.h"

namespace rec::virt {

std::unique_ptr<Medium> make_medium(Disc& disc) {
  switch (disc.type->profile) {
    case Profile::cd_r: return make_cd_r(disc);
    case Profile::dvd_plus_r:
    case Profile::dvd_plus_r_dl: return make_dvd_plus_r(disc);
    case Profile::bd_r_srm: return make_bd_r(disc);
    default:
      throw fsi::Error(fsi::ErrorKind::unsuitable, std::string(disc.type->name), "loading a virtual disc",
                       "this drive does not know the medium");
  }
}

}  // namespace rec::virt
