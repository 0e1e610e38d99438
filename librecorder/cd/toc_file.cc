// The toc files of cdrdao: words, strings and blocks in braces, comments after two slashes. cdrdao(1), "TOC FILES". Audio in plain files
// begins with the most significant byte there, unless SWAP says otherwise; in data tracks SILENCE and FILE are taken as well, as libcdio
// does.
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
  SessionFormat session = SessionFormat::cd_rom;
};
constexpr Mode kModes[] = {
    {"AUDIO", BlockFormat::audio},
    {"MODE1", BlockFormat::mode1},
    {"MODE1_RAW", BlockFormat::mode1_raw},
    {"MODE2", BlockFormat::mode2},
    {"MODE2_FORM1", BlockFormat::mode2_form1, SessionFormat::cd_xa},
    {"MODE2_FORM2", BlockFormat::mode2_form2, SessionFormat::cd_xa},
    {"MODE2_FORM_MIX", BlockFormat::mode2, SessionFormat::cd_xa},
    {"MODE2_RAW", BlockFormat::mode2_raw, SessionFormat::cd_xa},
};

struct TextWord {
  std::string_view name;
  CdTextType type;
};
constexpr TextWord kTexts[] = {
    {"TITLE", CdTextType::title},       {"PERFORMER", CdTextType::performer}, {"SONGWRITER", CdTextType::songwriter},
    {"COMPOSER", CdTextType::composer}, {"ARRANGER", CdTextType::arranger},   {"MESSAGE", CdTextType::message},
    {"DISC_ID", CdTextType::disc_id},   {"GENRE", CdTextType::genre},         {"UPC_EAN", CdTextType::code},
    {"ISRC", CdTextType::code},
};

class TocReader {
 public:
  TocReader(std::string_view text, const std::string& path) : text_(text), lines_(path, "reading the toc file") {
    sheet_.path = path;
    sheet_.pads_data = true;  // as cdrdao does
  }

  Sheet read() {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    while (next()) read_statement();
    finish_track();
    if (sheet_.tracks.empty()) refuse("it has no TRACK");
    for (const SheetTrack& track : sheet_.tracks)
      if (track.pieces.empty()) lines_.refuse(track.line, "the track has no data: no FILE, DATAFILE, SILENCE or ZERO");
    return std::move(sheet_);
  }

 private:
  // Words.
  [[noreturn]] void refuse(const std::string& why) const { lines_.refuse(token_line_ ? token_line_ : line_, why); }
  std::string quoted() const { return "'" + fsi::printable(std::string_view(token_).substr(0, 80)) + "'"; }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else if (text_.substr(at_).starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  /// The next word, string, brace, colon or comma. False at the end.
  bool next() {
    if (back_) {
      back_ = false;
      return true;
    }
    skip_space();
    token_.clear();
    token_line_ = line_;
    is_string_ = false;
    if (at_ == text_.size()) return false;
    const char c = text_[at_];
    if (c == '\0') refuse("it holds a zero byte; this is no toc file");
    if (c == '"') {
      read_string();
      return true;
    }
    if (c == '{' || c == '}' || c == ',') {
      token_ = c;
      ++at_;
      return true;
    }
    const size_t end = std::min(text_.find_first_of(" \t\r\n\"{},", at_), text_.size());
    const size_t comment = std::min(text_.find("//", at_), text_.size());
    token_ = text_.substr(at_, std::min(end, comment) - at_);
    at_ = std::min(end, comment);
    return true;
  }

  void read_string() {
    is_string_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      char c = text_[at_];
      if (c == '\n') refuse("a quotation mark has no end");
      if (c == '\\' && at_ + 1 < text_.size()) {
        // \" \\ and \ooo.
        unsigned value = 0;
        const char* digits = text_.data() + at_ + 1;
        const auto [end, error] = std::from_chars(digits, digits + std::min<size_t>(3, text_.size() - at_ - 1), value, 8);
        if (error == std::errc() && end == digits + 3 && value < 256) {
          c = static_cast<char>(value);
          octal_ = true;
          at_ += 3;
        } else {
          c = text_[++at_];
        }
      }
      token_ += c;
    }
    if (at_ == text_.size()) refuse("a quotation mark has no end");
    ++at_;
  }

  void put_back() { back_ = true; }
  bool is(std::string_view word) const { return !is_string_ && token_ == word; }

  void expect(std::string_view word) {
    if (!next() || !is(word)) refuse("here should be " + std::string(word));
  }
  std::string string(const char* what) {
    if (!next() || !is_string_) refuse(std::string(what) + " must be a string in quotation marks");
    return token_;
  }

