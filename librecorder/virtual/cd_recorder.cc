#include "librecorder/virtual/cd_recorder.h"

#include <algorithm>
#include <cstring>

#include "librecorder/scsi/cue_sheet.h"

namespace rec::virt {
namespace {

constexpr int32_t kPause = 150;
constexpr int32_t kLeadOutLength = 6750;
constexpr uint32_t kPq = 2352 + 16, kRw = 2352 + 96;

std::span<const uint8_t> as_numbers(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

std::span<uint8_t, kCdMain> main_of(CdBlock& block) { return std::span(block).first<kCdMain>(); }
std::span<uint8_t, kCdSub> sub_of(CdBlock& block) { return std::span(block).last<kCdSub>(); }

/// A code of mode page 05: valid bit, then characters.
std::string code_of(const fsi::U8 (&field)[16], size_t length) {
  if (!(field[0] & 0x80)) return {};
  std::string code;
  for (size_t i = 1; i <= length; ++i) code += static_cast<char>(field[i].get());
  return code;
}

/// The Q of a block of raw writing. Of the formatted one the drive makes the check by itself: cdrdao sends there what ECMA-130 would
/// have inverted. The 96 symbols go to the disc as they are, and must be right.
Q sent_q(std::span<const uint8_t> block) {
  if (block.size() != kPq) return get_q(block.subspan(kCdMain).first<kCdSub>());
  Q q;
  std::copy_n(block.begin() + kCdMain, q.size(), q.begin());
  return q_with_crc(q);
}

bool is_raw(const WriteParameters& parameters) { return parameters.write_type() == WriteParameters::raw; }

/// MCN and ISRC lie in one of fifty sectors each, but not where a new track or index has to be told.
enum class Turn { position, mcn, isrc };
Turn turn_of(int32_t lba) {
  const int32_t n = (lba + kPause) % 50;
  return n == 49 ? Turn::mcn : n == 24 ? Turn::isrc : Turn::position;
}

}  // namespace

bool CdRecorder::takes(const WriteParameters& parameters) {
  switch (parameters.write_type()) {
    case WriteParameters::session_at_once:
    case WriteParameters::raw: return true;
    case WriteParameters::track_at_once: return parameters.block_type == WriteParameters::raw_2352;
    default: return false;
  }
}

int32_t CdRecorder::first_of_session() const {
  if (disc_.tracks.empty()) return -kPause;
  // Lead-out, lead-in, and then the pause of the first track.
  return static_cast<int32_t>(disc_.tracks.back().end()) + (disc_.closed_sessions == 1 ? kLeadOutLength : 2250) + 4500;
}

void CdRecorder::take_cue_sheet(std::span<const std::byte> bytes, const WriteParameters& parameters) {
  if (disc_.finalized) refuse(5, 0x30, 0x05);
  if (parameters.write_type() != WriteParameters::session_at_once || next_) refuse(5, 0x2C, 0x00);
  // A session that has something in it already cannot be written at once any more.
  if (!disc_.tracks.empty() && disc_.tracks.back().session == disc_.current_session()) refuse(5, 0x2C, 0x00);
  program_ = read_cue_sheet(bytes, first_of_session(), static_cast<uint8_t>(disc_.tracks.size() + 1), disc_.lead_in_start,
                            static_cast<int32_t>(disc_.capacity + 2));
}

uint32_t CdRecorder::check_write(int32_t lba, uint32_t blocks, const WriteParameters& parameters) const {
  if (disc_.finalized) refuse(5, 0x30, 0x05);
  if (is_raw(parameters)) {
    if (!next_ && !disc_.blank()) refuse(5, 0x64, 0x00);
    if (lba != next_.value_or(disc_.lead_in_start)) refuse(5, 0x21, 0x02, static_cast<uint32_t>(lba));
    if (lba + static_cast<int64_t>(blocks) > static_cast<int64_t>(disc_.capacity) + 2 + kLeadOutLength + kLeadOutLength)
      refuse(5, 0x21, 0x00, static_cast<uint32_t>(lba));
    return parameters.block_type == WriteParameters::raw_2352_pq ? kPq : kRw;
  }
  if (!program_) refuse(5, 0x2C, 0x00);  // no cue sheet
  const int32_t expected = next_sent();
  if (lba != expected) refuse(5, 0x21, 0x02, static_cast<uint32_t>(lba));
  if (static_cast<int64_t>(blocks) > int64_t{program_->lead_out} - lba) refuse(5, 0x21, 0x00, static_cast<uint32_t>(program_->lead_out));
  const uint32_t size = sent(lba);
  for (int64_t at = lba; at < lba + static_cast<int64_t>(blocks); ++at)
    if (sent(static_cast<int32_t>(at)) != size) refuse(5, 0x64, 0x00, static_cast<uint32_t>(at));
  return size;
}

/// Bytes of a sector that come from the host.
uint32_t CdRecorder::sent(int32_t lba) const {
  if (lba < program_->areas.front().first) return sub_bytes(program_->lead_in_form);
  const uint8_t form = program_->area_at(lba).form;
  return main_bytes(form) + sub_bytes(form);
}

/// Where the host goes on: what the drive makes by itself is skipped. The lead-out when nothing is left.
int32_t CdRecorder::next_sent() const {
  const int32_t first = program_->areas.front().first;
  int32_t lba = next_.value_or(sub_bytes(program_->lead_in_form) ? program_->lead_in_start : first);
  while (lba >= first && lba < program_->lead_out && sent(lba) == 0)
    for (const CueArea& area : program_->areas)
      if (area.first > lba) {
        lba = area.first;
        break;
      }
  return lba;
}

void CdRecorder::begin(const WriteParameters& parameters) {
  test_ = parameters.test_write();
  if (is_raw(parameters)) raw_.emplace();
  if (test_) return;
  Track spoiled;
  spoiled.session = disc_.current_session();
  spoiled.start = spoiled.written_to = disc_.tracks.empty() ? 0 : static_cast<uint32_t>(first_of_session() + kPause);
  spoiled.size = 1;
  spoiled.open = false;
  spoiled.damaged = true;
  spoiled.raw = true;
  disc_.tracks.push_back(spoiled);
}

void CdRecorder::write(int32_t lba, std::span<const std::byte> bytes, uint32_t block_bytes, const WriteParameters& parameters) {
  const auto numbers = as_numbers(bytes);
  if (is_raw(parameters)) {
    // All of a command is good, or none of it is taken.
    Raw trial = raw_.value_or(Raw{});
    int32_t at = lba;
    for (size_t offset = 0; offset < numbers.size(); offset += block_bytes, ++at) {
      check_raw(trial, at, sent_q(numbers.subspan(offset, block_bytes)));
    }
    if (!next_) begin(parameters);
    raw_ = std::move(trial);
  } else {
    const int32_t from = next_.value_or(program_->areas.front().first);
    if (!next_) begin(parameters);
    for (int32_t at = from; !test_ && at < lba; ++at) write_program(at, {});
  }
  for (size_t offset = 0; offset < numbers.size(); offset += block_bytes, ++lba) {
    const auto block = numbers.subspan(offset, block_bytes);
    if (is_raw(parameters))
      write_raw(lba, block);
    else
      write_by_cue(lba, block);
  }
  next_ = lba;
}

/// The drive's own Q for a sector of the program area.
Q CdRecorder::q_by_cue(int32_t lba, bool& p) const {
  const CueArea& area = program_->area_at(lba);
  const int32_t start = program_->start_of(area.track);
  const uint8_t next = area.track == program_->last_track() ? kLeadOutTrack : static_cast<uint8_t>(area.track + 1);
  p = area.index == 0 || (next != kLeadOutTrack && lba >= program_->start_of(next) - kPause);
  const auto isrc = program_->isrcs.find(area.track);
  if (lba != area.first && turn_of(lba) == Turn::mcn && !program_->mcn.empty()) return q_mcn(area.control, program_->mcn, lba);
  if (lba != area.first && turn_of(lba) == Turn::isrc && area.index > 0 && isrc != program_->isrcs.end())
    return q_isrc(area.control, isrc->second, lba);
  return q_position(area.control, area.track, area.index, static_cast<uint32_t>(area.index ? lba - start : start - lba), lba);
}

void CdRecorder::write_by_cue(int32_t lba, std::span<const uint8_t> bytes) {
  if (test_) return;
  CdBlock block{};
  const int32_t first = program_->areas.front().first;
  if (lba < first) {  // a lead-in with R to W; the table of contents in Q is the drive's
    std::transform(bytes.begin(), bytes.end(), sub_of(block).begin(), [](uint8_t b) { return static_cast<uint8_t>(b & 0x3F); });
    const uint8_t last = program_->last_track();
    const auto entry = static_cast<uint8_t>(static_cast<uint32_t>(lba - program_->lead_in_start) / 3 % (last + 3u) + 1);
    const uint8_t point = entry <= last ? entry : static_cast<uint8_t>(0xA0 + entry - last - 1);
    const Msf ptime = point == 0xA0   ? Msf{1, 0, 0}
                      : point == 0xA1 ? Msf{last, 0, 0}
                      : point == 0xA2 ? msf_of(program_->lead_out)
                                      : msf_of(program_->start_of(point));
    set_q(sub_of(block), false, q_point(program_->lead_in_control, 1, point, msf_of(lba), 0, ptime));
    layer_.write(lba, block);
    return;
  }
  write_program(lba, bytes);
}

/// One sector of the program area; what the host has not sent of it is zero.
void CdRecorder::write_program(int32_t lba, std::span<const uint8_t> bytes) {
  CdBlock block{};
  const uint8_t form = program_->area_at(lba).form & data_form::kMainMask;
  const uint32_t main_sent = bytes.empty() ? 0 : main_bytes(form);
  const auto main = main_of(block);
  std::copy_n(bytes.begin(), main_sent, main.begin() + (main_sent == 2352 ? 0 : 16));
  std::transform(bytes.begin() + main_sent, bytes.end(), sub_of(block).begin(), [](uint8_t b) { return static_cast<uint8_t>(b & 0x3F); });
  if ((form & 0x30) == 0x10) complete_mode1(main, lba);
  if (form & 0x20) complete_mode2(main, lba, !(form & 0x10));
  bool p = false;
  const Q q = q_by_cue(lba, p);
  set_q(sub_of(block), p, q);
  layer_.write(lba, block);
}

/// Is this the Q that must come next? ECMA-130 22.3.
void CdRecorder::check_raw(Raw& raw, int32_t lba, const Q& q) {
  const auto wrong = [](uint16_t byte) { refuse_parameter(static_cast<uint16_t>(kCdMain + byte)); };
  if (!q_is_good(q)) wrong(10);
  const uint8_t adr = q[0] % 16, control = q[0] / 16;
  for (size_t i = 3; adr == 1 && i < 10; ++i)
    if (i != 6 && !is_bcd(q[i])) wrong(static_cast<uint16_t>(i));
  if (lba < -kPause) {
    if (q[1] != 0 || (adr != 1 && adr != 5)) wrong(1);
    const uint8_t point = q[2];
    if (point < 0xA0 && (!is_bcd(point) || point == 0)) wrong(2);
    Point& entry = raw.points[point];
    const Msf ptime{of_bcd(q[7]), of_bcd(q[8]), of_bcd(q[9])};
    if (entry.seen++ && (entry.control != control || lba_of(entry.ptime) != lba_of(ptime))) wrong(7);
    entry.control = control;
    entry.ptime = ptime;
    entry.time = {of_bcd(q[3]), of_bcd(q[4]), of_bcd(q[5])};
    return;
  }
  if (lba == -kPause) check_contents(raw);
  if (adr == 2 || adr == 3) {
    // Not before the first sector of a track has told its number.
    if (raw.track == 0 || !is_bcd(q[9]) || of_bcd(q[9]) != msf_of(lba).frame) wrong(9);
    if (adr == 2 ? !mcn_in(q) : !isrc_in(q)) wrong(1);
    return;
  }
  if (adr != 1) wrong(0);
  if (of_bcd(q[7]) * 4500 + of_bcd(q[8]) * 75 + of_bcd(q[9]) != static_cast<uint32_t>(lba + kPause)) wrong(7);
  if (!is_bcd(q[2])) wrong(2);
  const auto index = static_cast<uint8_t>(of_bcd(q[2]));
  if (q[1] == kLeadOutTrack) {
    if (raw.lead_out) return;
    const auto a2 = raw.points.find(0xA2);
    if (raw.index == 0 || index != 1 || lba_of(a2->second.ptime) != lba || raw.tracks.size() != raw.points.at(0xA1).ptime.minute) wrong(1);
    raw.lead_out = lba;
    return;
  }
  if (raw.lead_out || !is_bcd(q[1]) || q[1] == 0) wrong(1);
  const auto track = static_cast<uint8_t>(of_bcd(q[1]));
  if (track != raw.track) {
    if (track != raw.track + 1 || index > 1 || (raw.track != 0 && raw.index == 0) || (raw.track == 0 && index != 0)) wrong(1);
    raw.tracks.push_back({track, control, lba, 0});
  } else if (index != raw.index && index != raw.index + 1) {
    wrong(2);
  }
  if (control != raw.tracks.back().control) wrong(0);
  if (index == 1 && (raw.index == 0 || track != raw.track)) {
    // The table of contents has promised it here.
    const auto promised = raw.points.find(to_bcd(track));
    if (promised == raw.points.end() || lba_of(promised->second.ptime) != lba || promised->second.control != control) wrong(7);
    raw.tracks.back().start = lba;
  }
  const uint32_t relative = of_bcd(q[3]) * 4500 + of_bcd(q[4]) * 75 + of_bcd(q[5]);
  if (index > 0 && relative != static_cast<uint32_t>(lba - raw.tracks.back().start)) wrong(3);
  raw.track = track;
  raw.index = index;
}

/// At the end of the lead-in: does it tell first and last track, lead-out, and every track, each three times at least?
void CdRecorder::check_contents(const Raw& raw) {
  const auto has = [&](uint8_t point) {
    const auto found = raw.points.find(point);
    return found != raw.points.end() && found->second.seen >= 3;
  };
  if (!has(0xA0) || !has(0xA1) || !has(0xA2)) refuse_parameter(kCdMain + 2);
  const uint32_t first = raw.points.at(0xA0).ptime.minute, last = raw.points.at(0xA1).ptime.minute;
  if (first != 1 || last < first) refuse_parameter(kCdMain + 7);
  for (uint32_t track = first; track <= last; ++track)
    if (!has(to_bcd(track))) refuse_parameter(kCdMain + 2);
}

void CdRecorder::write_raw(int32_t lba, std::span<const uint8_t> bytes) {
  if (test_) return;
  CdBlock block{};
  std::copy_n(bytes.begin(), kCdMain, block.begin());
  const Q q = sent_q(bytes);
  if (bytes.size() == kPq)
    set_q(sub_of(block), bytes.back() & 0x80, q);
  else
    std::copy_n(bytes.begin() + kCdMain, kCdSub, sub_of(block).begin());
  // On the disc the sector is as it came. A drive that reads data takes the scrambling off, and that is what is kept.
  if (q[0] & kControlData << 4) scramble_or_back(main_of(block));
  layer_.write(lba, block);
}

void CdRecorder::write_audio(const Track& track, uint8_t number, bool first, int32_t lba, std::span<const std::byte> bytes,
                             const WriteParameters& parameters) {
  const auto start = static_cast<int32_t>(track.start);
  const std::string mcn = code_of(parameters.media_catalog_number, 13), isrc = code_of(parameters.isrc, 12);
  CdBlock block{};
  for (int32_t at = start - kPause; first && at < start; ++at) {
    set_q(sub_of(block), true, q_position(track.control, number, 0, static_cast<uint32_t>(start - at), at));
    layer_.write(at, block);
  }
  const auto numbers = as_numbers(bytes);
  for (size_t offset = 0; offset < numbers.size(); offset += kCdMain, ++lba) {
    block.fill(0);
    std::copy_n(numbers.begin() + static_cast<ptrdiff_t>(offset), kCdMain, block.begin());
    Q q = q_position(track.control, number, 1, static_cast<uint32_t>(lba - start), lba);
    if (lba != start && turn_of(lba) == Turn::mcn && !mcn.empty()) q = q_mcn(track.control, mcn, lba);
    if (lba != start && turn_of(lba) == Turn::isrc && !isrc.empty()) q = q_isrc(track.control, isrc, lba);
    set_q(sub_of(block), false, q);
    layer_.write(lba, block);
  }
}

bool CdRecorder::complete() const {
  if (!next_) return false;
  if (raw_) return raw_->lead_out && *next_ >= *raw_->lead_out + kLeadOutLength;
  return program_ && next_sent() >= program_->lead_out;
}

bool CdRecorder::synchronize(const WriteParameters& parameters) {
  if (!complete()) return false;
  if (!test_) {
    for (int32_t at = *next_; program_ && at < program_->lead_out; ++at) write_program(at, {});
    disc_.tracks.pop_back();  // the damaged one in whose place they come
    add_tracks(parameters);
  }
  const bool recorded = !test_;
  abandon();
  return recorded;
}

void CdRecorder::add_tracks(const WriteParameters& parameters) {
  struct Found {
    uint8_t control, mode;
    int32_t start;
  };
  std::vector<Found> found;
  int32_t lead_out = 0;
  bool open = parameters.multisession() == WriteParameters::next_session;
  if (raw_) {
    lead_out = *raw_->lead_out;
    open = raw_->points.contains(0xB0);
    disc_.session_format = static_cast<uint8_t>(to_bcd(raw_->points[0xA0].ptime.second));
    for (const RawTrack& track : raw_->tracks) {
      const auto block = layer_.read(track.start);
      found.push_back({track.control, static_cast<uint8_t>(track.control & kControlData && block ? (*block)[15] & 3 : 0), track.start});
    }
  } else {
    lead_out = program_->lead_out;
    disc_.session_format = parameters.session_format;
    for (const CueArea& area : program_->areas) {
      if (area.index != 1 || area.track == kLeadOutTrack) continue;
      found.push_back({area.control, static_cast<uint8_t>(area.form & 0x20 ? 2 : area.form & 0x10 ? 1 : 0), area.first});
    }
  }
  const uint16_t session = disc_.current_session();
  for (size_t i = 0; i < found.size(); ++i) {
    Track track;
    track.session = session;
    track.start = static_cast<uint32_t>(found[i].start);
    track.size = static_cast<uint32_t>((i + 1 < found.size() ? found[i + 1].start : lead_out) - found[i].start);
    track.written_to = track.end();
    track.open = false;
    track.control = found[i].control;
    track.raw = true;
    track.data_mode = found[i].mode;
    disc_.tracks.push_back(track);
  }
  disc_.closed_sessions = session;
  disc_.finalized = !open;
}

bool CdRecorder::abandon() {
  const bool was = next_.has_value() && !test_;
  program_.reset();
  raw_.reset();
  next_.reset();
  test_ = false;
  return was;
}

std::span<const uint8_t> CdRecorder::cooked(const CdBlock& block, const CdSectorState& state) {
  if (state.mode == CdMode::mode1) return std::span(block).subspan(16, 2048);
  if (state.mode == CdMode::form1) return std::span(block).subspan(24, 2048);
  return {};
}

}  // namespace rec::virt
