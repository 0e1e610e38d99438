// The profiles of MMC-6 5.3.1: what kind of medium is loaded, as GET CONFIGURATION tells it.
#pragma once

#include <cstdint>
#include <string_view>

namespace rec {

enum class Profile : uint16_t {
  none = 0x0000,
  non_removable_disk = 0x0001,
  removable_disk = 0x0002,
  cd_rom = 0x0008,
  cd_r = 0x0009,
  cd_rw = 0x000A,
  dvd_rom = 0x0010,
  dvd_r = 0x0011,  ///< DVD-R sequential recording
  dvd_ram = 0x0012,
  dvd_rw_overwrite = 0x0013,  ///< DVD-RW restricted overwrite
  dvd_rw_sequential = 0x0014,
  dvd_r_dl_sequential = 0x0015,
  dvd_r_dl_jump = 0x0016,
  dvd_rw_dl = 0x0017,
  dvd_plus_rw = 0x001A,
  dvd_plus_r = 0x001B,
  dvd_plus_rw_dl = 0x002A,
  dvd_plus_r_dl = 0x002B,
  bd_rom = 0x0040,
  bd_r_srm = 0x0041,  ///< BD-R sequential recording mode, with or without pseudo-overwrite
  bd_r_rrm = 0x0042,
  bd_re = 0x0043,
  non_conforming = 0xFFFF,
};

/// "DVD+R"; "unknown" for a number that is not in the list.
std::string_view profile_name(Profile profile);

constexpr bool is_cd(Profile p) { return p == Profile::cd_rom || p == Profile::cd_r || p == Profile::cd_rw; }
constexpr bool is_bd(Profile p) { return static_cast<uint16_t>(p) >= 0x40 && static_cast<uint16_t>(p) <= 0x43; }
constexpr bool is_dvd(Profile p) { return static_cast<uint16_t>(p) >= 0x10 && static_cast<uint16_t>(p) <= 0x2B; }

/// Sectors that a drive writes as one ECC block: CD 1, DVD 16, BD 32.
constexpr uint32_t ecc_sectors(Profile p) { return is_bd(p) ? 32 : is_dvd(p) ? 16 : 1; }

}  // namespace rec
