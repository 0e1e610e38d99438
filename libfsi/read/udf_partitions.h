// From the partition references that ECMA-167 4/7.1 counts in to blocks of the volume: physical, virtual, sparable and
// metadata partitions. Untrusted numbers in, ranges inside of nothing out: the source bounds them.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "libfsi/disc/udf.h"
#include "libfsi/read/careful.h"
#include "libfsi/read/data.h"

namespace fsi {

/// Logical blocks of 512, 1024, 2048 or 4096 bytes, read out of sectors. One for each thread.
class UdfBlocks {
 public:
  UdfBlocks(CarefulReader& sectors, uint32_t size) : sectors_(sectors), size_(size) {}

  uint32_t size() const { return size_; }
  uint64_t count() const { return sectors_.sectors() * kSectorSize / size_; }
  /// Absolute block, valid until the next call; empty when it cannot be read or lies beyond the end.
  std::span<const std::byte> block(uint64_t number);
  /// Any bytes. False when some could not be read: they are zeros then.
  bool read(uint64_t first_byte, std::span<std::byte> out);
  uint64_t sector_of(uint64_t block) const { return block * size_ / kSectorSize; }

 private:
  CarefulReader& sectors_;
  uint32_t size_;
  std::vector<std::byte> joined_, whole_;
};

struct BlockRun {
  uint64_t first = 0;  ///< absolute block
  uint64_t count = 0;  ///< how many lie in one piece from there
};

struct UdfMap {
  enum class Kind : uint8_t { physical, virtual_, sparable, metadata, unknown };
  Kind kind = Kind::unknown;
  uint16_t number = 0;             ///< of the partition descriptor
  uint64_t start = 0, length = 0;  ///< of that partition, in blocks
  // virtual: the table's entries
  FileData table;
  uint64_t entries = 0;
  // sparable
  uint32_t packet = 32;
  std::vector<std::pair<uint32_t, uint32_t>> spared;  // original packet, absolute block; sorted
  // metadata
  FileData file, mirror;
  bool duplicate = false;  ///< the mirror has blocks of its own

  /// Where a block of this partition lies; empty when it has no such block. Metadata: `in_mirror` chooses the copy.
  std::optional<BlockRun> find(uint64_t block, UdfBlocks& blocks, bool in_mirror = false) const;
  /// Blocks that it has.
  uint64_t blocks(uint32_t block_size) const;
  std::string_view name() const;
  /// The physical partition below it.
  UdfMap below() const;
};

}  // namespace fsi
