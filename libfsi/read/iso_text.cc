#include "libfsi/read/iso_text.h"

#include <algorithm>

#include "libfsi/read/utf.h"

namespace fsi {

namespace {

// Without ";1", and without the dot before an empty extension.
void strip_version(std::string& out, size_t from) {
  const size_t semicolon = out.rfind(';');
  if (semicolon == std::string::npos || semicolon < from || semicolon == from) return;
  for (size_t i = semicolon + 1; i < out.size(); ++i)
    if (out[i] < '0' || out[i] > '9') return;
  out.resize(semicolon);
}

std::string_view without_version(std::string_view id, size_t unit) {
  for (size_t i = id.size(); i >= unit; i -= unit) {
    const size_t at = i - unit;
    if (id[i - 1] == ';' && (unit == 1 || id[at] == 0)) return id.substr(0, at);
    if (i < 2 * unit) break;
  }
  return id;
}

// Compares as if the shorter one were filled with `fill`.
int compare_padded(std::string_view a, std::string_view b, unsigned char fill) {
  const size_t n = std::max(a.size(), b.size());
  for (size_t i = 0; i < n; ++i) {
    const unsigned char x = i < a.size() ? static_cast<unsigned char>(a[i]) : fill;
    const unsigned char y = i < b.size() ? static_cast<unsigned char>(b[i]) : fill;
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

size_t find_dot(std::string_view id, size_t unit, bool last) {
  size_t found = id.size();
  for (size_t i = 0; i + unit <= id.size(); i += unit)
    if (id[i + unit - 1] == '.' && (unit == 1 || id[i] == 0)) {
      found = i;
      if (!last) break;
    }
  return found;
}

int compare_parts(std::string_view a, std::string_view b, size_t unit, unsigned char fill, bool last) {
  const size_t da = find_dot(a, unit, last), db = find_dot(b, unit, last);
  if (const int c = compare_padded(a.substr(0, da), b.substr(0, db), fill)) return c;
  auto rest = [&](std::string_view s, size_t d) { return d < s.size() ? s.substr(d + unit) : std::string_view(); };
  return compare_padded(rest(a, da), rest(b, db), fill);
}

EntryTime make_time(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second, int zone, bool& legal) {
  legal = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 60 && zone >= -48 && zone <= 52;
  if (month < 1 || month > 12) return {};
  return {days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone * 900, true};
}

}  // namespace

bool append_name(IsoNames names, std::string_view identifier, std::string& out) {
  const size_t from = out.size();
  bool legal = true;
  if (names == IsoNames::joliet)
    legal = append_utf16be(identifier, out);
  else
    out.append(identifier);
  if (names != IsoNames::enhanced) {
    strip_version(out, from);
    if (names == IsoNames::iso && out.size() > from + 1 && out.back() == '.') out.pop_back();
  }
  return make_safe_name(out, from) && legal;
}

bool make_safe_name(std::string& name, size_t from) {
  bool legal = true;
  for (size_t i = from; i < name.size(); ++i)
    if (name[i] == '/' || name[i] == '\0') {
      name[i] = '_';
      legal = false;
    }
  const std::string_view text = std::string_view(name).substr(from);
  if (text.empty() || text == "." || text == "..") {
    name.resize(from);
    name += "_";
    return false;
  }
  return legal;
}

bool out_of_order(IsoNames names, std::string_view a, std::string_view b) {
  const size_t unit = names == IsoNames::joliet ? 2 : 1;
  const std::string_view x = without_version(a, unit), y = without_version(b, unit);
  if (compare_padded(x, y, 0) <= 0 || a.compare(b) <= 0) return false;
  for (const unsigned char fill : {' ', '\0'})
    for (const bool last : {false, true})
      if (compare_parts(x, y, unit, fill, last) <= 0) return false;
  return true;
}

EntryTime time_of(const disc::ShortTime& t, bool& legal) {
  legal = true;
  const auto* raw = reinterpret_cast<const unsigned char*>(&t);
  if (std::all_of(raw, raw + 6, [](unsigned char c) { return c == 0; })) return {};
  return make_time(1900 + t.year, t.month, t.day, t.hour, t.minute, t.second, static_cast<int8_t>(t.zone.get()), legal);
}

EntryTime time_of(const disc::LongTime& t, bool& legal) {
  legal = true;
  const std::string_view s = t.digits.raw();
  if (std::ranges::all_of(s, [](char c) { return c == '0' || c == ' ' || c == '\0'; })) return {};
  unsigned value[7]{};
  size_t at = 0;
  for (size_t f = 0; f < 7; ++f)
    for (size_t n = f == 0 ? 4 : 2; n > 0; --n, ++at) {
      if (s[at] < '0' || s[at] > '9') return legal = false, EntryTime{};
      value[f] = value[f] * 10 + static_cast<unsigned>(s[at] - '0');
    }
  return make_time(value[0], value[1], value[2], value[3], value[4], value[5], static_cast<int8_t>(t.zone.get()), legal);
}

}  // namespace fsi
