// CD-R and CD-RW, session at once: a cue sheet tells the drive the whole disc before its first sector, so there are no run-out
// blocks and nothing is closed afterwards. One track of data here; audio and raw sectors are the business of cd/.
#include "librecorder/medium/family.h"
#include "librecorder/medium/zeros.h"
#include "librecorder/scsi/cue_sheet.h"
#include "librecorder/scsi/mode_page.h"

namespace rec {

namespace {
constexpr uint32_t kSmallestTrack = 300, kPostgap = 150, kPregap = 150;
constexpr uint8_t kAdrPosition = 1;

class CdSessionAtOnce final : public MediumFamily {
 public:
  std::string_view name() const override { return "CD, session at once"; }
  TrackRules rules() const override {
    return {.unit = 1,
            .smallest_track = kSmallestTrack,
            .postgap = kPostgap,
            .speed_1x = 176.4,
            .needs_length = true,
            .closes_disc = true,
            .can_simulate = true};
  }

  fsi::Lba open(Drive& drive, const Medium&, const WriteSettings& settings) const override {
    resend(drive, settings);
    drive.calibrate_power();
    const fsi::Lba start = next_writable_address(drive, TrackAddress::track, kInvisibleTrack);
    const auto entry = [](uint8_t track, uint8_t index, uint8_t form, int32_t lba) {
      return CueSheetEntry{kControlData << 4 | kAdrPosition, track, index, form, 0, msf_of(lba)};
    };
    const auto end = static_cast<int32_t>(settings.sectors.value_or(0));
    const CueSheetEntry sheet[] = {entry(0, 0, data_form::kMode1ByDrive, -static_cast<int32_t>(kPregap)),
                                   entry(1, 0, data_form::kMode1, -static_cast<int32_t>(kPregap)), entry(1, 1, data_form::kMode1, 0),
                                   entry(kLeadOutTrack, 1, data_form::kMode1ByDrive, end)};
    if (const Answer answer = drive.send_cue_sheet(std::as_bytes(std::span(sheet))); !answer.good())
      drive.fail("sending the cue sheet", answer);
    return start;
  }

  void begin(Drive& drive, const WriteSettings& settings) const override {
    write_zeros(drive, static_cast<fsi::Lba>(-static_cast<int32_t>(kPregap)), kPregap, 32, {}, {}, [&] { resend(drive, settings); });
  }

  void resend(Drive& drive, const WriteSettings& settings) const override {
    WriteParameters page;
    page.write_type_flags = WriteParameters::session_at_once | (settings.underrun_protection ? WriteParameters::kBufferUnderrunFree : 0) |
                            (settings.simulate ? WriteParameters::kTestWrite : 0);
    page.track_mode_flags = WriteParameters::no_next_session | kControlData;
    page.block_type = WriteParameters::mode1;
    page.audio_pause_length = 150;
    if (const Answer answer = drive.mode_select(fsi::bytes_of(page)); !answer.good()) drive.fail("setting the write parameters", answer);
  }

  void end_track(Drive& drive, const Medium&, const LongProgress& progress) const override {
    drive.synchronize_cache();
    wait_ready(drive, "ending the disc", limit::kWholeOperation, progress);
  }

  void close(Drive&, const WriteSettings&, const LongProgress&) const override {}
};
}  // namespace

const MediumFamily& cd_session_at_once_family() {
  static const CdSessionAtOnce family;
  return family;
}

}  // namespace rec