  /// A time mm:ss:ff or a count of samples (588 a sector), in bytes of samples; of data tracks a count of bytes.
  std::optional<uint64_t> length() {
    if (!next()) return {};
    if (is_string_ || token_.empty() || token_[0] < '0' || token_[0] > '9') {
      put_back();
      return {};
    }
    const Track& track = sheet_.tracks.back().track;
    if (token_.find(':') != token_.npos) {
      const auto sectors = sectors_of_text(token_);
      if (!sectors) refuse(quoted() + " is not a time mm:ss:ff with seconds below 60 and frames below 75");
      return uint64_t{*sectors} * track.stored_block();
    }
    return number() * (is_audio(track.format) ? 4 : 1);
  }

  uint64_t number() const {
    uint64_t n = 0;
    const auto [end, error] = std::from_chars(token_.data(), token_.data() + token_.size(), n);
    if (error != std::errc() || end != token_.data() + token_.size() || n > uint64_t{1} << 40)
      refuse(quoted() + " is not a number that makes sense here");
    return n;
  }

  uint32_t sectors(const char* what) {
    if (!next()) refuse(std::string(what) + " needs a time");
    const auto sectors = is_string_ ? std::nullopt : sectors_of_text(token_);
    if (!sectors) refuse(quoted() + " is not a time mm:ss:ff with seconds below 60 and frames below 75");
    return *sectors;
  }

  SheetTrack& track(const char* word) {
    if (sheet_.tracks.empty()) refuse(std::string(word) + " comes before the first TRACK");
    return sheet_.tracks.back();
  }

