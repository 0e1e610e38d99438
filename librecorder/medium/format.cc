#include "librecorder/medium/format.h"

#include <algorithm>

namespace rec {

using fsi::Error;
using fsi::ErrorKind;

namespace {
/// The list of the drive, which everything is taken from.
FormatCapacities listed(Drive& drive) {
  auto formats = drive.format_capacities();
  if (!formats)
    throw Error(ErrorKind::unsuitable, drive.name(), "formatting the disc",
                "the drive does not tell which formats it can make; take another drive");
  return *formats;
}

const FormattableCapacity& must_find(const Drive& drive, const FormatCapacities& formats, std::initializer_list<FormatType> types) {
  for (const FormatType type : types)
    if (const auto* found = find_format(formats, type)) return *found;
  throw Error(ErrorKind::unsuitable, drive.name(), "formatting the disc",
              "the drive does not offer this format for this disc; leave the wish out, or take another drive");
}

/// Of the entries of one type, which differ in the room for spares that they leave.
FormattableCapacity with_spares(const Drive& drive, const FormatCapacities& formats, FormatType type, SpareArea spare) {
  std::vector<FormattableCapacity> choices;
  for (const auto& entry : formats.formattable)
    if (entry.format_type() == static_cast<uint8_t>(type)) choices.push_back(entry);
  if (choices.empty()) return must_find(drive, formats, {FormatType::full});
  if (spare == SpareArea::usual) return choices.front();
  const auto less = [](const FormattableCapacity& a, const FormattableCapacity& b) { return a.blocks < b.blocks; };
  return spare == SpareArea::largest ? *std::min_element(choices.begin(), choices.end(), less)
                                     : *std::max_element(choices.begin(), choices.end(), less);
}

void format_dvd_plus_rw(Drive& drive, bool full, const LongProgress& progress) {
  start_background_format(drive, false, progress);
  if (!full) return;
  // The drive is ready all the while; how far it is, only REQUEST SENSE tells.
  Transport& transport = drive.transport();
  const auto began = transport.now();
  for (;;) {
    const auto disc = drive.disc_information();
    if (!disc || disc->background_format() == 3) break;
    if (transport.now() - began > limit::kErase)
      throw Error(ErrorKind::failed, drive.name(), "formatting the disc", "it has not come to an end in five hours; take another disc");
    const auto part = drive.request_sense().progress;
    if (progress) progress(part ? std::optional(*part / 65536.0) : std::nullopt);
    transport.sleep(std::chrono::seconds(1));
  }
}

void format_bd_re(Drive& drive, const FormatWish& wish, const LongProgress& progress) {
  constexpr uint8_t kFullCertification = 2, kQuickCertification = 3;
  const FormatCapacities formats = listed(drive);
  if (wish.spare == SpareArea::none) {
    drive.format_unit(must_find(drive, formats, {FormatType::bd_re_no_spares}));
  } else if (wish.spare == SpareArea::usual && !wish.full) {
    drive.format_unit(must_find(drive, formats, {FormatType::full}));
  } else {
    drive.format_unit(with_spares(drive, formats, FormatType::bd_re_spares, wish.spare),
                      wish.full ? kFullCertification : kQuickCertification);
  }
  wait_ready(drive, "formatting the disc", limit::kErase, progress);
}
}  // namespace

const FormattableCapacity* find_format(const FormatCapacities& formats, FormatType type) {
  for (const FormattableCapacity& entry : formats.formattable)
    if (entry.format_type() == static_cast<uint8_t>(type)) return &entry;
  return nullptr;
}

void start_background_format(Drive& drive, bool restart, const LongProgress& progress) {
  FormattableCapacity all{0xFFFFFFFF, static_cast<uint8_t>(static_cast<uint8_t>(FormatType::dvd_plus_rw) << 2), restart ? 1u : 0u};
  drive.format_unit(all);
  wait_ready(drive, "beginning to format the disc", limit::kWholeOperation, progress);
}

void check_formattable(const std::string& drive, const Medium& medium, const FormatWish& wish) {
  const auto unsuitable = [&](const std::string& why) { return Error(ErrorKind::unsuitable, drive, "choosing how to format", why); };
  if (medium.state == MediumState::absent)
    throw unsuitable(medium.tray_open ? "the tray is open; put a disc in and close it" : "there is no disc in it; put one in");
  if (medium.status & kWriteProtected) throw unsuitable("the disc is write-protected; take off the protection, or take another disc");
  const bool spares = medium.profile == Profile::bd_re || medium.profile == Profile::bd_r_srm;
  if (wish.spare != SpareArea::usual && !spares) throw unsuitable("--spare is for BD-RE and BD-R, and the disc is " + medium.name());
  switch (medium.profile) {
    case Profile::dvd_rw_sequential:
    case Profile::dvd_rw_overwrite:
    case Profile::dvd_plus_rw:
    case Profile::dvd_plus_rw_dl:
    case Profile::dvd_ram:
    case Profile::bd_re: return;
    case Profile::bd_r_srm:
      if (medium.state != MediumState::blank)
        throw unsuitable("a BD-R can be formatted before it is written to, and not after; take a blank one");
      if (medium.formatted) throw unsuitable("a BD-R can be formatted once, and this one is; take another one");
      if (wish.full) throw unsuitable("a BD-R cannot be certified, for it can be written once; leave --full out");
      if (wish.spare == SpareArea::none) throw unsuitable("a blank BD-R has no spare areas as long as it is not formatted; just burn it");
      return;
    case Profile::cd_rw: throw unsuitable("CD-RW is not formatted but blanked; use burn erase");
    default: throw unsuitable(medium.name() + " cannot be formatted; take a rewritable DVD or a BD");
  }
}

void format_medium(Drive& drive, const Medium& medium, const FormatWish& wish, const LongProgress& progress) {
  check_formattable(drive.name(), medium, wish);
  switch (medium.profile) {
    case Profile::dvd_plus_rw:
    case Profile::dvd_plus_rw_dl: return format_dvd_plus_rw(drive, wish.full, progress);
    case Profile::bd_re: return format_bd_re(drive, wish, progress);
    case Profile::bd_r_srm: {
      constexpr uint8_t kSequential = 1;  // without pseudo-overwrite, which costs room with each change
      drive.format_unit(with_spares(drive, listed(drive), FormatType::bd_r_spares, wish.spare), kSequential);
      break;
    }
    case Profile::dvd_ram:
      drive.format_unit(must_find(drive, listed(drive), {FormatType::full}), 0, wish.full ? 0 : FormatList::kDisableCertification);
      break;
    default:  // DVD-RW
      drive.format_unit(wish.full ? must_find(drive, listed(drive), {FormatType::dvd_rw_full, FormatType::full})
                                  : must_find(drive, listed(drive), {FormatType::dvd_rw_quick, FormatType::full}));
      break;
  }
  wait_ready(drive, "formatting the disc", limit::kErase, progress);
}

}  // namespace rec
