// Blocks that an image file shares with the files it was made from, on a file system that can (reflink): they are
// neither copied nor stored twice. It knows nothing of formats; what is not shared is rendered and written as ever.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <functional>
#include <vector>

#include "libfsi/image/image.h"

namespace fsi {

class SharedBlocks {
 public:
  /// Shares the whole blocks of large files with the sized, empty file `fd`. Where that cannot be done nothing
  /// happens: those ranges are simply not shared. Never throws for a file's sake.
  SharedBlocks(const Image& image, int fd);

  /// Whether nothing of `range` needs to be written. Ranges count sectors from the start of the image.
  bool holds(SectorRange range) const;
  /// The parts of `range` that are not shared, in order.
  void for_each_own(SectorRange range, const std::function<void(SectorRange)>& own) const;
  /// Sectors that are shared.
  uint64_t sectors() const { return sectors_; }

  /// Ranges of files that were changed after their blocks were shared: what was shared is older than what was digested
  /// since. They have to be rendered and written again. To be asked when the body has been rendered.
  std::vector<SectorRange> outdated() const;

 private:
  struct Shared {
    SectorRange range;  // from the start of the image
    ContentId content;
    ino_t inode;
    timespec changed;
  };
  size_t first_behind(uint64_t sector) const;

  const Image& image_;
  std::vector<Shared> shared_;  // by address
  uint64_t sectors_ = 0;
};

}  // namespace fsi
