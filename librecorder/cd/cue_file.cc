// Cue sheets: lines of words. CDRWIN's user guide, appendix A, with the words for CD-TEXT that cdrtools and others have added.
//
//   CATALOG n | CDTEXTFILE f | FILE f BINARY|MOTOROLA|WAVE|… | TRACK n AUDIO|MODE1/2048|… | INDEX n mm:ss:ff | PREGAP t | POSTGAP t
//   FLAGS DCP PRE 4CH SCMS DATA | ISRC c | TITLE PERFORMER SONGWRITER … s | REM anything
#include <algorithm>
#include <array>
#include <charconv>

#include "libfsi/base/error.h"
#include "librecorder/cd/sheet.h"
#include "librecorder/cd/subchannel.h"

namespace rec::cd {
namespace {

struct Mode {
  std::string_view name;
  BlockFormat format;
  bool rw = false;
  SessionFormat session = SessionFormat::cd_rom;
};
constexpr Mode kModes[] = {
    {"AUDIO", BlockFormat::audio},
    {"CDG", BlockFormat::audio, true},
    {"MODE1/2048", BlockFormat::mode1},
    {"MODE1/2352", BlockFormat::mode1_raw},
    {"MODE2/2048", BlockFormat::mode2_form1, false, SessionFormat::cd_xa},
    {"MODE2/2324", BlockFormat::mode2_form2, false, SessionFormat::cd_xa},
    {"MODE2/2336", BlockFormat::mode2, false, SessionFormat::cd_xa},
    {"MODE2/2352", BlockFormat::mode2_raw, false, SessionFormat::cd_xa},
    {"CDI/2336", BlockFormat::mode2, false, SessionFormat::cd_i},
    {"CDI/2352", BlockFormat::mode2_raw, false, SessionFormat::cd_i},
};

struct TextWord {
  std::string_view name;
  CdTextType type;
};
constexpr TextWord kTexts[] = {
    {"TITLE", CdTextType::title},       {"PERFORMER", CdTextType::performer}, {"SONGWRITER", CdTextType::songwriter},
    {"COMPOSER", CdTextType::composer}, {"ARRANGER", CdTextType::arranger},   {"MESSAGE", CdTextType::message},
    {"DISC_ID", CdTextType::disc_id},   {"GENRE", CdTextType::genre},         {"UPC_EAN", CdTextType::code},
};

/// An INDEX as the file has it: where in which file.
struct Point {
  size_t track = 0;
  uint8_t index = 0;
  size_t file = 0;
  uint32_t at = 0;  ///< sectors from the beginning of the file
  uint32_t line = 0;
};

class CueReader {
 public:
  CueReader(std::string_view text, const std::string& path) : text_(text), lines_(path, "reading the cue sheet") { sheet_.path = path; }

