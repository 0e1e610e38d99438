// Integers in the byte order of the disc or the wire, for structures laid over bytes.
// Alignment 1, trivially copyable, zero by default. A number too wide for its field is an
// Error where it is assigned, never a silent cut. Knows nothing of discs.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "libfsi/base/error.h"

namespace fsi {

[[noreturn]] inline void throw_too_wide(uint64_t value, size_t bytes) {
  throw Error(ErrorKind::limit, "", "filling an on-disc field",
              std::to_string(value) + " does not fit in " + std::to_string(bytes) + " bytes");
}

template <class T, size_t N, std::endian Order>
class WireInt {
  static_assert(N <= sizeof(T));

 public:
  constexpr WireInt() = default;
  constexpr WireInt(uint64_t value) { set(value); }
  constexpr operator T() const { return get(); }

  constexpr T get() const {
    uint64_t v = 0;
    for (size_t i = 0; i < N; ++i) v |= uint64_t{bytes_[place(i)]} << (8 * i);
    return static_cast<T>(v);
  }
  constexpr void set(uint64_t value) {
    if constexpr (N < 8)
      if (value >> (8 * N)) throw_too_wide(value, N);
    for (size_t i = 0; i < N; ++i) bytes_[place(i)] = static_cast<unsigned char>(value >> (8 * i));
  }

 private:
  static constexpr size_t place(size_t i) { return Order == std::endian::little ? i : N - 1 - i; }
  unsigned char bytes_[N]{};
};

using U8 = WireInt<uint8_t, 1, std::endian::little>;
using Le16 = WireInt<uint16_t, 2, std::endian::little>;
using Le24 = WireInt<uint32_t, 3, std::endian::little>;
using Le32 = WireInt<uint32_t, 4, std::endian::little>;
using Le48 = WireInt<uint64_t, 6, std::endian::little>;
using Le64 = WireInt<uint64_t, 8, std::endian::little>;
using Be16 = WireInt<uint16_t, 2, std::endian::big>;
using Be24 = WireInt<uint32_t, 3, std::endian::big>;
using Be32 = WireInt<uint32_t, 4, std::endian::big>;
using Be64 = WireInt<uint64_t, 8, std::endian::big>;

/// ECMA-119 7.2.3 and 7.3.3: the number recorded twice, least significant byte first, then most.
template <class L, class B, class T>
class BothInt {
 public:
  constexpr BothInt() = default;
  constexpr BothInt(uint64_t value) : little_(value), big_(value) {}
  constexpr operator T() const { return little_.get(); }
  constexpr T little() const { return little_.get(); }
  constexpr T big() const { return big_.get(); }
  constexpr bool agree() const { return little_.get() == big_.get(); }

 private:
  L little_;
  B big_;
};
using Both16 = BothInt<Le16, Be16, uint16_t>;
using Both32 = BothInt<Le32, Be32, uint32_t>;

static_assert(sizeof(Both32) == 8 && alignof(Both32) == 1 && std::is_trivially_copyable_v<Both32>);
static_assert(sizeof(Be24) == 3 && sizeof(Le48) == 6);

/// A record's bytes.
template <class T>
std::span<const std::byte> bytes_of(const T& record) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
  return {reinterpret_cast<const std::byte*>(&record), sizeof record};
}

/// A record copied out of untrusted bytes at `offset`; false when it would reach past their end.
template <class T>
[[nodiscard]] bool load(std::span<const std::byte> bytes, size_t offset, T& record) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
  if (offset > bytes.size() || bytes.size() - offset < sizeof record) return false;
  std::memcpy(&record, bytes.data() + offset, sizeof record);
  return true;
}

}  // namespace fsi
