// DVD+RW: written anywhere, as soon as formatting has begun; the rest of it goes on in the background. In the end it is
// stopped, so that the disc can leave at once, or awaited, when as many players as possible shall read the disc.
#include "librecorder/medium/family.h"
#include "librecorder/medium/format.h"

namespace rec {

namespace {
enum BackgroundFormat : uint8_t { kNone = 0, kStopped = 1, kRunning = 2, kComplete = 3 };

uint8_t background(Drive& drive) {
  const auto disc = drive.disc_information();
  return disc ? disc->background_format() : static_cast<uint8_t>(kComplete);
}

class DvdPlusRw final : public MediumFamily {
 public:
  std::string_view name() const override { return "DVD+RW"; }
  TrackRules rules() const override { return {.unit = 16, .speed_1x = 1385.0, .needs_underrun_protection = true, .overwrites = true}; }

  fsi::Lba open(Drive& drive, const Medium&, const WriteSettings& settings) const override {
    const uint8_t state = background(drive);
    if (state == kNone || state == kStopped) start_background_format(drive, state == kStopped, {});
    return settings.start;
  }

  void resend(Drive&, const WriteSettings&) const override {}

  void end_track(Drive& drive, const Medium&, const LongProgress& progress) const override {
    drive.synchronize_cache();
    wait_ready(drive, "writing out the drive's buffer", limit::kWholeOperation, progress);
  }

  void close(Drive& drive, const WriteSettings& settings, const LongProgress& progress) const override {
    if (background(drive) != kRunning) return;
    if (!settings.dvd_compat) {
      drive.close_track_session(CloseFunction::stop_background_format, 0);
      wait_ready(drive, "stopping the format", limit::kWholeOperation, progress);
    }
    drive.close_track_session(CloseFunction::session, 0);
    wait_ready(drive, "writing the lead-out", limit::kErase, progress);
  }
};
}  // namespace

const MediumFamily& dvd_plus_rw_family() {
  static const DvdPlusRw family;
  return family;
}

}  // namespace rec
