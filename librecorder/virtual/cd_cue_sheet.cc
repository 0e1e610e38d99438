#include "librecorder/virtual/cd_cue_sheet.h"

#include <algorithm>
#include <optional>

#include "librecorder/scsi/cue_sheet.h"

namespace rec::virt {
namespace {

bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
bool is_letter(uint8_t c) { return c >= 'A' && c <= 'Z'; }

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, int32_t session_first, uint8_t first_track, int32_t lead_in_start, int32_t end)
      : bytes_(bytes), session_first_(session_first), next_track_(first_track), end_(end) {
    program_.lead_in_start = lead_in_start;
  }

  CueProgram read() {
    if (bytes_.empty() || bytes_.size() % sizeof(CueSheetEntry) != 0) refuse(5, 0x1A, 0x00);
    for (at_ = 0; at_ < bytes_.size(); at_ += sizeof(CueSheetEntry)) {
      if (done_) wrong(1);  // something after the lead-out
      const CueSheetEntry entry = here();
      switch (entry.adr()) {
        case 1: take(entry); break;
        case 2: take_mcn(); break;
        case 3: take_isrc(entry); break;
        default: wrong(0);
      }
    }
    if (!done_) wrong(1);
    for (const auto& [track, code] : program_.isrcs)
      if (std::none_of(program_.areas.begin(), program_.areas.end(), [&, t = track](const CueArea& a) { return a.track == t; })) wrong(1);
    return std::move(program_);
  }

 private:
  [[noreturn]] void wrong(size_t byte) const { refuse_parameter(static_cast<uint16_t>(std::min<size_t>(at_ + byte, 0xFFFF))); }

  CueSheetEntry here() const {
    CueSheetEntry entry;
    if (!fsi::load(bytes_, at_, entry)) wrong(0);
    return entry;
  }
  uint8_t byte(size_t at) const { return at_ + at < bytes_.size() ? std::to_integer<uint8_t>(bytes_[at_ + at]) : 0; }

  void take_mcn() {
    if (!program_.mcn.empty() || !program_.areas.empty()) wrong(0);
    if ((byte(8) & 0x0F) != 2) wrong(8);
    for (size_t i = 0; i < 13; ++i) {
      const size_t place = i < 7 ? 1 + i : 2 + i;
      if (!is_digit(byte(place))) wrong(place);
      program_.mcn += static_cast<char>(byte(place));
    }
    if (byte(15) != 0) wrong(15);
    at_ += sizeof(CueSheetEntry);
  }

  void take_isrc(const CueSheetEntry& entry) {
    if ((byte(8) & 0x0F) != 3 || byte(9) != entry.track) wrong(8);
    // Before the entries of its track, or among them.
    const bool now = !program_.areas.empty() && program_.areas.back().track == entry.track;
    if (!now && entry.track != next_track_) wrong(1);
    std::string code;
    for (size_t i = 0; i < 12; ++i) {
      const size_t place = i < 6 ? 2 + i : 4 + i;
      const uint8_t c = byte(place);
      if (!(i < 2 ? is_letter(c) : i < 5 ? is_letter(c) || is_digit(c) : is_digit(c))) wrong(place);
      code += static_cast<char>(c);
    }
    if (!program_.isrcs.emplace(entry.track, code).second) wrong(0);
    at_ += sizeof(CueSheetEntry);
  }

  void take(const CueSheetEntry& entry) {
    if (entry.time.second > 59 || entry.time.frame > 74 || entry.time.minute > 99) wrong(5);
    check_form(entry.data_form, entry.control());
    if (!lead_in_) {
      if (entry.track != 0 || entry.index != 0) wrong(1);
      const uint8_t main = entry.data_form & data_form::kMainMask, sub = entry.data_form & data_form::kSubchannelMask;
      if (main_bytes(main) != 0 || (sub != 0 && sub != data_form::kSubchannelRaw)) wrong(3);
      program_.lead_in_form = entry.data_form;
      program_.lead_in_control = entry.control();
      lead_in_ = true;
      return;
    }
    const int32_t lba = (entry.time.minute * 60 + entry.time.second) * 75 + entry.time.frame - 150;
    if (program_.areas.empty() ? lba != session_first_ : lba <= program_.areas.back().first) wrong(5);
    const CueArea area{lba, entry.track, entry.index, entry.control(), entry.data_form};
    const CueArea* before = program_.areas.empty() ? nullptr : &program_.areas.back();
    if (entry.track == kLeadOutTrack) {
      if (!before || before->index == 0 || entry.index != 1 || main_bytes(entry.data_form & data_form::kMainMask) != 0) wrong(1);
      if (lba > end_) wrong(5);
      program_.lead_out = lba;
      done_ = true;
    } else if (before && entry.track == before->track) {
      if (entry.index != before->index + 1) wrong(2);
      if (entry.control() != before->control) wrong(0);
    } else {
      if (entry.track != next_track_ || entry.track > 99) wrong(1);
      if (before && before->index == 0) wrong(2);
      // The first track of a session begins with its pause.
      if (before ? entry.index > 1 : entry.index != 0) wrong(2);
      ++next_track_;
    }
    program_.areas.push_back(area);
  }

  void check_form(uint8_t form, uint8_t control) const {
    using namespace data_form;
    const uint8_t main = form & kMainMask, sub = form & kSubchannelMask;
    if (sub != 0 && sub != kSubchannelRaw) wrong(3);
    constexpr uint8_t kKnown[] = {kAudio, kAudioByDrive, kMode1, kMode1Raw, kMode1ByDrive, kXa,
                                  kXaRaw, kXaByDrive,    kMode2, kMode2Raw, kMode2ByDrive};
    if (std::find(std::begin(kKnown), std::end(kKnown), main) == std::end(kKnown)) wrong(3);
    const bool audio = main == kAudio || main == kAudioByDrive;
    if (audio == static_cast<bool>(control & kControlData)) wrong(0);
  }

  std::span<const std::byte> bytes_;
  int32_t session_first_;
  uint8_t next_track_;
  int32_t end_;
  CueProgram program_;
  size_t at_ = 0;
  bool lead_in_ = false, done_ = false;
};

}  // namespace

uint32_t main_bytes(uint8_t form) {
  using namespace data_form;
  switch (form & kMainMask) {
    case kAudio:
    case kMode1Raw:
    case kXaRaw:
    case kMode2Raw: return 2352;
    case kMode1: return 2048;
    case kXa:
    case kMode2: return 2336;
    default: return 0;
  }
}

uint32_t sub_bytes(uint8_t form) { return form & data_form::kSubchannelMask ? 96 : 0; }

const CueArea& CueProgram::area_at(int32_t lba) const {
  const auto after = std::upper_bound(areas.begin(), areas.end(), lba, [](int32_t at, const CueArea& area) { return at < area.first; });
  return *std::prev(after);
}

int32_t CueProgram::start_of(uint8_t track) const {
  const auto found = std::find_if(areas.begin(), areas.end(), [&](const CueArea& a) { return a.track == track && a.index == 1; });
  return found->first;
}

uint8_t CueProgram::last_track() const { return areas[areas.size() - 2].track; }

CueProgram read_cue_sheet(std::span<const std::byte> bytes, int32_t session_first, uint8_t first_track, int32_t lead_in_start,
                          int32_t end) {
  return Reader(bytes, session_first, first_track, lead_in_start, end).read();
}

}  // namespace rec::virt
