#include "libfsi/udf/timestamp.h"

#include <algorithm>
#include <chrono>

namespace fsi::udf {

disc::Timestamp timestamp(Time time) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds(std::clamp(time, kEarliestTime, kLatestTime))};
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const auto rest = static_cast<uint64_t>((at - day).count());
  const uint64_t second = rest / 1'000'000, micro = rest % 1'000'000;

  disc::Timestamp stamp;
  stamp.type_and_zone = 0x1000;  // local time (type 1), no minutes from UTC
  stamp.year = static_cast<uint64_t>(static_cast<int>(date.year()));
  stamp.month = static_cast<unsigned>(date.month());
  stamp.day = static_cast<unsigned>(date.day());
  stamp.hour = second / 3600;
  stamp.minute = second / 60 % 60;
  stamp.second = second % 60;
  stamp.centiseconds = micro / 10'000;
  stamp.hundred_microseconds = micro / 100 % 100;
  stamp.microseconds = micro % 100;
  return stamp;
}

}  // namespace fsi::udf
