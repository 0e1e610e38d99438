#include "librecorder/virtual/cd_sector.h"

#include <algorithm>
#include <cstring>

namespace rec::virt {
namespace {

/// ECMA-130 14.3, one bit at a time into a table of nibbles.
uint32_t edc_of(const uint8_t* bytes, size_t count) {
  static const auto kNibbles = [] {
    std::array<uint32_t, 16> table{};
    for (uint32_t n = 0; n < 16; ++n) {
      uint32_t r = n;
      for (int i = 0; i < 4; ++i) r = r & 1 ? (r >> 1) ^ 0xD8018001u : r >> 1;
      table[n] = r;
    }
    return table;
  }();
  uint32_t r = 0;
  for (size_t i = 0; i < count; ++i) {
    r ^= bytes[i];
    r = kNibbles[r & 15] ^ (r >> 4);
    r = kNibbles[r & 15] ^ (r >> 4);
  }
  return r;
}

/// The remainder of a message of symbols, times x^2, by g(x) = (x + 1)(x + a) = x^2 + (a + 1) x + a; a is 2 in GF(2^8) mod 11D.
struct Remainder {
  uint8_t high = 0, low = 0;
  void take(uint8_t symbol) {
    const uint8_t feedback = symbol ^ high;
    const auto doubled = static_cast<uint8_t>(feedback * 2 ^ (feedback >> 7) * 0x11D);
    high = low ^ doubled ^ feedback;
    low = doubled;
  }
};

/// ECMA-130 annex A. Byte n of the plane is at 12 + 2 n + plane.
void make_ecc(uint8_t* sector) {
  for (int plane = 0; plane < 2; ++plane) {
    const auto byte = [&](size_t n) -> uint8_t& { return sector[12 + 2 * n + static_cast<size_t>(plane)]; };
    for (size_t column = 0; column < 43; ++column) {
      Remainder p;
      for (size_t n = column; n < 24 * 43; n += 43) p.take(byte(n));
      byte(24 * 43 + column) = p.high;
      byte(25 * 43 + column) = p.low;
    }
    for (size_t diagonal = 0; diagonal < 26; ++diagonal) {
      Remainder q;
      size_t n = 43 * diagonal;
      for (int i = 0; i < 43; ++i, n = (n + 44) % 1118) q.take(byte(n));
      byte(1118 + diagonal) = q.high;
      byte(1118 + 26 + diagonal) = q.low;
    }
  }
}

void set_edc(uint8_t* sector, size_t from, size_t to) {
  const uint32_t value = edc_of(sector + from, to - from);
  for (int i = 0; i < 4; ++i) sector[to + static_cast<size_t>(i)] = static_cast<uint8_t>(value >> (8 * i));
}

void set_header(uint8_t* sector, int32_t lba, uint8_t mode) {
  std::memset(sector, 0xFF, 12);
  sector[0] = sector[11] = 0;
  const Msf t = msf_of(lba);
  sector[12] = to_bcd(t.minute);
  sector[13] = to_bcd(t.second);
  sector[14] = to_bcd(t.frame);
  sector[15] = mode;
}

/// x^16 + x^12 + x^5 + 1 over ten bytes, inverted.
uint16_t q_crc(const Q& q) {
  uint32_t r = 0;
  for (size_t i = 0; i < 80; ++i) {
    const uint32_t in = (q[i / 8] >> (7 - i % 8) & 1u) ^ (r >> 15 & 1u);
    r = (r << 1 & 0xFFFF) ^ (in ? 0x1021u : 0u);
  }
  return static_cast<uint16_t>(r ^ 0xFFFF);
}

void set_msf(Q& q, size_t at, Msf t) {
  q[at] = to_bcd(t.minute);
  q[at + 1] = to_bcd(t.second);
  q[at + 2] = to_bcd(t.frame);
}

uint32_t six_bits(const Q& q, size_t n) {  // n-th group of six bits from byte 1
  uint32_t value = 0;
  for (size_t bit = 8 + 6 * n; bit < 14 + 6 * n; ++bit) value = value * 2 + (q[bit / 8] >> (7 - bit % 8) & 1u);
  return value;
}

}  // namespace

void complete_mode1(std::span<uint8_t, kCdMain> sector, int32_t lba) {
  set_header(sector.data(), lba, 1);
  set_edc(sector.data(), 0, 2064);
  std::memset(sector.data() + 2068, 0, 8);
  make_ecc(sector.data());
}

void complete_mode2(std::span<uint8_t, kCdMain> sector, int32_t lba, bool checks) {
  const bool form2 = sector[18] & 0x20;
  if (checks) std::memcpy(sector.data() + 20, sector.data() + 16, 4);
  if (checks && form2) set_edc(sector.data(), 16, 2348);
  if (checks && !form2) {
    set_edc(sector.data(), 16, 2072);
    std::memset(sector.data() + 12, 0, 4);
    make_ecc(sector.data());
  }
  set_header(sector.data(), lba, 2);
}

namespace {
/// Annex B, figure B.1: fifteen stages preset to 1; the output is the last stage, and the sum of the last two goes in.
constexpr std::array<uint8_t, kCdMain> make_scrambler() {
  std::array<uint8_t, kCdMain> masks{};
  uint32_t stages = 1;
  for (size_t i = 12; i < kCdMain; ++i)
    for (uint8_t bit = 0; bit < 8; ++bit) {
      masks[i] |= static_cast<uint8_t>((stages & 1u) << bit);
      const uint32_t in = (stages ^ stages >> 1) & 1u;
      stages = stages >> 1 | in << 14;
    }
  return masks;
}
}  // namespace

void scramble_or_back(std::span<uint8_t, kCdMain> sector) {
  static constexpr auto kMasks = make_scrambler();
  for (size_t i = 12; i < kCdMain; ++i) sector[i] ^= kMasks[i];
}

CdSectorState look_at(std::span<const uint8_t, kCdMain> sector, bool data) {
  CdSectorState state;
  if (!data) {
    state.readable = true;
    return state;
  }
  std::array<uint8_t, kCdMain> remade;
  std::copy(sector.begin(), sector.end(), remade.begin());
  set_header(remade.data(), 0, sector[15]);
  state.sync = std::equal(sector.begin(), sector.begin() + 12, remade.begin());
  if (!state.sync) return state;
  std::copy(sector.begin() + 12, sector.begin() + 16, remade.begin() + 12);
  const auto same = [&](size_t from, size_t to) {
    return std::equal(sector.begin() + static_cast<ptrdiff_t>(from), sector.begin() + static_cast<ptrdiff_t>(to),
                      remade.begin() + static_cast<ptrdiff_t>(from));
  };
  switch (sector[15]) {
    case 1:
      state.mode = CdMode::mode1;
      set_edc(remade.data(), 0, 2064);
      make_ecc(remade.data());
      state.readable = same(2064, kCdMain);
      break;
    case 2: {
      const bool subheader = std::equal(sector.begin() + 16, sector.begin() + 20, sector.begin() + 20);
      state.mode = !subheader ? CdMode::formless : sector[18] & 0x20 ? CdMode::form2 : CdMode::form1;
      state.readable = true;
      if (state.mode == CdMode::form2) {
        const bool none = std::all_of(sector.end() - 4, sector.end(), [](uint8_t b) { return b == 0; });
        set_edc(remade.data(), 16, 2348);
        state.readable = none || same(2348, kCdMain);
      } else if (state.mode == CdMode::form1) {
        set_edc(remade.data(), 16, 2072);
        std::memset(remade.data() + 12, 0, 4);
        make_ecc(remade.data());
        state.readable = same(2072, kCdMain);
      }
      break;
    }
    default: state.readable = sector[15] == 0; break;
  }
  return state;
}

Q q_position(uint8_t control, uint8_t track, uint8_t index, uint32_t relative, int32_t lba) {
  Q q{};
  q[0] = static_cast<uint8_t>(control * 16 + 1);
  q[1] = track == kLeadOutTrack ? kLeadOutTrack : to_bcd(track);
  q[2] = to_bcd(index);
  set_msf(q, 3, {relative / 4500, relative / 75 % 60, relative % 75});
  set_msf(q, 7, msf_of(lba));
  return q_with_crc(q);
}

Q q_mcn(uint8_t control, const std::string& digits, int32_t lba) {
  Q q{};
  q[0] = static_cast<uint8_t>(control * 16 + 2);
  for (size_t i = 0; i < 13; ++i) q[1 + i / 2] |= static_cast<uint8_t>((digits[i] - '0') << (i % 2 ? 0 : 4));
  q[9] = to_bcd(msf_of(lba).frame);
  return q_with_crc(q);
}

Q q_isrc(uint8_t control, const std::string& code, int32_t lba) {
  Q q{};
  q[0] = static_cast<uint8_t>(control * 16 + 3);
  uint64_t front = 0;  // five characters of six bits, then two zeros
  for (size_t i = 0; i < 5; ++i) front = front << 6 | static_cast<uint64_t>(code[i] - '0');
  front <<= 2;
  for (size_t i = 0; i < 4; ++i) q[1 + i] = static_cast<uint8_t>(front >> (24 - 8 * i));
  for (size_t i = 0; i < 7; ++i) q[5 + i / 2] |= static_cast<uint8_t>((code[5 + i] - '0') << (i % 2 ? 0 : 4));
  q[9] = to_bcd(msf_of(lba).frame);
  return q_with_crc(q);
}

Q q_point(uint8_t control, uint8_t adr, uint8_t point, Msf time, uint8_t zero, Msf ptime) {
  Q q{};
  q[0] = static_cast<uint8_t>(control * 16 + adr);
  q[2] = point < 100 ? to_bcd(point) : point;
  set_msf(q, 3, time);
  q[6] = zero;
  set_msf(q, 7, ptime);
  return q_with_crc(q);
}

Q q_with_crc(Q q) {
  const uint16_t crc = q_crc(q);
  q[10] = static_cast<uint8_t>(crc >> 8);
  q[11] = static_cast<uint8_t>(crc & 0xFF);
  return q;
}

bool q_is_good(const Q& q) { return q == q_with_crc(q); }

void set_q(std::span<uint8_t, kCdSub> symbols, bool p, const Q& q) {
  for (size_t i = 0; i < kCdSub; ++i) {
    symbols[i] &= 0x3F;
    if (p) symbols[i] |= 0x80;
    if (q[i / 8] & 0x80 >> i % 8) symbols[i] |= 0x40;
  }
}

Q get_q(std::span<const uint8_t, kCdSub> symbols) {
  Q q{};
  for (size_t i = 0; i < kCdSub; ++i) q[i / 8] = static_cast<uint8_t>(q[i / 8] << 1 | (symbols[i] >> 6 & 1));
  return q;
}

std::optional<std::string> mcn_in(const Q& q) {
  if (q[0] % 16 != 2) return {};
  std::string digits;
  for (size_t i = 0; i < 13; ++i) {
    const uint8_t digit = q[1 + i / 2] >> (i % 2 ? 0 : 4) & 15;
    if (digit > 9) return {};
    digits += static_cast<char>('0' + digit);
  }
  return digits;
}

std::optional<std::string> isrc_in(const Q& q) {
  if (q[0] % 16 != 3) return {};
  std::string code;
  for (size_t i = 0; i < 5; ++i) code += static_cast<char>('0' + six_bits(q, i));
  for (size_t i = 0; i < 7; ++i) code += static_cast<char>('0' + (q[5 + i / 2] >> (i % 2 ? 0 : 4) & 15));
  return code;
}

}  // namespace rec::virt
