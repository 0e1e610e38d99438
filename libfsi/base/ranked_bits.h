// A set of numbers, kept elsewhere as one bit each, that knows how many of its members lie before one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fsi {

class RankedBits {
 public:
  RankedBits() = default;
  /// `bits`: number n is bit (n % 8) of byte (n / 8). They outlive the set and do not change.
  explicit RankedBits(std::span<const std::byte> bits) : bits_(bits) {
    uint64_t before = 0;
    for (size_t at = 0; at < bits.size(); ++at) {
      if (at % kBlock == 0) before_.push_back(before);
      before += ones(at);
    }
    count_ = before;
  }

  std::span<const std::byte> bits() const { return bits_; }
  uint64_t count() const { return count_; }
  bool contains(uint64_t n) const { return n / 8 < bits_.size() && (std::to_integer<unsigned>(bits_[n / 8]) >> n % 8 & 1) != 0; }
  /// Members before `n`, which is one of them.
  uint64_t rank(uint64_t n) const {
    uint64_t rank = before_[n / 8 / kBlock];
    for (size_t at = n / 8 / kBlock * kBlock; at < n / 8; ++at) rank += ones(at);
    return rank + static_cast<uint64_t>(std::popcount(std::to_integer<unsigned>(bits_[n / 8]) & ((1u << n % 8) - 1)));
  }

 private:
  static constexpr size_t kBlock = 64;  // bytes
  uint64_t ones(size_t at) const { return static_cast<uint64_t>(std::popcount(std::to_integer<unsigned>(bits_[at]))); }

  std::span<const std::byte> bits_{};
  std::vector<uint64_t> before_{};  // of each block
  uint64_t count_ = 0;
};

}  // namespace fsi
