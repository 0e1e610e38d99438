// DVD-RW in restricted overwrite: whole ECC blocks, anywhere in what is formatted. What reaches beyond that needs the border
// opened first (quick grow); an open border is closed in the end, or other drives find no lead-out.
#include <algorithm>

#include "librecorder/medium/family.h"
#include "librecorder/medium/format.h"
#include "librecorder/scsi/mode_page.h"

namespace rec {

namespace {
class DvdRwOverwrite final : public MediumFamily {
 public:
  std::string_view name() const override { return "DVD-RW, restricted overwrite"; }
  TrackRules rules() const override { return {.unit = 16, .speed_1x = 1385.0, .overwrites = true}; }

  fsi::Lba open(Drive& drive, const Medium& medium, const WriteSettings& settings) const override {
    const auto formats = drive.format_capacities();
    const auto disc = drive.disc_information();
    const bool grows = disc && disc->last_session_state() != SessionState::complete;
    const uint64_t formatted = formats ? formats->current.blocks.get() : 0;
    const uint64_t wanted = settings.sectors ? settings.start + *settings.sectors : medium.total_sectors;
    const FormattableCapacity* grow = formats ? find_format(*formats, FormatType::dvd_rw_quick_grow) : nullptr;
    if (!grows && wanted > formatted && grow) {
      FormattableCapacity all = *grow;
      all.blocks = 0;  // as far as the disc goes
      drive.format_unit(all);
      wait_ready(drive, "opening the border of the disc", limit::kWholeOperation);
    }
    return settings.start;
  }

  void resend(Drive&, const WriteSettings&) const override {}

  void end_track(Drive& drive, const Medium&, const LongProgress& progress) const override {
    drive.synchronize_cache();
    wait_ready(drive, "writing out the drive's buffer", limit::kWholeOperation, progress);
  }

  void close(Drive& drive, const WriteSettings&, const LongProgress& progress) const override {
    const auto disc = drive.disc_information();
    if (disc && disc->last_session_state() == SessionState::complete) return;
    drive.close_track_session(CloseFunction::session, 0);
    wait_ready(drive, "closing the border of the disc", limit::kWholeOperation, progress);
  }
};
}  // namespace

const MediumFamily& dvd_rw_overwrite_family() {
  static const DvdRwOverwrite family;
  return family;
}

}  // namespace rec
