#include "librecorder/medium/erase.h"

#include <algorithm>

#include "librecorder/medium/family.h"
#include "librecorder/medium/zeros.h"

namespace rec {

namespace {
/// Both places where volumes have their descriptors: the start, and the end for UDF.
constexpr uint64_t kHead = 512, kTail = 512;

bool is_blanked(Profile profile) {
  return profile == Profile::cd_rw || profile == Profile::dvd_rw_sequential || profile == Profile::dvd_rw_overwrite;
}

/// CD-RW and DVD-RW: a command of its own, which nobody can stop.
void blank(Drive& drive, bool full, const LongProgress& progress) {
  drive.blank(full ? BlankType::disc : BlankType::minimal);
  wait_ready(drive, "blanking the disc", limit::kErase, progress);
}

/// The others know no blank state; content decides, so it is written over.
void overwrite(Drive& drive, const Medium& medium, bool full, const LongProgress& progress, const std::stop_token& stop) {
  if (medium.status & kFormatRequired) return;  // new: nothing is on it
  const MediumFamily& family = *family_for(medium.profile);
  const uint64_t all = medium.total_sectors;
  const uint64_t head = full ? all : std::min(kHead, all), tail = full ? 0 : std::min(kTail, all - head);
  WriteSettings settings;
  settings.sectors = all;
  settings.streaming = full && medium.spare_areas;
  family.open(drive, medium, settings);
  const uint32_t chunk = std::min<uint32_t>(drive.transport().limits().max_bytes, 64 * 1024) / fsi::kSectorSize;
  drive.enter(Phase::write);
  try {
    write_zeros(drive, 0, head, chunk, progress, stop);
    write_zeros(drive, static_cast<fsi::Lba>(all - tail), tail, chunk, {}, stop);
  } catch (const fsi::Error& e) {
    if (e.kind() == fsi::ErrorKind::interrupted) {
      drive.enter(Phase::close);
      family.end_track(drive, medium, progress);
      family.close(drive, settings, progress);
      throw fsi::Error(e.kind(), drive.name(), "erasing the disc", "interrupted; what was not erased yet is still there");
    }
    throw;
  }
  drive.enter(Phase::close);
  family.end_track(drive, medium, progress);
  family.close(drive, settings, progress);
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
  if (!is_blanked(medium.profile) && medium.state != MediumState::rewritable)
    throw unsuitable(medium.name() + " cannot be erased; take a rewritable disc");
}

void erase_medium(Drive& drive, const Medium& medium, bool full, const LongProgress& progress, const std::stop_token& stop) {
  check_erasable(drive.name(), medium);
  if (is_blanked(medium.profile))
    blank(drive, full, progress);
  else
    overwrite(drive, medium, full, progress, stop);
}

}  // namespace rec
