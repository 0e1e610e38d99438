#include "libfsi/image/shared_blocks.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "libfsi/layout/layout.h"

namespace fsi {

namespace {

// The block of every file system that shares blocks on common machines; a larger one refuses, and nothing is shared.
constexpr uint64_t kBlock = 4096;

// Kernels stamp changes by a clock that ticks at least every 10 ms. A file that was changed just now could change once
// more without a new stamp, so it is not shared.
constexpr int64_t kStampedAfter = 100'000'000;  // ns

int64_t nanoseconds(const timespec& t) { return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec; }

bool changed_just_now(const struct stat& st) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now) - nanoseconds(st.st_ctim) < kStampedAfter;
}

}  // namespace

SharedBlocks::SharedBlocks(const Image& image, int fd) : image_(image) {
  ContentReader reader(image.tree());
  for (const ContentId id : image.layout().data_order) {
    const Extent extent = image.layout().extent(image.tree(), id);
    if (extent.bytes < kAlignedExtentBytes || !image.patches_of(id).empty()) continue;
    const uint64_t first = extent.first - image.session_start();
    const ContentReader::Direct source = reader.direct(id);
    struct stat st {};
    if (source.fd < 0 || source.offset % kBlock != 0 || first * kSectorSize % kBlock != 0) continue;
    if (::fstat(source.fd, &st) != 0 || changed_just_now(st)) continue;
    file_clone_range clone{};
    clone.src_fd = source.fd;
    clone.src_offset = source.offset;
    clone.src_length = extent.bytes / kBlock * kBlock;
    clone.dest_offset = first * kSectorSize;
    if (::ioctl(fd, FICLONERANGE, &clone) != 0) {
      if (errno == EOPNOTSUPP || errno == ENOTTY) return;  // the file system of the output shares nothing
      continue;
    }
    shared_.push_back({{first, clone.src_length / kSectorSize}, id, st.st_ino, st.st_ctim});
    sectors_ += clone.src_length / kSectorSize;
  }
  std::ranges::sort(shared_, {}, [](const Shared& shared) { return shared.range.first; });
}

size_t SharedBlocks::first_behind(uint64_t sector) const {
  const auto at = std::ranges::upper_bound(shared_, sector, {}, [](const Shared& shared) { return shared.range.end(); });
  return static_cast<size_t>(at - shared_.begin());
}

bool SharedBlocks::holds(SectorRange range) const {
  bool whole = true;
  for_each_own(range, [&](SectorRange) { whole = false; });
  return whole;
}

void SharedBlocks::for_each_own(SectorRange range, const std::function<void(SectorRange)>& own) const {
  uint64_t from = range.first;
  for (size_t i = first_behind(from); i < shared_.size() && shared_[i].range.first < range.end(); ++i) {
    if (from < shared_[i].range.first) own({from, shared_[i].range.first - from});
    from = shared_[i].range.end();
  }
  if (from < range.end()) own({from, range.end() - from});
}

std::vector<SectorRange> SharedBlocks::outdated() const {
  std::vector<SectorRange> ranges;
  ContentReader reader(image_.tree());
  for (const Shared& shared : shared_) {
    const ContentReader::Direct source = reader.direct(shared.content);
    struct stat st {};
    const bool same = source.fd >= 0 && ::fstat(source.fd, &st) == 0 && st.st_ino == shared.inode &&
                      nanoseconds(st.st_ctim) == nanoseconds(shared.changed);
    if (!same) ranges.push_back(shared.range);
  }
  return ranges;
}

}  // namespace fsi
