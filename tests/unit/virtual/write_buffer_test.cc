// The byte counts of the drive's buffer.
#include "librecorder/virtual/write_buffer.h"

#include <gtest/gtest.h>

namespace rec::virt {
namespace {

using namespace std::chrono_literals;

TEST(WriteBuffer, WithoutALimitItIsAlwaysEmpty) {
  WriteBuffer buffer(1000, 0);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(buffer.take(900, 0s));
  EXPECT_EQ(buffer.available(0s), 1000u);
  EXPECT_EQ(buffer.flush(0s), 0ns);
}

TEST(WriteBuffer, TheLaserStartsAtHalfFull) {
  WriteBuffer buffer(1000, 100);
  EXPECT_TRUE(buffer.take(499, 0s));
  EXPECT_EQ(buffer.available(100s), 501u) << "not yet";
  EXPECT_TRUE(buffer.take(1, 100s));
  EXPECT_EQ(buffer.available(101s), 600u);
  EXPECT_EQ(buffer.take_dry_count(101s), 0u);
  EXPECT_EQ(buffer.available(105s), 1000u);
  EXPECT_EQ(buffer.take_dry_count(105s), 1u);
  EXPECT_EQ(buffer.take_dry_count(200s), 0u) << "told once, and an idle laser does not run dry again";
}

TEST(WriteBuffer, FullIsFull) {
  WriteBuffer buffer(1000, 100);
  EXPECT_TRUE(buffer.take(1000, 0s));
  EXPECT_FALSE(buffer.take(1, 0s));
  EXPECT_EQ(buffer.until_available(100, 0s), 1s + 1ns);
  EXPECT_TRUE(buffer.take(100, 1s));
  EXPECT_FALSE(buffer.take(1, 1s));
}

TEST(WriteBuffer, FlushingTakesTheTimeOfWhatIsLeft) {
  WriteBuffer buffer(1000, 100);
  EXPECT_TRUE(buffer.take(300, 0s));
  EXPECT_EQ(buffer.flush(0s), 3s + 1ns);
  EXPECT_EQ(buffer.available(0s), 1000u);
  EXPECT_EQ(buffer.take_dry_count(10s), 0u);
}

TEST(WriteBuffer, ManyShortLooksDrainAsMuchAsOneLongLook) {
  WriteBuffer buffer(1000, 100);
  EXPECT_TRUE(buffer.take(1000, 0s));
  for (int i = 1; i <= 1000; ++i) (void)buffer.available(i * 1ms);
  EXPECT_NEAR(static_cast<double>(buffer.available(1s)), 100, 2);
}

}  // namespace
}  // namespace rec::virt
