#include "librecorder/pipeline/pacer.h"

#include <gtest/gtest.h>

#include <functional>

namespace rec {
namespace {

using namespace std::chrono_literals;
constexpr size_t kMiB = 1 << 20;

/// A ring as a number, a source and a drive as rates, and time in steps of 20 ms.
struct Rig {
  Pacer::Facts facts{64 * kMiB, 64 << 10, {20'000'000, 10'000'000, 5'000'000}, 2 * kMiB, true};
  Pacer pacer{facts};
  Pacer::Look state{};
  double seconds = 0;
  size_t speed = 0;
  int ends = 0;
  double waited = 0;

  Rig() = default;
  explicit Rig(Pacer::Facts f) : facts(std::move(f)), pacer(facts) {}

  void come(double rate, double dt) {
    const auto n = std::min(static_cast<size_t>(rate * dt), facts.ring - state.fill);
    state.fill += n;
    state.arrived += n;
    seconds += dt;
    state.now = std::chrono::duration_cast<Pacer::Time>(std::chrono::duration<double>(seconds));
  }
  void take(const Pacer::Advice& advice) {
    if (advice.speed) speed = *advice.speed;
    ends += advice.what == Pacer::Do::end;
  }
  void prefill(double rate) {
    while (!pacer.filled(state)) {
      pacer.fill(state);
      come(rate, 0.02);
    }
    take(pacer.begin(state));
  }
  /// The drive takes what its speed allows.
  void run(double for_seconds, const std::function<double(double)>& rate) {
    for (const double end = seconds + for_seconds; seconds < end;) {
      const auto advice = pacer.look(state);
      take(advice);
      if (advice.what == Pacer::Do::wait) waited += 0.02;
      const size_t n =
          advice.what == Pacer::Do::write ? std::min(state.fill, static_cast<size_t>(0.02 * static_cast<double>(facts.speeds[speed]))) : 0;
      state.fill -= n;
      state.sent += n;
      come(rate(seconds), 0.02);
    }
  }
};

TEST(Pacer, KeepsTheFirstSpeedWithASourceThatIsFastEnough) {
  Rig rig;
  rig.prefill(60e6);
  rig.run(300, [](double) { return 60e6; });
  EXPECT_EQ(rig.speed, 0u);
  EXPECT_EQ(rig.pacer.changes(), 0u);
  EXPECT_EQ(rig.pacer.stops(), 0u);
  EXPECT_LT(rig.pacer.lost(), 1s);
}

TEST(Pacer, ChoosesTheFastestSpeedThatTheSourceFeeds) {
  for (const auto& [rate, index] : {std::pair(30e6, 0u), {15e6, 1u}, {7e6, 2u}, {1e6, 2u}}) {
    Rig rig;
    rig.prefill(rate);
    EXPECT_EQ(rig.speed, index) << rate;
  }
}

TEST(Pacer, BeginsWithAPartOfTheRingWhenTheSourceIsFarFaster) {
  Rig rig({640 * kMiB, 64 << 10, {20'000'000, 10'000'000}, 2 * kMiB, true});
  rig.prefill(500e6);
  EXPECT_LT(rig.state.fill, 200 * kMiB);
  Rig slow({640 * kMiB, 64 << 10, {20'000'000, 10'000'000}, 2 * kMiB, true});
  slow.prefill(50e6);
  EXPECT_GE(slow.state.fill, 599 * kMiB);
}

TEST(Pacer, LowersTheSpeedBeforeTheRingIsDry) {
  Rig rig;
  rig.prefill(60e6);
  rig.run(20, [](double) { return 60e6; });
  // Ten seconds of silence: at the first speed the ring lasts for 3.2.
  rig.run(10, [](double) { return 0.0; });
  EXPECT_EQ(rig.speed, 2u);
  EXPECT_GT(rig.state.fill, kMiB);
  EXPECT_EQ(rig.pacer.stops(), 0u);
  // It comes again: back to the first speed, and not at once.
  rig.run(1, [](double) { return 60e6; });
  EXPECT_EQ(rig.speed, 2u);
  rig.run(60, [](double) { return 60e6; });
  EXPECT_EQ(rig.speed, 0u);
}

TEST(Pacer, StopsOnceForLongAndNotAtEveryDrop) {
  Rig rig;
  rig.prefill(1e6);
  rig.run(600, [](double) { return 1e6; });  // a fifth of the slowest speed
  EXPECT_GE(rig.pacer.stops(), 1u);
  // A ring at a time.
  EXPECT_LE(rig.pacer.stops(), static_cast<uint32_t>(rig.state.sent / (50 * kMiB)) + 1);
  EXPECT_GT(rig.waited, 300);
  EXPECT_GT(rig.pacer.lost(), 300s);
}

TEST(Pacer, AShortWaitOnTheDrivesOwnBufferIsNoStop) {
  Rig rig({Rig().facts.ring, 64 << 10, {5'000'000}, 8 * kMiB, true});
  rig.prefill(60e6);
  rig.run(2, [](double) { return 60e6; });
  // Dry after 13.4 s; the 8 MiB of the drive last for 1.6 s more.
  const double left = static_cast<double>(rig.state.fill) / 5e6;
  rig.run(left + 0.5, [](double) { return 0.0; });
  EXPECT_LT(rig.state.fill, 64u << 10);
  rig.run(10, [](double) { return 60e6; });
  EXPECT_EQ(rig.pacer.stops(), 0u);
  EXPECT_EQ(rig.waited, 0);
}

TEST(Pacer, ARaiseThatWasWrongMakesTheNextOneLater) {
  Rig rig;
  rig.prefill(12e6);
  EXPECT_EQ(rig.speed, 1u);
  // Fast for half a minute, slow for half a minute, over and over.
  rig.run(1200, [](double t) { return static_cast<int>(t / 30) % 2 ? 40e6 : 4e6; });
  EXPECT_LT(rig.pacer.changes(), 80u);
  EXPECT_LE(rig.pacer.stops(), 2u);
}

TEST(Pacer, ADriveThatTakesNoChangeIsNotAskedAgain) {
  Rig rig;
  rig.prefill(60e6);
  rig.run(5, [](double) { return 60e6; });
  for (int i = 0; i < 100; ++i) {
    const auto advice = rig.pacer.look(rig.state);
    rig.come(0, 0.02);
    rig.state.fill -= std::min<size_t>(rig.state.fill, 400'000);
    if (advice.speed) {
      rig.pacer.refused(0);
      for (int k = 0; k < 100; ++k) {
        EXPECT_FALSE(rig.pacer.look(rig.state).speed);
        rig.come(0, 0.02);
      }
      EXPECT_EQ(rig.pacer.changes(), 0u);
      return;
    }
  }
  FAIL() << "no change was advised";
}

TEST(Pacer, ProvesARateOnlyWithARingThatLastsAndASourceThatIsTwiceAsFast) {
  const Pacer::Facts facts{100 * kMiB, 64 << 10, {5'000'000, 1'200'000}, 2 * kMiB, false};
  const auto proven = [&](size_t ring, double rate, bool file, bool ended = false) {
    Pacer::Facts f = facts;
    f.ring = ring;
    Rig rig(f);
    rig.prefill(rate);
    rig.state.ended = ended;
    return rig.pacer.proven(rig.state, file);
  };
  EXPECT_TRUE(proven(100 * kMiB, 3e6, false));
  EXPECT_FALSE(proven(100 * kMiB, 2e6, false));
  EXPECT_FALSE(proven(64 * kMiB, 30e6, false));  // 56 seconds
  EXPECT_TRUE(proven(64 * kMiB, 30e6, true));
  EXPECT_FALSE(proven(64 * kMiB, 1e6, true));
  EXPECT_TRUE(proven(64 * kMiB, 1e6, false, true));  // all of it is there
}

TEST(Pacer, EndsTheTrackBeforeAnEmptyBufferSpoilsIt) {
  Rig rig({100 * kMiB, 64 << 10, {5'000'000, 1'200'000}, 2 * kMiB, false});
  rig.prefill(20e6);
  rig.run(300, [](double t) { return t < 20 ? 20e6 : 0.0; });
  EXPECT_GT(rig.ends, 0);
  EXPECT_GT(rig.seconds, 75);  // not before a minute of silence
}

TEST(Pacer, WhereTimeStandsStillNothingIsLate) {
  Pacer pacer({64 * kMiB, 64 << 10, {20'000'000, 5'000'000}, 2 * kMiB, true});
  Pacer::Look look;
  pacer.fill(look);
  look.fill = look.arrived = 10 * kMiB;
  EXPECT_FALSE(pacer.begin(look).speed);
  look.fill = 0;
  look.sent = 10 * kMiB;
  EXPECT_EQ(pacer.look(look).what, Pacer::Do::write);
  EXPECT_EQ(pacer.stops(), 0u);
}

}  // namespace
}  // namespace rec
