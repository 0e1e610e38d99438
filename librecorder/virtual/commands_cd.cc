// Commands about CD sectors as they are: READ CD in all its selections, READ SUB-CHANNEL, SEND CUE SHEET, CD-TEXT, and WRITE where the
// host sends more than user data.
#include <algorithm>

#include "libfsi/base/sectors.h"
#include "librecorder/scsi/cue_sheet.h"
#include "librecorder/virtual/drive.h"

namespace rec::virt {
namespace {

/// What READ CD gives of a sector's main channel, MMC-6 table 484: each field there is, in the order of the disc.
struct Field {
  uint8_t bit;
  uint16_t from, to;
};

std::vector<Field> fields_of(CdMode mode) {
  using namespace read_cd;
  switch (mode) {
    case CdMode::audio: return {{kUserData, 0, 2352}};
    case CdMode::mode1: return {{kSync, 0, 12}, {kHeader, 12, 16}, {kUserData, 16, 2064}, {kEdcEcc, 2064, 2352}};
    case CdMode::formless: return {{kSync, 0, 12}, {kHeader, 12, 16}, {kUserData, 16, 2352}};
    case CdMode::form1: return {{kSync, 0, 12}, {kHeader, 12, 16}, {kSubheader, 16, 24}, {kUserData, 24, 2072}, {kEdcEcc, 2072, 2352}};
    default: return {{kSync, 0, 12}, {kHeader, 12, 16}, {kSubheader, 16, 24}, {kUserData, 24, 2352}};
  }
}

void put_bytes(Bytes& out, std::span<const uint8_t> bytes) {
  for (const uint8_t b : bytes) out.push_back(std::byte{b});
}

/// The wanted fields must lie next to each other.
void put_main(Bytes& out, const CdBlock& block, CdMode mode, uint8_t wanted) {
  uint16_t end = 0;
  for (const Field& field : fields_of(mode)) {
    if (!(wanted & field.bit)) continue;
    if (end != 0 && field.from != end) refuse_cdb(9);
    put_bytes(out, std::span(block).subspan(field.from, field.to - field.from));
    end = field.to;
  }
}

void put_sub(Bytes& out, const CdBlock& block, uint8_t wanted) {
  const auto symbols = std::span(block).last<kCdSub>();
  if (wanted == read_cd::kRaw96) put_bytes(out, symbols);
  if (wanted == read_cd::kRw96)
    for (const uint8_t b : symbols) out.push_back(std::byte{static_cast<uint8_t>(b & 0x3F)});
  if (wanted == read_cd::kQ16) {
    put_bytes(out, get_q(symbols));
    const uint8_t p = symbols[0] & 0x80;
    put_bytes(out, std::array<uint8_t, 4>{0, 0, 0, p});
  }
}

Q q_of(const CdBlock& block) { return get_q(std::span(block).last<kCdSub>()); }

bool is_data(const CdBlock& block) { return q_of(block)[0] & kControlData << 4; }

bool expected(CdSectorType type, CdMode mode) {
  return type == CdSectorType::any || static_cast<uint8_t>(type) == static_cast<uint8_t>(mode) + 1;
}

}  // namespace

/// A sector of the program area as it is on the disc; one of a track of data at once is made from its user data.
CdBlock VirtualDrive::cd_sector(int32_t lba) const {
  if (disc_->tracks.empty()) refuse(8, 0x00, 0x00, static_cast<uint32_t>(lba));
  const Track& last = disc_->tracks.back();
  // A lead-out between two sessions is there and cannot be read.
  const auto block_there = lba >= -150 && lba < static_cast<int32_t>(last.end()) ? cd_layer_->read(lba) : std::nullopt;
  if (block_there && !(q_of(*block_there)[0] % 16 == 1 && q_of(*block_there)[1] == kLeadOutTrack)) return *block_there;
  if (lba < 0) refuse(5, 0x21, 0x00, static_cast<uint32_t>(lba));
  const auto at = static_cast<uint32_t>(lba);
  for (size_t i = 0; i < disc_->tracks.size(); ++i) {
    const Track& track = disc_->tracks[i];
    if (track.control & kControlData || track.open || at < track.written_to || at >= track.end()) continue;
    // The run-out of a track at once: in audio there is no header that could be wrong, and what is read is silence.
    CdBlock silence{};
    set_q(std::span(silence).last<kCdSub>(), false, q_position(track.control, static_cast<uint8_t>(i + 1), 1, at - track.start, lba));
    return silence;
  }
  medium_->check_read(at, 1);
  CdBlock block{};
  std::array<std::byte, fsi::kSectorSize> user;
  store_->read(at, user);
  for (size_t i = 0; i < disc_->tracks.size(); ++i) {
    const Track& track = disc_->tracks[i];
    if (at < track.start || at >= track.end()) continue;
    const bool form1 = track.data_mode == 2;
    std::transform(user.begin(), user.end(), block.begin() + (form1 ? 24 : 16), [](std::byte b) { return std::to_integer<uint8_t>(b); });
    if (form1) {
      block[18] = block[22] = 0x08;  // of the subheader, which is there twice: data
      complete_mode2(std::span(block).first<kCdMain>(), lba, true);
    } else {
      complete_mode1(std::span(block).first<kCdMain>(), lba);
    }
    set_q(std::span(block).last<kCdSub>(), false, q_position(track.control, static_cast<uint8_t>(i + 1), 1, at - track.start, lba));
  }
  return block;
}

void VirtualDrive::read_raw(const Command& command, Reply& reply, int32_t lba, uint32_t blocks) {
  const uint8_t main = command.cdb.bytes[9] & 0xF8, c2 = command.cdb.bytes[9] & 0x06, sub = command.cdb.bytes[10];
  if (c2 == 0x06 || command.cdb.bytes[9] & 0x01) refuse_cdb(9);
  if (sub != read_cd::kNoSubchannel && sub != read_cd::kRaw96 && sub != read_cd::kQ16 && sub != read_cd::kRw96) refuse_cdb(10);
  const auto type = static_cast<CdSectorType>(command.cdb.bytes[1] >> 2 & 0x07);
  if (type > CdSectorType::mode2_form2) refuse_cdb(1);
  for (uint32_t i = 0; i < blocks; ++i) {
    const int32_t at = lba + static_cast<int32_t>(i);
    const CdBlock block = cd_sector(at);
    position_ = at;
    const CdSectorState state = look_at(std::span(block).first<kCdMain>(), is_data(block));
    if (!expected(type, state.mode)) refuse(5, 0x64, 0x00, static_cast<uint32_t>(at));
    // A sector that cannot be corrected is given only to who wants its checks as well.
    if (!state.readable && !(main & read_cd::kEdcEcc)) refuse(3, 0x11, 0x05, static_cast<uint32_t>(at));
    put_main(reply.data, block, state.mode, main);
    if (c2) reply.data.resize(reply.data.size() + (c2 == read_cd::kC2Errors ? 294 : 296));
    put_sub(reply.data, block, sub);
    if (reply.data.size() > command.in.size() && !short_transfer_) refuse(0xB, 0x4B, 0x00);
  }
  if (blocks && reply.data.size() % blocks == 0 &&
      corrupt(state_.faults, command.cdb, reply.data, static_cast<uint32_t>(reply.data.size() / blocks)))
    state_changed_ = true;
  reply.allocation = static_cast<uint32_t>(reply.data.size());
}

void VirtualDrive::read_cd(const Command& command, Reply& reply) {
  if (!is_cd(medium_->profile())) refuse(5, 0x30, 0x02);
  read_raw(command, reply, static_cast<int32_t>(get32(command.cdb, 2)), get24(command.cdb, 6));
}

void VirtualDrive::read_cd_msf(const Command& command, Reply& reply) {
  if (!is_cd(medium_->profile())) refuse(5, 0x30, 0x02);
  const auto& b = command.cdb.bytes;
  for (const size_t at : {3, 6})
    if (b[at] > 99 || b[at + 1] > 59 || b[at + 2] > 74) refuse_cdb(static_cast<uint16_t>(at));
  const int32_t from = lba_of(Msf{b[3], b[4], b[5]}), to = lba_of(Msf{b[6], b[7], b[8]});
  if (to < from) refuse_cdb(6);
  read_raw(command, reply, from, static_cast<uint32_t>(to - from));
}

/// READ(10) of sectors that are kept whole. False: they are not, the store has their user data.
bool VirtualDrive::read_cooked(uint32_t lba, std::span<std::byte> out) const {
  if (!cd_layer_ || std::none_of(disc_->tracks.begin(), disc_->tracks.end(), [](const Track& t) { return t.raw; })) return false;
  for (size_t at = 0; at < out.size(); at += fsi::kSectorSize, ++lba) {
    const auto piece = out.subspan(at, std::min<size_t>(fsi::kSectorSize, out.size() - at));
    const CdBlock block = cd_sector(static_cast<int32_t>(lba));
    const CdSectorState state = look_at(std::span(block).first<kCdMain>(), is_data(block));
    const auto user = CdRecorder::cooked(block, state);
    if (user.empty()) refuse(5, 0x64, 0x00, lba);
    if (!state.readable) refuse(3, 0x11, 0x05, lba);
    std::transform(user.begin(), user.begin() + static_cast<ptrdiff_t>(piece.size()), piece.begin(),
                   [](uint8_t b) { return std::byte{b}; });
  }
  return true;
}

void VirtualDrive::send_cue_sheet(const Command& command, Reply&) {
  if (!cd_recorder_) refuse(5, 0x30, 0x05);
  if (get24(command.cdb, 6) != command.out.size()) refuse(5, 0x1A, 0x00);
  cd_recorder_->take_cue_sheet(command.out, parameters_);
}

void VirtualDrive::write_cd(const Command& command, int32_t lba, uint32_t blocks) {
  const bool track_at_once = parameters_.write_type() == WriteParameters::track_at_once;
  if (track_at_once) medium_->check_write(static_cast<uint32_t>(lba), blocks, parameters_);
  const uint32_t block = track_at_once ? static_cast<uint32_t>(kCdMain) : cd_recorder_->check_write(lba, blocks, parameters_);
  if (command.out.size() != uint64_t{blocks} * block && !short_transfer_) refuse(0xB, 0x4B, 0x00);
  const auto data = command.out.first(command.out.size() / block * block);
  const auto whole = static_cast<uint32_t>(data.size() / block);
  if (whole == 0) return;
  // The laser's rate counts sectors by their user data.
  if (!buffer_.take(uint64_t{whole} * fsi::kSectorSize, clock_->now())) {
    clock_->looked(buffer_.until_available(buffer_.size() / 2, clock_->now()));
    refuse(2, 0x04, 0x08);
  }
  if (!track_at_once) {
    const size_t tracks = disc_->tracks.size();
    cd_recorder_->write(lba, data, block, parameters_);
    if (disc_->tracks.size() != tracks) disc_changed_ = true;
    return;
  }
  const size_t tracks = disc_->tracks.size();
  const auto written = medium_->wrote(static_cast<uint32_t>(lba), whole, parameters_);
  if (!written) return;  // a test
  cd_recorder_->write_audio(disc_->tracks[written->track], static_cast<uint8_t>(written->track + 1), disc_->tracks.size() != tracks, lba,
                            data, parameters_);
  disc_->session_format = parameters_.session_format;
  store_->note_written_to(written->track, written->written_to);
}

bool VirtualDrive::finish_cd_session() {
  if (!cd_recorder_) return false;
  const size_t before = disc_->tracks.size();
  if (!cd_recorder_->synchronize(parameters_)) return false;
  disc_changed_ = true;
  // What an image of the disc has: user data by LBA.
  for (size_t i = before ? before - 1 : 0; i < disc_->tracks.size(); ++i) {
    const Track& track = disc_->tracks[i];
    for (uint32_t lba = track.start; track.control & kControlData && lba < track.end(); ++lba) {
      const auto block = cd_layer_->read(static_cast<int32_t>(lba));
      if (!block) continue;
      const auto user = CdRecorder::cooked(*block, look_at(std::span(*block).first<kCdMain>(), is_data(*block)));
      if (!user.empty()) store_->write(lba, std::as_bytes(user));
    }
  }
  return true;
}

/// The packs of the first lead-in, as often as the drive finds them once: READ TOC format 5.
Bytes VirtualDrive::cd_text() const {
  std::vector<std::array<uint8_t, 18>> packs;
  for (int32_t lba = disc_->lead_in_start; lba < -150; ++lba) {
    const auto block = cd_layer_->read(lba);
    if (!block) continue;
    const auto symbols = std::span(*block).last<kCdSub>();
    for (size_t pack = 0; pack < 4; ++pack) {
      std::array<uint8_t, 18> bytes{};
      for (size_t bit = 0; bit < 144; ++bit)
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] << 1 | (symbols[pack * 24 + bit / 6] >> (5 - bit % 6) & 1));
      if (bytes[0] < 0x80) continue;
      if (std::find(packs.begin(), packs.end(), bytes) != packs.end()) {
        lba = -150;  // it begins again
        break;
      }
      packs.push_back(bytes);
    }
  }
  if (packs.empty() || disc_->closed_sessions == 0) refuse_cdb(2);
  // From the first pack of the first block on, wherever in its round the lead-in began.
  const auto first = std::find_if(packs.begin(), packs.end(), [](const auto& p) { return p[2] == 0 && (p[3] & 0x70) == 0; });
  std::rotate(packs.begin(), first, packs.end());
  Bytes whole;
  append(whole, fsi::Be16(packs.size() * 18 + 2));
  append(whole, fsi::Be16());
  for (const auto& pack : packs) put_bytes(whole, pack);
  return whole;
}

