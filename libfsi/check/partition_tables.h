// What a disk's firmware sees of an image: the master boot record and the GUID partition table, by themselves and against the
// space there is. What lies in the partitions is partition_contents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/disc/gpt.h"
#include "libfsi/disc/mbr.h"
#include "libfsi/read/issue.h"

namespace fsi {

inline constexpr uint32_t kBlocksPerSector = kSectorSize / disc::kDiskBlock;

/// Positions count blocks of 512 bytes.
struct DiskPartition {
  unsigned number = 0;  ///< from 1
  uint64_t first = 0, count = 0;
  bool efi = false;  ///< an EFI system partition
  Lba record = 0;    ///< sector of its entry
  bool in_gpt = false;

  uint64_t end() const { return first + count; }
  /// For messages: "GPT partition 2 (blocks 64..99)".
  std::string name() const;
};

struct PartitionTables {
  bool has_mbr = false, has_gpt = false;  ///< and they can be believed
  disc::MasterBootRecord mbr;
  std::vector<DiskPartition> partitions{};  ///< in use; without the protective one
};

/// Reads the tables of the disk that the source would be. Nothing there is no fault.
PartitionTables read_partition_tables(const SectorSource& source, IssueLog& log);

}  // namespace fsi
