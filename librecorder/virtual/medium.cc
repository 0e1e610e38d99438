#include "librecorder/virtual/medium.h"

#include "libfsi/base/error.h"

namespace rec::virt {

Duration Medium::blank(uint8_t, uint32_t) { refuse(5, 0x30, 0x05); }
Duration Medium::format(const FormatRequest&) { refuse(5, 0x30, 0x06); }
void Medium::send_structure(uint8_t, std::span<const std::byte>) { refuse_cdb(7); }

std::unique_ptr<Medium> make_medium(Disc& disc) {
  switch (disc.profile) {
    case Profile::cd_r:
    case Profile::cd_rw: return make_cd(disc);
    case Profile::dvd_r:
    case Profile::dvd_rw_sequential:
    case Profile::dvd_r_dl_sequential: return make_dvd_minus(disc);
    case Profile::dvd_rw_overwrite: return make_dvd_rw_overwrite(disc);
    case Profile::dvd_plus_r:
    case Profile::dvd_plus_r_dl: return make_dvd_plus_r(disc);
    case Profile::dvd_plus_rw: return make_dvd_plus_rw(disc);
    case Profile::dvd_ram: return make_dvd_ram(disc);
    case Profile::bd_r_srm: return make_bd_r(disc);
    case Profile::bd_re: return make_bd_re(disc);
    default:
      throw fsi::Error(fsi::ErrorKind::unsuitable, std::string(disc.type->name), "loading a virtual disc",
                       "this drive does not know the medium");
  }
}

}  // namespace rec::virt
