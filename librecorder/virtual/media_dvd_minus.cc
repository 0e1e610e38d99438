// DVD-R, DVD-RW sequential and DVD-R DL: incremental recording in packets of one ECC block, or the whole disc at once. Mode
// page 05 says which, and what CLOSE SESSION leaves behind. Restricted overwrite is in media_dvd_rw.cc.
#include "librecorder/virtual/dvd_rw_format.h"
#include "librecorder/virtual/dvd_structure.h"
#include "librecorder/virtual/sequential.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;

constexpr SequentialRules kRules{
    .unit = 16,
    .track_gap = 16,  // the linking block
    .run_out = 0,
    .minimum_track = 0,
    .first_session_gap = 36'864,  // border-out and border-in; the first is large
    .later_session_gap = 9'216,
    .most_tracks = 2302,
    .most_sessions = 253,
    .most_open_tracks = 3,
    .sync_ends_track = false,
    .invisible_track = true,
    .close_track_time = 3s,
    .close_session_time = 60s,
    .finalize_time = 90s,
    .gap_sense = {5, 0x21, 0x00},
};

class DvdMinus final : public SequentialMedium {
 public:
  explicit DvdMinus(Disc& disc) : SequentialMedium(disc, kRules) {}

  bool current(Feature feature) const override {
    switch (feature) {
      case Feature::random_readable:
      case Feature::dvd_read: return true;
      case Feature::incremental_streaming_writable: return !disc_.finalized && !disc_.minimally_blanked;
      case Feature::dvd_r_rw_write: return !disc_.finalized;
      case Feature::formattable: return disc_.type->rewritable;
      default: return false;
    }
  }

  std::vector<FormattableCapacity> formattable() const override {
    return disc_.type->rewritable ? dvd_rw_formats(disc_) : std::vector<FormattableCapacity>{};
  }

  Bytes disc_structure(StructureMedia media, uint32_t, uint8_t, uint8_t format) const override {
    if (media != StructureMedia::dvd) refuse_cdb(1);
    return dvd_structure(disc_,
                         {static_cast<uint8_t>(disc_.type->rewritable    ? 0x32
                                               : disc_.type->layers == 2 ? 0x26
                                                                         : 0x25),
                          false},
                         format);
  }
  void send_structure(uint8_t format, std::span<const std::byte> data) override {
    if (format != kLayerBoundary) refuse_cdb(7);
    set_layer_break(disc_, data);
    changed_ = true;
  }

  bool test_write(const WriteParameters& parameters) const override { return parameters.test_write(); }
  bool survives_underrun(const WriteParameters& parameters) const override { return parameters.buffer_underrun_free(); }

  Duration blank(uint8_t type, uint32_t address) override {
    if (!disc_.type->rewritable) return SequentialMedium::blank(type, address);
    const Duration time = erase(type);
    disc_.minimally_blanked = static_cast<BlankType>(type) == BlankType::minimal;
    return time;
  }

  Duration format(const FormatRequest& request) override {
    if (!disc_.type->rewritable) return SequentialMedium::format(request);
    const Duration time = format_dvd_rw(disc_, request);
    changed_ = erased_ = reshaped_ = true;
    return time;
  }

  Duration reserve(uint32_t sectors, const WriteParameters& parameters) override {
    // Of a disc at once there is one track, and it begins a blank disc.
    if (at_once(parameters) && !disc_.blank()) refuse(5, 0x2C, 0x00);
    if (!at_once(parameters) && disc_.minimally_blanked) refuse(5, 0x64, 0x00);
    return SequentialMedium::reserve(sectors, parameters);
  }

  Duration synchronize(const WriteParameters& parameters) override {
    const bool whole = !test_write(parameters) && at_once(parameters) && !disc_.finalized && disc_.tracks.size() == 1 &&
                       disc_.tracks[0].reserved && whole_units(disc_.tracks[0].written_to) == disc_.tracks[0].end();
    if (!whole) return SequentialMedium::synchronize(parameters);
    // Lead-in and lead-out follow by themselves.
    end_track(disc_.tracks[0]);
    return close_session(true);
  }

  Duration close(uint8_t function, uint16_t track, const WriteParameters& parameters) override {
    const bool test = test_write(parameters);
    switch (static_cast<CloseFunction>(function)) {
      case CloseFunction::track: return test ? Duration{} : close_track(track);
      case CloseFunction::session: return test ? Duration{} : close_session(parameters.multisession() == WriteParameters::no_next_session);
      default: refuse_cdb(2);
    }
  }

 protected:
  void check_mode(const WriteParameters& parameters) const override {
    switch (parameters.write_type()) {
      case WriteParameters::packet:
        if (disc_.minimally_blanked) refuse(5, 0x64, 0x00);
        if (parameters.track_mode() != kControlIncremental) refuse(5, 0x64, 0x00);
        check_packets(parameters);
        break;
      case WriteParameters::session_at_once:
        if (disc_.closed_sessions) refuse(5, 0x64, 0x00);
        // Where the lead-out goes must be known before the lead-in is written.
        if (!test_reserved_ && (disc_.tracks.empty() || !disc_.tracks[0].reserved)) refuse(5, 0x2C, 0x00);
        break;
      default: refuse(5, 0x64, 0x00);
    }
  }
  // A packet is sent as a whole; of a disc at once there are none.
  bool gathers(const WriteParameters& parameters) const override { return at_once(parameters); }
  // Some drives insist on fixed packets of 16 sectors and on the link size where others ignore all three fields. growisofs knows that of
  // DVD-R; on DVD-RW it writes variable packets, and of DVD-R DL it tells nothing.
  void check_packets(const WriteParameters& parameters) const {
    if (disc_.type->layers == 2 && parameters.packet_size == 0) return;
    if (!(parameters.write_type_flags & WriteParameters::kLinkSizeValid) || parameters.link_size != kRules.unit) refuse(5, 0x64, 0x01);
    const bool fixed = parameters.track_mode_flags & WriteParameters::kFixedPacket;
    if (!fixed && disc_.type->rewritable && parameters.packet_size == 0) return;
    if (!fixed || parameters.packet_size != kRules.unit) refuse(5, 0x64, 0x01);
  }
  void complete(TrackInformation& info) const override {
    // Not fixed before it is written so: growisofs gives up on a sequential track that says it is.
    // What is not written yet would be written incrementally, unless the host says otherwise.
    if (info.data_mode & TrackInformation::kBlank) info.track_mode = kControlIncremental;
    info.data_mode = info.data_mode | TrackInformation::kPacket;
    info.fixed_packet_size = kRules.unit;
    info.length = 38;
  }

 private:
  static bool at_once(const WriteParameters& parameters) { return parameters.write_type() == WriteParameters::session_at_once; }
};

}  // namespace

std::unique_ptr<Medium> make_dvd_minus(Disc& disc) { return std::make_unique<DvdMinus>(disc); }

}  // namespace rec::virt
