// What a CD recorder computes by itself: sync, header, EDC and ECC of data sectors, Q and its CRC. Written a second time, after
// ECMA-130 alone: the code under test is in librecorder/cd and this must not agree with its mistakes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "librecorder/scsi/toc.h"

namespace rec::virt {

inline constexpr size_t kCdMain = 2352, kCdSub = 96, kCdBlock = kCdMain + kCdSub;
/// Main channel, not scrambled, and the 96 symbols P to W.
using CdBlock = std::array<uint8_t, kCdBlock>;

enum class CdMode : uint8_t { audio, mode1, formless, form1, form2 };

/// Sync, header, and the mode's checks around the user data that is there already.
void complete_mode1(std::span<uint8_t, kCdMain> sector, int32_t lba);
/// Mode 2: `checks` makes EDC and ECC as the subheader's form wants it.
void complete_mode2(std::span<uint8_t, kCdMain> sector, int32_t lba, bool checks);
void scramble_or_back(std::span<uint8_t, kCdMain> sector);

struct CdSectorState {
  CdMode mode = CdMode::audio;
  bool sync = false;
  bool readable = false;  ///< the checks match, or there are none
};
/// `data`: the Q control says so. Without sync such a sector cannot be found on the disc.
CdSectorState look_at(std::span<const uint8_t, kCdMain> sector, bool data);

using Q = std::array<uint8_t, 12>;
Q q_position(uint8_t control, uint8_t track, uint8_t index, uint32_t relative, int32_t lba);
Q q_mcn(uint8_t control, const std::string& digits, int32_t lba);
Q q_isrc(uint8_t control, const std::string& code, int32_t lba);
Q q_point(uint8_t control, uint8_t adr, uint8_t point, Msf time, uint8_t zero, Msf ptime);
Q q_with_crc(Q q);
bool q_is_good(const Q& q);
void set_q(std::span<uint8_t, kCdSub> symbols, bool p, const Q& q);
Q get_q(std::span<const uint8_t, kCdSub> symbols);
std::optional<std::string> mcn_in(const Q& q);
std::optional<std::string> isrc_in(const Q& q);

constexpr uint8_t to_bcd(uint32_t n) { return static_cast<uint8_t>(n / 10 * 16 + n % 10); }
constexpr uint32_t of_bcd(uint8_t b) { return b / 16u * 10 + b % 16u; }
constexpr bool is_bcd(uint8_t b) { return b / 16 < 10 && b % 16 < 10; }

}  // namespace rec::virt
