// Which chunks a pass over the sectors reads, as a function of a running number: all of them, or a sample.
#pragma once

#include <cstdint>

namespace fsi {

class Selection {
 public:
  Selection(uint64_t chunks, uint64_t sample) : chunks_(chunks), sample_(sample != 0 && sample < chunks ? sample : 0) {}
  uint64_t count() const { return sample_ ? sample_ : chunks_; }
  bool sampled() const { return sample_ != 0; }
  // One chunk from each of `sample` equal parts; the first chunk of the first and the last of the last. Which one
  // is a fixed pseudo-random choice, so that a damage that repeats at even distances does not slip through.
  uint64_t chunk(uint64_t i) const {
    if (!sample_) return i;
    if (i == 0) return 0;
    if (i + 1 == sample_) return chunks_ - 1;
    const uint64_t from = part(i), to = part(i + 1);
    uint64_t x = i + 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return from + (x ^ x >> 31) % (to - from);
  }

 private:
  uint64_t part(uint64_t i) const { return chunks_ / sample_ * i + chunks_ % sample_ * i / sample_; }
  uint64_t chunks_, sample_;
};

}  // namespace fsi