  // Statements.
  void read_statement() {
    if (is("CD_DA") || is("CD_ROM")) return;
    if (is("CD_ROM_XA")) {
      sheet_.session_format = SessionFormat::cd_xa;
    } else if (is("CD_I")) {
      sheet_.session_format = SessionFormat::cd_i;
    } else if (is("CATALOG")) {
      const std::string mcn = string("the CATALOG number");
      if (!is_catalog_number(mcn)) refuse("the catalog number " + quoted() + " is not 13 digits");
      sheet_.mcn = mcn;
    } else if (is("CD_TEXT")) {
      read_cd_text();
    } else if (is("TRACK")) {
      read_track();
    } else if (is("NO")) {
      if (!next() || !(is("COPY") || is("PRE_EMPHASIS"))) refuse("after NO comes COPY or PRE_EMPHASIS");
      (is("COPY") ? track("NO COPY").track.copy_permitted : track("NO PRE_EMPHASIS").track.pre_emphasis) = false;
    } else if (is("COPY")) {
      track("COPY").track.copy_permitted = true;
    } else if (is("PRE_EMPHASIS")) {
      track("PRE_EMPHASIS").track.pre_emphasis = true;
    } else if (is("TWO_CHANNEL_AUDIO")) {
      track("TWO_CHANNEL_AUDIO").track.four_channel = false;
    } else if (is("FOUR_CHANNEL_AUDIO")) {
      track("FOUR_CHANNEL_AUDIO").track.four_channel = true;
    } else if (is("ISRC")) {
      std::string isrc = string("the ISRC");
      std::erase(isrc, '-');
      // The owner's letters may be written small.
      std::transform(isrc.begin(), isrc.end(), isrc.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      if (!is_isrc(isrc)) refuse("the ISRC " + quoted() + " is not two letters, three letters or digits, and seven digits");
      track("ISRC").track.isrc = isrc;
    } else if (is("FILE") || is("AUDIOFILE") || is("DATAFILE") || is("FIFO")) {
      read_file();
    } else if (is("SILENCE") || is("ZERO")) {
      read_zeros();
    } else if (is("PREGAP")) {
      SheetTrack& t = track("PREGAP");
      if (!t.pieces.empty()) refuse("PREGAP comes after the data of the track");
      const uint32_t line = token_line_, length = sectors("PREGAP");
      t.pieces.push_back({{}, 0, uint64_t{length} * t.track.stored_block(), line});
      t.indexes.front() = {1, 0, length, line};
      started_ = true;
    } else if (is("START")) {
      read_start();
    } else if (is("INDEX")) {
      SheetTrack& t = track("INDEX");
      if (t.indexes.size() >= 99) refuse("the track has more than 99 indexes");
      const uint32_t line = token_line_;
      const auto number = static_cast<uint8_t>(t.indexes.size() + 1);
      // From INDEX 01 on, which a START further down may still move.
      const uint32_t after = sectors("INDEX");
      t.indexes.push_back({number, 0, after, line});
    } else {
      refuse(quoted() + " is no word of a toc file");
    }
  }

  void read_track() {
    finish_track();
    if (!next()) refuse("TRACK needs a mode");
    const auto* found = std::find_if(std::begin(kModes), std::end(kModes), [&](const Mode& m) { return is(m.name); });
    if (found == std::end(kModes)) {
      std::string all;
      for (const Mode& m : kModes) all += (all.empty() ? "" : ", ") + std::string(m.name);
      refuse(quoted() + " is no mode of a TRACK; there are " + all);
    }
    SheetTrack track;
    track.line = token_line_;
    track.track.format = found->format;
    if (found->session != SessionFormat::cd_rom && sheet_.session_format == SessionFormat::cd_rom) sheet_.session_format = found->session;
    if (next()) {
      track.track.has_rw = is("RW_RAW") || is("RW");
      if (!track.track.has_rw) put_back();
    }
    track.indexes.push_back({1, 0, 0, track.line});
    sheet_.tracks.push_back(std::move(track));
    started_ = false;
  }

  /// Indexes count from INDEX 01 in the text and from the beginning of the track in the sheet.
  void finish_track() {
    if (sheet_.tracks.empty()) return;
    auto& indexes = sheet_.tracks.back().indexes;
    for (size_t i = 1; i < indexes.size(); ++i) {
      indexes[i].piece = indexes[0].piece;
      indexes[i].after += indexes[0].after;
      indexes[i].rounded_up = indexes[0].rounded_up;
    }
  }

  void read_file() {
    SheetTrack& t = track("FILE");
    const bool data = is("DATAFILE");
    const uint32_t line = token_line_;
    SheetFile file{string("the name of the file"), SheetFile::Kind::binary, line};
    if (file.name.empty()) refuse("the file has no name");
    if (is_audio(t.track.format) && !t.track.has_rw) file.kind = kind_of(file.name);
    SheetPiece piece{sheet_.files.size(), 0, {}, line};
    for (;;) {
      if (!next()) break;
      if (is("SWAP") && file.kind != SheetFile::Kind::decoded) {
        file.kind = SheetFile::Kind::binary;
      } else if (!is_string_ && token_.starts_with('#')) {
        token_.erase(0, 1);
        piece.offset += number();
      } else {
        put_back();
        break;
      }
    }
    // FILE has a start and perhaps a length, DATAFILE only a length.
    auto first = length();
    if (!data) {
      piece.offset += first.value_or(0);
      first = first ? length() : std::nullopt;
    }
    if (first && *first) piece.bytes = first;  // zero is all there is
    sheet_.files.push_back(std::move(file));
    t.pieces.push_back(piece);
  }

  static SheetFile::Kind kind_of(const std::string& name) {
    std::string end = name.substr(name.size() - std::min<size_t>(name.size(), 5));
    std::transform(end.begin(), end.end(), end.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (const char* decoded : {".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif"})
      if (end.ends_with(decoded)) return SheetFile::Kind::decoded;
    return SheetFile::Kind::motorola;
  }

  void read_zeros() {
    SheetTrack& t = track("SILENCE");
    const uint32_t line = token_line_;
    if (is("ZERO"))  // may say what its zeros are zeros of
      while (next()) {
        const bool mode = std::any_of(std::begin(kModes), std::end(kModes), [&](const Mode& m) { return is(m.name); });
        if (mode || is("RW") || is("RW_RAW")) continue;
        put_back();
        break;
      }
    const auto bytes = length();
    if (!bytes) {
      next();
      refuse("SILENCE and ZERO need a length");
    }
    t.pieces.push_back({{}, 0, bytes, line});
  }

  void read_start() {
    SheetTrack& t = track("START");
    if (started_) refuse("the track has a START or PREGAP already");
    started_ = true;
    const uint32_t line = token_line_;
    // Without a time it is where the data has come to, and that is the beginning of the next piece.
    SheetIndex start{1, t.pieces.size(), 0, line, true};
    if (next()) {
      const bool time = !is_string_ && token_.find(':') != token_.npos;
      put_back();
      if (time) start = {1, 0, sectors("START"), line};
    }
    t.indexes.front() = start;
  }

  void read_cd_text() {
    expect("{");
    while (next()) {
      if (is("}")) return;
      if (is("LANGUAGE_MAP")) {
        read_languages();
      } else if (is("LANGUAGE")) {
        if (!next()) refuse("LANGUAGE needs a number");
        const uint64_t n = number();
        if (n > 7) refuse("language " + quoted() + " is not a number from 0 to 7");
        read_language(static_cast<uint8_t>(n));
      } else {
        refuse(quoted() + " should be LANGUAGE or LANGUAGE_MAP");
      }
    }
    refuse("a brace has no end");
  }

  /// Numbers of this file, and the codes of the languages that they stand for.
  void read_languages() {
    expect("{");
    for (;;) {
      if (!next()) refuse("a brace has no end");
      if (is("}")) return;
      // "0 : EN", "0:EN" and "0 :EN" are all written.
      std::string entry = token_;
      for (size_t words = 0; entry.back() == ':' || entry.find(':') == entry.npos; ++words) {
        if (!next() || is("}") || words > 2) refuse("a LANGUAGE_MAP has entries like 0 : EN");
        entry += token_;
      }
      const size_t colon = entry.find(':');
      token_ = entry.substr(0, colon);
      const uint64_t n = number();
      token_ = entry.substr(colon + 1);
      const uint64_t code = token_ == "EN" ? kLanguageEnglish : number();
      if (n > 7 || code > 255) refuse("a LANGUAGE_MAP has numbers from 0 to 7 and codes from 0 to 255");
      sheet_.cd_text[static_cast<uint8_t>(n)].language = static_cast<uint8_t>(code);
    }
  }

  void read_language(uint8_t number) {
    expect("{");
    for (;;) {
      if (!next()) refuse("a brace has no end");
      if (is("}")) return;
      if (is("ENCODING_MS_JIS")) {
        ms_jis_[number] = true;
      } else if (!is("ENCODING_ISO_8859_1") && !is("ENCODING_ASCII")) {
        read_text(number);
      }
    }
  }

  void read_text(uint8_t language) {
    const auto* text = std::find_if(std::begin(kTexts), std::end(kTexts), [&](const TextWord& t) { return is(t.name); });
    const bool binary = is("SIZE_INFO") || is("TOC_INFO1") || is("TOC_INFO2") || is("RESERVED1") || is("RESERVED2") || is("RESERVED3") ||
                        is("RESERVED4") || is("CLOSED");
    if (text == std::end(kTexts) && !binary) refuse(quoted() + " is no item of CD_TEXT");
    octal_ = false;
    if (!next()) refuse("an item of CD_TEXT needs a text");
    CdTextBlock& block = sheet_.cd_text[language];
    if (is("{")) {
      const std::string bytes = read_bytes();
      // The packs of the other ones are made anew. A genre is a code of two bytes, and words.
      if (text == std::end(kTexts) || text->type != CdTextType::genre || bytes.size() < 2) return;
      block.genre_code = static_cast<uint16_t>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
      block.set(CdTextType::genre, 0, utf8_of_latin1(bytes.substr(2, bytes.find('\0', 2) - 2)));
      return;
    }
    if (!is_string_) refuse("an item of CD_TEXT needs a text in quotation marks");
    if (token_.size() > 160) refuse("the text is longer than 160 characters");
    if (binary || token_.empty()) return;
    // The codes of track and disc are their own statements where they matter; here they are text. Bytes in octal are those of the language.
    std::string utf8 = octal_ ? ms_jis_[language] ? utf8_of_ms_jis(token_) : utf8_of_latin1(token_) : utf8_of(token_);
    block.set(text->type, sheet_.tracks.size(), std::move(utf8));
  }

  /// "{ 0, 10, 255 }", the first brace read.
  std::string read_bytes() {
    std::string bytes;
    for (;;) {
      if (!next()) refuse("a brace has no end");
      if (is("}")) return bytes;
      if (is(",")) continue;
      const uint64_t byte = number();
      if (byte > 255) refuse(quoted() + " is not a byte from 0 to 255");
      bytes += static_cast<char>(byte);
    }
  }

  std::string_view text_;
  SheetLines lines_;
  Sheet sheet_;
  size_t at_ = 0;
  uint32_t line_ = 1, token_line_ = 0;
  std::string token_;
  bool is_string_ = false, back_ = false, octal_ = false, started_ = false;
  std::array<bool, 8> ms_jis_{};  ///< encoding of each language
};

}  // namespace

Sheet parse_toc(std::string_view text, const std::string& path) { return TocReader(text, path).read(); }

}  // namespace rec::cd
