// DVD+R and DVD+R DL, sequential: an open track is written from the next writable address, in ECC blocks of 16 sectors. There
// are no write parameters; the functions of CLOSE TRACK/SESSION say everything. Stopping and going on (linking) is lossless.
#include "librecorder/medium/family.h"
#include "librecorder/medium/layer_break.h"

namespace rec {

namespace {
class DvdPlusR final : public MediumFamily {
 public:
  explicit DvdPlusR(bool dual) : dual_(dual) {}

  std::string_view name() const override { return dual_ ? "DVD+R DL, sequential" : "DVD+R, sequential"; }
  TrackRules rules() const override { return {.unit = 16, .speed_1x = 1385.0, .needs_underrun_protection = true}; }

  fsi::Lba open(Drive& drive, const Medium& medium, const WriteSettings& settings) const override {
    if (dual_) set_layer_break(drive, medium, settings);
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
    // Functions 5 and 6 close the last session themselves. 5 fills a short disc up to a radius that old players need; drives
    // that know two layers want it for them.
    const bool wide = dual_ || settings.dvd_compat;
    drive.close_track_session(settings.multi ? CloseFunction::session
                              : wide         ? CloseFunction::finalize_minimal_radius
                                             : CloseFunction::finalize,
                              0);
    wait_ready(drive, settings.multi ? "closing the session" : "closing the disc", limit::kWholeOperation, progress);
  }

 private:
  bool dual_;
};
}  // namespace

const MediumFamily& dvd_plus_r_family() {
  static const DvdPlusR family(false);
  return family;
}

const MediumFamily& dvd_plus_r_dl_family() {
  static const DvdPlusR family(true);
  return family;
}

}  // namespace rec
