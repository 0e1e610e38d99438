// BD-R in sequential recording mode, of any number of layers. Formatting, spare areas and pseudo-overwrite are not here:
// a blank disc is formatted by its first WRITE, without spares, as real drives do.
#include <algorithm>

#include "librecorder/virtual/sequential.h"

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
      default: return false;
    }
  }

  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::bd) refuse_cdb(1);
    Bytes bytes;
    if (format == kBdDiscInformation) {
      append(bytes, DiscStructureHeader{4096 + 2, 0});
      BdDiscInformation di;
      std::copy_n("DI", sizeof di.identifier, di.identifier);
      di.format = 1;
      di.layers = disc_.type->layers;
      di.used_bytes = sizeof di;
      std::copy_n("BDR", sizeof di.disc_type, di.disc_type);
      std::copy_n("DISCPR", sizeof di.manufacturer, di.manufacturer);
      std::copy_n("V01", sizeof di.media_type, di.media_type);
      append(bytes, di);
      bytes.resize(4096 + sizeof(DiscStructureHeader));
    } else if (format == kStructureList) {
      append(bytes, DiscStructureHeader{2 + 2 * sizeof(StructureListEntry), 0});
      append(bytes, StructureListEntry{kBdDiscInformation, StructureListEntry::kReadable, 4100});
      append(bytes, StructureListEntry{kStructureList, StructureListEntry::kReadable, 4 + 2 * sizeof(StructureListEntry)});
    } else {
      refuse_cdb(7);
    }
    return bytes;
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
};

}  // namespace

std::unique_ptr<Medium> make_bd_r(Disc& disc) { return std::make_unique<BdR>(disc); }

}  // namespace rec::virt
