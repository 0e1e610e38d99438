// DVD-R, DVD-RW sequential and DVD-R DL: incrementally, in packets of one ECC block, or the disc at once. Mode page 05 says
// which of the two, and its multisession bits what CLOSE SESSION leaves behind. A disc at once is ended by SYNCHRONIZE CACHE:
// its size was known beforehand, so lead-in and lead-out need nobody to ask for them.
#include "librecorder/medium/family.h"
#include "librecorder/medium/layer_break.h"
#include "librecorder/scsi/mode_page.h"

namespace rec {

namespace {
constexpr uint32_t kUnit = 16;

class DvdMinus : public MediumFamily {
 public:
  void resend(Drive& drive, const WriteSettings& settings) const override {
    const WriteParameters page = parameters(settings);
    if (const Answer answer = drive.mode_select(fsi::bytes_of(page)); !answer.good()) drive.fail("setting the write parameters", answer);
  }

  void end_track(Drive& drive, const Medium& medium, const LongProgress& progress) const override {
    drive.synchronize_cache();
    wait_ready(drive, "writing out the drive's buffer", limit::kWholeOperation, progress);
    close_track(drive, medium, progress);
  }

 protected:
  virtual WriteParameters parameters(const WriteSettings& settings) const = 0;
  virtual void close_track(Drive& drive, const Medium& medium, const LongProgress& progress) const = 0;

  static WriteParameters common(const WriteSettings& settings) {
    WriteParameters page;
    page.write_type_flags =
        (settings.underrun_protection ? WriteParameters::kBufferUnderrunFree : 0) | (settings.simulate ? WriteParameters::kTestWrite : 0);
    page.block_type = WriteParameters::mode1;
    page.packet_size = kUnit;
    page.audio_pause_length = 150;
    return page;
  }
  static uint16_t track_number(const Medium& medium) { return medium.open_track ? medium.open_track->number : 1; }
};

class Incremental final : public DvdMinus {
 public:
  std::string_view name() const override { return "DVD-R or -RW, incremental"; }
  TrackRules rules() const override { return {.unit = kUnit, .speed_1x = 1385.0, .can_simulate = true}; }

  fsi::Lba open(Drive& drive, const Medium& medium, const WriteSettings& settings) const override {
    resend(drive, settings);
    drive.calibrate_power();
    return next_writable_address(drive, TrackAddress::track, track_number(medium));
  }
  void close(Drive& drive, const WriteSettings& settings, const LongProgress& progress) const override {
    drive.close_track_session(CloseFunction::session, 0);
    wait_ready(drive, settings.multi ? "closing the session" : "closing the disc", limit::kWholeOperation, progress);
  }

 protected:
  WriteParameters parameters(const WriteSettings& settings) const override {
    WriteParameters page = common(settings);
    page.write_type_flags = page.write_type_flags | WriteParameters::kLinkSizeValid | WriteParameters::packet;
    page.link_size = kUnit;
    page.track_mode_flags = (settings.multi ? WriteParameters::next_session : WriteParameters::no_next_session) |
                            WriteParameters::kFixedPacket | kControlIncremental;
    return page;
  }
  void close_track(Drive& drive, const Medium& medium, const LongProgress& progress) const override {
    drive.close_track_session(CloseFunction::track, track_number(medium));
    wait_ready(drive, "closing the track", limit::kWholeOperation, progress);
  }
};

class AtOnce final : public DvdMinus {
 public:
  std::string_view name() const override { return "DVD-R or -RW, disc at once"; }
  TrackRules rules() const override {
    return {.unit = kUnit, .speed_1x = 1385.0, .needs_length = true, .closes_disc = true, .can_simulate = true};
  }

  fsi::Lba open(Drive& drive, const Medium& medium, const WriteSettings& settings) const override {
    resend(drive, settings);
    set_layer_break(drive, medium, settings);
    drive.calibrate_power();
    // The reservation comes last: it cannot be taken back, and with it the disc is no longer blank.
    const fsi::Lba start = next_writable_address(drive, TrackAddress::track, 1);
    drive.reserve_track(static_cast<uint32_t>(settings.sectors.value_or(0)));
    return start;
  }
  void close(Drive&, const WriteSettings&, const LongProgress&) const override {}

 protected:
  WriteParameters parameters(const WriteSettings& settings) const override {
    WriteParameters page = common(settings);
    page.write_type_flags = page.write_type_flags | WriteParameters::session_at_once;
    page.track_mode_flags = WriteParameters::no_next_session | kControlData;
    return page;
  }
  void close_track(Drive&, const Medium&, const LongProgress&) const override {}
};
}  // namespace

const MediumFamily& dvd_incremental_family() {
  static const Incremental family;
  return family;
}

const MediumFamily& dvd_at_once_family() {
  static const AtOnce family;
  return family;
}

}  // namespace rec
