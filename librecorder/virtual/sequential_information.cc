// How a sequential disc describes itself, honestly in every state: READ DISC INFORMATION, READ TRACK INFORMATION,
// READ CAPACITY, the table of contents.
#include <algorithm>

#include "libfsi/base/sectors.h"
#include "librecorder/virtual/sequential.h"

namespace rec::virt {

const Track* SequentialMedium::track_by_number(uint32_t number) const {
  return number >= 1 && number <= disc_.tracks.size() ? &disc_.tracks[number - 1] : nullptr;
}

const Track* SequentialMedium::last_track_of_closed_sessions() const {
  const Track* last = nullptr;
  for (const Track& t : disc_.tracks)
    if (t.session <= disc_.closed_sessions) last = &t;
  return last;
}

DiscInformation SequentialMedium::disc_information() const {
  const uint16_t session = std::max<uint16_t>(disc_.current_session(), 1);
  const auto in_session = [&](const Track& t) { return t.session == session; };
  const auto first = std::find_if(disc_.tracks.begin(), disc_.tracks.end(), in_session);
  const size_t first_track = static_cast<size_t>(first - disc_.tracks.begin()) + 1;
  // The track that a WRITE would open counts as the last one.
  const size_t last_track = std::max(disc_.tracks.size() + (next_start() ? 1 : 0), first_track);

  DiscStatus status = DiscStatus::incomplete;
  SessionState state = SessionState::incomplete;
  if (disc_.finalized) {
    status = DiscStatus::finalized;
    state = SessionState::complete;
  } else if (disc_.blank()) {
    status = DiscStatus::empty;
    state = SessionState::empty;
  } else if (first == disc_.tracks.end()) {
    state = SessionState::empty;
  }

  DiscInformation info;
  info.length = sizeof info - 2;
  info.status = static_cast<uint8_t>(state) << 2 | static_cast<uint8_t>(status) | (disc_.type->rewritable ? DiscInformation::kErasable : 0);
  info.first_track = 1;
  info.sessions_lsb = session & 0xFF;
  info.sessions_msb = session >> 8;
  info.first_track_in_last_session_lsb = first_track & 0xFF;
  info.first_track_in_last_session_msb = first_track >> 8;
  info.last_track_in_last_session_lsb = last_track & 0xFF;
  info.last_track_in_last_session_msb = last_track >> 8;
  info.flags = DiscInformation::kUnrestrictedUse;
  info.last_session_lead_in_start = 0xFFFFFFFF;
  info.last_possible_lead_out_start = 0xFFFFFFFF;
  return info;
}

TrackInformation SequentialMedium::track_information(TrackAddress address, uint32_t number) const {
  const auto next = next_start();
  const size_t next_number = disc_.tracks.size() + 1;
  size_t found = 0;
  switch (address) {
    case TrackAddress::lba:
      for (size_t i = 0; i < disc_.tracks.size(); ++i)
        if (number >= disc_.tracks[i].start && number < disc_.tracks[i].end()) found = i + 1;
      if (!found && next && number >= *next && number < disc_.capacity) found = next_number;
      if (!found) refuse(5, 0x21, 0x00, number);
      break;
    case TrackAddress::track:
      if (number == kInvisibleTrack && rules_.invisible_track)
        found = open_track() ? disc_.tracks.size() : next ? next_number : 0;
      else if (track_by_number(number) || (next && number == next_number))
        found = number;
      break;
    case TrackAddress::session:
      for (size_t i = disc_.tracks.size(); i-- > 0;)
        if (disc_.tracks[i].session == number) found = i + 1;
      if (!found && next && number == disc_.current_session()) found = next_number;
      break;
  }
  if (!found) refuse_cdb(2);

  Track track;
  if (found == next_number) {
    track.session = disc_.current_session();
    track.start = track.written_to = *next;
    track.size = space_from(*next);
  } else {
    track = disc_.tracks[found - 1];
  }
  const uint32_t writable = tested_to_ && track.open && !track.reserved ? *tested_to_ : track.written_to;

  TrackInformation info;
  info.track_lsb = found & 0xFF;
  info.track_msb = found >> 8;
  info.session_lsb = track.session & 0xFF;
  info.session_msb = track.session >> 8;
  info.track_mode = track.control | (track.damaged ? TrackInformation::kDamage : 0);
  const bool empty = track.open && track.written_to == track.start;
  info.data_mode =
      track.data_mode | (empty ? TrackInformation::kBlank : 0) | (track.reserved && track.open ? TrackInformation::kReserved : 0);
  info.start = track.start;
  info.size = track.size;
  if (track.open && !track.damaged && writable < track.end()) {
    info.valid = TrackInformation::kNwaValid;
    info.next_writable = writable;
    info.free_blocks = track.end() - writable;
  }
  if (track.written_to > track.start) {
    info.valid = info.valid | TrackInformation::kLastRecordedValid;
    info.last_recorded = track.written_to - 1;
  }
  info.length = 34;
  complete(info);
  return info;
}

ReadCapacityData SequentialMedium::read_capacity() const {
  // Only complete sessions count; a disc without one says 0, and so cannot be told from a disc of one sector.
  const Track* last = last_track_of_closed_sessions();
  return {last ? last->end() - 1 : 0, fsi::kSectorSize};
}

CurrentCapacity SequentialMedium::current_capacity() const {
  CurrentCapacity current;
  const Track* last = last_track_of_closed_sessions();
  current.blocks = last ? last->end() : disc_.capacity;
  current.type = disc_.blank() ? CurrentCapacity::unformatted : CurrentCapacity::formatted;
  current.block_length = fsi::kSectorSize;
  return current;
}

uint32_t SequentialMedium::image_sectors() const {
  if (const Track* last = last_track_of_closed_sessions()) return last->written_to;
  return disc_.tracks.empty() ? 0 : disc_.tracks.back().written_to;
}

Bytes SequentialMedium::toc(TocFormat format, bool msf, uint8_t first) const {
  const Track* last = last_track_of_closed_sessions();
  if (!last || (format != TocFormat::toc && format != TocFormat::sessions)) refuse_cdb(2);
  const auto address = [&](uint32_t lba) -> uint32_t {
    if (!msf) return lba;
    const Msf t = msf_of(static_cast<int32_t>(lba));
    return uint32_t{t.minute} << 16 | uint32_t{t.second} << 8 | t.frame;
  };
  const auto entry = [&](const Track& t, uint8_t number) { return TocTrack{0, 0x10u | t.control, number, 0, address(t.start)}; };

  // A TOC counts tracks in one byte; BD-R and DVD+R may have more, and then only READ TRACK INFORMATION tells.
  const size_t count = std::min<size_t>(static_cast<size_t>(last - disc_.tracks.data()) + 1, 0xA9);
  Bytes body;
  TocHeader header;
  if (format == TocFormat::toc) {
    if (first > count && first != kLeadOutTrack) refuse_cdb(6);
    for (size_t i = std::max<size_t>(first, 1); i <= count; ++i) append(body, entry(disc_.tracks[i - 1], static_cast<uint8_t>(i)));
    append(body, TocTrack{0, 0x10u | last->control, kLeadOutTrack, 0, address(last->end())});
    header.first = 1;
    header.last = count;
  } else {
    const auto lead = std::find_if(disc_.tracks.begin(), disc_.tracks.end(), [&](const Track& t) { return t.session == last->session; });
    append(body, entry(*lead, static_cast<uint8_t>(std::min<size_t>(static_cast<size_t>(lead - disc_.tracks.begin()) + 1, 0xA9))));
    header.first = 1;
    header.last = std::min<uint16_t>(disc_.closed_sessions, 0xFF);
  }
  header.length = body.size() + sizeof header - 2;
  Bytes whole;
  append(whole, header);
  whole.insert(whole.end(), body.begin(), body.end());
  return whole;
}

}  // namespace rec::virt
