#include "librecorder/pipeline/ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "libfsi/base/error.h"
#include "librecorder/pipeline/feeder.h"

namespace rec {
namespace {

using namespace std::chrono_literals;

TEST(Ring, RoundsUpToChunksAndIsPageAligned) {
  Ring ring(1);
  EXPECT_EQ(ring.capacity(), Ring::kSmallest);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(ring.room(1).data()) % 4096, 0u);
  EXPECT_EQ(Ring(5 * Ring::kChunk + 1).capacity(), 6 * Ring::kChunk);
  EXPECT_THROW(Ring(SIZE_MAX), fsi::Error);
}

TEST(Ring, GivesOutWholeChunksUntilTheEnd) {
  Ring ring(Ring::kSmallest);
  ASSERT_EQ(ring.room(100).size(), 100u);
  ring.put(100);
  EXPECT_TRUE(ring.front().empty());
  EXPECT_FALSE(ring.want(Ring::kChunk, 1ms));
  ring.end();
  EXPECT_TRUE(ring.want(Ring::kChunk, 1ms));
  EXPECT_EQ(ring.front().size(), 100u);
  EXPECT_FALSE(ring.drained());
  ring.drop(100);
  EXPECT_TRUE(ring.drained());
}

TEST(Ring, AWriterThatWantsMoreThanTheRingHoldsGetsAllOfIt) {
  Ring ring(Ring::kSmallest);
  for (size_t n = 0; n < ring.capacity();) {
    const size_t got = ring.room(ring.capacity()).size();
    ring.put(got);
    n += got;
  }
  EXPECT_TRUE(ring.want(1000 * ring.capacity(), 1ms));
}

TEST(Ring, CancelWakesBothSides) {
  Ring ring(Ring::kSmallest);
  std::thread writer([&] { EXPECT_TRUE(ring.want(Ring::kChunk, 60s)); });
  ring.cancel();
  writer.join();
  EXPECT_TRUE(ring.room(1).empty());
  EXPECT_TRUE(ring.front().empty());
}

// The proof in ring.h, run: the smallest ring, pieces of every odd size, a writer that always wants the ring full.
TEST(Ring, TheSmallestRingNeverGetsStuckAndKeepsEveryByte) {
  constexpr size_t kTotal = 40 * Ring::kChunk + 12345;
  for (const size_t want : {size_t{1}, Ring::kChunk, Ring::kSmallest, 10 * Ring::kSmallest}) {
    Ring ring(Ring::kSmallest);
    std::thread feeder([&] {
      std::minstd_rand random(7);
      for (size_t done = 0; done < kTotal;) {
        const auto room = ring.room(std::min<size_t>(1 + random() % 100'000, kTotal - done));
        for (size_t i = 0; i < room.size(); ++i) room[i] = static_cast<std::byte>((done + i) * 31 >> 3);
        ring.put(room.size());
        done += room.size();
      }
      ring.end();
    });
    size_t seen = 0;
    bool same = true;
    while (!ring.drained()) {
      ASSERT_TRUE(ring.want(want, 60s));
      for (auto front = ring.front(); !front.empty(); front = ring.front()) {
        for (size_t i = 0; i < front.size(); ++i) same = same && front[i] == static_cast<std::byte>((seen + i) * 31 >> 3);
        seen += front.size();
        ring.drop(front.size());
      }
    }
    feeder.join();
    EXPECT_TRUE(same);
    EXPECT_EQ(seen, kTotal);
  }
}

// An input made of a script.
class Scripted : public Input {
 public:
  explicit Scripted(size_t bytes, bool fails = false) : left_(bytes), fails_(fails) {}
  void cancel() noexcept override {}
  std::optional<uint64_t> bytes() const override { return std::nullopt; }
  std::string name() const override { return "script"; }
  std::byte after{0};
  size_t extra = 0;

 protected:
  size_t read_more(std::span<std::byte> out) override {
    if (left_ == 0) {
      if (fails_) throw fsi::Error(fsi::ErrorKind::source, "script", "reading", "it broke");
      const size_t n = std::min(extra, out.size());
      std::fill_n(out.begin(), n, after);
      extra -= n;
      return n;
    }
    const size_t n = std::min({left_, out.size(), size_t{7001}});
    std::fill_n(out.begin(), n, std::byte{0x5A});
    left_ -= n;
    return n;
  }

 private:
  size_t left_;
  bool fails_;
};

TEST(Feeder, DeliversWhatCameBeforeAnErrorAndThenTheError) {
  Scripted input(100'000, true);
  Ring ring(Ring::kSmallest);
  Feeder feeder(input, ring, std::nullopt);
  ASSERT_TRUE(ring.want(ring.capacity(), 60s));
  EXPECT_EQ(ring.fill(), 100'000u);
  EXPECT_TRUE(ring.error());
  EXPECT_THROW(std::rethrow_exception(ring.error()), fsi::Error);
}

TEST(Feeder, StopsAtTheLimitAndToleratesPadding) {
  for (const auto& [extra, byte, surplus] :
       {std::tuple(size_t{0}, 0, false), {size_t{300 * 1024}, 0, false}, {size_t{1}, 1, true}, {size_t{4 << 20}, 0, true}}) {
    Scripted input(80'000);
    input.extra = extra;
    input.after = static_cast<std::byte>(byte);
    Ring ring(Ring::kSmallest);
    Feeder feeder(input, ring, 80'000);
    ASSERT_TRUE(ring.want(ring.capacity(), 60s));
    EXPECT_EQ(ring.put_total(), 80'000u);
    EXPECT_EQ(feeder.surplus(60s), surplus) << extra;
  }
}

TEST(Feeder, EndsThoughThePipeIsSilentAndOpen) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const fsi::Fd keep_open(ends[1]);
  FileInput input(fsi::Fd{ends[0]}, "pipe");
  Ring ring(Ring::kSmallest);
  Feeder feeder(input, ring, std::nullopt);
  EXPECT_FALSE(ring.want(1, 20ms));
  EXPECT_FALSE(feeder.surplus(20ms));
}  // the destructor returns, or the test never ends

TEST(Input, PeekedBytesStillCome) {
  Scripted input(10'000);
  EXPECT_EQ(input.peek(5'000).size(), 5'000u);
  EXPECT_EQ(input.peek(50'000).size(), 10'000u);
  std::vector<std::byte> out(20'000);
  EXPECT_EQ(input.read(out), 10'000u);
  EXPECT_EQ(input.read(out), 0u);
}

class Sectors : public fsi::SectorSource {
 public:
  uint64_t sectors() const override { return 3; }
  void read(fsi::SectorRange range, std::span<std::byte> out) const override {
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(range.first + i / 2048 + 1);
  }
  std::string name() const override { return "three"; }
};

TEST(Input, ASourceOfSectorsIsReadInPiecesOfAnySize) {
  const Sectors source;
  SectorInput input(source);
  EXPECT_EQ(input.bytes(), 3u * 2048);
  std::vector<std::byte> all;
  std::byte piece[700];
  while (const size_t n = input.read(piece)) all.insert(all.end(), piece, piece + n);
  ASSERT_EQ(all.size(), 3u * 2048);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::byte>(i / 2048 + 1));
}

TEST(Input, NamesADirectory) {
  try {
    FileInput input("/");
    FAIL();
  } catch (const fsi::Error& e) {
    EXPECT_EQ(e.kind(), fsi::ErrorKind::usage);
  }
}

}  // namespace
}  // namespace rec
