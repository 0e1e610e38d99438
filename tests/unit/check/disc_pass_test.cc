// Reading around what is bad, on a source whose clock and faults are the test's.
#include "libfsi/check/disc_pass.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "libfsi/base/error.h"
#include "libfsi/check/sidecar.h"

namespace fsi {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

class FakeDisc final : public TimedSource {
 public:
  explicit FakeDisc(uint64_t sectors) : sectors_(sectors) {}
  uint64_t sectors() const override { return sectors_; }
  std::string name() const override { return "fake"; }
  nanoseconds now() const override { return now_; }
  Effort effort() const override { return {}; }
  void give_up(SectorRange range) const override { given_up += range.count; }
  void read(SectorRange range, std::span<std::byte> out) const override {
    ++reads;
    if (range.end() > sectors_) throw Error(ErrorKind::failed, "", "", "beyond the end");
    now_ += 10us * static_cast<int64_t>(range.count);
    for (uint64_t s = range.first; s < range.end(); ++s) {
      now_ += delay ? delay(s) : 0ns;
      if (bad && bad(s)) {
        now_ += bad_time;
        ++failures;
        throw Error(kind, "", "", "bad");
      }
    }
    std::ranges::fill(out, static_cast<std::byte>(range.first % 251));
    for (uint64_t i = 0; i < range.count; ++i) out[i * kSectorSize] = static_cast<std::byte>((range.first + i) % 241);
    for (uint64_t i = 0; i < range.count; ++i)
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i * kSectorSize + 1), kSectorSize - 1,
                  static_cast<std::byte>((range.first + i) % 13));
  }
  std::function<bool(uint64_t)> bad;
  std::function<nanoseconds(uint64_t)> delay;
  nanoseconds bad_time{};
  ErrorKind kind = ErrorKind::failed;
  mutable uint64_t reads = 0, failures = 0, given_up = 0;

 private:
  const uint64_t sectors_;
  mutable nanoseconds now_{};
};

PassState pass(const FakeDisc& disc, SectorRange range, const DiscPassOptions& options = {}, const Manifest* manifest = nullptr) {
  PassState state;
  read_disc(disc, disc, range, manifest, options, state);
  return state;
}

TEST(DiscPass, ReadsACleanDiscOnceInOrder) {
  const FakeDisc disc(1000);
  const PassState state = pass(disc, {0, 1000});
  EXPECT_EQ(disc.reads, 32u);  // of 32 sectors each, the last one short
  EXPECT_EQ(state.so_far.sectors_read, 1000u);
  EXPECT_TRUE(state.so_far.unreadable.empty());
  EXPECT_EQ(state.reading.time, 10ms);
  EXPECT_TRUE(state.reading.slow_zones().empty());
}

TEST(DiscPass, NamesRandomBadSectorsExactly) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const uint64_t sectors = 500 + random() % 4000;
    std::vector<bool> bad(sectors);
    std::vector<SectorRange> expected;
    for (uint64_t s = 0; s < sectors;) {  // never 16 in a row: then steps are taken
      s += random() % 200;
      const uint64_t n = 1 + random() % 15;
      for (uint64_t i = s; i < std::min(s + n, sectors); ++i) bad[i] = true;
      if (s < sectors) expected.push_back({s, std::min(n, sectors - s)});
      s += n + 1;
    }
    FakeDisc disc(sectors);
    disc.bad = [&](uint64_t s) { return bad[s]; };
    const PassState state = pass(disc, {0, sectors});
    EXPECT_EQ(state.so_far.unreadable, expected) << "seed " << seed;
    EXPECT_EQ(state.so_far.sectors_read, static_cast<uint64_t>(std::ranges::count(bad, false))) << "seed " << seed;
    EXPECT_EQ(state.reading.sectors_skipped, 0u);
  }
}

