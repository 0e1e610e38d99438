// Where a record is emitted: a sink that only counts, or one that also stores. Measuring and
// writing are the same code, so that sizes can never disagree with bytes.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "libfsi/base/wire.h"

namespace fsi {

class RecordSink {
 public:
  /// A sink that only counts.
  RecordSink() = default;
  /// A sink that stores into `window`, which stands for positions [first, first + window.size())
  /// of the stream. What lies outside of the window is counted and dropped. The window is not
  /// cleared: the caller hands in zeros.
  RecordSink(std::span<std::byte> window, uint64_t first) : window_(window), first_(first) {}

  uint64_t position() const { return position_; }

  void put(std::span<const std::byte> bytes) {
    if (!window_.empty()) store(bytes);
    position_ += bytes.size();
  }
  template <class T>
  void put_record(const T& record) {
    put(bytes_of(record));
  }
  /// Zeros (the window holds them already).
  void skip(uint64_t bytes) { position_ += bytes; }
  /// Zeros up to the next multiple of `unit`.
  void align(uint64_t unit) {
    if (const uint64_t over = position_ % unit) skip(unit - over);
  }

 private:
  void store(std::span<const std::byte> bytes) {
    const uint64_t end = position_ + bytes.size();
    const uint64_t from = position_ > first_ ? position_ : first_;
    const uint64_t to = end < first_ + window_.size() ? end : first_ + window_.size();
    if (from < to) std::memcpy(window_.data() + (from - first_), bytes.data() + (from - position_), to - from);
  }

  std::span<std::byte> window_;
  uint64_t first_ = 0;
  uint64_t position_ = 0;
};

}  // namespace fsi
