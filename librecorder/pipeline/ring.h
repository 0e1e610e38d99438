// The ring between the source and the drive: one thread puts bytes in, one takes them out, and a
// byte is copied only by the read that brings it in. What is taken out is a pointer into the ring.
// It knows nothing of files or drives.
//
// The memory is slots, and a slot that was emptied last is filled first: a drive that keeps up is fed from a few slots that stay
// in the processor's cache, however large the ring is, and memory that is not needed is never touched. Slots are emptied in the
// order in which they were filled.
//
// It cannot get stuck, however small. The writer takes whole chunks (kChunk, less only at the end), the feeder puts in any
// number of bytes up to the room there is; a slot is a whole number of chunks, so a chunk never lies in two. A deadlock needs
// both sides waiting: the feeder waits only while its slot is full and no other is free, and then want() is content with what
// there is. The smallest ring has two slots of one chunk, so that both sides can work at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <vector>

namespace rec {

class Ring {
 public:
  /// What the writer takes at once: 64 KiB, one BD cluster, two DVD ECC blocks, what every transport can carry.
  static constexpr size_t kChunk = 64 * 1024;
  static constexpr size_t kSmallest = 2 * kChunk;
  static constexpr size_t kDefault = 64 * 1024 * 1024;

  /// Page-aligned memory of `bytes`, rounded up to whole slots and at least kSmallest. Locked in memory, as it comes to be
  /// used, if the system allows. Throws Error when there is not so much memory.
  explicit Ring(size_t bytes);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  size_t capacity() const { return capacity_; }
  bool locked_in_memory() const { return locked_; }

  // The feeder's side.
  /// Waits for free room and returns it, contiguous, at most `most` bytes. Empty: the ring was cancelled.
  std::span<std::byte> room(size_t most);
  /// `bytes` of the room were filled.
  void put(size_t bytes);
  /// No more will come. With an error, the writer gets it after the bytes that came before it.
  void end(std::exception_ptr error = nullptr);

  // The writer's side.
  /// Waits until `fill` bytes are there, or as many as there is room for, or the stream has ended, or the ring was cancelled.
  /// False: nothing of that after `at_most`.
  bool want(size_t fill, std::chrono::milliseconds at_most);
  /// The next bytes in order, without waiting: a whole chunk if there is one, at the end of the stream what is left, else empty.
  std::span<const std::byte> front() const;
  /// The chunk that front() returned has been written.
  void drop(size_t bytes);

  // Either side, any thread.
  /// Nothing will be taken (or put) any more: wakes both sides.
  void cancel();
  bool cancelled() const;
  size_t fill() const;
  struct Level {
    size_t fill = 0;
    uint64_t put = 0;    ///< bytes since the start
    bool ended = false;  ///< the feeder has ended: what is in the ring is all that is left
  };
  Level level() const;
  /// Bytes put in since the start.
  uint64_t put_total() const;
  /// The feeder has ended, and every byte has been taken out.
  bool drained() const;
  /// The feeder has ended: what is in the ring is all that is left.
  bool ended() const;
  /// The error the feeder ended with, or null.
  std::exception_ptr error() const;

 private:
  size_t fill_locked() const { return static_cast<size_t>(put_ - taken_); }
  bool has_room() const { return filling_ || !free_.empty(); }

  std::byte* memory_ = nullptr;
  size_t capacity_ = 0, slot_ = 0;
  bool locked_ = false;

  mutable std::mutex mutex_;
  std::condition_variable may_put_, may_take_;
  uint64_t put_ = 0, taken_ = 0;  // bytes since the start
  std::vector<std::byte*> free_;  // slots; the last is taken first
  std::deque<std::byte*> used_;   // slots in order; the last is being filled, the first being emptied
  size_t wanted_ = 0;             // what the writer waits for; 0 when it does not wait
  bool feeder_waits_ = false;
  bool filling_ = false;  // the last of used_ is not full
  bool ended_ = false, cancelled_ = false;
  std::exception_ptr error_;
};

}  // namespace rec
