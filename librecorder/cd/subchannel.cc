#include "librecorder/cd/subchannel.h"

#include <algorithm>
#include <bit>

namespace rec::cd {
namespace {

constexpr auto kCrcTable = [] {
  std::array<uint16_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint16_t value = static_cast<uint16_t>(i << 8);
    for (int bit = 0; bit < 8; ++bit) value = static_cast<uint16_t>(value << 1 ^ (value & 0x8000 ? 0x1021 : 0));
    table[i] = value;
  }
  return table;
}();

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// Fields of less than a byte, most significant bit first.
class Bits {
 public:
  explicit Bits(std::span<uint8_t> bytes) : bytes_(bytes) {}
  void put(uint32_t value, int count) {
    while (count-- > 0) {
      if (value >> count & 1) bytes_[at_ / 8] |= static_cast<uint8_t>(0x80 >> at_ % 8);
      ++at_;
    }
  }

 private:
  std::span<uint8_t> bytes_;
  size_t at_ = 0;
};

uint32_t bits_at(std::span<const uint8_t> bytes, size_t at, int count) {
  uint32_t value = 0;
  for (; count > 0; --count, ++at) value = value << 1 | (bytes[at / 8] >> (7 - at % 8) & 1);
  return value;
}

QFrame sealed(QFrame q) {
  const uint16_t crc = crc16(std::span(q).first<10>());
  q[10] = static_cast<uint8_t>(crc >> 8);
  q[11] = static_cast<uint8_t>(crc);
  return q;
}

void put_time(QFrame& q, size_t at, Time time) {
  q[at] = bcd(time.minute);
  q[at + 1] = bcd(time.second);
  q[at + 2] = bcd(time.frame);
}

uint8_t number(uint8_t n) { return n < 100 ? bcd(n) : n; }

}  // namespace

uint16_t crc16(std::span<const uint8_t> bytes) {
  uint16_t crc = 0;
  for (const uint8_t b : bytes) crc = static_cast<uint16_t>(crc << 8 ^ kCrcTable[(crc >> 8 ^ b) & 0xFF]);
  return static_cast<uint16_t>(~crc);
}

bool crc_matches(const QFrame& q) { return crc16(std::span(q).first<10>()) == static_cast<uint16_t>(q[10] << 8 | q[11]); }

QFrame q_position(uint8_t control, uint8_t track, uint8_t index, uint32_t relative, int32_t lba) {
  QFrame q{};
  q[0] = static_cast<uint8_t>(control << 4 | 1);
  q[1] = number(track);
  q[2] = bcd(index);
  put_time(q, 3, length_time(relative));
  put_time(q, 7, time_of(lba));
  return sealed(q);
}

QFrame q_toc(uint8_t control, uint8_t point, Time time, Time ptime, uint8_t zero, uint8_t adr) {
  QFrame q{};
  q[0] = static_cast<uint8_t>(control << 4 | adr);
  q[1] = kLeadInNumber;
  q[2] = number(point);
  put_time(q, 3, time);
  q[6] = zero;
  put_time(q, 7, ptime);
  return sealed(q);
}

QFrame q_catalog(uint8_t control, std::string_view mcn, int32_t lba) {
  QFrame q{};
  q[0] = static_cast<uint8_t>(control << 4 | 2);
  Bits bits(std::span<uint8_t>(q).subspan(1));
  for (const char c : mcn) bits.put(static_cast<uint32_t>(c - '0'), 4);
  q[9] = bcd(time_of(lba).frame);
  return sealed(q);
}

QFrame q_isrc(uint8_t control, std::string_view isrc, int32_t lba) {
  QFrame q{};
  q[0] = static_cast<uint8_t>(control << 4 | 3);
  Bits bits(std::span<uint8_t>(q).subspan(1));
  // ECMA-130 22.3.4.2: six bits, 0 to 9 and then, from 17, A to Z.
  for (const char c : isrc.substr(0, 5)) bits.put(static_cast<uint32_t>(c - '0'), 6);
  bits.put(0, 2);
  for (const char c : isrc.substr(5)) bits.put(static_cast<uint32_t>(c - '0'), 4);
  q[9] = bcd(time_of(lba).frame);
  return sealed(q);
}

