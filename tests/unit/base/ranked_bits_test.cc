#include "libfsi/base/ranked_bits.h"

#include <gtest/gtest.h>

#include <random>

namespace fsi {
namespace {

TEST(RankedBits, CountsWhatLiesBefore) {
  std::mt19937 random(4);
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{1000}}) {
    std::vector<std::byte> bits(bytes);
    for (auto& byte : bits) byte = static_cast<std::byte>(random());
    const RankedBits set(bits);
    uint64_t before = 0;
    for (uint64_t n = 0; n < bytes * 8; ++n) {
      const bool member = (std::to_integer<unsigned>(bits[n / 8]) >> n % 8 & 1) != 0;
      ASSERT_EQ(set.contains(n), member) << n;
      if (member) {
        ASSERT_EQ(set.rank(n), before++) << n;
      }
    }
    EXPECT_EQ(set.count(), before);
    EXPECT_FALSE(set.contains(bytes * 8));
  }
}

}  // namespace
}  // namespace fsi
