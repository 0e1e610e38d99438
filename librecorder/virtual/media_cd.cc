// CD-R, track at once. Raw recording, session at once and audio are not here.
#include "libfsi/base/sectors.h"
#include "librecorder/virtual/sequential.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;

constexpr SequentialRules kRules{
    .unit = 1,
    .track_gap = 150,  // the pregap of two seconds
    .run_out = 2,
    .minimum_track = 300,                    // four seconds
    .first_session_gap = 6750 + 4500 + 150,  // lead-out of 90 s, lead-in, pregap: 11400
    .later_session_gap = 2250 + 4500 + 150,  // lead-out of 30 s: 6900
    .most_tracks = 99,
    .most_sessions = 99,
    .most_open_tracks = 99,
    .sync_ends_track = true,
    .invisible_track = true,
    .close_track_time = 5s,
    .close_session_time = 30s,
    .finalize_time = 40s,
    .gap_sense = {5, 0x64, 0x00},
};

constexpr uint32_t kLeadOutReserve = 4;  // the last possible lead-out lies after the run-out of a full disc

uint32_t packed(Msf t) { return uint32_t{t.minute} << 16 | uint32_t{t.second} << 8 | t.frame; }

class Cd final : public SequentialMedium {
 public:
  explicit Cd(Disc& disc) : SequentialMedium(disc, kRules) {}

  bool current(Feature feature) const override {
    switch (feature) {
      case Feature::random_readable:
      case Feature::multi_read:
      case Feature::cd_read: return true;
      case Feature::cd_track_at_once:
      case Feature::cd_mastering: return !disc_.finalized;
      case Feature::cd_rw_media_write: return disc_.type->rewritable && !disc_.finalized;
      default: return false;
    }
  }

  DiscInformation disc_information() const override {
    DiscInformation info = SequentialMedium::disc_information();
    info.disc_type = disc_.session_format;
    if (disc_.finalized) return info;
    const auto next = next_start();
    // A later session's lead-in lies in the 4500 sectors before its pregap.
    info.last_session_lead_in_start =
        packed(msf_of(disc_.closed_sessions == 0 ? disc_.lead_in_start : static_cast<int32_t>(next.value_or(disc_.capacity)) - 4650));
    info.last_possible_lead_out_start = packed(last_lead_out());
    return info;
  }

  Bytes toc(TocFormat format, bool msf, uint8_t first) const override {
    if (format == TocFormat::atip) return atip();
    if (format == TocFormat::full_toc) return full_toc(first);
    return SequentialMedium::toc(format, msf, first);
  }

  Bytes disc_structure(StructureMedia, uint32_t, uint8_t, uint8_t) const override { refuse(5, 0x30, 0x02); }

  bool test_write(const WriteParameters& parameters) const override { return parameters.test_write(); }
  bool survives_underrun(const WriteParameters& parameters) const override { return parameters.buffer_underrun_free(); }

  Duration blank(uint8_t type, uint32_t address) override {
    if (!disc_.type->rewritable) return SequentialMedium::blank(type, address);
    return erase(type);
  }

  Duration close(uint8_t function, uint16_t track, const WriteParameters& parameters) override {
    const bool test = test_write(parameters);
    switch (static_cast<CloseFunction>(function)) {
      case CloseFunction::track:
        // SYNCHRONIZE CACHE has closed it already, in most burners' way of working.
        if (test || (track == kInvisibleTrack && !open_track())) return {};
        return close_track(track);
      case CloseFunction::session:
        if (test) return {};
        return close_session(parameters.multisession() == WriteParameters::no_next_session);
      default: refuse_cdb(2);
    }
  }

 protected:
  void check_mode(const WriteParameters& parameters) const override {
    // MODE SELECT takes parameters of packet writing as well; here is where it shows that this disc does not.
    if (parameters.write_type() != WriteParameters::track_at_once) refuse(5, 0x64, 0x00);
    const Track* track = open_track();
    const uint8_t mode = parameters.block_type == WriteParameters::raw_2352      ? 0
                         : parameters.block_type == WriteParameters::mode2_form1 ? 2
                                                                                 : 1;
    if (track && track->data_mode != mode) refuse(5, 0x64, 0x00);
  }
  void complete(TrackInformation& info) const override {
    info.valid = info.valid & ~uint32_t{TrackInformation::kLastRecordedValid};  // not told on CD
    info.last_recorded = 0;
  }

 private:
  Msf last_lead_out() const { return msf_of(static_cast<int32_t>(disc_.capacity + kLeadOutReserve)); }

  Bytes atip() const {
    Atip atip;
    atip.length = sizeof atip - 2;
    atip.writing_power = 0x80 | 0x50;
    atip.unrestricted_use = 0x40;
    atip.disc_type = disc_.type->rewritable ? 0x80 | 0x40 : 0x80;
    atip.lead_in_start = msf_of(disc_.lead_in_start);
    atip.last_lead_out_start = last_lead_out();
    Bytes bytes;
    append(bytes, atip);
    return bytes;
  }

  /// The Q channel of the lead-ins of the complete sessions, from session `first` on.
  Bytes full_toc(uint8_t first) const {
    if (disc_.closed_sessions == 0 || first > disc_.closed_sessions) refuse_cdb(6);
    Bytes body;
    for (uint16_t session = std::max<uint16_t>(first, 1); session <= disc_.closed_sessions; ++session) append_session(body, session);
    TocHeader header;
    header.length = body.size() + sizeof header - 2;
    header.first = 1;
    header.last = disc_.closed_sessions;
    Bytes whole;
    append(whole, header);
    whole.insert(whole.end(), body.begin(), body.end());
    return whole;
  }

  void append_session(Bytes& body, uint16_t session) const {
    const Track* lead = nullptr;
    const Track* last = nullptr;
    for (const Track& t : disc_.tracks) {
      if (t.session != session) continue;
      if (!lead) lead = &t;
      last = &t;
    }
    if (!lead) return;
    const auto number = [&](const Track* t) { return static_cast<uint8_t>(t - disc_.tracks.data() + 1); };
    FullTocEntry entry;
    entry.session = session;
    const auto point = [&](uint8_t adr_control, uint8_t what, Msf ptime) {
      entry.adr_control = adr_control;
      entry.point = what;
      entry.ptime = ptime;
      append(body, entry);
    };
    const uint8_t data = 0x10 | lead->control;
    point(data, 0xA0, {number(lead), disc_.session_format, 0});
    point(data, 0xA1, {number(last), 0, 0});
    point(0x10 | last->control, 0xA2, msf_of(static_cast<int32_t>(last->end())));
    for (const Track* t = lead; t <= last; ++t) point(0x10 | t->control, number(t), msf_of(static_cast<int32_t>(t->start)));
    if (session == disc_.closed_sessions && disc_.finalized) return;
    // ADR 5: where the next session's program area may start, and what the disc can hold.
    const uint32_t gap = session == 1 ? rules_.first_session_gap : rules_.later_session_gap;
    entry.time = msf_of(static_cast<int32_t>(last->end() + gap - 150));
    entry.zero = session == 1 ? 2 : 1;
    point(0x54, 0xB0, last_lead_out());
    entry.time = {};
    entry.zero = 0;
    if (session == 1) point(0x54, 0xC0, msf_of(disc_.lead_in_start));
  }
};

}  // namespace

std::unique_ptr<Medium> make_cd(Disc& disc) { return std::make_unique<Cd>(disc); }

}  // namespace rec::virt
