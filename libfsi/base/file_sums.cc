#include "libfsi/base/file_sums.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace fsi {

namespace {

void add_zeros(RunningDigest& digest, uint64_t bytes) {
  static constexpr std::array<std::byte, 64 * 1024> kZeros{};
  for (; bytes > 0; bytes -= std::min<uint64_t>(bytes, kZeros.size()))
    digest.add(std::span(kZeros).first(std::min<uint64_t>(bytes, kZeros.size())));
}

}  // namespace

bool FileSums::add(std::span<const ByteRun> runs) {
  File file{.begin = 0, .first_run = runs_.size()};
  uint64_t end = 0;
  bool lies = false;
  for (const ByteRun& run : runs) {
    if (run.bytes == 0 || run.zeros) continue;
    if ((lies && run.first < end) || run.first > UINT64_MAX - run.bytes) return false;
    if (!lies) file.begin = run.first;
    lies = true;
    end = run.first + run.bytes;
  }
  for (const ByteRun& run : runs)
    if (run.bytes > 0) runs_.push_back(run);
  file.runs = static_cast<uint32_t>(runs_.size() - file.first_run);
  files_.push_back(file);
  return true;
}

void FileSums::start() {
  started_ = true;
  order_.resize(files_.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::stable_sort(order_, {}, [&](size_t file) { return files_[file].begin; });
}

void FileSums::begin_file(size_t file) {
  if (spare_.empty()) spare_.emplace_back(kind_);
  open_.push_back({file, std::move(spare_.back())});
  spare_.pop_back();
}

void FileSums::take(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) {
  if (!started_) start();
  const uint64_t begin = range.first * kSectorSize;
  const auto keep = [&](Open& open) {
    if (go_on(open, begin, bytes, unreadable)) return true;
    spare_.push_back(std::move(open.digest));
    return false;
  };
  // Those that go on from the block before, then those that begin in this one: most of these also end in it.
  size_t kept = 0;
  for (Open& open : open_)
    if (keep(open)) {
      if (&open_[kept] != &open) open_[kept] = std::move(open);
      ++kept;
    }
  open_.erase(open_.begin() + static_cast<ptrdiff_t>(kept), open_.end());
  for (; next_ < order_.size() && files_[order_[next_]].begin < begin + bytes.size(); ++next_) {
    begin_file(order_[next_]);
    if (!keep(open_.back())) open_.pop_back();
  }
}

bool FileSums::go_on(Open& open, uint64_t begin, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) {
  File& file = files_[open.file];
  const uint64_t end = begin + bytes.size();
  for (; open.run < file.runs; ++open.run, open.done = 0) {
    const ByteRun& run = runs_[file.first_run + open.run];
    if (run.zeros) {
      add_zeros(open.digest, run.bytes);
      continue;
    }
    const uint64_t from = run.first + open.done;
    if (from >= end) return true;
    if (from < begin) open.broken = true;  // the pass began behind it
    const uint64_t to = std::min(run.first + run.bytes, end);
    for (const SectorRange& bad : unreadable)
      if (bad.first * kSectorSize < to && bad.end() * kSectorSize > from) open.broken = true;
    if (!open.broken) open.digest.add(bytes.subspan(from - begin, to - from));
    open.done += to - from;
    if (open.done < run.bytes) return true;
  }
  file.sum = open.digest.finish();
  file.known = !open.broken;
  return false;
}

std::optional<Sum> FileSums::sum(size_t file) const {
  const File& of = files_[file];
  if (of.known) return of.sum;
  if (of.runs > 0) return std::nullopt;
  return RunningDigest(kind_).value();  // nothing to see
}

}  // namespace fsi
