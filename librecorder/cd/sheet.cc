#include "librecorder/cd/sheet.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"
#include "librecorder/cd/audio_file.h"
#include "librecorder/cd/time.h"

namespace rec::cd {

namespace fs = std::filesystem;

namespace {

constexpr const char* kReading = "reading the description of a CD";
constexpr size_t kLargestSheet = 4 * 1024 * 1024;
constexpr uint32_t kMostSectors = 100 * 60 * 75;  // more than any CD has

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// The file that a description means: as it is written, else of that name in the description's own directory, whatever the case.
/// Descriptions are carried from system to system, and what they name has lost its path or its capitals.
std::optional<fs::path> find_file(const std::string& sheet, const std::string& written) {
  std::string name = written;
  std::replace(name.begin(), name.end(), '\\', '/');
  const fs::path beside = fs::path(sheet).parent_path();
  std::error_code error;
  for (const fs::path& path : {beside / written, beside / name, beside / fs::path(name).filename()})
    if (fs::is_regular_file(path, error)) return path;
  const std::string wanted = lower(fs::path(name).filename());
  for (fs::directory_iterator it(beside.empty() ? "." : beside, error), end; !error && it != end; it.increment(error))
    if (lower(it->path().filename()) == wanted && it->is_regular_file(error)) return it->path();
  return {};
}

/// Makes the layout, with the place in the description for every complaint.
class SheetOpener {
 public:
  explicit SheetOpener(const Sheet& sheet) : sheet_(sheet), lines_(sheet.path, kReading) {
    layout_.name = fsi::printable(sheet.path);
    layout_.session_format = sheet.session_format;
    layout_.mcn = sheet.mcn;
    layout_.notes = sheet.notes;
  }

  DiscLayout open() {
    for (const SheetTrack& track : sheet_.tracks) add(track);
    Track& first = layout_.tracks.front();
    first.parts.insert(first.parts.begin(), {nullptr, 0, uint64_t{kPregap} * first.stored_block()});
    first.pregap += kPregap;
    first.sectors += kPregap;
    add_cd_text();
    return std::move(layout_);
  }

 private:
  const std::shared_ptr<ByteSource>& source(size_t number, bool audio) {
    const SheetFile& file = sheet_.files[number];
    auto& open = open_[{number, audio}];
    if (open) return open;
    const auto path = find_file(sheet_.path, file.name);
    if (!path) lines_.refuse(file.line, "there is no file '" + fsi::printable(file.name) + "'; put it beside the description");
    try {
      if (file.kind == SheetFile::Kind::decoded)
        open = open_audio_file(*path, layout_.notes);
      else
        open = open_plain(*path, audio, file.kind == SheetFile::Kind::motorola);
    } catch (const fsi::Error& e) {
      lines_.refuse(file.line, e.where() + ": " + e.why());
    }
    return open;
  }

  /// A file of audio that is called binary by mistake would be recorded with its header, which is heard; a compressed one as noise.
  static std::shared_ptr<ByteSource> open_plain(const std::string& path, bool audio, bool motorola) {
    const auto source = open_file_bytes(path);
    if (!audio) return source;
    std::array<std::byte, 12> head{};
    if (source->bytes() >= head.size()) source->read(0, head);
    const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
    const char* kind = text.starts_with("RIFF") && text.ends_with("WAVE")   ? "WAVE"
                       : text.starts_with("FORM") && text.ends_with("AIFF") ? "AIFF"
                       : text.starts_with("fLaC")                           ? "FLAC"
                       : text.starts_with("OggS")                           ? "OGG"
                       : text.starts_with("ID3")                            ? "MP3"
                                                                            : nullptr;
    if (kind)
      throw fsi::Error(fsi::ErrorKind::source, source->name(), kReading,
                       std::string("it shall be plain samples, and is ") + kind + "; its type is wrong");
    return motorola ? open_file_bytes(path, true) : source;
  }

