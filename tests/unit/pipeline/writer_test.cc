#include "librecorder/pipeline/writer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "librecorder/pipeline/feeder.h"
#include "librecorder/scsi/opcode.h"
#include "tests/unit/drive/fake_transport.h"

namespace rec {
namespace {

using namespace std::chrono_literals;
using fsi::kSectorSize;

/// Bytes by position, as many as asked for, then perhaps an error.
class Pattern : public Input {
 public:
  explicit Pattern(size_t bytes, bool fails = false) : bytes_(bytes), fails_(fails) {}
  void cancel() noexcept override { cancelled_ = true; }
  std::optional<uint64_t> bytes() const override { return std::nullopt; }
  std::string name() const override { return "pattern"; }
  static std::byte at(size_t i) { return static_cast<std::byte>((i * 2654435761u) >> 13); }

 protected:
  size_t read_more(std::span<std::byte> out) override {
    if (cancelled_) return 0;
    if (next_ == bytes_ && fails_) throw fsi::Error(fsi::ErrorKind::source, "pattern", "reading", "it broke");
    const size_t n = std::min({out.size(), bytes_ - next_, size_t{50'001}});
    for (size_t i = 0; i < n; ++i) out[i] = at(next_ + i);
    next_ += n;
    return n;
  }

 private:
  size_t bytes_, next_ = 0;
  bool fails_;
  std::atomic<bool> cancelled_ = false;
};

/// A disc that takes WRITE(10) at its next address only.
struct Disc {
  FakeTransport* fake = new FakeTransport;
  Drive drive{std::unique_ptr<Transport>(fake)};
  std::vector<std::byte> bytes;
  uint32_t start = 0;

  explicit Disc(uint32_t at = 0) : start(at) {
    drive.enter(Phase::write);
    fake->always[op::kWrite10] = [this](const Command& c) {
      const auto& b = c.cdb.bytes;
      const uint32_t lba = uint32_t{b[2]} << 24 | b[3] << 16 | b[4] << 8 | b[5];
      if (lba != start + bytes.size() / kSectorSize || c.out.size() != size_t{b[7]} * 256 * kSectorSize + b[8] * kSectorSize)
        return FakeTransport::sense(5, 0x21, 2);
      bytes.insert(bytes.end(), c.out.begin(), c.out.end());
      return FakeTransport::good();
    };
  }
  void expect(size_t data, size_t total) const {
    ASSERT_EQ(bytes.size(), total);
    for (size_t i = 0; i < data; ++i) ASSERT_EQ(bytes[i], Pattern::at(i)) << i;
    for (size_t i = data; i < total; ++i) ASSERT_EQ(bytes[i], std::byte{0}) << i;
  }
};

WriteJob job(uint32_t unit, uint64_t free = 1 << 20) {
  WriteJob job;
  job.unit = unit;
  job.chunk_sectors = 32;
  job.free_sectors = free;
  job.padding_after = [unit](uint64_t n) { return (n + unit - 1) / unit * unit - n; };
  return job;
}

Written burn(Disc& disc, Pattern& input, WriteJob wanted, size_t ring_bytes = Ring::kSmallest) {
  Ring ring(ring_bytes);
  wanted.start = disc.start;
  Feeder feeder(input, ring, std::nullopt);
  Writer writer(disc.drive, dvd_plus_r_family(), ring, wanted);
  writer.fill_ring({}, {});
  return writer.write({}, {});
}

TEST(Writer, WritesEveryLengthInWholeUnits) {
  for (const size_t bytes : {size_t{1}, size_t{2048}, size_t{16 * 2048}, size_t{16 * 2048 - 1}, size_t{17 * 2048}, Ring::kChunk,
                             Ring::kChunk + 1, size_t{1'234'567}}) {
    Disc disc(64);
    Pattern input(bytes);
    const Written written = burn(disc, input, job(16));
    EXPECT_EQ(written.end, bytes % 2048 ? WriteEnd::odd_source : WriteEnd::complete);
    EXPECT_EQ(written.data_sectors, fsi::sectors_for(bytes));
    disc.expect(bytes, (bytes + 16 * 2048 - 1) / (16 * 2048) * (16 * 2048));
    EXPECT_EQ(disc.bytes.size(), (written.data_sectors + written.padding_sectors) * 2048);
  }
}

TEST(Writer, EndsAtTheEndOfTheMedium) {
  Disc disc;
  Pattern input(100 * 2048);
  const Written written = burn(disc, input, job(16, 48));
  EXPECT_EQ(written.end, WriteEnd::medium_full);
  EXPECT_EQ(written.data_sectors, 48u);
  disc.expect(48 * 2048, 48 * 2048);
}

TEST(Writer, TellsAShortSourceFromAWholeOne) {
  Disc disc;
  Pattern input(10 * 2048);
  WriteJob promised = job(16);
  promised.least_sectors = 11;
  EXPECT_EQ(burn(disc, input, promised).end, WriteEnd::short_source);
  disc.expect(10 * 2048, 16 * 2048);
}

TEST(Writer, WritesWhatCameBeforeTheSourceBroke) {
  Disc disc;
  Pattern input(40 * 2048, true);
  const Written written = burn(disc, input, job(16));
  EXPECT_EQ(written.end, WriteEnd::broken_source);
  EXPECT_TRUE(written.source_error);
  disc.expect(40 * 2048, 48 * 2048);
}

TEST(Writer, SendsTheSameBlockAgainWhenTheDrivesBufferIsFull) {
  Disc disc;
  Pattern input(100 * 2048);
  for (int i = 0; i < 5; ++i) disc.fake->queued[op::kWrite10].push_back(FakeTransport::sense(2, 4, 8));
  disc.fake->queued[op::kWrite10].push_back(FakeTransport::sense(2, 4, 7));
  const Written written = burn(disc, input, job(16));
  EXPECT_EQ(written.drive_waits, 6u);
  disc.expect(100 * 2048, 112 * 2048);
  EXPECT_GT(disc.fake->time, 50ms);
}

TEST(Writer, SleepsUntilHalfOfTheDrivesBufferIsFree) {
  Disc disc;
  Pattern input(16 * 2048);
  disc.fake->queued[op::kWrite10] = {FakeTransport::sense(2, 4, 8)};
  disc.fake->always[op::kReadBufferCapacity] = FakeTransport::data({0, 10, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0});  // 2 MiB, none free
  WriteJob paced = job(16);
  paced.speeds_kb = {5540};
  paced.profile = Profile::dvd_plus_r;
  burn(disc, input, paced);
  EXPECT_NEAR(std::chrono::duration<double>(disc.fake->time).count(), 1048576.0 / 5'540'000, 0.001);
}

TEST(Writer, GivesUpOnADriveThatTakesNothing) {
  Disc disc;
  Pattern input(100 * 2048);
  disc.fake->always[op::kWrite10] = [](const Command&) { return FakeTransport::sense(2, 4, 8); };
  EXPECT_THROW(burn(disc, input, job(16)), DriveError);
  EXPECT_GT(disc.fake->time, 119s);
}

TEST(Writer, FailsOnAWriteErrorAndKnowsHowFarItCame) {
  Disc disc;
  Pattern input(100 * 2048);
  Ring ring(Ring::kSmallest);
  Feeder feeder(input, ring, std::nullopt);
  Writer writer(disc.drive, dvd_plus_r_family(), ring, job(16));
  int writes = 0;
  const auto take = disc.fake->always[op::kWrite10];
  disc.fake->always[op::kWrite10] = [&](const Command& c) { return ++writes == 3 ? FakeTransport::sense(3, 0x0C, 0) : take(c); };
  try {
    writer.write({}, {});
    FAIL();
  } catch (const DriveError& e) {
    EXPECT_TRUE(e.sense().is(3, 0x0C, 0));
    EXPECT_NE(std::string(e.what()).find("LBA 64"), std::string::npos) << e.what();
  }
  EXPECT_EQ(writer.acknowledged(), 64u);
}

TEST(Writer, RetriesAnAbortOnlyWhenNothingWasTaken) {
  for (const bool taken : {false, true}) {
    Disc disc;
    Pattern input(16 * 2048);
    Answer aborted = FakeTransport::sense(0xB, 0, 0);
    aborted.residual = taken ? 0 : 16 * 2048;
    disc.fake->queued[op::kWrite10] = {aborted};
    if (taken)
      EXPECT_THROW(burn(disc, input, job(16)), DriveError);
    else
      EXPECT_EQ(burn(disc, input, job(16)).end, WriteEnd::complete);
  }
}

TEST(Writer, AStopEndsTheTrackWithAWholeUnit) {
  Disc disc;
  Pattern input(1 << 30);
  Ring ring(Ring::kSmallest);
  Feeder feeder(input, ring, std::nullopt);
  std::stop_source stop;
  WriteJob cd = job(1);
  cd.padding_after = [](uint64_t n) { return n < 300 ? 300 - n : 0; };
  Writer writer(disc.drive, cd_r_family(), ring, cd);
  const auto take = disc.fake->always[op::kWrite10];
  disc.fake->always[op::kWrite10] = [&](const Command& c) {
    if (disc.bytes.size() > 50 * 2048) stop.request_stop();
    return take(c);
  };
  const Written written = writer.write({}, stop.get_token());
  EXPECT_EQ(written.end, WriteEnd::interrupted);
  EXPECT_EQ(disc.bytes.size(), 300u * 2048);
}

// A source that pauses after every few bytes: the drive must not be fed drop by drop.
TEST(Writer, RunsDrySeldomWithASlowSource) {
  class Slow : public Pattern {
   public:
    using Pattern::Pattern;

   protected:
    size_t read_more(std::span<std::byte> out) override {
      std::this_thread::sleep_for(200us);
      return Pattern::read_more(out.first(std::min<size_t>(out.size(), 16 * 1024)));
    }
  };
  constexpr size_t kBytes = 16 << 20;
  constexpr size_t kRing = 2 << 20;
  Disc disc;
  Slow input(kBytes);
  const Written written = burn(disc, input, job(32), kRing);
  EXPECT_EQ(written.end, WriteEnd::complete);
  // A ring at a time and no oftener, against 256 chunks.
  EXPECT_LE(written.stops, kBytes / (kRing - kRing / 8) + 1);
  EXPECT_GE(written.stops, 1u);
  disc.expect(kBytes, kBytes);
}

// Time goes on by itself here, and the drive tells that it has nothing left.
struct RealTimeTransport : FakeTransport {
  std::chrono::nanoseconds now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

TEST(Writer, EndsTheTrackWhenTheSourceFallsSilentAndTheDriveCannotWait) {
  class Silent : public Pattern {
   public:
    using Pattern::Pattern;
    std::atomic<bool> woken = false;
    void cancel() noexcept override { woken = true; }

   protected:
    size_t read_more(std::span<std::byte> out) override {
      if (const size_t n = Pattern::read_more(out)) return n;
      while (!woken) std::this_thread::sleep_for(1ms);
      return 0;
    }
  };
  Disc disc;
  auto* transport = new RealTimeTransport;
  transport->always = disc.fake->always;
  Drive drive{std::unique_ptr<Transport>(transport)};
  drive.enter(Phase::write);
  Silent input(30 * Ring::kChunk);
  Ring ring(20 * Ring::kChunk);
  Feeder feeder(input, ring, std::nullopt);
  WriteJob careful = job(16);
  careful.may_stop = false;
  careful.profile = Profile::cd_r;
  careful.speeds_kb = {100};
  Writer writer(drive, dvd_plus_r_family(), ring, careful);
  writer.fill_ring({}, {});
  EXPECT_EQ(writer.write({}, {}).end, WriteEnd::late_source);
  EXPECT_GT(disc.bytes.size(), 10 * Ring::kChunk);
  for (size_t i = 0; i < disc.bytes.size(); ++i) ASSERT_EQ(disc.bytes[i], Pattern::at(i)) << i;
}

}  // namespace
}  // namespace rec
