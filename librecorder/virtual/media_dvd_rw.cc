// DVD-RW in restricted overwrite: written in whole ECC blocks, anywhere in what is formatted. A quick format formats
// nothing yet but opens a border that grows with every block written at its end; CLOSE SESSION ends the border, and growing
// opens it again.
#include <algorithm>

#include "libfsi/base/sectors.h"
#include "librecorder/scsi/media_size.h"
#include "librecorder/virtual/dvd_rw_format.h"
#include "librecorder/virtual/dvd_structure.h"
#include "librecorder/virtual/overwritable.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;
using State = Format::State;

constexpr uint32_t kUnit = 16;

/// Restricted overwrite has a little less room than sequential recording.
uint32_t most_blocks(const Disc& disc) {
  constexpr uint32_t kLess = media_size::kDvdR - media_size::kDvdRwOverwrite;
  return disc.capacity > 2 * kLess ? disc.capacity - kLess : disc.capacity / kUnit * kUnit;
}

bool is(const FormatRequest& request, FormatType type) { return request.type == static_cast<uint8_t>(type); }

class DvdRwOverwrite final : public OverwritableMedium {
 public:
  explicit DvdRwOverwrite(Disc& disc) : OverwritableMedium(disc, kUnit) {}

  bool current(Feature feature) const override {
    switch (feature) {
      case Feature::random_readable:
      case Feature::dvd_read:
      case Feature::formattable:
      case Feature::rigid_restricted_overwrite:
      case Feature::dvd_r_rw_write: return true;
      default: return false;
    }
  }
  std::vector<FormattableCapacity> formattable() const override { return dvd_rw_formats(disc_); }
  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::dvd) refuse_cdb(1);
    return dvd_structure(disc_, {0x32, false}, format);
  }

  TrackInformation track_information(TrackAddress address, uint32_t number) const override {
    TrackInformation info = OverwritableMedium::track_information(address, number);
    if (disc_.format.state != State::partial) return info;
    // While the border is open there is an end to write on at.
    info.valid = TrackInformation::kNwaValid;
    info.next_writable = frontier();
    info.free_blocks = disc_.format.blocks - frontier();
    return info;
  }

  void check_write(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) const override {
    OverwritableMedium::check_write(lba, sectors, parameters);
    if (disc_.format.state == State::partial && lba > frontier()) refuse(5, 0x21, 0x02, lba);
  }
  bool survives_underrun(const WriteParameters& parameters) const override { return parameters.buffer_underrun_free(); }

  Duration close(uint8_t function, uint16_t, const WriteParameters&) override {
    if (static_cast<CloseFunction>(function) != CloseFunction::session) refuse_cdb(2);
    if (disc_.format.state != State::partial) refuse(5, 0x2C, 0x00);
    if (frontier() == 0) refuse(5, 0x2C, 0x04);
    disc_.format.state = State::complete;
    disc_.format.blocks = disc_.format.formatted_to = frontier();
    disc_.tracks[0].size = disc_.format.blocks;
    changed_ = true;
    return 60s;  // the border-out
  }

  Duration format(const FormatRequest& request) override {
    if (!is(request, FormatType::dvd_rw_quick_grow) && !is(request, FormatType::dvd_rw_grow)) {
      const Duration time = format_dvd_rw(disc_, request);
      changed_ = erased_ = true;
      return time;
    }
    const uint32_t most = most_blocks(disc_);
    if (disc_.format.state != State::complete || disc_.format.blocks >= most) refuse(5, 0x2C, 0x00);
    // Size 0: as far as the disc goes.
    const uint32_t more = request.blocks ? request.blocks : most - disc_.format.blocks;
    if (more % kUnit || more > most - disc_.format.blocks) refuse_parameter(4);
    const uint32_t from = disc_.format.blocks;
    disc_.format.blocks += more;
    disc_.tracks[0].size = disc_.format.blocks;
    changed_ = true;
    if (is(request, FormatType::dvd_rw_grow)) return 60s + time_for(more, 1);
    disc_.format.state = State::partial;
    disc_.format.formatted_to = from;
    return 15s;
  }

  Duration blank(uint8_t type, uint32_t) override {
    const auto how = static_cast<BlankType>(type);
    if (how != BlankType::disc && how != BlankType::minimal) refuse_cdb(1);
    const Duration time = how == BlankType::minimal ? 60s : 60s + time_for(disc_.capacity, 2);
    disc_.profile = Profile::dvd_rw_sequential;
    disc_.format = {};
    disc_.tracks.clear();
    disc_.closed_sessions = 0;
    disc_.minimally_blanked = how == BlankType::minimal;
    changed_ = erased_ = reshaped_ = true;
    return time;
  }

 protected:
  uint32_t readable() const override { return disc_.format.state == State::partial ? frontier() : disc_.format.blocks; }

 private:
  /// Where an open border ends: what was formatted before, and what was written since, which a killed process leaves behind.
  uint32_t frontier() const { return std::max(disc_.format.formatted_to, disc_.tracks[0].written_to); }
};

}  // namespace

std::vector<FormattableCapacity> dvd_rw_formats(const Disc& disc) {
  const uint32_t most = most_blocks(disc);
  const auto entry = [](uint32_t blocks, FormatType type, uint32_t parameter) {
    return FormattableCapacity{blocks, static_cast<uint8_t>(static_cast<uint8_t>(type) << 2), parameter};
  };
  std::vector<FormattableCapacity> list{entry(most, FormatType::full, fsi::kSectorSize), entry(most, FormatType::dvd_rw_full, kUnit)};
  if (disc.profile == Profile::dvd_rw_overwrite && disc.format.state == State::complete) {
    list.push_back(entry(most - disc.format.blocks, FormatType::dvd_rw_grow, kUnit));
    list.push_back(entry(most - disc.format.blocks, FormatType::dvd_rw_quick_grow, kUnit));
  }
  list.push_back(entry(most, FormatType::dvd_rw_quick, kUnit));
  return list;
}

Duration format_dvd_rw(Disc& disc, const FormatRequest& request) {
  const uint32_t most = most_blocks(disc);
  const bool quick = is(request, FormatType::dvd_rw_quick);
  if (!quick && !is(request, FormatType::full) && !is(request, FormatType::dvd_rw_full)) refuse_parameter(8);
  if (request.subtype) refuse_parameter(8);
  // MMC: of the full format it is the block length, of the others the size of an ECC block.
  const uint32_t parameter = is(request, FormatType::full) ? fsi::kSectorSize : kUnit;
  if (request.parameter != parameter && request.parameter != 0) refuse_parameter(9);
  // A quick format writes nothing of the user area, and may leave its size to the drive.
  const uint32_t blocks = quick && request.blocks == 0 ? most : request.blocks;
  if (blocks == 0 || blocks % kUnit || blocks > most) refuse_parameter(4);
  disc.profile = Profile::dvd_rw_overwrite;
  disc.minimally_blanked = false;
  disc.closed_sessions = 0;
  disc.finalized = false;
  disc.format = {
      .state = quick ? State::partial : State::complete, .blocks = blocks, .formatted_to = 0, .spares = false, .pseudo_overwrite = false};
  Track track;
  track.size = blocks;
  disc.tracks = {track};
  const uint64_t bytes = quick ? 0 : uint64_t{blocks} * fsi::kSectorSize;
  return std::chrono::seconds(60 + bytes / disc.type->bytes_at_1x);
}

std::unique_ptr<Medium> make_dvd_rw_overwrite(Disc& disc) { return std::make_unique<DvdRwOverwrite>(disc); }

}  // namespace rec::virt
