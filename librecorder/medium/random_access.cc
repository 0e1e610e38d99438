// DVD-RAM and BD-RE: written anywhere at any time, nothing is ever closed. Where spare areas are, the drive reads back what
// it has written, which takes as long again; streaming does without.
#include "librecorder/medium/family.h"
#include "librecorder/medium/format.h"

namespace rec {

namespace {
class RandomAccess final : public MediumFamily {
 public:
  RandomAccess(std::string_view name, uint32_t unit, double speed_1x) : name_(name), unit_(unit), speed_1x_(speed_1x) {}

  std::string_view name() const override { return name_; }
  TrackRules rules() const override {
    return {.unit = unit_, .speed_1x = speed_1x_, .needs_underrun_protection = true, .overwrites = true, .can_stream = true};
  }

  fsi::Lba open(Drive& drive, const Medium& medium, const WriteSettings& settings) const override {
    if (medium.status & kFormatRequired) format_medium(drive, medium, {}, {});
    drive.stream_writes(settings.streaming);
    return settings.start;
  }

  void resend(Drive&, const WriteSettings&) const override {}

  void end_track(Drive& drive, const Medium&, const LongProgress& progress) const override {
    drive.stream_writes(false);
    drive.synchronize_cache();
    wait_ready(drive, "writing out the drive's buffer", limit::kWholeOperation, progress);
  }

  void close(Drive&, const WriteSettings&, const LongProgress&) const override {}

 private:
  std::string_view name_;
  uint32_t unit_;
  double speed_1x_;
};
}  // namespace

const MediumFamily& dvd_ram_family() {
  static const RandomAccess family("DVD-RAM", 16, 1385.0);
  return family;
}

const MediumFamily& bd_re_family() {
  static const RandomAccess family("BD-RE", 32, 4495.5);
  return family;
}

}  // namespace rec