  void add(const SheetTrack& described) {
    Track track = described.track;
    track.described_at = layout_.name + ":" + std::to_string(described.line);
    const uint64_t block = track.stored_block();
    uint64_t bytes = 0;
    std::vector<uint64_t> begins;  // of each piece, in bytes of the track
    for (const SheetPiece& piece : described.pieces) {
      begins.push_back(bytes);
      Part part{{}, piece.offset, piece.bytes.value_or(0)};
      if (piece.file) {
        const SheetFile& file = sheet_.files[*piece.file];
        if (file.kind == SheetFile::Kind::decoded && (!is_audio(track.format) || track.has_rw))
          lines_.refuse(piece.line, "a track of data cannot come from a file of audio");
        part.source = source(*piece.file, is_audio(track.format));
        check_length(piece, part, file);
      }
      bytes += part.bytes;
      track.parts.push_back(std::move(part));
      if (bytes > uint64_t{kMostSectors} * block)
        lines_.refuse(piece.line, "the track is " + time_text(bytes / block) + " long, longer than any CD");
    }
    begins.push_back(bytes);
    const bool raw = track.format == BlockFormat::mode1_raw || track.format == BlockFormat::mode2_raw;
    if (bytes % block != 0 && !is_audio(track.format) && (raw || !sheet_.pads_data))
      lines_.refuse(described.pieces.back().line, "the data of the track is " + std::to_string(bytes) +
                                                      " bytes, and that is no multiple of its blocks of " + std::to_string(block) +
                                                      "; the mode or the file is wrong");
    if (bytes % block != 0)
      layout_.notes.push_back("track " + std::to_string(layout_.tracks.size() + 1) + ": its last sector is filled up with " +
                              (is_audio(track.format) ? "silence" : "zeros"));
    track.sectors = static_cast<uint32_t>((bytes + block - 1) / block);
    place_indexes(described, track, begins);
    if (raw) check_raw(described, track);
    layout_.tracks.push_back(std::move(track));
  }

  void check_length(const SheetPiece& piece, Part& part, const SheetFile& file) {
    const uint64_t there = part.source->bytes();
    const auto says = [&](uint64_t b) { return time_text(b / 2352) + " (" + std::to_string(b) + " bytes)"; };
    if (piece.offset > there || (!piece.bytes && piece.offset == there))
      lines_.refuse(piece.line,
                    "it begins at " + says(piece.offset) + " of '" + fsi::printable(file.name) + "', which ends at " + says(there));
    if (!piece.bytes)
      part.bytes = there - piece.offset;
    else if (*piece.bytes > there - piece.offset)
      lines_.refuse(piece.line, "'" + fsi::printable(file.name) + "' is too short: it has " + says(there) + ", and " +
                                    says(piece.offset + *piece.bytes) + " are needed");
  }

  void place_indexes(const SheetTrack& described, Track& track, const std::vector<uint64_t>& begins) {
    uint64_t before = 0;
    for (const SheetIndex& index : described.indexes) {
      // Files of audio need not end with a sector; an index in the next one is where that sector begins.
      const uint64_t begin = begins[std::min(index.piece, begins.size() - 1)] + (index.rounded_up ? track.stored_block() - 1 : 0);
      const uint64_t at = begin / track.stored_block() + index.after;
      if (at >= track.sectors)
        lines_.refuse(index.line, "index " + std::to_string(index.number) + " lies at " + time_text(at) + " of a track that is " +
                                      time_text(track.sectors) + " long");
      if (index.number == 1) {
        track.pregap = static_cast<uint32_t>(at);
      } else {
        if (at <= before)
          lines_.refuse(index.line, "indexes not ascending: index " + std::to_string(index.number) + " does not lie after the one before");
        track.indexes.push_back(static_cast<uint32_t>(at - track.pregap));
      }
      before = at;
    }
  }

  /// The first sector with data tells whether the mode is true.
  void check_raw(const SheetTrack& described, const Track& track) {
    uint64_t begin = 0;
    for (size_t i = 0; i < track.parts.size(); begin += track.parts[i++].bytes) {
      if (!track.parts[i].source || track.parts[i].bytes < kSectorBytes) continue;
      Sector sector;
      read_track(track, begin, sector);
      if (std::all_of(sector.begin(), sector.end(), [](std::byte b) { return b == std::byte{0}; })) return;
      const SectorCheck check = check_sector(sector);
      const uint8_t said = track.format == BlockFormat::mode1_raw ? 1 : 2;
      if (!check.sync) lines_.refuse(described.line, "the track shall be raw data, and its first sector has no sync; its mode is wrong");
      if (check.mode != said && check.mode != 0)
        lines_.refuse(described.line,
                      "the track shall be mode " + std::to_string(said) + ", and its first sector is mode " + std::to_string(check.mode));
      return;
    }
  }

