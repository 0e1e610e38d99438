#include "libfsi/iso9660/times.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace fsi {

namespace {

using std::chrono::floor;
using std::chrono::sys_days;
using std::chrono::year;

constexpr Time start_of_year(int y) {
  const sys_days day = year(y) / 1 / 1;
  return std::chrono::duration_cast<std::chrono::microseconds>(day.time_since_epoch()).count();
}
constexpr Time kFirstShort = start_of_year(1900), kEndShort = start_of_year(2156);
constexpr Time kFirstLong = start_of_year(1), kEndLong = start_of_year(10000);

struct Civil {
  int year;
  unsigned month, day, hour, minute, second, hundredths;
};

Civil civil(Time time) {
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(time)};
  const sys_days day = floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto of_day = static_cast<uint64_t>((at - day).count());
  const auto seconds = static_cast<unsigned>(of_day / kSecond);
  return {int(date.year()),     unsigned(date.month()), unsigned(date.day()), seconds / 3600, seconds / 60 % 60,
          seconds % 60, static_cast<unsigned>(of_day % kSecond / 10'000)};
}

}  // namespace

bool fits_short_time(Time time) {
  return time >= kFirstShort && time < kEndShort;
}

disc::ShortTime short_time(Time time) {
  const Civil at = civil(std::clamp(time, kFirstShort, kEndShort - 1));
  disc::ShortTime out;
  out.year = static_cast<unsigned>(at.year - 1900);
  out.month = at.month;
  out.day = at.day;
  out.hour = at.hour;
  out.minute = at.minute;
  out.second = at.second;
  return out;
}

disc::LongTime long_time(Time time) {
  const Civil at = civil(std::clamp(time, kFirstLong, kEndLong - 1));
  char text[64];
  std::snprintf(text, sizeof text, "%04d%02u%02u%02u%02u%02u%02u", at.year, at.month, at.day, at.hour, at.minute, at.second, at.hundredths);
  disc::LongTime out;
  out.digits.set(std::string_view(text, 16));
  return out;
}

}  // namespace fsi
