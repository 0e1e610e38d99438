#include "librecorder/cd/sector.h"

#include <algorithm>
#include <cstring>

#include "librecorder/cd/time.h"

namespace rec::cd {
namespace {

constexpr std::array<uint8_t, 12> kSync{0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00};
constexpr size_t kHeader = 12, kSubheader = 16;

// Where the parts of the checked forms lie.
constexpr size_t kEdcMode1 = 2064, kEdcForm1 = 2072, kEdcForm2 = 2348, kP = 2076, kQ = 2248;

// (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), bits in the order in which they are recorded: least significant first.
constexpr uint32_t kEdcPolynomial = 0xD8018001;

constexpr auto kEdcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? kEdcPolynomial : 0);
    table[i] = value;
  }
  return table;
}();

// GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1.
constexpr uint8_t times_alpha(uint8_t x) { return static_cast<uint8_t>(x << 1 ^ (x & 0x80 ? 0x1D : 0)); }

/// Division by alpha + 1, as a table: what the first of two parity symbols is made with.
constexpr auto kOverAlphaPlusOne = [] {
  std::array<uint8_t, 256> table{};
  for (uint32_t x = 0; x < 256; ++x) table[times_alpha(static_cast<uint8_t>(x)) ^ x] = static_cast<uint8_t>(x);
  return table;
}();

/// The ECC works on two planes of bytes, the even and the odd ones of the 16-bit words from the header on.
class Planes {
 public:
  explicit Planes(std::byte* words) : words_(words) {}
  uint8_t& at(size_t word, size_t plane) const { return reinterpret_cast<uint8_t*>(words_)[2 * word + plane]; }

  /// A code word with minimum distance 3: the sum of its symbols, and the sum weighted by falling powers of alpha, are zero.
  template <class WordOf>
  std::array<uint8_t, 2> parity(size_t length, size_t plane, WordOf word_of) const {
    uint8_t sum = 0, weighted = 0;
    for (size_t i = 0; i < length; ++i) {
      const uint8_t symbol = at(word_of(i), plane);
      sum ^= symbol;
      weighted = times_alpha(weighted) ^ symbol;
    }
    weighted = times_alpha(times_alpha(weighted));  // two symbols, the parity, come after them
    const uint8_t first = kOverAlphaPlusOne[sum ^ weighted];
    return {first, static_cast<uint8_t>(sum ^ first)};
  }

 private:
  std::byte* words_;
};

/// ECMA-130 annex A: calls `symbol(word, plane, value)` for every parity symbol, P before Q.
template <class Symbol>
void for_each_parity(std::byte* header, Symbol symbol) {
  constexpr size_t kColumns = 43, kRows = 24, kDiagonals = 26;
  const Planes planes(header);
  for (size_t plane = 0; plane < 2; ++plane) {
    for (size_t column = 0; column < kColumns; ++column) {
      const auto p = planes.parity(kRows, plane, [&](size_t row) { return column + kColumns * row; });
      symbol(kColumns * kRows + column, plane, p[0]);
      symbol(kColumns * (kRows + 1) + column, plane, p[1]);
    }
    for (size_t diagonal = 0; diagonal < kDiagonals; ++diagonal) {
      const auto q =
          planes.parity(kColumns, plane, [&](size_t i) { return (kColumns * diagonal + (kColumns + 1) * i) % (kColumns * kDiagonals); });
      symbol(kColumns * kDiagonals + diagonal, plane, q[0]);
      symbol((kColumns + 1) * kDiagonals + diagonal, plane, q[1]);
    }
  }
}

/// In mode 2 the address is not covered: it counts as zero.
class HiddenAddress {
 public:
  HiddenAddress(std::byte* header, bool hide) : header_(header), hide_(hide) {
    std::memcpy(kept_, header, sizeof kept_);
    if (hide_) std::memset(header_, 0, sizeof kept_);
  }
  ~HiddenAddress() {
    if (hide_) std::memcpy(header_, kept_, sizeof kept_);
  }
  HiddenAddress(const HiddenAddress&) = delete;
  HiddenAddress& operator=(const HiddenAddress&) = delete;

 private:
  std::byte* header_;
  bool hide_;
  std::byte kept_[4];
};

void put_edc(SectorSpan sector, size_t from, size_t at) {
  const uint32_t value = edc(std::span<const std::byte>(sector).subspan(from, at - from));
  for (size_t i = 0; i < 4; ++i) sector[at + i] = static_cast<std::byte>(value >> 8 * i);
}

bool edc_at(SectorView sector, size_t from, size_t at) {
  uint32_t recorded = 0;
  for (size_t i = 0; i < 4; ++i) recorded |= std::to_integer<uint32_t>(sector[at + i]) << 8 * i;
  return recorded == edc(sector.subspan(from, at - from));
}

void put_ecc(SectorSpan sector, bool mode2) {
  const HiddenAddress hidden(sector.data() + kHeader, mode2);
  const Planes planes(sector.data() + kHeader);
  for_each_parity(sector.data() + kHeader, [&](size_t word, size_t plane, uint8_t value) { planes.at(word, plane) = value; });
}

bool ecc_matches(SectorView sector, bool mode2) {
  Sector copy;
  std::copy(sector.begin(), sector.end(), copy.begin());
  const HiddenAddress hidden(copy.data() + kHeader, mode2);
  const Planes planes(copy.data() + kHeader);
  bool same = true;
  for_each_parity(copy.data() + kHeader, [&](size_t word, size_t plane, uint8_t value) { same &= planes.at(word, plane) == value; });
  return same;
}

