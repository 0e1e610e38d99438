// DVD+R and DVD+R DL.
#include <algorithm>
#include <iterator>

#include "libfsi/base/sectors.h"
#include "librecorder/virtual/dvd_structure.h"
#include "librecorder/virtual/sequential.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;

constexpr SequentialRules kRules{
    .unit = 16,
    .track_gap = 32,  // ECMA-349: a run-out and a run-in block between fragments
    .run_out = 0,
    .minimum_track = 0,
    .first_session_gap = 2048,  // the closure of a session and the intro of the next, 1024 sectors each
    .later_session_gap = 2048,
    .most_tracks = 153,
    .most_sessions = 153,
    .most_open_tracks = 15,
    .sync_ends_track = false,
    .invisible_track = true,
    .close_track_time = 3s,
    .close_session_time = 20s,
    .finalize_time = 60s,
    .gap_sense = {5, 0x21, 0x00},
};

class DvdPlusR final : public SequentialMedium {
 public:
  explicit DvdPlusR(Disc& disc) : SequentialMedium(disc, kRules) {}

  bool current(Feature feature) const override {
    switch (feature) {
      case Feature::random_readable:
      case Feature::dvd_read: return true;
      case Feature::dvd_plus_r: return disc_.type->layers == 1 && !disc_.finalized;
      case Feature::dvd_plus_r_dl: return disc_.type->layers == 2 && !disc_.finalized;
      default: return false;
    }
  }

  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::dvd) refuse_cdb(1);
    return dvd_structure(disc_, {static_cast<uint8_t>((disc_.type->layers == 2 ? 0xE0 : 0xA0) | 0x01), true}, format);
  }
  void send_structure(uint8_t format, std::span<const std::byte> data) override {
    if (format != kLayerBoundary) refuse_cdb(7);
    set_layer_break(disc_, data);
    changed_ = true;
  }

  Duration close(uint8_t function, uint16_t track, const WriteParameters&) override {
    switch (static_cast<CloseFunction>(function)) {
      case CloseFunction::track: return close_track(track);
      case CloseFunction::session: return close_session(false);
      case CloseFunction::finalize_minimal_radius:
      case CloseFunction::finalize: return close_session(true);
      default: refuse_cdb(2);
    }
  }

 protected:
  void complete(TrackInformation& info) const override {
    info.data_mode = info.data_mode | TrackInformation::kPacket | TrackInformation::kFixedPacket;
    info.fixed_packet_size = kRules.unit;
    info.read_compatibility = info.start.get();
    info.length = 38;
  }
};

}  // namespace

std::unique_ptr<Medium> make_dvd_plus_r(Disc& disc) { return std::make_unique<DvdPlusR>(disc); }

}  // namespace rec::virt
