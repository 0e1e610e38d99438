// Allocation descriptors of one contiguous run of blocks, and how many allocation extent descriptors they need
// when an ICB cannot hold them all. Knows no file.
#pragma once

#include <cstdint>
#include <span>

#include "libfsi/disc/udf.h"

namespace fsi::udf {

/// `bytes` from `block` of the partition with reference `partition` on, described in pieces of at most `longest` bytes.
struct AllocationRun {
  uint64_t block = 0;
  uint64_t bytes = 0;
  uint16_t partition = 0;
  bool long_form = false;  ///< long_ad instead of short_ad, which cannot name another partition than the ICB's
  uint32_t longest = disc::kLongestExtent;

  size_t ad_bytes() const { return long_form ? sizeof(disc::LongAd) : sizeof(disc::ShortAd); }
  uint64_t count() const { return (bytes + longest - 1) / longest; }
};

/// How the descriptors are spread: `in_icb` of them in the ICB, then chained extents; a descriptor that points on
/// takes the last place of each part but the last.
class AllocationChain {
 public:
  /// `room`: bytes in the ICB.
  AllocationChain(const AllocationRun& run, size_t room);
  /// Allocation extent descriptors behind the ICB, a block each.
  uint64_t extents() const { return extents_; }

  /// Writes the ICB's part; returns its bytes. `chain_block`, `chain_partition`: where the first extent lies.
  size_t put_in_icb(std::span<std::byte> out, uint64_t chain_block, uint16_t chain_partition) const;
  /// Writes extent `index`, counted from 0, into a block of zeros. It lies at chain_block + index.
  void put_extent(uint64_t index, std::span<std::byte> block, uint64_t chain_block, uint16_t chain_partition, uint16_t tag_version) const;

 private:
  size_t put(std::span<std::byte> out, uint64_t first, uint64_t count) const;
  size_t put_continuation(std::span<std::byte> out, uint64_t block, uint16_t partition) const;

  const AllocationRun run_;
  uint64_t in_icb_ = 0, in_extent_ = 0, extents_ = 0;
};

}  // namespace fsi::udf