/// Where the head is, by the Q of the sector that was read last, or of one before it: MCN and ISRC tell nothing of that.
SubChannelPosition VirtualDrive::position(bool msf) const {
  SubChannelPosition here;
  here.format = static_cast<uint8_t>(SubChannelFormat::position);
  if (disc_->tracks.empty()) return here;
  int32_t lba = std::clamp(position_, 0, static_cast<int32_t>(disc_->tracks.back().end()) - 1);
  Q q = q_of(cd_sector(lba));
  for (int i = 0; i < 2 && lba > 0 && q[0] % 16 != 1; ++i) q = q_of(cd_sector(--lba));
  const auto packed = [](Msf t) { return uint32_t{t.minute} << 16 | uint32_t{t.second} << 8 | t.frame; };
  const Msf time{of_bcd(q[3]), of_bcd(q[4]), of_bcd(q[5])};
  const uint32_t relative = time.minute * 4500u + time.second * 75u + time.frame;
  here.adr_control = static_cast<uint8_t>((q[0] & 15) << 4 | q[0] >> 4);
  here.track = of_bcd(q[1]);
  here.index = of_bcd(q[2]);
  here.absolute = msf ? packed(msf_of(lba)) : static_cast<uint32_t>(lba);
  here.relative = msf ? packed(time) : here.index == 0 ? 0 - relative : relative;
  return here;
}

