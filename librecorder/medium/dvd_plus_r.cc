// DVD+R, sequential: an open track is written from the next writable address, in ECC blocks of 16 sectors. There are no
// write parameters; the functions of CLOSE TRACK/SESSION say everything. Stopping and going on (linking) is lossless.
#include "librecorder/medium/family.h"

namespace rec {

namespace {
class DvdPlusR final : public MediumFamily {
 public:
  std::string_view name() const override { return "DVD+R, sequential"; }
  TrackRules rules() const override { return {16, 0, 0, 1385.0, true}; }

  fsi::Lba open(Drive& drive, const Medium&, const WriteSettings&) const override {
    return next_writable_address(drive, TrackAddress::track, kInvisibleTrack);
  }

  void resend(Drive&, const WriteSettings&) const override {}

  void end_track(Drive& drive, const Medium& medium, const LongProgress& progress) const override {
    drive.synchronize_cache();
    wait_ready(drive, "writing out the drive's buffer", limit::kWholeOperation, progress);
    drive.close_track_session(CloseFunction::track, medium.open_track ? medium.open_track->number : 1);
    wait_ready(drive, "closing the track", limit::kWholeOperation, progress);
  }

  void close(Drive& drive, const WriteSettings& settings, const LongProgress& progress) const override {
    // Function 6 closes the last session itself.
    drive.close_track_session(settings.multi ? CloseFunction::session : CloseFunction::finalize, 0);
    wait_ready(drive, settings.multi ? "closing the session" : "closing the disc", limit::kWholeOperation, progress);
  }
};
}  // namespace

const MediumFamily& dvd_plus_r_family() {
  static const DvdPlusR family;
  return family;
}

}  // namespace rec
