#include "librecorder/cd/audio_disc.h"

#include <algorithm>

#include "libfsi/base/error.h"
#include "librecorder/cd/audio_file.h"
#include "librecorder/cd/subchannel.h"

namespace rec::cd {
namespace {

constexpr uint64_t kShortestTrack = 300 * kSectorBytes;

/// Parts of the files one after the other.
std::vector<Part> slice(const std::vector<Part>& all, uint64_t from, uint64_t to) {
  std::vector<Part> out;
  uint64_t begin = 0;
  for (const Part& part : all) {
    const uint64_t end = begin + part.bytes;
    const uint64_t a = std::max(from, begin), b = std::min(to, end);
    if (a < b) out.push_back({part.source, part.offset + (a - begin), b - a});
    begin = end;
  }
  return out;
}

void add_texts(DiscLayout& layout, const AudioDisc& disc) {
  CdTextBlock block;
  const auto set = [&](CdTextType type, const std::string& whole, const std::vector<std::string>& each) {
    if (whole.empty() && each.empty()) return;
    for (size_t i = 0; i <= disc.files.size(); ++i)
      block.set(type, i, utf8_of(i == 0 ? whole : i <= each.size() ? each[i - 1] : std::string()));
  };
  set(CdTextType::title, disc.title, disc.titles);
  set(CdTextType::performer, disc.performer, disc.performers);
  if (block.texts.empty()) return;
  size_t lost = 0;
  layout.cd_text.blocks.push_back(encoded(std::move(block), lost));
  if (lost)
    layout.notes.push_back("CD-TEXT has no letters for " + std::to_string(lost) + " of the characters in the titles; they become '?'");
}

}  // namespace

DiscLayout audio_disc_layout(const AudioDisc& disc) {
  const auto refuse = [](const std::string& where, const std::string& why) {
    throw fsi::Error(fsi::ErrorKind::usage, where, "laying out the audio disc", why);
  };
  if (disc.files.empty()) refuse("burn audio", "there is no file; name at least one");
  if (disc.files.size() > 99)
    refuse("burn audio", "there are " + std::to_string(disc.files.size()) + " tracks and a CD takes 99; leave some out or take two discs");
  const auto too_many = [&](size_t count, const char* what) {
    if (count > disc.files.size())
      refuse(what, "there are " + std::to_string(count) + " of them and " + std::to_string(disc.files.size()) + " tracks");
  };
  too_many(disc.isrcs.size(), "--isrc");
  too_many(disc.titles.size(), "--track-title");
  too_many(disc.performers.size(), "--track-performer");
  if (!disc.mcn.empty() && !is_catalog_number(disc.mcn))
    refuse("--mcn", "the catalog number '" + fsi::printable(disc.mcn) + "' is not 13 digits");

  DiscLayout layout;
  layout.name = disc.files.size() == 1 ? fsi::printable(disc.files.front()) : std::to_string(disc.files.size()) + " files";
  layout.mcn = disc.mcn;
  std::vector<Part> all;
  for (const std::string& file : disc.files) {
    const auto source = open_audio_file(file, layout.notes);
    all.push_back({source, 0, source->bytes()});
  }
  uint64_t begin = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    Track track;
    track.copy_permitted = disc.copy_permitted;
    track.pre_emphasis = disc.pre_emphasis;
    if (i < disc.isrcs.size() && !disc.isrcs[i].empty()) {
      std::string isrc = disc.isrcs[i];
      std::erase(isrc, '-');
      if (!is_isrc(isrc))
        refuse("--isrc", "the ISRC '" + fsi::printable(disc.isrcs[i]) +
                             "' is not two letters, three letters or digits, and seven digits, like USEM39600078");
      track.isrc = isrc;
    }
    uint64_t bytes = all[i].bytes;
    if (disc.gapless) {
      // Borders between tracks lie on sectors; the samples do not care.
      const uint64_t end = begin + bytes;
      const uint64_t from = begin / kSectorBytes * kSectorBytes;
      const uint64_t to = i + 1 == all.size() ? end : end / kSectorBytes * kSectorBytes;
      track.parts = slice(all, from, to);
      bytes = to - from;
      begin = end;
    } else {
      track.parts = {all[i]};
      if (bytes < kShortestTrack) {
        layout.notes.push_back(all[i].source->name() + ": it is shorter than four seconds and filled up with silence");
        bytes = kShortestTrack;
      }
    }
    track.sectors = static_cast<uint32_t>((bytes + kSectorBytes - 1) / kSectorBytes);
    if (i == 0 || !disc.gapless) {
      track.parts.insert(track.parts.begin(), {nullptr, 0, uint64_t{kPregap} * kSectorBytes});
      track.pregap = kPregap;
    }
    if (i == 0 && !disc.hidden.empty()) {
      const auto hidden = open_audio_file(disc.hidden, layout.notes);
      const auto sectors = static_cast<uint32_t>((hidden->bytes() + kSectorBytes - 1) / kSectorBytes);
      track.parts.insert(track.parts.begin() + 1,
                         {{hidden, 0, hidden->bytes()}, {nullptr, 0, uint64_t{sectors} * kSectorBytes - hidden->bytes()}});
      track.pregap += sectors;
    }
    track.sectors += track.pregap;
    layout.tracks.push_back(std::move(track));
  }
  for (const AudioDisc::Index& index : disc.indexes) {
    if (index.track == 0 || index.track > layout.tracks.size()) refuse("--index", "there is no track " + std::to_string(index.track));
    layout.tracks[index.track - 1].indexes.push_back(index.sector);
  }
  add_texts(layout, disc);
  return layout;
}

}  // namespace rec::cd
