#include "libfsi/read/udf_text.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "libfsi/read/iso_text.h"
#include "libfsi/read/utf.h"

namespace fsi {

using namespace disc;

bool append_cs0(std::string_view recorded, std::string& out) {
  if (recorded.empty()) return true;
  const auto id = static_cast<unsigned char>(recorded.front());
  recorded.remove_prefix(1);
  if (id == 16 || id == 255) return append_utf16be(recorded, out);
  for (const char c : recorded) append_utf8(static_cast<unsigned char>(c), out);
  return id == 8 || id == 254;
}

std::string cs0_text_of(std::string_view recorded) {
  std::string text;
  append_cs0(recorded, text);
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

EntryTime time_of(const Timestamp& t, bool& legal) {
  legal = true;
  const auto bytes = bytes_of(t);
  if (std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; })) return {};
  const auto year = static_cast<int16_t>(t.year.get());
  const unsigned type = t.type_and_zone >> 12;
  int zone = t.type_and_zone & 0xFFF;
  if (zone >= 0x800) zone -= 0x1000;
  if (type != 1 || zone == -2047) zone = 0;
  const unsigned fraction = t.centiseconds * 10000u + t.hundred_microseconds * 100u + t.microseconds;
  legal = type <= 1 && t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= 31 && t.hour < 24 && t.minute < 60 && t.second < 60 &&
          zone >= -1440 && zone <= 1440 && t.centiseconds < 100 && t.hundred_microseconds < 100 && t.microseconds < 100;
  if (t.month < 1 || t.month > 12) return {};
  EntryTime time{days_from_civil(year, t.month, t.day) * 86400 + t.hour * 3600 + t.minute * 60 + t.second - zone * 60, true};
  if (fraction < 1'000'000) time.nanoseconds = fraction * 1000;
  return time;
}

bool append_link_target(std::span<const std::byte> bytes, std::string& out) {
  bool legal = true, separate = false, first = true;
  while (!bytes.empty()) {
    PathComponent component;
    if (!load(bytes, 0, component) || component.identifier_length > bytes.size() - sizeof component) return false;
    const std::string_view identifier(reinterpret_cast<const char*>(bytes.data()) + sizeof component, component.identifier_length);
    bytes = bytes.subspan(sizeof component + component.identifier_length);
    const uint8_t type = component.type;
    if (type == 1 || type == kPathRoot) {
      // 1 is a root that writer and reader agree upon: there is only one.
      legal &= first && identifier.empty();
      if (first) out += '/';
      first = false;
      continue;
    }
    if (separate) out += '/';
    separate = true;
    first = false;
    if (type == kPathParent) {
      out += "..";
    } else if (type == kPathHere) {
      out += '.';
    } else if (type == kPathName) {
      const size_t from = out.size();
      legal &= append_cs0(identifier, out);
      legal &= make_safe_name(out, from);
    } else {
      out += '_';
      legal = false;
    }
  }
  return legal;
}

uint32_t mode_of(uint32_t permissions, uint16_t icb_flags) {
  uint32_t mode = 0;
  for (unsigned who = 0; who < 3; ++who) {
    const uint32_t may = permissions >> 5 * who;
    mode |= ((may & kMayRead ? 4u : 0u) | (may & kMayWrite ? 2u : 0u) | (may & kMayExecute ? 1u : 0u)) << 3 * who;
  }
  if (icb_flags & kIcbSetuid) mode |= S_ISUID;
  if (icb_flags & kIcbSetgid) mode |= S_ISGID;
  if (icb_flags & kIcbSticky) mode |= S_ISVTX;
  return mode;
}

std::string udf_revision_text(uint16_t revision) {
  char text[8];
  std::snprintf(text, sizeof text, "%x.%02x", revision >> 8u, revision & 0xFFu);
  return text;
}

}  // namespace fsi
