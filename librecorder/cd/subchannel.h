// The subchannel of a CD sector: 96 symbols of 8 bits, P in bit 7, Q in bit 6, R to W below. ECMA-130 clause 22 for P and Q; the codes
// of MCN and ISRC in 22.3.4. Pure functions over bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "librecorder/cd/sector.h"
#include "librecorder/cd/time.h"

namespace rec::cd {

/// Bits of the control nibble.
inline constexpr uint8_t kControlPreEmphasis = 0x1, kControlCopy = 0x2, kControlIsData = 0x4, kControlFourChannel = 0x8;
inline constexpr uint8_t kLeadInNumber = 0x00, kLeadOutNumber = 0xAA;  // TNO

/// Q of one sector: control and ADR, nine bytes of data, CRC. As recorded, most significant bit first.
using QFrame = std::array<uint8_t, 12>;

/// ADR 1 in the program area and the lead-out. `track` 1 to 99, or kLeadOutNumber; `relative`: sectors from the track's INDEX 01, or up
/// to it in a pause (INDEX 00).
QFrame q_position(uint8_t control, uint8_t track, uint8_t index, uint32_t relative, int32_t lba);
/// ADR 1 (5 when `adr` says so) in the lead-in: one entry of the table of contents. `point` 1 to 99 as a number, A0 and up as they are;
/// `time` is the running time of the lead-in, or what the entry has there.
QFrame q_toc(uint8_t control, uint8_t point, Time time, Time ptime, uint8_t zero = 0, uint8_t adr = 1);
/// ADR 2: `mcn` is 13 digits; `frame` the sector's own frame number (LBA modulo 75).
QFrame q_catalog(uint8_t control, std::string_view mcn, int32_t lba);
/// ADR 3: `isrc` is 12 characters.
QFrame q_isrc(uint8_t control, std::string_view isrc, int32_t lba);

bool crc_matches(const QFrame& q);
/// CRC-16 of x^16 + x^12 + x^5 + 1, inverted: Q and CD-TEXT have the same.
uint16_t crc16(std::span<const uint8_t> bytes);

/// 13 digits and nothing else.
bool is_catalog_number(std::string_view mcn);
/// Two letters, three letters or digits, seven digits; upper case. Hyphens are for people and not taken here.
bool is_isrc(std::string_view isrc);
/// Of an ADR 2 or 3 frame; nothing when it is another one or holds no legal code.
std::optional<std::string> catalog_of(const QFrame& q);
std::optional<std::string> isrc_of(const QFrame& q);

using SubchannelSpan = std::span<std::byte, kSubchannelBytes>;
using SubchannelView = std::span<const std::byte, kSubchannelBytes>;

/// Sets bits 7 and 6 of the 96 symbols; R to W stay.
void put_pq(SubchannelSpan symbols, bool p, const QFrame& q);
QFrame q_of(SubchannelView symbols);
/// P is the same in all symbols of a sector, but for a damaged one; what most of them say.
bool p_of(SubchannelView symbols);

/// R to W of four packs of 24 six-bit symbols, as CD-TEXT and CD+G have them, from and to 72 bytes.
void put_rw(SubchannelSpan symbols, std::span<const std::byte, 72> packed);
std::array<std::byte, 72> rw_of(SubchannelView symbols);

/// The 16 bytes of data block type 1 and of READ CD's Q format: Q with its CRC, three zeros, P in bit 7 of the last.
std::array<std::byte, 16> pq16_of(SubchannelView symbols);

}  // namespace rec::cd
