#include "libfsi/names/cs0.h"

#include <cstring>

#include "libfsi/names/utf8.h"

namespace fsi {

namespace {

constexpr size_t kMostBytes = 254;  // of an identifier, without its compression id
constexpr char kNarrow = 8, kWide = 16;

// What is recorded for a character. A file's name never holds '/' and NUL, a volume's text might.
constexpr char32_t recorded_character(char32_t c) {
  return c == kInvalidByte || c == 0xFEFF || c == 0xFFFE || c == 0 || c == '/' ? U'_' : c;
}

constexpr size_t bytes_of_character(char32_t c, bool wide) { return !wide ? 1 : c < 0x10000 ? 2 : 4; }

// Calls take(character as recorded, whether it is the source's own) until it returns false.
template <class Take>
void each_character(std::string_view text, Take take) {
  for (size_t i = 0; i < text.size();) {
    const Utf8Character c = utf8_at(text, i);
    const char32_t recorded = recorded_character(c.code);
    if (!take(recorded, recorded == c.code)) return;
    i += c.bytes;
  }
}

struct Measure {
  char32_t highest = 0;
  size_t characters = 0, units = 0;
  bool own = true;  // every character is recorded as it is

  explicit Measure(std::string_view text) {
    each_character(text, [&](char32_t c, bool same) {
      highest = c > highest ? c : highest;
      ++characters;
      units += c < 0x10000 ? 1 : 2;
      own &= same;
      return true;
    });
  }
  size_t bytes(bool wide) const { return wide ? 2 * units : characters; }
};

template <class Out>
void put_character(Out& out, char32_t c, bool wide) {
  const auto unit = [&](char32_t u) {
    out.push(static_cast<char>(u >> 8));
    out.push(static_cast<char>(u));
  };
  if (!wide) return out.push(static_cast<char>(c));
  if (c < 0x10000) return unit(c);
  unit(0xD800 + ((c - 0x10000) >> 10));
  unit(0xDC00 + ((c - 0x10000) & 0x3FF));
}

// Appends what fits into `most` bytes, never half a character.
template <class Out>
void put_text(Out& out, std::string_view text, bool wide, size_t most) {
  each_character(text, [&](char32_t c, bool) {
    const size_t bytes = bytes_of_character(c, wide);
    if (bytes > most) return false;
    most -= bytes;
    put_character(out, c, wide);
    return true;
  });
}

// Calls take(code) for each character; U+FFFD for what is no character.
template <class Take>
void each_recorded(std::string_view recorded, Take take) {
  if (recorded.empty()) return;
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(recorded[i])); };
  if (recorded[0] != kWide) {
    for (size_t i = 1; i < recorded.size(); ++i) take(byte(i));
    return;
  }
  size_t i = 1;
  for (; i + 1 < recorded.size(); i += 2) {
    char32_t c = byte(i) << 8 | byte(i + 1);
    if (c >= 0xD800 && c < 0xE000) {
      const char32_t low = c < 0xDC00 && i + 3 < recorded.size() ? byte(i + 2) << 8 | byte(i + 3) : 0;
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      } else {
        c = 0xFFFD;
      }
    }
    take(c);
  }
  if (i < recorded.size()) take(0xFFFD);
}

struct StringOut {
  std::string text;
  void push(char c) { text += c; }
};

}  // namespace

bool plain_cs0(std::string_view name) {
  if (name.size() > kMostBytes) return false;
  size_t i = 0;
  for (; i + 8 <= name.size(); i += 8) {
    uint64_t eight;
    std::memcpy(&eight, name.data() + i, sizeof eight);
    if (eight & 0x8080808080808080) return false;
  }
  for (; i < name.size(); ++i)
    if (name[i] & 0x80) return false;
  return true;
}

void Cs0Names::make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const {
  out.clear();
  if (!serial && plain_cs0(name)) {
    out.push(kNarrow);
    out.append(name);
    return;
  }
  const Measure whole(name);
  const bool wide = whole.highest > 0xFF;
  out.push(wide ? kWide : kNarrow);
  if (!serial && whole.bytes(wide) <= kMostBytes) return put_text(out, name, wide, kMostBytes);

  constexpr size_t kLongestExtension = 40;  // bytes with the dot; a longer tail is no extension worth keeping
  size_t dot = directory ? std::string_view::npos : name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || Measure(name.substr(dot)).bytes(wide) > kLongestExtension) dot = name.size();
  const std::string_view extension = name.substr(dot);
  const SerialDigits digits(serial);
  const std::string_view number = serial ? digits.view() : std::string_view{};
  put_text(out, name.substr(0, dot), wide, kMostBytes - Measure(number).bytes(wide) - Measure(extension).bytes(wide));
  put_text(out, number, wide, kMostBytes);
  put_text(out, extension, wide, kMostBytes);
}

std::string Cs0Names::display(std::string_view recorded) const { return cs0_to_utf8(recorded); }

bool Cs0Names::faithful(std::string_view name, std::string_view recorded) const {
  return plain_cs0(name) ? recorded.substr(1) == name : Measure(name).own && cs0_to_utf8(recorded) == name;
}

std::string cs0_text(std::string_view text, size_t most, bool* cut) {
  StringOut out;
  const Measure whole(text);
  const bool wide = whole.highest > 0x7F;
  if (!text.empty() && most > 0) {
    out.push(wide ? kWide : kNarrow);
    put_text(out, text, wide, most - 1);
  }
  if (cut) *cut = !whole.own || whole.bytes(wide) + !text.empty() > most;
  return out.text;
}

std::string cs0_to_utf8(std::string_view recorded) {
  std::string text;
  each_recorded(recorded, [&](char32_t c) { append_utf8(text, c); });
  return text;
}

}  // namespace fsi
