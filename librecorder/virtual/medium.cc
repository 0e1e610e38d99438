#include "librecorder/virtual/medium.h"

#include "libfsi/base/error.h"

namespace rec::virt {

Duration Medium::blank(uint8_t, uint32_t) { refuse(5, 0x30, 0x05); }

std::unique_ptr<Medium> make_medium(Disc& disc) {
  switch (disc.type->profile) {
    case Profile::cd_r:
    case Profile::cd_rw: return make_cd(disc);
    case Profile::dvd_plus_r:
    case Profile::dvd_plus_r_dl: return make_dvd_plus_r(disc);
    case Profile::bd_r_srm: return make_bd_r(disc);
    default:
      throw fsi::Error(fsi::ErrorKind::unsuitable, std::string(disc.type->name), "loading a virtual disc",
                       "this drive does not know the medium");
  }
}

}  // namespace rec::virt