bool is_catalog_number(std::string_view mcn) { return mcn.size() == 13 && std::all_of(mcn.begin(), mcn.end(), is_digit); }

bool is_isrc(std::string_view isrc) {
  if (isrc.size() != 12) return false;
  for (size_t i = 0; i < isrc.size(); ++i)
    if (!((i < 5 && is_capital(isrc[i])) || (i >= 2 && is_digit(isrc[i])))) return false;
  return true;
}

std::optional<std::string> catalog_of(const QFrame& q) {
  if ((q[0] & 15) != 2) return {};
  std::string mcn;
  for (size_t i = 0; i < 13; ++i) mcn += static_cast<char>('0' + bits_at(std::span(q).subspan(1), 4 * i, 4));
  if (!is_catalog_number(mcn)) return {};
  return mcn;
}

std::optional<std::string> isrc_of(const QFrame& q) {
  if ((q[0] & 15) != 3) return {};
  const auto data = std::span(q).subspan(1);
  std::string isrc;
  for (size_t i = 0; i < 5; ++i) isrc += static_cast<char>('0' + bits_at(data, 6 * i, 6));
  for (size_t i = 0; i < 7; ++i) isrc += static_cast<char>('0' + bits_at(data, 32 + 4 * i, 4));
  if (!is_isrc(isrc)) return {};
  return isrc;
}

void put_pq(SubchannelSpan symbols, bool p, const QFrame& q) {
  for (size_t i = 0; i < kSubchannelBytes; ++i) {
    const bool bit = q[i / 8] >> (7 - i % 8) & 1;
    symbols[i] = (symbols[i] & std::byte{0x3F}) | std::byte{static_cast<uint8_t>(p << 7 | bit << 6)};
  }
}

QFrame q_of(SubchannelView symbols) {
  QFrame q{};
  for (size_t i = 0; i < kSubchannelBytes; ++i)
    if ((symbols[i] & std::byte{0x40}) != std::byte{0}) q[i / 8] |= static_cast<uint8_t>(0x80 >> i % 8);
  return q;
}

bool p_of(SubchannelView symbols) {
  return std::count_if(symbols.begin(), symbols.end(), [](std::byte b) { return (b & std::byte{0x80}) != std::byte{0}; }) >
         static_cast<ptrdiff_t>(kSubchannelBytes / 2);
}

void put_rw(SubchannelSpan symbols, std::span<const std::byte, 72> packed) {
  // Three bytes are four symbols.
  for (size_t i = 0; i < kSubchannelBytes; i += 4) {
    uint32_t three = 0;
    for (size_t b = 0; b < 3; ++b) three = three << 8 | std::to_integer<uint32_t>(packed[i / 4 * 3 + b]);
    for (size_t s = 0; s < 4; ++s)
      symbols[i + s] = (symbols[i + s] & std::byte{0xC0}) | static_cast<std::byte>(three >> (18 - 6 * s) & 0x3F);
  }
}

std::array<std::byte, 72> rw_of(SubchannelView symbols) {
  std::array<std::byte, 72> packed;
  for (size_t i = 0; i < kSubchannelBytes; i += 4) {
    uint32_t three = 0;
    for (size_t s = 0; s < 4; ++s) three = three << 6 | (std::to_integer<uint32_t>(symbols[i + s]) & 0x3F);
    for (size_t b = 0; b < 3; ++b) packed[i / 4 * 3 + b] = static_cast<std::byte>(three >> (16 - 8 * b));
  }
  return packed;
}

std::array<std::byte, 16> pq16_of(SubchannelView symbols) {
  std::array<std::byte, 16> out{};
  const QFrame q = q_of(symbols);
  std::transform(q.begin(), q.end(), out.begin(), [](uint8_t b) { return std::byte{b}; });
  out[15] = std::byte{static_cast<uint8_t>(p_of(symbols) ? 0x80 : 0)};
  return out;
}

}  // namespace rec::cd
