#include "librecorder/cd/layout.h"

#include <algorithm>

#include "libfsi/base/error.h"
#include "librecorder/cd/subchannel.h"
#include "librecorder/cd/time.h"

namespace rec::cd {

namespace {
constexpr size_t kMostTracks = 99, kMostIndexes = 98;  // INDEX 02 to 99
constexpr uint32_t kShortestTrack = 300;
constexpr int64_t kLastLeadOut = (89 * 60 + 59) * 75 + 74 - 150 - 6750;  // a lead-out of 90 s fits before 90 minutes
}  // namespace

uint32_t block_bytes(BlockFormat format) {
  switch (format) {
    case BlockFormat::mode1:
    case BlockFormat::mode2_form1: return 2048;
    case BlockFormat::mode2: return 2336;
    case BlockFormat::mode2_form2: return 2324;
    default: return 2352;
  }
}

uint8_t Track::control() const {
  uint8_t control = copy_permitted ? kControlCopy : 0;
  if (!is_audio(format)) return control | kControlIsData;
  if (pre_emphasis) control |= kControlPreEmphasis;
  if (four_channel) control |= kControlFourChannel;
  return control;
}

int32_t DiscLayout::pause_of(size_t track) const {
  int64_t at = -static_cast<int64_t>(kPregap);
  for (size_t i = 0; i < track; ++i) at += tracks[i].sectors;
  return static_cast<int32_t>(std::min<int64_t>(at, INT32_MAX));
}
int32_t DiscLayout::start_of(size_t track) const { return pause_of(track) + static_cast<int32_t>(tracks[track].pregap); }
int32_t DiscLayout::end_of(size_t track) const { return pause_of(track + 1); }
bool DiscLayout::all_audio() const {
  return std::all_of(tracks.begin(), tracks.end(), [](const Track& t) { return is_audio(t.format); });
}

void check_recordable(const DiscLayout& layout) {
  const Track* described = nullptr;
  const auto refuse = [&](const std::string& why) {
    const std::string& where = described && !described->described_at.empty() ? described->described_at : layout.name;
    throw fsi::Error(fsi::ErrorKind::usage, where, "looking at its tracks", why);
  };
  if (layout.tracks.empty()) refuse("it has no track; a CD needs one");
  if (layout.tracks.size() > kMostTracks)
    refuse("it has " + std::to_string(layout.tracks.size()) + " tracks and a CD takes 99; leave some out or take two discs");
  if (!layout.mcn.empty() && !is_catalog_number(layout.mcn))
    refuse("the catalog number '" + fsi::printable(layout.mcn) + "' is not 13 digits");
  for (size_t i = 0; i < layout.tracks.size(); ++i) {
    const Track& track = layout.tracks[i];
    described = &track;
    const std::string name = "track " + std::to_string(i + 1);
    if (!track.isrc.empty() && !is_isrc(track.isrc))
      refuse(name + ": the ISRC '" + fsi::printable(track.isrc) + "' is not two letters, three letters or digits, and seven digits");
    if (i == 0 && track.pregap < kPregap)
      refuse("lead-in too short: the pause before track 1 has " + std::to_string(track.pregap) +
             " sectors and must have 150 (two seconds)");
    if (track.sectors < track.pregap || track.sectors - track.pregap < kShortestTrack)
      refuse(name + " is " + time_text(track.sectors - std::min(track.pregap, track.sectors)) +
             " long and a track must have four seconds (300 sectors); join it with another, or let it be filled up");
    if (track.indexes.size() > kMostIndexes) refuse(name + " has more than 99 indexes");
    uint32_t before = 0;
    for (const uint32_t index : track.indexes) {
      if (index <= before) refuse(name + ": its indexes do not ascend");
      before = index;
    }
    if (before >= track.sectors - track.pregap) refuse(name + ": its last index lies after its end");
  }
  described = nullptr;
  int64_t sectors = -static_cast<int64_t>(kPregap);
  for (const Track& track : layout.tracks) sectors += track.sectors;
  if (sectors > kLastLeadOut)
    refuse("it is " + time_text(static_cast<uint64_t>(sectors + kPregap)) + " long and no CD can be longer than 88:29:74");
}

bool has_source(const Track& track, uint64_t offset) {
  for (const Part& part : track.parts) {
    if (offset < part.bytes) return part.source != nullptr;
    offset -= part.bytes;
  }
  return false;
}

void read_track(const Track& track, uint64_t offset, std::span<std::byte> out) {
  uint64_t begin = 0;
  for (const Part& part : track.parts) {
    const uint64_t end = begin + part.bytes;
    if (out.empty()) return;
    if (offset < end) {
      const auto piece = out.first(static_cast<size_t>(std::min<uint64_t>(out.size(), end - offset)));
      if (part.source)
        part.source->read(part.offset + (offset - begin), piece);
      else
        std::fill(piece.begin(), piece.end(), std::byte{0});
      out = out.subspan(piece.size());
      offset += piece.size();
    }
    begin = end;
  }
  std::fill(out.begin(), out.end(), std::byte{0});
}

}  // namespace rec::cd
