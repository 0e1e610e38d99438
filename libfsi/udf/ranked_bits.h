// A set of node ids that answers how many of its members lie below an id: three bits for two ids, so that the
// place of an ICB is arithmetic instead of a table.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace fsi {

class RankedBits {
 public:
  RankedBits() = default;
  explicit RankedBits(uint64_t size) : words_(size / 64 + 1), ranks_(words_.size()) {}

  void set(uint64_t i) { words_[i / 64] |= uint64_t{1} << i % 64; }
  bool test(uint64_t i) const { return words_[i / 64] >> i % 64 & 1; }
  /// Call when all members are set and before the first rank().
  void freeze() {
    uint32_t rank = 0;
    for (size_t w = 0; w < words_.size(); ++w) {
      ranks_[w] = rank;
      rank += static_cast<uint32_t>(std::popcount(words_[w]));
    }
  }
  /// Members below `i`, which is at most the size.
  uint32_t rank(uint64_t i) const {
    return ranks_[i / 64] + static_cast<uint32_t>(std::popcount(words_[i / 64] & ((uint64_t{1} << i % 64) - 1)));
  }

 private:
  std::vector<uint64_t> words_;
  std::vector<uint32_t> ranks_;
};

}  // namespace fsi
