// Reading sectors that may not be there or may not be readable: what cannot be read is zeros and an Issue.
// One reader for each thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/read/issue.h"

namespace fsi {

class CarefulReader {
 public:
  CarefulReader(const SectorSource& source, IssueLog& log) : source_(source), log_(log), end_(source.sectors()) {}

  /// Fills `out` (whole sectors) from sector `first`. False when a sector was beyond the end or unreadable: it is
  /// then zeros, and was reported (unreadable) or is the caller's to report (beyond the end).
  bool read(uint64_t first, std::span<std::byte> out);
  /// One sector through a small cache. The span is valid until the next call. Empty when it cannot be read.
  std::span<const std::byte> cached(uint64_t lba);

  uint64_t sectors() const { return end_; }

 private:
  static constexpr size_t kBlockSectors = 16, kBlocks = 16;
  struct Block {
    uint64_t first = ~uint64_t{0};
    std::vector<std::byte> bytes;
    uint32_t good = 0;  // one bit for each sector
  };
  const SectorSource& source_;
  IssueLog& log_;
  uint64_t end_;
  std::array<Block, kBlocks> blocks_;
};

}  // namespace fsi
