// BD-R in sequential recording mode, of any number of layers. A blank disc is formatted by its first WRITE, without spares,
// as real drives do; FORMAT UNIT before that sets spare areas aside, and may allow pseudo-overwrite: what is written over
// goes to the next writable address, and the disc remembers where it belongs.
#include <algorithm>

#include "librecorder/virtual/sequential.h"
#include "librecorder/virtual/spare_areas.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;

constexpr SequentialRules kRules{
    .unit = 32,
    .track_gap = 0,
    .run_out = 0,
    .minimum_track = 0,
    .first_session_gap = 0,  // a session is an entry in the disc management area; the next cluster follows
    .later_session_gap = 0,
    .most_tracks = 1024,
    .most_sessions = 1024,
    .most_open_tracks = 16,
    .sync_ends_track = false,
    .invisible_track = false,
    .close_track_time = 2s,
    .close_session_time = 10s,
    .finalize_time = 30s,
    .gap_sense = {5, 0x21, 0x00},
};

class BdR final : public SequentialMedium {
 public:
  explicit BdR(Disc& disc) : SequentialMedium(disc, kRules) {}

  bool current(Feature feature) const override {
    switch (feature) {
      case Feature::random_readable:
      case Feature::bd_read: return true;
      case Feature::incremental_streaming_writable:
      case Feature::bd_write: return !disc_.finalized;
      case Feature::formattable: return disc_.blank();
      case Feature::defect_management: return disc_.format.spares;
      case Feature::bd_r_pow: return disc_.format.pseudo_overwrite && !disc_.finalized;
      default: return false;
    }
  }

  DiscInformation disc_information() const override {
    DiscInformation info = SequentialMedium::disc_information();
    // Formatted and empty: no longer blank, but with an empty session.
    if (disc_.blank() && disc_.formatted()) info.status = static_cast<uint8_t>(DiscStatus::incomplete);
    return info;
  }

  CurrentCapacity current_capacity() const override {
    CurrentCapacity current = SequentialMedium::current_capacity();
    if (disc_.blank() && disc_.formatted()) current.type = CurrentCapacity::formatted;
    return current;
  }

  std::vector<FormattableCapacity> formattable() const override {
    if (!disc_.blank() || disc_.formatted()) return {};
    std::vector<FormattableCapacity> list{{disc_.capacity - spare_sizes(disc_).usual, static_cast<uint8_t>(FormatType::full), 0}};
    for (const auto& choice : spare_choices(disc_, FormatType::bd_r_spares)) list.push_back(choice);
    return list;
  }

  Duration format(const FormatRequest& request) override {
    constexpr uint8_t kPseudoOverwrite = 0, kSequential = 1;
    if (!disc_.blank() || disc_.formatted()) refuse(5, 0x2C, 0x00);
    const bool chosen = request.type == static_cast<uint8_t>(FormatType::bd_r_spares);
    if (!chosen && request.type != static_cast<uint8_t>(FormatType::full)) refuse_parameter(8);
    if (request.subtype != kPseudoOverwrite && request.subtype != kSequential) refuse_parameter(8);  // no random recording
    if (chosen ? !is_spare_choice(disc_, request.blocks) : request.blocks != disc_.capacity - spare_sizes(disc_).usual) refuse_parameter(4);
    disc_.format = {.state = Format::State::complete,
                    .blocks = request.blocks,
                    .formatted_to = 0,
                    .spares = true,
                    .pseudo_overwrite = request.subtype == kPseudoOverwrite};
    disc_.spare_sectors = disc_.capacity - request.blocks;
    disc_.capacity = request.blocks;
    changed_ = true;
    return 30s;
  }
  bool verifies_writes() const override { return disc_.format.spares; }

  void check_write(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) const override {
    if (!rewrites(lba)) return SequentialMedium::check_write(lba, sectors, parameters);
    check_read(lba, sectors);
    if (!room_to_replace(clusters_of(lba, sectors))) refuse(5, 0x63, 0x00, lba);
  }
  std::optional<Written> wrote(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) override {
    if (!rewrites(lba)) return SequentialMedium::wrote(lba, sectors, parameters);
    // The new clusters lie at the next writable address, and are found under the old one. What the host has not sent of them the drive
    // has read and writes again.
    const auto next = next_start();
    const uint32_t moved = clusters_of(lba, sectors);
    if (!open_track()) return SequentialMedium::wrote(*next, moved, parameters);
    Track& track = disc_.tracks.back();
    track.written_to = track.start + whole_units(track.written_to - track.start) + moved;
    return Written{disc_.tracks.size() - 1, track.written_to};
  }

  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::bd) refuse_cdb(1);
    return bd_structure(disc_, "BDR", format);
  }

  Duration close(uint8_t function, uint16_t track, const WriteParameters&) override {
    switch (static_cast<CloseFunction>(function)) {
      case CloseFunction::track: return close_track(track);
      case CloseFunction::session: return close_session(false);
      case CloseFunction::finalize: return close_session(true);
      default: refuse_cdb(2);
    }
  }

 protected:
  void complete(TrackInformation& info) const override {
    info.fixed_packet_size = kRules.unit;
    info.length = 38;
  }

 private:
  bool rewrites(uint32_t lba) const {
    if (!disc_.format.pseudo_overwrite || disc_.finalized) return false;
    return std::any_of(disc_.tracks.begin(), disc_.tracks.end(), [&](const Track& t) { return lba >= t.start && lba < t.written_to; });
  }
  uint32_t clusters_of(uint32_t lba, uint32_t sectors) const { return whole_units(lba % kRules.unit + sectors); }
  bool room_to_replace(uint32_t sectors) const {
    if (const Track* track = open_track()) return track->end() - track->written_to >= sectors + track->written_to % kRules.unit;
    const auto next = next_start();
    return next && disc_.capacity - *next >= sectors;
  }
};

}  // namespace

std::unique_ptr<Medium> make_bd_r(Disc& disc) { return std::make_unique<BdR>(disc); }

}  // namespace rec::virt
