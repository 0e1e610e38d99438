// A description of a CD as its file has it: a cue sheet (CDRWIN's, with what others have added) or a toc of cdrdao. Reading the text and
// looking at the files it names are two steps: the first needs no file, the second says where the description does not tell the truth.
//
// Errors are fsi::Error (source) whose place is file:line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "librecorder/cd/layout.h"

namespace rec::cd {

/// A file that is named, and how its bytes are meant.
struct SheetFile {
  enum class Kind : uint8_t {
    binary,    ///< sectors; samples begin with the least significant byte
    motorola,  ///< samples begin with the most significant byte
    decoded,   ///< WAVE, AIFF, FLAC, MP3 and so on: whatever libsndfile reads
  };
  std::string name;  ///< as written
  Kind kind = Kind::binary;
  uint32_t line = 0;
};

/// A run of a track: of a file, or zeros.
struct SheetPiece {
  std::optional<size_t> file;     ///< index into Sheet::files; none: zeros
  uint64_t offset = 0;            ///< bytes (of the decoded samples, for audio that is decoded)
  std::optional<uint64_t> bytes;  ///< none: to the end of the file
  uint32_t line = 0;
};

/// INDEX 01 and up: so many sectors after the beginning of a piece. How long a piece is may be known only when its file is.
struct SheetIndex {
  uint8_t number = 1;
  size_t piece = 0;
  uint32_t after = 0;
  uint32_t line = 0;
  bool rounded_up = false;  ///< where a piece begins within a sector, the next one is meant
};

struct SheetTrack {
  Track track;  ///< format, flags and ISRC; the rest is filled in by open_sheet()
  std::vector<SheetPiece> pieces;
  std::vector<SheetIndex> indexes;  ///< ascending; the first is INDEX 01
  uint32_t line = 0;
};

struct Sheet {
  std::string path;  ///< of the description, for messages and to find the files beside it
  SessionFormat session_format = SessionFormat::cd_rom;
  std::string mcn;
  std::vector<SheetFile> files;
  std::vector<SheetTrack> tracks;
  std::map<uint8_t, CdTextBlock> cd_text;  ///< UTF-8, by the number that the description gives the language
  std::string cd_text_file;                ///< CDTEXTFILE: packs, instead of the texts
  uint32_t cd_text_line = 0;
  bool pads_data = false;  ///< data that ends within a block is filled up with zeros, and is not a mistake
  std::vector<std::string> notes;
};

/// `path` is for messages; nothing is opened.
Sheet parse_cue(std::string_view text, const std::string& path);
Sheet parse_toc(std::string_view text, const std::string& path);
/// Reads the file and decides by its contents which of the two it is.
Sheet read_sheet(const std::string& path);

/// Opens the files and holds the description against them: is each there, long enough, of the format that is said? The first track gets
/// the 150 sectors of pause that no description counts. A file is looked for beside the description, and then without regard to case.
DiscLayout open_sheet(const Sheet& sheet);

/// A .bin alone: one track, data when its first sector is one, audio otherwise; sectors of 2448 bytes when the length says so.
DiscLayout open_bin(const std::string& path);

/// What both readers share: a place in the text and what is wrong there.
class SheetLines {
 public:
  SheetLines(std::string path, const char* doing) : path_(std::move(path)), doing_(doing) {}
  [[noreturn]] void refuse(uint32_t line, const std::string& why) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  const char* doing_;
};

/// "mm:ss:ff" in sectors, minutes without limit; nothing when it is not that, or seconds or frames are too many.
std::optional<uint32_t> sectors_of_text(std::string_view text);

}  // namespace rec::cd
