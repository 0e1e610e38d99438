// BD-R, sequential recording mode (SRM), in clusters of 32 sectors. A blank disc is not formatted first: the first write
// does it, without spare areas, which leaves the whole capacity and needs no verifying while writing; `burn format` before
// that sets some aside. Lossless linking.
#include "librecorder/medium/family.h"

namespace rec {

namespace {
class BdR final : public MediumFamily {
 public:
  std::string_view name() const override { return "BD-R, sequential"; }
  TrackRules rules() const override { return {.unit = 32, .speed_1x = 4495.5, .needs_underrun_protection = true, .can_stream = true}; }

  fsi::Lba open(Drive& drive, const Medium& medium, const WriteSettings& settings) const override {
    drive.stream_writes(settings.streaming);
    return next_writable_address(drive, TrackAddress::track, track_number(medium));
  }

  void resend(Drive&, const WriteSettings&) const override {}

  void end_track(Drive& drive, const Medium& medium, const LongProgress& progress) const override {
    drive.stream_writes(false);
    drive.synchronize_cache();
    wait_ready(drive, "writing out the drive's buffer", limit::kWholeOperation, progress);
    drive.close_track_session(CloseFunction::track, track_number(medium));
    wait_ready(drive, "closing the track", limit::kWholeOperation, progress);
  }

  void close(Drive& drive, const WriteSettings& settings, const LongProgress& progress) const override {
    drive.close_track_session(settings.multi ? CloseFunction::session : CloseFunction::finalize, 0);
    wait_ready(drive, settings.multi ? "closing the session" : "closing the disc", limit::kWholeOperation, progress);
  }

 private:
  static uint16_t track_number(const Medium& medium) { return medium.open_track ? medium.open_track->number : 1; }
};
}  // namespace

const MediumFamily& bd_r_family() {
  static const BdR family;
  return family;
}

}  // namespace rec
