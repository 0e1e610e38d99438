#include "libfsi/check/against_source.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "libfsi/base/error.h"

namespace fsi {

AgainstSource::AgainstSource(const SectorSource& source, uint64_t source_first, const SectorSource& other, uint64_t other_first,
                             std::chrono::nanoseconds patience)
    : source_(source),
      other_(other),
      timed_(dynamic_cast<const TimedSource*>(&other)),
      source_first_(source_first),
      other_first_(other_first),
      patience_(patience) {}

void AgainstSource::read(SectorRange range, std::span<std::byte> out) const {
  source_.read(range, out);
  const uint64_t from = std::max(range.first, source_first_);
  const uint64_t room = other_.sectors() - std::min(other_first_, other_.sectors());
  const uint64_t to = std::min(range.end(), source_first_ + room);
  if (from < to) compare({from, to - from}, out.subspan((from - range.first) * kSectorSize, (to - from) * kSectorSize));
}

void AgainstSource::compare(SectorRange range, std::span<const std::byte> bytes) const {
  thread_local std::vector<std::byte> buffer;
  buffer.resize(bytes.size());
  if (!read_other({range.first - source_first_ + other_first_, range.count}, buffer)) {
    bool give_up = range.count == 1;
    {
      const std::lock_guard lock(mutex_);
      if (trouble_ > patience_) give_up = true;
      if (give_up) result_.unreadable.push_back(range);
    }
    if (give_up) return;
    const uint64_t half = range.count / 2;
    compare({range.first, half}, bytes.first(half * kSectorSize));
    return compare({range.first + half, range.count - half}, bytes.subspan(half * kSectorSize));
  }
  std::vector<SectorRange> different;
  if (std::memcmp(bytes.data(), buffer.data(), bytes.size()) != 0)
    for (uint64_t i = 0; i < range.count; ++i)
      if (std::memcmp(bytes.data() + i * kSectorSize, buffer.data() + i * kSectorSize, kSectorSize) != 0)
        different.push_back({range.first + i, 1});
  join(different);
  const std::lock_guard lock(mutex_);
  result_.sectors_compared += range.count;
  result_.different.insert(result_.different.end(), different.begin(), different.end());
}

bool AgainstSource::read_other(SectorRange range, std::span<std::byte> out) const {
  const auto began = timed_ ? timed_->now() : std::chrono::nanoseconds{};
  try {
    other_.read(range, out);
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable) throw;
    const std::lock_guard lock(mutex_);
    if (timed_) trouble_ += timed_->now() - began;
    if (result_.why_unreadable.empty()) result_.why_unreadable = error.why();
    return false;
  }
}

CompareResult AgainstSource::result() const {
  const std::lock_guard lock(mutex_);
  CompareResult result = result_;
  join(result.different);
  join(result.unreadable);
  return result;
}

void AgainstSource::go_on(CompareResult earlier) {
  const std::lock_guard lock(mutex_);
  result_ = std::move(earlier);
}

}  // namespace fsi
