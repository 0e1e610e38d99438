// Writing, closing and reading of sequential media. How the disc describes itself is in sequential_information.cc.
#include "librecorder/virtual/sequential.h"

#include <algorithm>

#include "libfsi/base/sectors.h"

namespace rec::virt {

const Track* SequentialMedium::open_track() const {
  if (disc_.tracks.empty()) return nullptr;
  const Track& last = disc_.tracks.back();
  return last.open && !last.reserved ? &last : nullptr;
}

std::optional<uint32_t> SequentialMedium::next_start() const {
  if (disc_.finalized || open_track() || disc_.tracks.size() >= rules_.most_tracks || disc_.current_session() > rules_.most_sessions)
    return {};
  uint64_t start = 0;
  if (!disc_.tracks.empty()) {
    const Track& last = disc_.tracks.back();
    start = last.end();
    if (last.session == disc_.current_session())
      start += rules_.track_gap;
    else
      start += disc_.closed_sessions == 1 ? rules_.first_session_gap : rules_.later_session_gap;
    start = (start + rules_.unit - 1) / rules_.unit * rules_.unit;
  }
  if (start + rules_.unit > disc_.capacity) return {};
  return static_cast<uint32_t>(start);
}

const Track* SequentialMedium::writable_track_at(uint32_t lba) const {
  for (const Track& t : disc_.tracks)
    if (t.open && !t.damaged && t.written_to == lba && (lba < t.end() || !t.reserved)) return &t;
  return nullptr;
}

void SequentialMedium::check_write(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) const {
  if (disc_.finalized) refuse(5, 0x30, 0x05);
  check_mode(parameters);
  if (lba >= disc_.capacity || sectors > disc_.capacity - lba) refuse(5, 0x21, 0x00, std::max(lba, disc_.capacity));
  if (test_write(parameters) && tested_to_) {
    if (lba != *tested_to_) refuse(5, 0x21, 0x02, lba);
  } else if (const Track* track = writable_track_at(lba)) {
    if (sectors > track->end() - lba) refuse(5, 0x63, 0x00, track->end());
  } else if (lba != next_start()) {
    refuse(5, 0x21, 0x02, lba);
  }
  if (sectors % rules_.unit != 0 && !gathers(parameters)) refuse_cdb(7);
}

std::optional<Medium::Written> SequentialMedium::wrote(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) {
  if (test_write(parameters)) {
    tested_to_ = lba + sectors;
    return {};
  }
  for (size_t i = 0; i < disc_.tracks.size(); ++i) {
    Track& t = disc_.tracks[i];
    if (!t.open || t.damaged || t.written_to != lba) continue;
    t.written_to = lba + sectors;
    return Written{i, t.written_to};
  }
  Track track;
  track.session = disc_.current_session();
  track.start = lba;
  track.size = space_from(lba);
  track.written_to = lba + sectors;
  track.raw = parameters.block_type == WriteParameters::raw_2352;  // CD audio
  track.control = track.raw || parameters.track_mode() ? parameters.track_mode() : kControlData;
  track.data_mode = track.raw ? 0 : parameters.block_type == WriteParameters::mode2_form1 ? 2 : 1;
  disc_.tracks.push_back(track);
  changed_ = true;
  return Written{disc_.tracks.size() - 1, track.written_to};
}

void SequentialMedium::end_track(Track& track) {
  if (track.reserved) {
    track.written_to = track.end();  // the drive pads what is left of a reservation with zeros
  } else {
    track.written_to = track.start + whole_units(track.written_to - track.start);
    track.size = track.written_to - track.start + rules_.run_out;
  }
  track.open = false;
  changed_ = true;
}

void SequentialMedium::spoil() {
  if (!open_track()) return;
  Track& track = disc_.tracks.back();
  track.damaged = true;
  ++disc_.underruns;
  end_track(track);
}

Duration SequentialMedium::synchronize(const WriteParameters& parameters) {
  if (test_write(parameters)) {
    tested_to_.reset();
    test_reserved_.reset();
    return {};
  }
  for (Track& t : disc_.tracks) {
    const uint32_t whole = t.start + whole_units(t.written_to - t.start);
    if (!t.open || t.damaged || t.written_to == whole) continue;
    t.written_to = whole;
    changed_ = true;
  }
  // A track that is too short stays open: CLOSE TRACK/SESSION will say so.
  const Track* track = open_track();
  if (!rules_.sync_ends_track || !track || track->written_to - track->start < rules_.minimum_track) return {};
  end_track(disc_.tracks.back());
  return rules_.close_track_time;
}

Duration SequentialMedium::reserve(uint32_t sectors, const WriteParameters& parameters) {
  if (disc_.finalized) refuse(5, 0x30, 0x05);
  const auto start = next_start();
  if (!start) refuse(5, 0x2C, 0x00);
  const auto open = std::count_if(disc_.tracks.begin(), disc_.tracks.end(), [](const Track& t) { return t.open; });
  if (open >= rules_.most_open_tracks) refuse(5, 0x72, 0x05);
  const uint64_t size = (uint64_t{sectors} + rules_.unit - 1) / rules_.unit * rules_.unit;
  if (sectors == 0 || size < rules_.minimum_track) refuse_cdb(5);
  if (size > space_from(*start)) refuse(5, 0x21, 0x00);
  if (test_write(parameters)) {
    test_reserved_ = static_cast<uint32_t>(size);
    return {};
  }
  Track track;
  track.session = disc_.current_session();
  track.start = *start;
  track.size = static_cast<uint32_t>(size);
  track.written_to = *start;
  track.reserved = true;
  disc_.tracks.push_back(track);
  changed_ = true;
  return std::chrono::seconds(1);
}

Duration SequentialMedium::close_track(uint16_t number) {
  const Track* found = number == kInvisibleTrack && rules_.invisible_track ? open_track() : track_by_number(number);
  if (!found) refuse_cdb(4);
  if (!found->open) return {};  // closing twice does no harm
  Track& track = disc_.tracks[static_cast<size_t>(found - disc_.tracks.data())];
  if (track.reserved && track.written_to == track.start) refuse(5, 0x72, 0x04);
  if (track.written_to - track.start < rules_.minimum_track) refuse(5, 0x2C, 0x00);
  end_track(track);
  return rules_.close_track_time;
}

Duration SequentialMedium::close_session(bool final) {
  if (disc_.finalized) refuse(5, 0x30, 0x05);
  const uint16_t session = disc_.current_session();
  bool empty = true;
  const auto full = [](const Track& t) { return t.reserved && t.written_to == t.end(); };
  for (const Track& t : disc_.tracks) {
    if (t.session != session) continue;
    empty = false;
    if (full(t)) continue;
    if (t.open && t.reserved) refuse(5, 0x72, 0x04);
    if (t.open) refuse(5, 0x72, 0x03);
  }
  if (empty && (!final || disc_.closed_sessions == 0)) refuse(5, 0x2C, 0x04);
  // A reservation in which nothing is missing is a complete track: wodim closes it by nothing else.
  for (Track& t : disc_.tracks)
    if (t.open && full(t)) end_track(t);
  if (!empty) ++disc_.closed_sessions;
  disc_.finalized = final;
  changed_ = true;
  return final ? rules_.finalize_time : rules_.close_session_time;
}

Duration SequentialMedium::erase(uint8_t type) {
  const auto how = static_cast<BlankType>(type);
  if (how != BlankType::disc && how != BlankType::minimal) refuse_cdb(1);
  disc_.tracks.clear();
  disc_.closed_sessions = 0;
  disc_.finalized = false;
  tested_to_.reset();
  changed_ = erased_ = true;
  // Minimal: the table of contents and what the drive keeps about tracks. Full: every sector, at a moderate speed.
  if (how == BlankType::minimal) return std::chrono::seconds(60);
  return std::chrono::seconds(60 + uint64_t{disc_.capacity} * fsi::kSectorSize / (uint64_t{4} * disc_.type->bytes_at_1x));
}

void SequentialMedium::check_read(uint32_t lba, uint32_t sectors) const {
  const uint64_t end = uint64_t{lba} + sectors;
  uint64_t at = lba;
  for (const Track& t : disc_.tracks) {
    if (at >= end) return;
    if (at < t.start) {  // before this track, after all others: a gap
      CheckCondition gap = rules_.gap_sense;
      gap.information = static_cast<uint32_t>(at);
      throw gap;
    }
    if (at >= t.end()) continue;
    if (at >= t.written_to) {
      if (t.open) refuse(8, 0x00, 0x00, static_cast<uint32_t>(at));
      refuse(5, 0x64, 0x00, static_cast<uint32_t>(at));  // run-out
    }
    at = t.written_to;
    if (at < end && at < t.end()) refuse(t.open ? 8 : 5, t.open ? 0x00 : 0x64, 0x00, static_cast<uint32_t>(at));
  }
  if (at >= end) return;
  if (at < disc_.capacity && !disc_.finalized) refuse(8, 0x00, 0x00, static_cast<uint32_t>(at));
  refuse(5, 0x21, 0x00, static_cast<uint32_t>(at));
}

}  // namespace rec::virt
