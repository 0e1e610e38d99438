// Reading all sectors, or some, and comparing them with the manifest. Knows nothing of file systems.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "libfsi/base/in_order.h"
#include "libfsi/base/progress.h"
#include "libfsi/base/sectors.h"
#include "libfsi/check/manifest_reader.h"

namespace fsi {

struct CompareOptions {
  bool parallel = true;         ///< false: one reader, in ascending order (a drive)
  unsigned threads = 0;         ///< 0: as many as there are processors
  uint64_t sample = 0;          ///< 0: all chunks; else about so many, spread over the image, the first and the last included
  InOrder* in_order = nullptr;  ///< not when sampled: is handed all sectors of the range in ascending order on the way
  Progress progress{};
  std::stop_token stop{};
};

struct CompareResult {
  std::vector<SectorRange> different;   ///< sectors where the manifest knows them, else whole chunks; neighbours joined, ascending
  std::vector<SectorRange> unreadable;  ///< exact sectors, ascending
  uint64_t sectors_read = 0;
  uint64_t sectors_compared = 0;
  std::string why_unreadable;  ///< the first reason
};

/// Reads `range` of the source in chunks that are counted from range.first. With a manifest those it has a
/// digest for are compared. Unreadable sectors are read around, one by one. Throws Error(interrupted).
CompareResult read_and_compare(const SectorSource& source, SectorRange range, const Manifest* manifest, const CompareOptions& options);

/// Sorts and joins ranges that touch or overlap.
void join(std::vector<SectorRange>& ranges);

}  // namespace fsi
