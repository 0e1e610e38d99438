#include "libfsi/names/iso9660_names.h"

#include <algorithm>

#include "libfsi/names/utf8.h"

namespace fsi {

namespace {

// ECMA-119 7.4.1: the d-character for a byte; 0 for the bytes of longer UTF-8 characters.
constexpr std::array<char, 256> kDCharacter = [] {
  std::array<char, 256> table{};
  for (int c = 0; c < 128; ++c)
    table[static_cast<size_t>(c)] = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? static_cast<char>(c)
                                    : c >= 'a' && c <= 'z'                           ? static_cast<char>(c - 32)
                                                                                     : '_';
  return table;
}();

// At most `most` d-characters of `text` into `out`; returns how many there were.
size_t to_d_characters(std::string_view text, size_t most, char* out) {
  size_t count = 0;
  for (size_t i = 0; i < text.size() && count < most;) {
    const char d = kDCharacter[static_cast<unsigned char>(text[i])];
    out[count++] = d ? d : '_';
    i += d ? 1 : utf8_at(text, i).bytes;
  }
  return count;
}

// Where the extension begins (its dot); the end when there is none. A leading dot begins no extension.
size_t extension_of(std::string_view name, bool directory) {
  const size_t dot = directory ? std::string_view::npos : name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name.size() : dot;
}

}  // namespace

void Iso9660Names::make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const {
  constexpr size_t kLongest = 31;
  const size_t dot = extension_of(name, directory);
  char stem[kLongest], extension[kLongest];
  size_t stem_size = to_d_characters(name.substr(0, dot), kLongest, stem);
  size_t extension_size = dot < name.size() ? to_d_characters(name.substr(dot + 1), kLongest, extension) : 0;
  const SerialDigits digits(serial);
  const size_t digit_count = serial ? digits.view().size() : 0;
  size_t most = 8;  // characters of the stem and the digits
  if (eight_dot_three_) {
    extension_size = std::min<size_t>(extension_size, 3);
  } else if (directory) {
    most = kLongest;
  } else {
    // 7.5.1: both together have 30. A long extension leaves the stem 22 at least, and the digits their places.
    extension_size = std::min(extension_size, 30 - std::max(std::min<size_t>(stem_size, 22), digit_count));
    most = 30 - extension_size;
  }
  out.clear();
  out.append({stem, std::min(stem_size, most - digit_count)});
  out.append(digits.view().substr(0, digit_count));
  if (extension_size) {
    out.push('.');
    out.append({extension, extension_size});
  }
}

bool Iso9660Names::faithful(std::string_view name, std::string_view recorded) const {
  const auto capital = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return std::equal(name.begin(), name.end(), recorded.begin(), recorded.end(), [&](char a, char b) { return capital(a) == b; });
}

void Iso9660LongNames::make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const {
  out.clear();
  if (!serial && name.size() <= longest_) return out.append(name);
  constexpr size_t kLongestExtension = 20;
  size_t dot = extension_of(name, directory);
  if (name.size() - dot > kLongestExtension) dot = name.size();
  const std::string_view extension = name.substr(dot);
  const SerialDigits digits(serial);
  const size_t added = extension.size() + (serial ? digits.view().size() : 0);
  size_t kept = 0;
  while (kept < dot) {
    const size_t bytes = utf8_at(name, kept).bytes;
    if (kept + bytes > std::min(dot, longest_ - added)) break;
    kept += bytes;
  }
  out.append(name.substr(0, kept));
  if (serial) out.append(digits.view());
  out.append(extension);
}

}  // namespace fsi
