#include "librecorder/pipeline/feeder.h"

#include <algorithm>
#include <vector>

#include "librecorder/pipeline/priority.h"

namespace rec {

namespace {
// Large enough to make the cost of a read small, small enough that the drive gets its first chunk soon.
constexpr size_t kReadAtOnce = 1 << 20;
// What makers of images append after the volume: 150 sectors and the like, all zero. It is taken so that the
// sender can end in peace, and dropped.
constexpr size_t kPadding = 1 << 20;
}  // namespace

Feeder::Feeder(Input& input, Ring& ring, std::optional<uint64_t> limit, bool real_time)
    : input_(input), ring_(ring), limit_(limit), real_time_(real_time), thread_([this] { run(); }) {}

Feeder::~Feeder() {
  ring_.cancel();
  input_.cancel();
  thread_.join();
}

void Feeder::run() {
  const RealTime priority(real_time_);
  try {
    fill();
    ring_.end();
  } catch (...) {
    ring_.end(std::current_exception());
  }
  try {
    found_.set_value(limit_ && ring_.put_total() == *limit_ && look_for_surplus());
  } catch (...) {
    found_.set_value(false);  // all that was promised has come; what the source says after it is of no interest
  }
}

void Feeder::fill() {
  for (uint64_t done = 0; !limit_ || done < *limit_;) {
    const size_t most = limit_ ? static_cast<size_t>(std::min<uint64_t>(kReadAtOnce, *limit_ - done)) : kReadAtOnce;
    const auto room = ring_.room(most);
    if (room.empty()) return;
    const size_t n = input_.read(room);
    if (n == 0) return;
    ring_.put(n);
    done += n;
  }
}

bool Feeder::look_for_surplus() {
  std::vector<std::byte> block(64 * 1024);
  for (size_t seen = 0; seen <= kPadding;) {
    const size_t n = input_.read(block);
    if (n == 0) return false;
    if (std::any_of(block.begin(), block.begin() + static_cast<ptrdiff_t>(n), [](std::byte b) { return b != std::byte{0}; })) return true;
    seen += n;
  }
  return true;
}

}  // namespace rec
