// DVD+RW. Formatting writes the lead-in and answers; the rest is formatted in the background while the disc is in use, as
// long as nobody stops it. Closing writes what other drives want to see.
#include <algorithm>

#include "libfsi/base/sectors.h"
#include "librecorder/virtual/dvd_structure.h"
#include "librecorder/virtual/overwritable.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;
using State = Format::State;

class DvdPlusRw final : public OverwritableMedium {
 public:
  explicit DvdPlusRw(Disc& disc) : OverwritableMedium(disc, 1) {}

  bool current(Feature feature) const override {
    switch (feature) {
      case Feature::random_readable:
      case Feature::dvd_read:
      case Feature::formattable:
      case Feature::dvd_plus_rw: return true;
      case Feature::random_writable: return disc_.formatted();
      default: return false;
    }
  }
  std::vector<FormattableCapacity> formattable() const override {
    return {{disc_.capacity, static_cast<uint8_t>(static_cast<uint8_t>(FormatType::dvd_plus_rw) << 2), 0}};
  }
  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::dvd) refuse_cdb(1);
    return dvd_structure(disc_, {0x92, true}, format);
  }

  void check_write(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) const override {
    OverwritableMedium::check_write(lba, sectors, parameters);
    // Beyond what is formatted there is nothing to synchronise to, and nobody is formatting.
    if (disc_.format.state == State::stopped && lba + sectors > disc_.format.formatted_to) refuse(5, 0x2C, 0x00, lba);
  }

  Duration format(const FormatRequest& request) override {
    constexpr uint32_t kRestart = 0x01, kQuickStart = 0x02;
    if (request.type != static_cast<uint8_t>(FormatType::dvd_plus_rw) || request.subtype) refuse_parameter(8);
    if (request.parameter & ~(kRestart | kQuickStart)) refuse_parameter(9);
    if (request.blocks != disc_.capacity && request.blocks != 0xFFFFFFFF) refuse_parameter(4);
    last_.reset();
    if (request.parameter & kRestart) {
      if (disc_.format.state != State::stopped) refuse(5, 0x2C, 0x00);
      disc_.format.state = State::running;
      changed_ = true;
      return 5s;
    }
    const uint32_t written_to = disc_.tracks.empty() ? 0 : disc_.tracks[0].written_to;
    formatted(State::running, disc_.capacity, false);
    disc_.tracks[0].written_to = written_to;  // the data stay readable until they are written over
    return 40s;                               // the lead-in
  }

  void pass(Duration now) override {
    const Duration since = now - std::exchange(last_, now).value_or(now);
    if (disc_.format.state != State::running) return;
    const double sectors = std::chrono::duration<double>(since).count() * kTimes * disc_.type->bytes_at_1x / fsi::kSectorSize + rest_;
    const auto whole = static_cast<uint64_t>(sectors);
    rest_ = sectors - static_cast<double>(whole);
    if (whole == 0) return;
    // What the host has written need not be formatted.
    const uint32_t before = disc_.format.formatted_to;
    const uint64_t to = std::max<uint64_t>(disc_.format.formatted_to + whole, disc_.tracks[0].written_to);
    disc_.format.formatted_to = static_cast<uint32_t>(std::min<uint64_t>(to, disc_.format.blocks));
    if (disc_.format.formatted_to == disc_.format.blocks) disc_.format.state = State::complete;
    // Not for every sector: how far it was is a thing that a drive may forget a little of.
    constexpr uint32_t kStep = 65'536;
    changed_ |= disc_.format.state == State::complete || before / kStep != disc_.format.formatted_to / kStep;
  }
  std::optional<double> background_progress() const override {
    if (disc_.format.state != State::running) return {};
    return static_cast<double>(disc_.format.formatted_to) / disc_.format.blocks;
  }

  Duration close(uint8_t function, uint16_t, const WriteParameters&) override {
    switch (static_cast<CloseFunction>(function)) {
      case CloseFunction::stop_background_format:
        if (disc_.format.state != State::running) return {};
        disc_.format.state = State::stopped;
        disc_.format.formatted_to = std::max(disc_.format.formatted_to, disc_.tracks[0].written_to);
        changed_ = true;
        return 20s;
      case CloseFunction::session: {
        if (!disc_.formatted()) refuse(5, 0x2C, 0x00);
        // While it is formatted in the background the lead-out comes at the end of that.
        const uint32_t left = disc_.format.state == State::running ? disc_.format.blocks - disc_.format.formatted_to : 0;
        if (left) {
          disc_.format.state = State::complete;
          disc_.format.formatted_to = disc_.format.blocks;
          changed_ = true;
        }
        return 20s + time_for(left, kTimes);
      }
      default: refuse_cdb(2);
    }
  }

 private:
  static constexpr uint32_t kTimes = 2;  // a fraction more than 2x in earnest

  std::optional<Duration> last_;
  double rest_ = 0;
};

}  // namespace

std::unique_ptr<Medium> make_dvd_plus_rw(Disc& disc) { return std::make_unique<DvdPlusRw>(disc); }

}  // namespace rec::virt
