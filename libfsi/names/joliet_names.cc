#include "libfsi/names/joliet_names.h"

#include <algorithm>

#include "libfsi/names/utf8.h"

namespace fsi {

namespace {

constexpr auto allowed_in_text = [](char32_t c) { return c >= 0x20 && c != 0x7F && c != kInvalidByte; };

constexpr auto allowed_in_name = [](char32_t c) {
  return allowed_in_text(c) && c != '*' && c != '/' && c != ':' && c != ';' && c != '?' && c != '\\';
};

constexpr size_t units_of(char32_t c) { return c < 0x10000 || c == kInvalidByte ? 1 : 2; }

template <class Out>
void put_unit(Out& out, char32_t unit) {
  const char bytes[] = {static_cast<char>(unit >> 8), static_cast<char>(unit)};
  out.append({bytes, 2});
}

template <class Out>
void put_character(Out& out, char32_t c) {
  if (c < 0x10000) return put_unit(out, c);
  put_unit(out, 0xD800 + ((c - 0x10000) >> 10));
  put_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

// Appends what fits into `most` units, never half a character; returns the units that were used.
template <class Out, class Allowed>
size_t put_text(Out& out, std::string_view text, size_t most, Allowed allowed) {
  size_t used = 0;
  for (size_t i = 0; i < text.size();) {
    const Utf8Character c = utf8_at(text, i);
    if (used + units_of(c.code) > most) break;
    put_character(out, allowed(c.code) ? c.code : '_');
    used += units_of(c.code);
    i += c.bytes;
  }
  return used;
}

size_t units_of(std::string_view text) {
  size_t units = 0;
  for (size_t i = 0; i < text.size();) {
    const Utf8Character c = utf8_at(text, i);
    units += units_of(c.code);
    i += c.bytes;
  }
  return units;
}

// Linux and Windows both drop dots at the end of a Joliet name, so that "a." would hide "a" and "..." could
// never be reached.
void close_dot(Identifier& out) {
  const std::string_view recorded = out.view();
  if (recorded.size() < 2 || recorded[recorded.size() - 2] != 0 || recorded.back() != '.') return;
  out.truncate(recorded.size() - 2);
  put_unit(out, U'_');
}

}  // namespace

void JolietNames::make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const {
  out.clear();
  make_open(name, directory, serial, out);
  close_dot(out);
}

void JolietNames::make_open(std::string_view name, bool directory, uint32_t serial, Identifier& out) const {
  // A name has at most as many units as bytes.
  if (!serial && (name.size() <= longest_ || units_of(name) <= longest_)) {
    put_text(out, name, longest_, allowed_in_name);
    return;
  }
  constexpr size_t kLongestExtension = 20;  // with its dot; a longer tail is no extension worth keeping
  size_t dot = directory ? std::string_view::npos : name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || units_of(name.substr(dot)) > kLongestExtension) dot = name.size();
  const std::string_view extension = name.substr(dot);
  const SerialDigits digits(serial);
  const size_t digit_units = serial ? digits.view().size() : 0;
  put_text(out, name.substr(0, dot), longest_ - digit_units - units_of(extension), allowed_in_name);
  if (serial) put_text(out, digits.view(), digit_units, allowed_in_name);
  put_text(out, extension, longest_, allowed_in_name);
}

std::string JolietNames::display(std::string_view recorded) const {
  std::string text;
  const auto unit = [&](size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(recorded[i]) << 8 | static_cast<unsigned char>(recorded[i + 1]));
  };
  for (size_t i = 0; i + 1 < recorded.size(); i += 2) {
    char32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < recorded.size()) {
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    }
    append_utf8(text, c);
  }
  return text;
}

bool JolietNames::faithful(std::string_view name, std::string_view recorded) const {
  size_t at = 0;
  const auto next = [&](char32_t unit) {
    if (at + 2 > recorded.size() || static_cast<unsigned char>(recorded[at]) != (unit >> 8) ||
        static_cast<unsigned char>(recorded[at + 1]) != (unit & 0xFF))
      return false;
    at += 2;
    return true;
  };
  for (size_t i = 0; i < name.size();) {
    const Utf8Character c = utf8_at(name, i);
    if (c.code == kInvalidByte) return false;
    if (c.code < 0x10000 ? !next(c.code) : !next(0xD800 + ((c.code - 0x10000) >> 10)) || !next(0xDC00 + ((c.code - 0x10000) & 0x3FF)))
      return false;
    i += c.bytes;
  }
  return at == recorded.size();
}

namespace {
struct StringOut {
  std::string text;
  void append(std::string_view bytes) { text += bytes; }
};
}  // namespace

std::string ucs2_text(std::string_view text, size_t most, bool* cut) {
  StringOut out;
  const size_t used = put_text(out, text, most, allowed_in_text);
  if (cut) *cut = used < units_of(text);
  return out.text;
}

}  // namespace fsi
