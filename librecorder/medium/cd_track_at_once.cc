// CD-R and CD-RW, track at once. MMC-6 annex on writing CDs; mode page 05 says how, and its multisession bits what CLOSE SESSION
// leaves behind. SYNCHRONIZE CACHE ends the track: the drive adds two run-out blocks that nobody can read.
#include "librecorder/medium/family.h"
#include "librecorder/scsi/mode_page.h"

namespace rec {

namespace {
constexpr uint32_t kSmallestTrack = 300;  // four seconds, by the Orange Book
constexpr uint32_t kPostgap = 150;        // two seconds, for readers that read ahead

class CdTrackAtOnce final : public MediumFamily {
 public:
  explicit CdTrackAtOnce(std::string_view name) : name_(name) {}
  std::string_view name() const override { return name_; }
  TrackRules rules() const override {
    return {.unit = 1, .smallest_track = kSmallestTrack, .postgap = kPostgap, .speed_1x = 176.4, .can_simulate = true};
  }

  fsi::Lba open(Drive& drive, const Medium&, const WriteSettings& settings) const override {
    resend(drive, settings);
    drive.calibrate_power();
    return next_writable_address(drive, TrackAddress::track, kInvisibleTrack);
  }

  void resend(Drive& drive, const WriteSettings& settings) const override {
    WriteParameters page;
    page.write_type_flags = WriteParameters::track_at_once | (settings.underrun_protection ? WriteParameters::kBufferUnderrunFree : 0) |
                            (settings.simulate ? WriteParameters::kTestWrite : 0);
    page.track_mode_flags = (settings.multi ? WriteParameters::next_session : WriteParameters::no_next_session) | kControlData;
    page.block_type = settings.xa ? WriteParameters::mode2_form1 : WriteParameters::mode1;
    page.session_format = settings.xa ? WriteParameters::kXa : 0;
    page.audio_pause_length = 150;
    if (const Answer answer = drive.mode_select(fsi::bytes_of(page)); !answer.good()) drive.fail("setting the write parameters", answer);
  }

  void end_track(Drive& drive, const Medium&, const LongProgress& progress) const override {
    drive.synchronize_cache();
    wait_ready(drive, "ending the track", limit::kWholeOperation, progress);
  }

  void close(Drive& drive, const WriteSettings&, const LongProgress& progress) const override {
    // Closes the disc as well when the write parameters said that no session follows.
    drive.close_track_session(CloseFunction::session, 0);
    wait_ready(drive, "closing the session", limit::kWholeOperation, progress);
  }

 private:
  std::string_view name_;
};
}  // namespace

const MediumFamily& cd_r_family() {
  static const CdTrackAtOnce family("CD-R, track at once");
  return family;
}

const MediumFamily& cd_rw_family() {
  static const CdTrackAtOnce family("CD-RW, track at once");
  return family;
}

}  // namespace rec
