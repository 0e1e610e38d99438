#include "libfsi/base/wire.h"

#include <gtest/gtest.h>

#include "libfsi/base/record_sink.h"

namespace fsi {
namespace {

TEST(Wire, ByteOrderIsTheTypes) {
  const Be24 big(0x010203);
  const Le24 little(0x010203);
  EXPECT_EQ(std::to_integer<int>(bytes_of(big)[0]), 1);
  EXPECT_EQ(std::to_integer<int>(bytes_of(little)[0]), 3);
  EXPECT_EQ(big.get(), little.get());
}

TEST(Wire, TooWideIsAnError) {
  Le16 field;
  EXPECT_NO_THROW(field = 0xFFFF);
  EXPECT_THROW(field = 0x10000, Error);
}

TEST(Wire, BothKnowsWhenTheHalvesDisagree) {
  Both32 both(7);
  EXPECT_TRUE(both.agree());
  reinterpret_cast<unsigned char*>(&both)[0] = 8;
  EXPECT_FALSE(both.agree());
}

TEST(Wire, LoadNeverReadsPastTheEnd) {
  const std::byte bytes[4]{};
  Le32 field;
  EXPECT_TRUE(load(bytes, 0, field));
  EXPECT_FALSE(load(bytes, 1, field));
  EXPECT_FALSE(load(bytes, SIZE_MAX, field));
}

TEST(RecordSink, CountingAndStoringAgree) {
  auto emit = [](RecordSink& sink) {
    sink.put_record(Le32(1));
    sink.align(16);
    sink.put_record(Be32(2));
  };
  RecordSink counter;
  emit(counter);
  EXPECT_EQ(counter.position(), 20u);
  std::vector<std::byte> window(4);
  RecordSink store(window, 16);
  emit(store);
  EXPECT_EQ(store.position(), 20u);
  EXPECT_EQ(std::to_integer<int>(window[3]), 2);
}

}  // namespace
}  // namespace fsi
