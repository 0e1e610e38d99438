// UTF-8 out of what discs record: one character at a time. Internal to read/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fsi {

inline void append_utf8(uint32_t c, std::string& out) {
  auto put = [&](uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  }
}

/// False when there was a lone surrogate (now U+FFFD) or half a character (dropped).
bool append_utf16be(std::string_view bytes, std::string& out);

/// Days since 1970-01-01 of a proleptic Gregorian date.
int64_t days_from_civil(int64_t y, unsigned m, unsigned d);

}  // namespace fsi
