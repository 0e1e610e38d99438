#include "librecorder/set_speed.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "librecorder/pipeline/ring.h"

namespace rec {

std::optional<uint32_t> set_speed(Drive& drive, Profile profile, std::optional<uint32_t> wanted_kb, fsi::Lba last,
                                  std::vector<std::string>& notes) {
  if (wanted_kb && !drive.set_write_speed(*wanted_kb, profile, last).good())
    notes.push_back("the drive does not let its speed be set; it chooses one itself");
  const auto speed = drive.current_write_speed(profile);
  // Drives count a little differently in each command that tells a speed.
  if (wanted_kb && *wanted_kb != 0xFFFF && speed && (*speed > *wanted_kb * 1.1 || *speed < *wanted_kb * 0.9)) {
    char text[96];
    std::snprintf(text, sizeof text, "the drive chose speed %.1fx and not %.1fx", *speed / speed_1x(profile),
                  *wanted_kb / speed_1x(profile));
    notes.emplace_back(text);
  }
  return speed;
}

std::vector<uint32_t> speeds_up_to(std::optional<uint32_t> chosen_kb, const Medium& medium) {
  std::vector<uint32_t> speeds;
  if (chosen_kb) speeds.push_back(*chosen_kb);
  for (const uint32_t offered : medium.write_speeds)
    if (!chosen_kb || offered < *chosen_kb * 0.95) speeds.push_back(offered);
  return speeds;
}

size_t modest_ring(size_t bytes) {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return bytes;
  return std::min(bytes, std::max(static_cast<size_t>(pages) * static_cast<size_t>(page) / 8, 4 * Ring::kSmallest));
}

}  // namespace rec
