#include "libfsi/disc/times.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace fsi::disc {

namespace {

using std::chrono::sys_days;
using std::chrono::year;

constexpr int64_t kSecond = 1'000'000;

constexpr int64_t start_of_year(int y) {
  const sys_days day = year(y) / 1 / 1;
  return std::chrono::duration_cast<std::chrono::microseconds>(day.time_since_epoch()).count();
}
constexpr int64_t kFirstShort = start_of_year(1900), kEndShort = start_of_year(2156);
constexpr int64_t kFirstLong = start_of_year(1), kEndLong = start_of_year(10000);

}  // namespace

bool fits_short_time(int64_t time) { return time >= kFirstShort && time < kEndShort; }

uint64_t short_time_bytes(int64_t time) {
  const auto seconds = static_cast<uint64_t>(std::clamp(time, kFirstShort, kEndShort - 1) - kFirstShort) / kSecond;
  const auto days = static_cast<uint32_t>(seconds / 86400), of_day = static_cast<uint32_t>(seconds % 86400);
  const std::chrono::year_month_day date(sys_days(year(1900) / 1 / 1) + std::chrono::days(days));
  return uint64_t(int(date.year()) - 1900) | uint64_t{unsigned(date.month())} << 8 | uint64_t{unsigned(date.day())} << 16 |
         uint64_t{of_day / 3600} << 24 | uint64_t{of_day / 60 % 60} << 32 | uint64_t{of_day % 60} << 40;
}

LongTime long_time(int64_t time) {
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(std::clamp(time, kFirstLong, kEndLong - 1))};
  const sys_days day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss of_day(at - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d%02u%02u%02d%02d%02d%02d", int(date.year()), unsigned(date.month()), unsigned(date.day()),
                int(of_day.hours().count()), int(of_day.minutes().count()), int(of_day.seconds().count()),
                int(of_day.subseconds().count() / 10'000));
  LongTime out;
  out.digits.set(std::string_view(text, 16));
  return out;
}

}  // namespace fsi::disc
