#include "librecorder/cd/block_stream.h"

#include <algorithm>
#include <cstring>

namespace rec::cd {
namespace {

constexpr uint32_t kShortestTrack = 300;

/// How the drive is told what we send of a track. Where the format leaves the checks to us, the drive makes them: they are the same.
uint8_t form_of(const Track& track) {
  const uint8_t sub = track.has_rw ? data_form::kSubchannelRaw : 0;
  switch (track.format) {
    case BlockFormat::audio: return data_form::kAudio | sub;
    case BlockFormat::mode1:
    case BlockFormat::mode1_raw: return data_form::kMode1 | sub;
    case BlockFormat::mode2_form1:
    case BlockFormat::mode2_form2: return data_form::kXa | sub;
    default: return data_form::kMode2 | sub;
  }
}

/// Of the areas around the program, which the drive fills.
uint8_t form_around(const Track& track) {
  switch (form_of(track) & data_form::kMainMask) {
    case data_form::kAudio: return data_form::kAudioByDrive;
    case data_form::kMode1: return data_form::kMode1ByDrive;
    case data_form::kXa: return data_form::kXaByDrive;
    default: return data_form::kMode2ByDrive;
  }
}

uint32_t sent_main(const Track& track) {
  switch (form_of(track) & data_form::kMainMask) {
    case data_form::kAudio: return 2352;
    case data_form::kMode1: return 2048;
    default: return 2336;
  }
}

class SessionAtOnce final : public BlockStream {
 public:
  SessionAtOnce(const DiscLayout& layout, const RawImage& image) : layout_(layout), image_(image) {}
  int32_t first() const override { return image_.cd_text().empty() ? -static_cast<int32_t>(kPregap) : image_.first(); }
  int32_t end() const override { return image_.lead_out(); }
  bool has_source(int32_t lba) const override { return image_.has_source(lba); }

  uint32_t block_bytes(int32_t lba) const override {
    const Place place = image_.place_of(lba);
    if (place.track == kLeadInNumber) return kSubchannelBytes;
    const Track& track = layout_.tracks[place.track - 1u];
    return sent_main(track) + (track.has_rw ? static_cast<uint32_t>(kSubchannelBytes) : 0);
  }

  void fill(int32_t lba, std::span<std::byte> out) const override {
    const Place place = image_.place_of(lba);
    if (place.track == kLeadInNumber) return image_.subchannel(lba, out.first<kSubchannelBytes>());
    const Track& track = layout_.tracks[place.track - 1u];
    Sector sector;
    image_.main_channel(lba, sector);
    const uint32_t main = sent_main(track);
    std::memcpy(out.data(), sector.data() + (main == 2352 ? 0 : 16), main);
    if (track.has_rw) image_.subchannel(lba, out.last<kSubchannelBytes>());
  }

 private:
  const DiscLayout& layout_;
  const RawImage& image_;
};

class RawBlocks final : public BlockStream {
 public:
  explicit RawBlocks(const RawImage& image) : image_(image) {}
  int32_t first() const override { return image_.first(); }
  int32_t end() const override { return image_.end(); }
  uint32_t block_bytes(int32_t) const override { return kRawBlockBytes; }
  bool has_source(int32_t lba) const override { return image_.has_source(lba); }
  void fill(int32_t lba, std::span<std::byte> out) const override { image_.raw_block(lba, out.first<kRawBlockBytes>()); }

 private:
  const RawImage& image_;
};

class TrackAtOnce final : public BlockStream {
 public:
  TrackAtOnce(const Track& track, int32_t start) : track_(track), start_(start) {}
  int32_t first() const override { return start_; }
  int32_t end() const override { return start_ + static_cast<int32_t>(std::max(track_.sectors - track_.pregap, kShortestTrack)); }
  uint32_t block_bytes(int32_t) const override { return kSectorBytes; }
  bool has_source(int32_t lba) const override { return cd::has_source(track_, offset_of(lba)); }
  void fill(int32_t lba, std::span<std::byte> out) const override {
    // What may lie with it in the file is no part of it: track at once has no R to W.
    read_track(track_, offset_of(lba), out.first(kSectorBytes));
  }

 private:
  uint64_t offset_of(int32_t lba) const { return (track_.pregap + static_cast<uint64_t>(lba - start_)) * track_.stored_block(); }

  const Track& track_;
  int32_t start_;
};

/// Codes fill two entries from byte `from` on, `first` characters in the first.
void put_code(std::vector<CueSheetEntry>& sheet, uint8_t control_adr, uint8_t track, size_t from, size_t first, const std::string& code) {
  uint8_t bytes[16]{};
  bytes[0] = bytes[8] = control_adr;
  if (from > 1) bytes[1] = bytes[9] = track;
  for (size_t i = 0; i < code.size(); ++i) bytes[i < first ? from + i : 8 + from + i - first] = static_cast<uint8_t>(code[i]);
  CueSheetEntry entries[2];
  std::memcpy(static_cast<void*>(entries), bytes, sizeof bytes);
  sheet.insert(sheet.end(), entries, entries + 2);
}

}  // namespace

std::vector<CueSheetEntry> cue_sheet_of(const DiscLayout& layout) {
  std::vector<CueSheetEntry> sheet;
  const auto add = [&](uint8_t control, uint8_t track, uint8_t index, uint8_t form, int32_t lba) {
    const Time t = time_of(lba);
    sheet.push_back({static_cast<uint8_t>(control << 4 | 1), track, index, form, 0, Msf{t.minute, t.second, t.frame}});
  };
  const auto& tracks = layout.tracks;
  const uint8_t lead_in = tracks.front().control() & kControlIsData;
  if (!layout.mcn.empty()) put_code(sheet, static_cast<uint8_t>(lead_in << 4 | 2), 0, 1, 7, layout.mcn);
  const uint8_t text = layout.cd_text.empty() ? 0 : data_form::kSubchannelRaw;
  add(lead_in, kLeadInNumber, 0, form_around(tracks.front()) | text, -static_cast<int32_t>(kPregap));
  for (size_t i = 0; i < tracks.size(); ++i) {
    const Track& track = tracks[i];
    const auto number = static_cast<uint8_t>(i + 1);
    if (!track.isrc.empty()) put_code(sheet, static_cast<uint8_t>(track.control() << 4 | 3), number, 2, 6, track.isrc);
    if (track.pregap) add(track.control(), number, 0, form_of(track), layout.pause_of(i));
    const int32_t start = layout.start_of(i);
    add(track.control(), number, 1, form_of(track), start);
    for (size_t index = 0; index < track.indexes.size(); ++index)
      add(track.control(), number, static_cast<uint8_t>(index + 2), form_of(track), start + static_cast<int32_t>(track.indexes[index]));
  }
  add(tracks.back().control() & kControlIsData, kLeadOutNumber, 1, form_around(tracks.back()), layout.lead_out());
  return sheet;
}

std::unique_ptr<BlockStream> session_at_once_blocks(const DiscLayout& layout, const RawImage& image) {
  return std::make_unique<SessionAtOnce>(layout, image);
}
std::unique_ptr<BlockStream> raw_blocks(const RawImage& image) { return std::make_unique<RawBlocks>(image); }
std::unique_ptr<BlockStream> track_at_once_blocks(const Track& track, int32_t start) { return std::make_unique<TrackAtOnce>(track, start); }

}  // namespace rec::cd
