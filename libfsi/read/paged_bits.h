// A set of numbers that lie close together, most of them: a bit each, in pages that are made when needed. So a set of
// the blocks of a disc costs little, and a lie in a number costs a page.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

namespace fsi {

class PagedBits {
 public:
  /// False when it was in the set already.
  bool insert(uint64_t number) {
    if (number / kPageBits != last_ || !page_) {
      last_ = number / kPageBits;
      page_ = &pages_[last_];  // stays where it is when the map grows
    }
    uint64_t& word = (*page_)[number % kPageBits / 64];
    const uint64_t bit = uint64_t{1} << number % 64;
    if (word & bit) return false;
    word |= bit;
    return true;
  }
  bool contains(uint64_t number) const {
    const auto page = pages_.find(number / kPageBits);
    return page != pages_.end() && page->second[number % kPageBits / 64] >> number % 64 & 1;
  }

 private:
  static constexpr uint64_t kPageBits = 512;
  using Page = std::array<uint64_t, kPageBits / 64>;
  std::unordered_map<uint64_t, Page> pages_;
  uint64_t last_ = 0;
  Page* page_ = nullptr;
};

}  // namespace fsi