  Sheet read() {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    while (!text_.empty()) {
      const size_t end = std::min(text_.find_first_of("\r\n"), text_.size());
      ++line_;
      read_line(text_.substr(0, end));
      text_.remove_prefix(end);
      if (text_.starts_with("\r\n")) text_.remove_prefix(1);
      if (!text_.empty()) text_.remove_prefix(1);
    }
    end_track();
    if (sheet_.tracks.empty()) refuse("it has no TRACK");
    place_tracks();
    return std::move(sheet_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { lines_.refuse(line_, why); }
  static std::string quoted(std::string_view word) { return "'" + fsi::printable(word.substr(0, 80)) + "'"; }

  void split(std::string_view line) {
    words_.clear();
    for (;;) {
      const size_t begin = line.find_first_not_of(" \t");
      if (begin == line.npos) return;
      line.remove_prefix(begin);
      if (line[0] == '"') {
        const size_t end = line.find('"', 1);
        if (end == line.npos) refuse("a quotation mark has no end");
        words_.push_back(line.substr(1, end - 1));
        line.remove_prefix(end + 1);
        continue;
      }
      const size_t end = std::min(line.find_first_of(" \t"), line.size());
      words_.push_back(line.substr(0, end));
      line.remove_prefix(end);
    }
  }

  /// Words without regard to case, as all who write cue sheets do.
  static std::string upper(std::string_view word) {
    std::string out(word);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return out;
  }

  void need(size_t count, const char* form) const {
    if (words_.size() != count) refuse(std::string("it should read: ") + form);
  }

  uint8_t number(std::string_view word, unsigned least, unsigned most, const char* what) const {
    unsigned n = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
    if (error != std::errc() || end != word.data() + word.size() || n < least || n > most)
      refuse(std::string(what) + " " + quoted(word) + " is not a number from " + std::to_string(least) + " to " + std::to_string(most));
    return static_cast<uint8_t>(n);
  }

  uint32_t time(std::string_view word) const {
    const auto sectors = sectors_of_text(word);
    if (!sectors) refuse(quoted(word) + " is not a time mm:ss:ff with seconds below 60 and frames below 75");
    return *sectors;
  }

  SheetTrack& track(const char* word) {
    if (!in_track_) refuse(std::string(word) + " comes before the first TRACK");
    return sheet_.tracks.back();
  }

  void read_line(std::string_view line) {
    if (line.find('\0') != line.npos) refuse("it holds a zero byte; this is no cue sheet");
    const size_t begin = line.find_first_not_of(" \t");
    if (begin != line.npos && upper(line.substr(begin, 3)) == "REM") return read_remark(line.substr(begin));
    if (begin == line.npos) return;
    // A text may have quotation marks of its own, and nobody escapes them.
    const std::string first = upper(line.substr(begin, std::min(line.find_first_of(" \t", begin), line.size()) - begin));
    for (const TextWord& text : kTexts)
      if (first == text.name) return read_text(text, line.substr(begin + first.size()));
    split(line);
    const std::string word = upper(words_[0]);
    if (word == "FILE") return read_file();
    if (word == "TRACK") return read_track_word();
    if (word == "INDEX") return read_index();
    if (word == "PREGAP") return read_pregap();
    if (word == "POSTGAP") return read_postgap();
    if (word == "FLAGS") return read_flags();
    if (word == "CATALOG") return read_catalog();
    if (word == "ISRC") return read_isrc();
    if (word == "CDTEXTFILE") {
      need(2, "CDTEXTFILE \"name\"");
      sheet_.cd_text_file = words_[1];
      sheet_.cd_text_line = line_;
      return;
    }
    if (word == "SIZE_INFO" || word == "TOC_INFO" || word == "TOC_INFO2") return;  // made anew
    refuse(quoted(words_[0]) + " is no word of a cue sheet");
  }

  /// Anything may be said in a REM, but "REM SESSION 02" is how images of discs of several sessions have it.
  void read_remark(std::string_view line) {
    if (upper(line).rfind("REM SESSION ", 0) != 0) return;
    split(line);
    if (words_.size() == 3 && number(words_[2], 1, 99, "the session") > 1)
      refuse(
          "here begins another session, and a disc at once has one; split it here: burn the part before with --multi, its data after it");
  }

  void read_file() {
    need(3, "FILE \"name\" BINARY, MOTOROLA, WAVE, AIFF, FLAC, OGG or MP3; a name with spaces needs its quotation marks");
    if (words_[1].empty()) refuse("the FILE has no name");
    const std::string type = upper(words_[2]);
    SheetFile file{std::string(words_[1]), SheetFile::Kind::binary, line_};
    if (type == "MOTOROLA")
      file.kind = SheetFile::Kind::motorola;
    else if (type == "WAVE" || type == "AIFF" || type == "FLAC" || type == "MP3" || type == "OGG")
      file.kind = SheetFile::Kind::decoded;
    else if (type != "BINARY")
      refuse(quoted(words_[2]) + " is no type of FILE; there are BINARY, MOTOROLA, WAVE, AIFF, FLAC, OGG and MP3");
    sheet_.files.push_back(std::move(file));
  }

  void read_track_word() {
    need(3, "TRACK number mode");
    if (sheet_.files.empty()) refuse("TRACK comes before the first FILE");
    const uint8_t n = number(words_[1], 1, 99, "the track");
    end_track();
    if (!sheet_.tracks.empty() && n != before_ + 1) refuse("track " + std::to_string(n) + " follows track " + std::to_string(before_));
    before_ = n;
    if (sheet_.tracks.empty() && n != 1)
      sheet_.notes.push_back("the first track is number " + std::to_string(n) + "; they are numbered from 1 on the disc");
    const std::string mode = upper(words_[2]);
    const auto* found = std::find_if(std::begin(kModes), std::end(kModes), [&](const Mode& m) { return m.name == mode; });
    if (found == std::end(kModes)) {
      std::string all;
      for (const Mode& m : kModes) all += (all.empty() ? "" : ", ") + std::string(m.name);
      refuse(quoted(words_[2]) + " is no mode of a TRACK; there are " + all);
    }
    SheetTrack track;
    track.track.format = found->format;
    track.track.has_rw = found->rw;
    track.line = line_;
    if (found->session != SessionFormat::cd_rom) sheet_.session_format = found->session;
    sheet_.tracks.push_back(std::move(track));
    pregaps_.push_back(0);
    postgaps_.push_back(0);
    in_track_ = true;
    last_index_ = -1;
  }

  void read_index() {
    need(3, "INDEX number mm:ss:ff");
    track("INDEX");
    const uint8_t index = number(words_[1], 0, 99, "the index");
    const uint32_t at = time(words_[2]);
    if (last_index_ < 0 ? index > 1 : index != last_index_ + 1)
      refuse("index " + std::to_string(index) +
             (last_index_ < 0 ? " is the first of its track; that must be 00 or 01" : " follows index " + std::to_string(last_index_)));
    if (postgaps_.back() != 0) refuse("INDEX comes after POSTGAP");
    last_index_ = index;
    const Point point{sheet_.tracks.size() - 1, index, sheet_.files.size() - 1, at, line_};
    if (!points_.empty() && points_.back().file == point.file && at <= points_.back().at)
      refuse("indexes not ascending: " + std::string(words_[2]) + " does not lie after the index of line " +
             std::to_string(points_.back().line));
    points_.push_back(point);
  }

  void read_pregap() {
    need(2, "PREGAP mm:ss:ff");
    track("PREGAP");
    if (last_index_ >= 0) refuse("PREGAP comes after an INDEX");
    pregaps_.back() = time(words_[1]);
  }

  void read_postgap() {
    need(2, "POSTGAP mm:ss:ff");
    track("POSTGAP");
    if (last_index_ < 1) refuse("POSTGAP comes before INDEX 01");
    postgaps_.back() = time(words_[1]);
  }

  void read_flags() {
    Track& t = track("FLAGS").track;
    if (words_.size() < 2) refuse("it should read: FLAGS DCP PRE 4CH SCMS");
    for (size_t i = 1; i < words_.size(); ++i) {
      const std::string flag = upper(words_[i]);
      if (flag == "DCP")
        t.copy_permitted = true;
      else if (flag == "PRE")
        t.pre_emphasis = true;
      else if (flag == "4CH")
        t.four_channel = true;
      else if (flag == "SCMS")
        sheet_.notes.push_back(lines_.path() + ":" + std::to_string(line_) +
                               ": copy management (SCMS) is not recorded; without DCP no copy is permitted");
      else if (flag != "DATA")
        refuse(quoted(words_[i]) + " is no flag; there are DCP, PRE, 4CH and SCMS");
    }
  }

  void read_catalog() {
    need(2, "CATALOG 1234567890123");
    if (!is_catalog_number(words_[1])) refuse("the catalog number " + quoted(words_[1]) + " is not 13 digits");
    if (!sheet_.mcn.empty()) refuse("there is a second CATALOG");
    sheet_.mcn = words_[1];
  }

  void read_isrc() {
    need(2, "ISRC CCOOOYYSSSSS");
    std::string isrc = upper(words_[1]);
    std::erase(isrc, '-');
    if (!is_isrc(isrc)) refuse("the ISRC " + quoted(words_[1]) + " is not two letters, three letters or digits, and seven digits");
    track("ISRC").track.isrc = isrc;
  }

  void read_text(const TextWord& word, std::string_view rest) {
    const size_t from = std::min(rest.find_first_not_of(" \t"), rest.size());
    std::string_view text = rest.substr(from, rest.find_last_not_of(" \t") + 1 - from);
    const bool quoted_text = text.size() > 1 && text.front() == '"' && text.back() == '"';
    if (!quoted_text && !text.empty() && text.front() == '"') refuse("a quotation mark has no end");
    if (!quoted_text && (text.empty() || text.find_first_of(" \t") != text.npos))
      refuse("it should read: " + std::string(word.name) + " \"text\"");
    if (quoted_text) text = text.substr(1, text.size() - 2);
    if (text.size() > 160) refuse("the text is longer than 160 characters");
    sheet_.cd_text[0].set(word.type, in_track_ ? sheet_.tracks.size() : 0, utf8_of(text));
  }

  void end_track() const {
    if (in_track_ && last_index_ < 1) lines_.refuse(sheet_.tracks.back().line, "the track has no INDEX 01");
  }

  /// Each index begins a run of its file, which ends where the next begins or the file does.
  void place_tracks() {
    uint64_t offset = 0;
    for (size_t i = 0; i < points_.size(); ++i) {
      const Point& point = points_[i];
      SheetTrack& mine = sheet_.tracks[point.track];
      const uint64_t block = mine.track.stored_block();
      if (i == 0 || points_[i - 1].file != point.file) offset = point.at * block;
      const bool first_of_track = i == 0 || points_[i - 1].track != point.track;
      const bool last_of_track = i + 1 == points_.size() || points_[i + 1].track != point.track;
      if (first_of_track && pregaps_[point.track]) add_zeros(mine, pregaps_[point.track], point.line);

      SheetPiece piece{point.file, offset, {}, point.line};
      const bool to_end = i + 1 == points_.size() || points_[i + 1].file != point.file;
      if (!to_end) {
        piece.bytes = (points_[i + 1].at - point.at) * block;
        offset += *piece.bytes;
      }
      if (point.index > 0) mine.indexes.push_back({point.index, mine.pieces.size(), 0, point.line});
      mine.pieces.push_back(piece);
      if (last_of_track && postgaps_[point.track]) add_zeros(mine, postgaps_[point.track], point.line);
    }
  }

  static void add_zeros(SheetTrack& track, uint32_t sectors, uint32_t line) {
    track.pieces.push_back({{}, 0, uint64_t{sectors} * track.track.stored_block(), line});
  }

  std::string_view text_;
  SheetLines lines_;
  Sheet sheet_;
  uint32_t line_ = 0;
  std::vector<std::string_view> words_;
  std::vector<Point> points_;
  std::vector<uint32_t> pregaps_, postgaps_;
  bool in_track_ = false;
  int last_index_ = -1;
  uint8_t before_ = 0;
};

}  // namespace

Sheet parse_cue(std::string_view text, const std::string& path) { return CueReader(text, path).read(); }

}  // namespace rec::cd
