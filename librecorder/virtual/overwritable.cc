#include "librecorder/virtual/overwritable.h"

#include <algorithm>

#include "libfsi/base/sectors.h"

namespace rec::virt {

using State = Format::State;

void OverwritableMedium::formatted(State state, uint32_t blocks, bool spares) {
  disc_.format = {.state = state, .blocks = blocks, .formatted_to = 0, .spares = spares, .pseudo_overwrite = false};
  Track track;
  track.size = blocks;
  disc_.tracks = {track};
  disc_.closed_sessions = 0;
  disc_.finalized = false;
  changed_ = true;
}

Duration OverwritableMedium::time_for(uint64_t sectors, uint32_t times) const {
  return std::chrono::seconds(sectors * fsi::kSectorSize / (uint64_t{times} * disc_.type->bytes_at_1x));
}

DiscInformation OverwritableMedium::disc_information() const {
  DiscStatus status = DiscStatus::finalized;
  SessionState session = SessionState::complete;
  uint8_t background = 0;
  switch (disc_.format.state) {
    case State::none:
      status = DiscStatus::empty;
      session = SessionState::empty;
      break;
    case State::partial:
      status = DiscStatus::incomplete;
      session = SessionState::incomplete;
      break;
    case State::stopped:
    case State::running:
      status = DiscStatus::incomplete;
      session = SessionState::incomplete;
      background = disc_.format.state == State::running ? 2 : 1;
      break;
    case State::complete: background = profile() == Profile::dvd_plus_rw ? 3 : 0; break;
  }
  if (profile() == Profile::dvd_ram) status = DiscStatus::other;
  DiscInformation info;
  info.length = sizeof info - 2;
  info.status = static_cast<uint8_t>(session) << 2 | static_cast<uint8_t>(status) | DiscInformation::kErasable;
  info.first_track = info.sessions_lsb = info.first_track_in_last_session_lsb = info.last_track_in_last_session_lsb = 1;
  info.flags = DiscInformation::kUnrestrictedUse | background;
  info.last_session_lead_in_start = 0xFFFFFFFF;
  info.last_possible_lead_out_start = 0xFFFFFFFF;
  return info;
}

TrackInformation OverwritableMedium::track_information(TrackAddress address, uint32_t number) const {
  if (address == TrackAddress::lba && number >= std::max(disc_.format.blocks, 1u)) refuse(5, 0x21, 0x00, number);
  if (address != TrackAddress::lba && number != 1) refuse_cdb(2);
  TrackInformation info;
  info.track_lsb = info.session_lsb = 1;
  info.track_mode = kControlData;
  info.data_mode = 1 | TrackInformation::kPacket | TrackInformation::kFixedPacket | (disc_.formatted() ? 0 : TrackInformation::kBlank);
  info.size = disc_.format.blocks;
  info.fixed_packet_size = ecc_sectors(profile());
  info.length = 34;
  return info;
}

ReadCapacityData OverwritableMedium::read_capacity() const {
  const uint32_t sectors = readable();
  return {sectors ? sectors - 1 : 0, fsi::kSectorSize};
}

CurrentCapacity OverwritableMedium::current_capacity() const {
  CurrentCapacity current;
  current.blocks = disc_.formatted() ? disc_.format.blocks : disc_.capacity;
  current.type = disc_.formatted() ? CurrentCapacity::formatted : CurrentCapacity::unformatted;
  current.block_length = fsi::kSectorSize;
  return current;
}

Bytes OverwritableMedium::toc(TocFormat format, bool msf, uint8_t first) const {
  const uint32_t end = readable();
  if (end == 0 || (format != TocFormat::toc && format != TocFormat::sessions)) refuse_cdb(2);
  if (format == TocFormat::toc && first > 1 && first != kLeadOutTrack) refuse_cdb(6);
  const auto address = [&](uint32_t lba) -> uint32_t {
    if (!msf) return lba;
    const Msf t = msf_of(static_cast<int32_t>(lba));
    return uint32_t{t.minute} << 16 | uint32_t{t.second} << 8 | t.frame;
  };
  Bytes body;
  if (first <= 1) append(body, TocTrack{0, 0x10u | kControlData, 1, 0, address(0)});
  if (format == TocFormat::toc) append(body, TocTrack{0, 0x10u | kControlData, kLeadOutTrack, 0, address(end)});
  TocHeader header;
  header.first = header.last = 1;
  header.length = body.size() + sizeof header - 2;
  Bytes whole;
  append(whole, header);
  whole.insert(whole.end(), body.begin(), body.end());
  return whole;
}

void OverwritableMedium::check_read(uint32_t lba, uint32_t sectors) const {
  if (!disc_.formatted()) refuse(8, 0x00, 0x00, lba);
  const uint32_t end = readable();
  if (lba >= end || sectors > end - lba) refuse(5, 0x21, 0x00, std::max(lba, end));
}

void OverwritableMedium::check_write(uint32_t lba, uint32_t sectors, const WriteParameters&) const {
  if (!disc_.formatted()) refuse(5, 0x30, 0x10);
  if (lba >= disc_.format.blocks || sectors > disc_.format.blocks - lba) refuse(5, 0x21, 0x00, std::max(lba, disc_.format.blocks));
  if (lba % unit_ || sectors % unit_) refuse(5, 0x21, 0x02, lba);
}

std::optional<Medium::Written> OverwritableMedium::wrote(uint32_t lba, uint32_t sectors, const WriteParameters&) {
  Track& track = disc_.tracks[0];
  if (lba + sectors <= track.written_to) return {};
  track.written_to = lba + sectors;
  return Written{0, track.written_to};
}

}  // namespace rec::virt
