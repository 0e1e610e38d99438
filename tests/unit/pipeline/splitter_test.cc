#include "librecorder/pipeline/splitter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "libfsi/base/error.h"
#include "librecorder/pipeline/feeder.h"
#include "librecorder/pipeline/spool.h"

namespace rec {
namespace {

class Counting : public Input {
 public:
  Counting(size_t bytes, bool fails) : left_(bytes), fails_(fails) {}
  void cancel() noexcept override { cancelled = true; }
  std::optional<uint64_t> bytes() const override { return std::nullopt; }
  std::string name() const override { return "counting"; }
  static std::byte at(size_t i) { return static_cast<std::byte>(i * 31 >> 7); }
  std::atomic<bool> cancelled = false;

 protected:
  size_t read_more(std::span<std::byte> out) override {
    if (cancelled) return 0;
    const size_t n = std::min({out.size(), left_, size_t{77'777}});
    if (n == 0 && fails_) throw fsi::Error(fsi::ErrorKind::source, "counting", "reading", "it broke");
    for (size_t i = 0; i < n; ++i) out[i] = at(done_ + i);
    done_ += n;
    left_ -= n;
    return n;
  }

 private:
  size_t left_, done_ = 0;
  bool fails_;
};

size_t read_all(Input& input, size_t at_once, size_t most = SIZE_MAX) {
  std::vector<std::byte> buffer(at_once);
  size_t done = 0;
  while (done < most) {
    const size_t n = input.read(buffer);
    if (n == 0) break;
    for (size_t i = 0; i < n; ++i)
      if (buffer[i] != Counting::at(done + i)) return 0;
    done += n;
  }
  return done;
}

TEST(Splitter, EachTapGetsEveryByte) {
  constexpr size_t kBytes = (20 << 20) + 12345;
  Counting source(kBytes, false);
  Splitter splitter(source, 3);
  std::vector<size_t> got(3);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      EXPECT_EQ(splitter.tap(i).peek(1 << 20).size(), size_t{1} << 20);
      got[i] = read_all(splitter.tap(i), 1000 + 99'999 * i);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(got, std::vector<size_t>(3, kBytes));
  EXPECT_TRUE(splitter.tap(0).may_be_held_up());
}

TEST(Splitter, ATapThatIsCancelledHoldsNobodyUp) {
  constexpr size_t kBytes = 40 << 20;
  Counting source(kBytes, false);
  Splitter splitter(source, 2);
  std::thread other([&] { EXPECT_EQ(read_all(splitter.tap(1), 1 << 20), kBytes); });
  EXPECT_GE(read_all(splitter.tap(0), 1 << 20, 5 << 20), size_t{5} << 20);
  splitter.tap(0).cancel();
  std::byte one[1];
  EXPECT_EQ(splitter.tap(0).read(one), 0u);
  other.join();
  EXPECT_FALSE(source.cancelled);
  splitter.tap(1).cancel();
  EXPECT_TRUE(source.cancelled);
}

TEST(Splitter, AnErrorComesOutOfEveryTapAfterTheBytes) {
  Counting source(3 << 20, true);
  Splitter splitter(source, 2);
  const auto read = [&](size_t i) {
    size_t seen = 0;
    std::vector<std::byte> buffer(1 << 20);
    try {
      for (;;) seen += splitter.tap(i).read(buffer);
    } catch (const fsi::Error&) {
      EXPECT_EQ(seen, size_t{3} << 20);
    }
  };
  std::thread other([&] { read(1); });
  read(0);
  other.join();
}

TEST(Splitter, EndsThoughNobodyReads) {
  Counting source(SIZE_MAX, false);
  Splitter splitter(source, 2);
}  // the destructor returns, or the test never ends

TEST(Spool, TakesARingToItsEndAndPassesAnErrorOn) {
  for (const bool fails : {false, true}) {
    Counting source(5'000'001, fails);
    Ring ring(Ring::kSmallest);
    Feeder feeder(source, ring, std::nullopt);
    if (fails) {
      EXPECT_THROW(spool(ring, "ring", std::nullopt, {}, {}), fsi::Error);
      continue;
    }
    const auto file = spool(ring, "ring", std::nullopt, {}, {});
    EXPECT_EQ(file->bytes(), 5'000'001u);
    EXPECT_EQ(read_all(*file, 100'000), 5'000'001u);
  }
}

TEST(Input, AFileCanBeReadOnceMoreAndAPipeCannot) {
  char path[] = "/tmp/input-XXXXXX";
  const fsi::Fd fd(mkstemp(path));
  ASSERT_EQ(::write(fd.get(), "abc", 3), 3);
  FileInput file(path);
  const auto again = file.again();
  ASSERT_TRUE(again);
  std::byte text[3];
  EXPECT_EQ(file.read(text), 3u);
  EXPECT_EQ(again->read(text), 3u);
  unlink(path);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const fsi::Fd keep(ends[1]);
  EXPECT_FALSE(FileInput(fsi::Fd(ends[0]), "pipe").again());
}

}  // namespace
}  // namespace rec
