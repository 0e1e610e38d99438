#include "libfsi/check/reading.h"

#include <algorithm>
#include <limits>

namespace fsi {

double ReadStretch::rate() const {
  if (sectors == 0) return 0;
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(sectors) * kSectorSize / seconds : std::numeric_limits<double>::infinity();
}

double Reading::typical_rate() const {
  std::vector<double> rates;
  for (const ReadStretch& s : stretches)
    if (s.sectors > 0) rates.push_back(s.rate());
  if (rates.empty()) return 0;
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::ranges::nth_element(rates, middle);
  return *middle;
}

std::vector<ReadStretch> Reading::slow_zones() const {
  // Below half a second nobody would notice, and the clock of a small stretch is not to be trusted.
  constexpr auto kNoticed = std::chrono::milliseconds(500);
  const double typical = typical_rate();
  std::vector<ReadStretch> zones;
  for (const ReadStretch& s : stretches) {
    const bool slow = s.time >= kNoticed && s.rate() <= typical / 4;
    if (!slow && s.retries == 0) continue;
    if (!zones.empty() && zones.back().range.end() == s.range.first) {
      ReadStretch& last = zones.back();
      last.range.count += s.range.count;
      last.sectors += s.sectors;
      last.time += s.time;
      last.retries += s.retries;
    } else {
      zones.push_back(s);
    }
  }
  return zones;
}

}  // namespace fsi
