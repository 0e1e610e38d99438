#include "libfsi/base/prefix_sums.h"

#include <algorithm>
#include <array>

namespace fsi {

PrefixSums::PrefixSums(uint64_t first, std::vector<uint64_t> points, Blank blank)
    : first_(first), points_(std::move(points)), blank_(blank), next_(first), sums_(points_.size()) {}

void PrefixSums::take(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) {
  if (range.end() <= first_ || unreadable_) return;
  if (next_ < range.first) {
    unreadable_ = next_;  // the pass begins behind it
    return;
  }
  for (const SectorRange& bad : unreadable)
    if (bad.end() > first_ && !unreadable_) unreadable_ = std::max(bad.first, first_);
  while (done_ < points_.size()) {
    const uint64_t point = points_[done_];
    const uint64_t to = std::min(point, range.end());
    if (unreadable_ && *unreadable_ < to) return;
    if (next_ < to) {
      add(next_, bytes.subspan((next_ - range.first) * kSectorSize, (to - next_) * kSectorSize));
      next_ = to;
    }
    if (point > range.end()) return;
    sums_[done_++] = as_md5(digest_.value());
  }
}

void PrefixSums::add(uint64_t first, std::span<const std::byte> bytes) {
  const uint64_t begin = first * kSectorSize, end = begin + bytes.size();
  const uint64_t from = std::clamp(blank_.first, begin, end), to = std::clamp(blank_.first + blank_.bytes, begin, end);
  if (from >= to) return digest_.add(bytes);
  digest_.add(bytes.first(from - begin));
  std::array<std::byte, 512> spaces;
  spaces.fill(std::byte{' '});
  for (uint64_t left = to - from; left > 0;) {
    const auto piece = std::min<uint64_t>(left, spaces.size());
    digest_.add(std::span(spaces).first(piece));
    left -= piece;
  }
  digest_.add(bytes.subspan(to - begin));
}

}  // namespace fsi