void VirtualDrive::read_sub_channel(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  if (!is_cd(medium_->profile())) refuse(5, 0x30, 0x02);
  const auto format = static_cast<SubChannelFormat>(command.cdb.bytes[3]);
  SubChannelHeader header;
  header.audio_status = 0x15;
  const bool with_q = command.cdb.bytes[2] & 0x40;
  Bytes body;
  const auto find_code = [&](int32_t from, int32_t to, auto code_in) {
    // A drive reads on until it finds one, and gives up where there cannot be one.
    SubChannelCode code;
    code.format = static_cast<uint8_t>(format);
    for (int32_t lba = from; lba < to; ++lba) {
      const auto block = cd_layer_->read(lba);
      const Q q = block ? q_of(*block) : Q{};
      const auto found = block ? code_in(q) : std::nullopt;
      if (!found) continue;
      code.valid = SubChannelCode::kValid;
      std::copy(found->begin(), found->end(), code.code);
      code.code[found->size() + 1] = static_cast<char>(of_bcd(q[9]));
      code.adr_control = static_cast<uint8_t>((q[0] & 15) << 4 | q[0] >> 4);
      break;
    }
    return code;
  };
  switch (format) {
    case SubChannelFormat::position: append(body, position(command.cdb.bytes[1] & 0x02)); break;
    case SubChannelFormat::mcn: {
      SubChannelCode code = find_code(-150, 600, [](const Q& q) { return mcn_in(q); });
      code.adr_control = 0;
      append(body, code);
      break;
    }
    case SubChannelFormat::isrc: {
      const uint8_t number = command.cdb.bytes[6];
      if (number == 0 || number > disc_->tracks.size()) refuse_cdb(6);
      const auto start = static_cast<int32_t>(disc_->tracks[number - 1u].start);
      SubChannelCode code = find_code(start, start + 300, [](const Q& q) { return isrc_in(q); });
      code.track = number;
      append(body, code);
      break;
    }
    default: refuse_cdb(3);
  }
  header.length = with_q ? body.size() : 0;
  append(reply.data, header);
  if (with_q) reply.data.insert(reply.data.end(), body.begin(), body.end());
}

}  // namespace rec::virt