  void add_cd_text() {
    if (!sheet_.cd_text_file.empty()) {
      const auto path = find_file(sheet_.path, sheet_.cd_text_file);
      if (!path)
        lines_.refuse(sheet_.cd_text_line, "there is no file '" + fsi::printable(sheet_.cd_text_file) + "'; put it beside the description");
      std::vector<std::byte> packs;
      {
        const auto file = open_file_bytes(*path);
        if (file->bytes() > kLargestSheet) lines_.refuse(sheet_.cd_text_line, "the file of CD-TEXT is too large to be one");
        packs.resize(static_cast<size_t>(file->bytes()));
        file->read(0, packs);
      }
      // Some programs store the header of READ TOC with the packs.
      const bool header = packs.size() % sizeof(CdTextPack) == 4;
      const DecodedCdText decoded = decode_cd_text(std::span(packs).subspan(header ? 4 : 0));
      if (decoded.text.empty()) lines_.refuse(sheet_.cd_text_line, "the file of CD-TEXT has no good pack in it");
      if (decoded.damaged) layout_.notes.push_back(std::to_string(decoded.damaged) + " packs of CD-TEXT are damaged and left out");
      layout_.cd_text = decoded.text;
      return;
    }
    size_t lost = 0;
    for (const auto& [number, block] : sheet_.cd_text)
      if (!block.texts.empty()) layout_.cd_text.blocks.push_back(encoded(block, lost));
    if (lost)
      layout_.notes.push_back("CD-TEXT has no letters for " + std::to_string(lost) + " of the characters in the texts; they become '?'");
  }

  const Sheet& sheet_;
  SheetLines lines_;
  DiscLayout layout_;
  std::map<std::pair<size_t, bool>, std::shared_ptr<ByteSource>> open_;
};

}  // namespace

void SheetLines::refuse(uint32_t line, const std::string& why) const {
  throw fsi::Error(fsi::ErrorKind::source, fsi::printable(path_) + ":" + std::to_string(line), doing_, why);
}

std::optional<uint32_t> sectors_of_text(std::string_view text) {
  uint32_t part[3] = {};
  for (int i = 0; i < 3; ++i) {
    const size_t end = i < 2 ? text.find(':') : text.size();
    if (end == text.npos || end == 0 || end > 4) return {};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, part[i]);
    if (error != std::errc() || stop != text.data() + end) return {};
    text.remove_prefix(i < 2 ? end + 1 : end);
  }
  if (part[1] > 59 || part[2] > 74) return {};
  return (part[0] * 60 + part[1]) * 75 + part[2];
}

Sheet read_sheet(const std::string& path) {
  const fsi::Fd fd = [&] {
    fsi::Fd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened) throw fsi::system_error(fsi::printable(path), kReading, errno, fsi::ErrorKind::source);
    return opened;
  }();
  std::string text(kLargestSheet + 1, '\0');
  text.resize(fsi::read_at(fd.get(), 0, std::as_writable_bytes(std::span(text)), fsi::printable(path)));
  if (text.size() > kLargestSheet)
    throw fsi::Error(fsi::ErrorKind::source, fsi::printable(path), kReading,
                     "it is too large to be a description; the image itself is burned as a .bin file");
  // A toc has its kind of disc or a comment in front; a cue sheet has neither.
  const auto toc = lower(fs::path(path).extension()) == ".toc";
  return toc ? parse_toc(text, path) : parse_cue(text, path);
}

DiscLayout open_sheet(const Sheet& sheet) { return SheetOpener(sheet).open(); }

DiscLayout open_bin(const std::string& path) {
  const auto source = open_file_bytes(path);
  const std::string name = fsi::printable(path);
  const auto refuse = [&](const std::string& why) { throw fsi::Error(fsi::ErrorKind::source, name, "looking at the image", why); };
  const uint64_t bytes = source->bytes();
  if (bytes == 0) refuse("it is empty; there is nothing to burn");
  constexpr uint64_t kWithSubchannel = kSectorBytes + kSubchannelBytes;
  Track track;
  if (bytes % kSectorBytes == 0) {
    Sector sector;
    source->read(0, sector);
    const SectorCheck check = check_sector(sector);
    if (check.sync) track.format = check.mode == 2 ? BlockFormat::mode2_raw : BlockFormat::mode1_raw;
  } else if (bytes % kWithSubchannel == 0) {
    Sector sector;
    source->read(0, sector);
    const SectorCheck check = check_sector(sector);
    if (check.sync) track.format = check.mode == 2 ? BlockFormat::mode2_raw : BlockFormat::mode1_raw;
    track.has_rw = true;
  } else {
    refuse("its length of " + std::to_string(bytes) +
           " bytes is no multiple of 2352 or 2448, the sizes of raw sectors; an image of 2048-byte sectors is burned with plain burn");
  }
  DiscLayout layout;
  layout.name = name;
  if (track.format == BlockFormat::mode2_raw) layout.session_format = SessionFormat::cd_xa;
  track.parts = {{nullptr, 0, uint64_t{kPregap} * track.stored_block()}, {source, 0, bytes}};
  track.pregap = kPregap;
  if (bytes / track.stored_block() > kMostSectors) refuse("it is longer than any CD");
  track.sectors = static_cast<uint32_t>(kPregap + bytes / track.stored_block());
  layout.tracks.push_back(std::move(track));
  return layout;
}

}  // namespace rec::cd