void put_header(SectorSpan sector, int32_t lba, uint8_t mode) {
  std::memcpy(sector.data(), kSync.data(), kSync.size());
  const Time time = time_of(lba);
  sector[kHeader] = std::byte{bcd(time.minute)};
  sector[kHeader + 1] = std::byte{bcd(time.second)};
  sector[kHeader + 2] = std::byte{bcd(time.frame)};
  sector[kHeader + 3] = std::byte{mode};
}

}  // namespace

size_t user_bytes(SectorForm form) {
  switch (form) {
    case SectorForm::audio: return 2352;
    case SectorForm::mode2: return 2336;
    case SectorForm::mode2_form2: return 2324;
    default: return 2048;
  }
}

size_t user_offset(SectorForm form) {
  switch (form) {
    case SectorForm::audio: return 0;
    case SectorForm::mode1:
    case SectorForm::mode2: return 16;
    default: return 24;
  }
}

uint32_t edc(std::span<const std::byte> bytes) {
  uint32_t value = 0;
  for (const std::byte b : bytes) value = value >> 8 ^ kEdcTable[(value ^ std::to_integer<uint32_t>(b)) & 0xFF];
  return value;
}

void encode_sector(SectorForm form, int32_t lba, std::span<const std::byte> user, SectorSpan out, Subheader subheader) {
  if (form == SectorForm::audio) {
    std::copy_n(user.begin(), kSectorBytes, out.begin());
    return;
  }
  std::fill(out.begin(), out.end(), std::byte{0});
  put_header(out, lba, form == SectorForm::mode1 ? 1 : 2);
  std::copy_n(user.begin(), user_bytes(form), out.begin() + static_cast<ptrdiff_t>(user_offset(form)));
  if (form == SectorForm::mode1) {
    put_edc(out, 0, kEdcMode1);
    put_ecc(out, false);
    return;
  }
  if (form == SectorForm::mode2) return;
  subheader[2] = static_cast<uint8_t>(form == SectorForm::mode2_form2 ? subheader[2] | kSubmodeForm2 : subheader[2] & ~kSubmodeForm2);
  for (size_t i = 0; i < 8; ++i) out[kSubheader + i] = std::byte{subheader[i % 4]};
  if (form == SectorForm::mode2_form1) {
    put_edc(out, kSubheader, kEdcForm1);
    put_ecc(out, true);
  } else {
    put_edc(out, kSubheader, kEdcForm2);
  }
}

SectorCheck check_sector(SectorView sector) {
  SectorCheck check;
  check.sync = std::memcmp(sector.data(), kSync.data(), kSync.size()) == 0;
  if (!check.sync) return check;
  const auto byte = [&](size_t at) { return std::to_integer<uint8_t>(sector[at]); };
  if (const auto m = from_bcd(byte(12)), s = from_bcd(byte(13)), f = from_bcd(byte(14)); m && s && f && *s < 60 && *f < 75)
    check.lba = lba_of(Time{*m, *s, *f});
  check.mode = byte(15) & 0x03;
  if (check.mode == 1) {
    check.form = SectorForm::mode1;
    check.edc = edc_at(sector, 0, kEdcMode1);
    check.ecc = ecc_matches(sector, false);
  } else if (check.mode == 2) {
    // Nothing marks a formless sector; one whose subheader is not there twice can be no other.
    const bool subheader = std::memcmp(sector.data() + kSubheader, sector.data() + kSubheader + 4, 4) == 0;
    const bool form2 = byte(kSubheader + 2) & kSubmodeForm2;
    check.form = !subheader ? SectorForm::mode2 : form2 ? SectorForm::mode2_form2 : SectorForm::mode2_form1;
    const auto recorded = sector.subspan(kEdcForm2, 4);
    const bool no_edc = std::all_of(recorded.begin(), recorded.end(), [](std::byte b) { return b == std::byte{0}; });
    check.edc = !subheader || (form2 ? no_edc || edc_at(sector, kSubheader, kEdcForm2) : edc_at(sector, kSubheader, kEdcForm1));
    check.ecc = check.form != SectorForm::mode2_form1 || ecc_matches(sector, true);
  } else {
    check.edc = check.ecc = true;  // mode 0: zeros
  }
  return check;
}

void move_sector(SectorSpan sector, int32_t lba) {
  const SectorCheck check = check_sector(sector);
  if (!check.sync || check.lba == lba) return;
  put_header(sector, lba, std::to_integer<uint8_t>(sector[kHeader + 3]));
  if (check.mode != 1 || !check.edc || !check.ecc) return;
  put_edc(sector, 0, kEdcMode1);
  put_ecc(sector, false);
}

void scramble(SectorSpan sector) {
  static const auto kSequence = [] {
    std::array<std::byte, kSectorBytes> sequence{};
    uint16_t state = 1;  // x^15 + x + 1, 15 bits
    for (size_t i = kHeader; i < kSectorBytes; ++i)
      for (int bit = 0; bit < 8; ++bit) {
        sequence[i] |= static_cast<std::byte>((state & 1) << bit);
        state = static_cast<uint16_t>(state >> 1 | ((state ^ state >> 1) & 1) << 14);
      }
    return sequence;
  }();
  for (size_t i = kHeader; i < kSectorBytes; ++i) sector[i] ^= kSequence[i];
}

}  // namespace rec::cd
