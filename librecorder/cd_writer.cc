#include "librecorder/cd_writer.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "libfsi/base/error.h"

namespace rec {

using namespace std::chrono_literals;

namespace {

/// Makes the blocks, one after the other, into the ring.
class Maker {
 public:
  Maker(const cd::BlockStream& stream, Ring& ring) : stream_(stream), ring_(ring), thread_([this] { run(); }) {}
  ~Maker() {
    ring_.cancel();
    thread_.join();
  }
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;

 private:
  void run() {
    try {
      std::vector<std::byte> block;
      for (int32_t lba = stream_.first(); lba < stream_.end(); ++lba) {
        block.resize(stream_.block_bytes(lba));
        stream_.fill(lba, block);
        // Blocks do not fit the ring's chunks; a block may go in in two pieces.
        for (std::span<const std::byte> left = block; !left.empty();) {
          const auto room = ring_.room(left.size());
          if (room.empty()) return;  // cancelled
          std::memcpy(room.data(), left.data(), room.size());
          ring_.put(room.size());
          left = left.subspan(room.size());
        }
      }
      ring_.end();
    } catch (...) {
      ring_.end(std::current_exception());
    }
  }

  const cd::BlockStream& stream_;
  Ring& ring_;
  std::thread thread_;
};

}  // namespace

bool CdWriter::write(const cd::BlockStream& stream, const Progress& progress, const std::stop_token& stop) {
  Ring ring(ring_bytes_);
  const std::stop_callback wake(stop, [&] { ring.cancel(); });
  Maker maker(stream, ring);
  const auto full = [&] {
    while (!stop.stop_requested() && !ring.want(ring.capacity() - ring.capacity() / 8, 500ms)) progress(written_, ring);
  };
  full();
  written_.ring_size = ring.capacity();
  written_.lowest_fill = ring.fill();
  const size_t most = drive_.transport().limits().max_bytes;
  std::vector<std::byte> waiting;  // taken out of the ring, less than a command
  size_t used = 0;
  auto told = std::chrono::steady_clock::now();
  for (int32_t lba = stream.first(); lba < stream.end();) {
    // As many blocks of one size as one command carries.
    const uint32_t size = stream.block_bytes(lba);
    uint32_t blocks = 1;
    while (size_t{blocks + 1} * size <= most && lba + static_cast<int32_t>(blocks) < stream.end() &&
           stream.block_bytes(lba + static_cast<int32_t>(blocks)) == size)
      ++blocks;
    while (waiting.size() - used < size_t{blocks} * size) {
      if (stop.stop_requested()) return false;
      if (!ring.ended()) written_.lowest_fill = std::min(written_.lowest_fill, ring.fill());
      const auto front = ring.front();
      if (!front.empty()) {
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<ptrdiff_t>(std::exchange(used, 0)));
        waiting.insert(waiting.end(), front.begin(), front.end());
        ring.drop(front.size());
      } else if (ring.drained()) {
        if (const auto error = ring.error()) std::rethrow_exception(error);
        throw fsi::Error(fsi::ErrorKind::failed, drive_.name(), "writing", "the blocks ended before the disc did; this is a fault of burn");
      } else if (!ring.ended()) {
        ++written_.stops;
        full();
      }
    }
    if (stop.stop_requested()) return false;
    put(lba, blocks, std::span(waiting).subspan(used, size_t{blocks} * size));
    used += size_t{blocks} * size;
    lba += static_cast<int32_t>(blocks);
    written_.blocks += blocks;
    if (const auto now = std::chrono::steady_clock::now(); now - told >= 500ms) {
      told = now;
      progress(written_, ring);
    }
  }
  progress(written_, ring);
  return true;
}

void CdWriter::put(int32_t lba, uint32_t blocks, std::span<const std::byte> bytes) {
  Transport& transport = drive_.transport();
  const auto began = transport.now();
  const std::string doing = "writing at LBA " + std::to_string(lba);
  uint8_t attempts = 0;
  for (;;) {
    const Answer answer = drive_.write_blocks(lba, blocks, bytes);
    if (answer.good()) return;
    if (answer.outcome == Outcome::busy && answer.status != 0x18 && transport.now() - began < 30s) {
      transport.sleep(200ms);
      continue;
    }
    if (answer.outcome != Outcome::check) drive_.fail(doing, answer);
    const SenseRule rule = rule_for(answer.sense, Phase::write);
    const bool again = ++attempts <= rule.attempts;
    switch (rule.action) {
      case Action::carry_on: drive_.note_recovered(answer.sense); return;
      case Action::flow:
      case Action::wait:
        if (transport.now() - began >= rule.patience) drive_.fail(doing, answer);
        ++written_.drive_waits;
        transport.sleep(rule.action == Action::flow ? drain_time() : rule.pause);
        attempts = 0;
        break;
      case Action::retry:
        // Only if the drive took nothing of it: a block written twice would be one too many.
        if (!again || answer.residual != bytes.size()) drive_.fail(doing, answer);
        transport.sleep(rule.pause);
        break;
      case Action::resend:
        if (!again) drive_.fail(doing, answer);
        resend_();
        break;
      case Action::start:
        if (!again) drive_.fail(doing, answer);
        drive_.start_unit();
        break;
      default: drive_.fail(doing, answer);  // SYNCHRONIZE CACHE would end a session that is written at once
    }
  }
}

std::chrono::nanoseconds CdWriter::drain_time() {
  const auto buffer = drive_.buffer_capacity();
  if (!buffer || kb_per_second_ == 0 || buffer->available >= buffer->size / 2) return 10ms;
  const uint64_t too_much = buffer->size / 2 - buffer->available;
  return std::clamp<std::chrono::nanoseconds>(std::chrono::microseconds(too_much * 1000 / kb_per_second_), 2ms, 1s);
}

}  // namespace rec
