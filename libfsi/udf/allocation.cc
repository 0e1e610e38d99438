#include "libfsi/udf/allocation.h"

#include <algorithm>
#include <cstring>

namespace fsi::udf {

namespace {

size_t put_ad(std::span<std::byte> out, bool long_form, uint32_t length, uint64_t block, uint16_t partition) {
  if (long_form) {
    disc::LongAd ad;
    ad.length = length;
    ad.location.block = block;
    ad.location.partition = partition;
    std::memcpy(out.data(), &ad, sizeof ad);
    return sizeof ad;
  }
  disc::ShortAd ad;
  ad.length = length;
  ad.block = block;
  std::memcpy(out.data(), &ad, sizeof ad);
  return sizeof ad;
}

}  // namespace

AllocationChain::AllocationChain(const AllocationRun& run, size_t room) : run_(run) {
  const uint64_t count = run.count();
  in_icb_ = room / run.ad_bytes();
  in_extent_ = (kSectorSize - sizeof(disc::AllocationExtentDescriptor)) / run.ad_bytes();
  if (count <= in_icb_) return;
  --in_icb_;
  extents_ = 1;
  if (const uint64_t rest = count - in_icb_; rest > in_extent_) extents_ += (rest - in_extent_ + in_extent_ - 2) / (in_extent_ - 1);
}

size_t AllocationChain::put(std::span<std::byte> out, uint64_t first, uint64_t count) const {
  size_t used = 0;
  for (uint64_t i = first; i < std::min(first + count, run_.count()); ++i) {
    const uint64_t offset = i * run_.longest;
    const auto length = static_cast<uint32_t>(std::min<uint64_t>(run_.longest, run_.bytes - offset));
    used += put_ad(out.subspan(used), run_.long_form, length, run_.block + offset / kSectorSize, run_.partition);
  }
  return used;
}

size_t AllocationChain::put_continuation(std::span<std::byte> out, uint64_t block, uint16_t partition) const {
  return put_ad(out, run_.long_form, disc::kExtentContinues << 30 | kSectorSize, block, partition);
}

size_t AllocationChain::put_in_icb(std::span<std::byte> out, uint64_t chain_block, uint16_t chain_partition) const {
  const size_t used = put(out, 0, in_icb_);
  return extents_ ? used + put_continuation(out.subspan(used), chain_block, chain_partition) : used;
}

void AllocationChain::put_extent(uint64_t index, std::span<std::byte> block, uint64_t chain_block, uint16_t chain_partition,
                                 uint16_t tag_version) const {
  disc::AllocationExtentDescriptor head;
  const bool last = index + 1 == extents_;
  const auto room = block.subspan(sizeof head);
  size_t used = put(room, in_icb_ + index * (in_extent_ - 1), last ? in_extent_ : in_extent_ - 1);
  if (!last) used += put_continuation(room.subspan(used), chain_block + index + 1, chain_partition);
  head.allocation_length = used;
  std::memcpy(block.data(), &head, sizeof head);
  // The CRC covers the descriptors too: Windows checks it (UDF 2.3.11).
  disc::seal_descriptor(block.first(sizeof head + used), disc::TagId::allocation_extent, tag_version,
                        static_cast<uint32_t>(chain_block + index));
}

}  // namespace fsi::udf
