#include "libfsi/base/error.h"

#include <cstdio>
#include <system_error>
#include <utility>

namespace fsi {

namespace {
std::string join(const std::string& where, const std::string& doing, const std::string& why) {
  std::string line;
  for (const std::string* part : {&where, &doing, &why}) {
    if (part->empty()) continue;
    if (!line.empty()) line += ": ";
    line += *part;
  }
  return line;
}

// Length of the valid UTF-8 sequence at `i`, or 0: also for what is longer than it need be, for surrogates, for what lies
// behind U+10FFFF (Unicode table 3-7), and for the second set of control characters, which terminals obey.
size_t utf8_length(std::string_view s, size_t i) {
  auto byte = [&](size_t k) { return static_cast<unsigned char>(s[k]); };
  const unsigned char lead = byte(i);
  const size_t n = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (n == 0 || i + n > s.size()) return 0;
  for (size_t k = 1; k < n; ++k)
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
  const unsigned char second = n > 1 ? byte(i + 1) : 0;
  if ((lead == 0xC2 && second < 0xA0) || (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
    return 0;
  return n;
}
}  // namespace

Error::Error(ErrorKind kind, std::string where, std::string what, std::string why)
    : std::runtime_error(join(where, what, why)), kind_(kind), where_(std::move(where)), doing_(std::move(what)), why_(std::move(why)) {}

Error system_error(std::string where, std::string what, int error_number, ErrorKind kind) {
  return {kind, std::move(where), std::move(what), errno_text(error_number)};
}

std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

int exit_code(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::usage: return 2;
    case ErrorKind::differs: return 3;
    case ErrorKind::unsuitable: return 4;
    case ErrorKind::interrupted: return 130;
    default: return 1;
  }
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t n = utf8_length(text, i);
    if (n == 0 || c < 0x20 || c == 0x7F) {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02X", c);
      out += hex;
      ++i;
    } else {
      out.append(text, i, n);
      i += n;
    }
  }
  return out;
}

}  // namespace fsi
