// Times on a CD: minutes, seconds and frames of 1/75 s, and the BCD that headers and the Q channel have them in. The records of the
// dictionary (scsi/toc.h) hold times in binary; here they are numbers to count with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "librecorder/scsi/toc.h"

namespace rec::cd {

struct Time {
  uint8_t minute = 0, second = 0, frame = 0;
  friend bool operator==(const Time&, const Time&) = default;
};

/// LBA 0 is 00:02:00; addresses before -150 are the minutes 90 to 99 of the lead-in.
constexpr Time time_of(int32_t lba) {
  const Msf t = msf_of(lba);
  return {t.minute, t.second, t.frame};
}
constexpr int32_t lba_of(Time t) { return rec::lba_of(Msf{t.minute, t.second, t.frame}); }

/// A length, not an address.
constexpr Time length_time(uint32_t sectors) {
  return {static_cast<uint8_t>(sectors / 4500 % 100), static_cast<uint8_t>(sectors / 75 % 60), static_cast<uint8_t>(sectors % 75)};
}
/// "04:02:17", minutes without limit.
inline std::string time_text(uint64_t sectors) {
  const auto two = [](uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(sectors / 4500) + ":" + two(sectors / 75 % 60) + ":" + two(sectors % 75);
}

constexpr uint8_t bcd(uint8_t n) { return static_cast<uint8_t>(n / 10 << 4 | n % 10); }
constexpr std::optional<uint8_t> from_bcd(uint8_t b) {
  if (b >> 4 > 9 || (b & 15) > 9) return {};
  return static_cast<uint8_t>((b >> 4) * 10 + (b & 15));
}

}  // namespace rec::cd