TEST(DiscPass, CrossesHolesInFewReadsWithExactEdges) {
  for (const uint64_t first : {0u, 31u, 32u, 5003u})
    for (const uint64_t count : {16u, 17u, 47u, 1000u, 300'001u}) {
      FakeDisc disc(400'000);
      disc.bad = [&](uint64_t s) { return s >= first && s < first + count; };
      const PassState state = pass(disc, {0, 400'000});
      EXPECT_EQ(state.so_far.unreadable, (std::vector<SectorRange>{{first, count}})) << first << " " << count;
      EXPECT_LT(disc.failures, 60u) << first << " " << count;
      EXPECT_EQ(state.so_far.sectors_read, 400'000 - count) << first << " " << count;
    }
  FakeDisc disc(10'000);
  disc.bad = [](uint64_t s) { return s >= 9000; };
  EXPECT_EQ(pass(disc, {0, 10'000}).so_far.unreadable, (std::vector<SectorRange>{{9000, 1000}}));
}

TEST(DiscPass, EndsInBoundedTimeWhateverTheDiscDoes) {
  const DiscPassOptions options{.patience = 60s};
  for (const int kind : {0, 1, 2, 3}) {
    FakeDisc disc(3'000'000);
    disc.bad_time = 30s;
    std::mt19937 random(9);
    if (kind == 0) disc.bad = [](uint64_t) { return true; };
    if (kind == 1) disc.bad = [](uint64_t s) { return s % 40 == 0; };
    if (kind == 2) disc.delay = [](uint64_t s) { return s % 32 == 0 ? nanoseconds(25s) : 0ns; };  // it answers, but late
    if (kind == 3) disc.bad = [](uint64_t s) { return s / 1000 % 2 == 1; };
    const PassState state = pass(disc, {0, 3'000'000}, options);
    EXPECT_TRUE(state.reading.out_of_patience) << kind;
    EXPECT_LT(disc.now(), 120s + 30 * 30s + 60s) << kind;
    uint64_t lost = 0, end = 0;
    for (const SectorRange& r : state.so_far.unreadable) {
      EXPECT_GE(r.first, end) << kind;
      end = r.end();
      lost += r.count;
    }
    EXPECT_EQ(lost + state.so_far.sectors_read, 3'000'000u) << kind;  // every sector is one or the other
  }
}

TEST(DiscPass, StopsWhenTheDriveIsGone) {
  FakeDisc disc(1000);
  disc.bad = [](uint64_t s) { return s == 500; };
  disc.kind = ErrorKind::unsuitable;
  EXPECT_THROW(pass(disc, {0, 1000}), Error);
}

TEST(DiscPass, GoesOnFromAnyCheckpointToTheSameResult) {
  FakeDisc disc(20'000);
  disc.bad = [](uint64_t s) { return s % 977 == 5 || (s > 7000 && s < 9000); };
  disc.delay = [](uint64_t s) { return s % 3000 == 0 ? nanoseconds(700ms) : 0ns; };
  std::vector<PassState> kept;
  DiscPassOptions options;
  options.checkpoint = [&](const PassState& state) { kept.push_back(state); };
  const PassState whole = pass(disc, {0, 20'000}, options);
  ASSERT_GT(kept.size(), 300u);
  for (size_t i = 0; i < kept.size(); i += 37) {
    PassState state = kept[i];
    read_disc(disc, disc, {0, 20'000}, nullptr, {}, state);
    EXPECT_EQ(state.so_far.unreadable, whole.so_far.unreadable) << i;
    EXPECT_EQ(state.so_far.sectors_read, whole.so_far.sectors_read) << i;
    EXPECT_EQ(state.reading.time, whole.reading.time) << i;
    EXPECT_EQ(state.reading.slow_zones().size(), whole.reading.slow_zones().size()) << i;
  }
}

TEST(DiscPass, ComparesWithAManifestFromElsewhere) {
  FakeDisc disc(1003);
  const DigestingSource digesting(disc, {0, 1003}, DigestKind::sha256);
  PassState state;
  read_disc(disc, digesting, {0, 1003}, nullptr, {}, state);
  ASSERT_TRUE(digesting.complete());
  const Manifest manifest = read_sidecar(digesting.sidecar(), "test");
  EXPECT_EQ(manifest.image_sectors, 1003u);
  EXPECT_EQ(pass(disc, {0, 1003}, {}, &manifest).so_far.sectors_compared, 1003u);
  auto bytes = digesting.sidecar();
  bytes.back() ^= std::byte{1};
  EXPECT_THROW(read_sidecar(std::move(bytes), "test"), Error);
}

}  // namespace
}  // namespace fsi
