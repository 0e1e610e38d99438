#include "libfsi/read/careful.h"

#include <algorithm>

#include "libfsi/base/error.h"

namespace fsi {

bool CarefulReader::read(uint64_t first, std::span<std::byte> out) {
  const uint64_t wanted = out.size() / kSectorSize;
  const uint64_t there = first < end_ ? std::min(wanted, end_ - first) : 0;
  std::ranges::fill(out.subspan(there * kSectorSize), std::byte{0});
  if (there == 0) return wanted == 0;
  try {
    source_.read({first, there}, out.first(there * kSectorSize));
    return there == wanted;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
  }
  bool good = there == wanted;
  for (uint64_t i = 0; i < there; ++i) {
    const auto sector = out.subspan(i * kSectorSize, kSectorSize);
    try {
      source_.read({first + i, 1}, sector);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      std::ranges::fill(sector, std::byte{0});
      good = false;
      log_.report("a sector of the file system's structures cannot be read", [&] {
        return Issue{.finding = Finding::unreadable, .where = {first + i, 1}, .detail = error.why(), .incomplete = true};
      });
    }
  }
  return good;
}

std::span<const std::byte> CarefulReader::cached(uint64_t lba) {
  if (lba >= end_) return {};
  const uint64_t first = lba / kBlockSectors * kBlockSectors;
  Block& block = blocks_[first / kBlockSectors % kBlocks];
  if (block.first != first) {
    block.first = ~uint64_t{0};
    block.bytes.resize(kBlockSectors * kSectorSize);
    block.good = 0;
    // The block is read at once; only when that fails is it read sector by sector, so that a bad neighbour
    // that nobody asked for is not reported as a fault of the structures.
    const uint64_t count = std::min<uint64_t>(kBlockSectors, end_ - first);
    try {
      source_.read({first, count}, std::span(block.bytes).first(count * kSectorSize));
      block.good = ~0u;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
    }
    block.first = first;
  }
  const size_t at = static_cast<size_t>(lba - first);
  const auto sector = std::span(block.bytes).subspan(at * kSectorSize, kSectorSize);
  if (!(block.good >> at & 1)) {
    if (!read(lba, sector)) return {};
    block.good |= 1u << at;
  }
  return sector;
}

}  // namespace fsi
