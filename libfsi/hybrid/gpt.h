// A GUID partition table as bytes, primary and backup, out of partitions that are known. Pure. Positions count blocks of
// 512 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/disc/gpt.h"

namespace fsi {

struct GptPartition {
  disc::Guid type, unique;
  uint64_t first = 0, count = 0;
  uint64_t attributes = 0;
  std::string name;  ///< ASCII, at most 36 characters
};

/// The two halves: `primary` from block 1 on, `backup` up to the last block of the disk.
struct Gpt {
  std::vector<std::byte> primary;  ///< header, entries
  std::vector<std::byte> backup;   ///< entries, header
};

/// Blocks from `kGptFirstUsable` to `blocks - kGptBackupBlocks - 1` can be in partitions.
inline constexpr uint64_t kGptFirstUsable = 64;  // behind the system area of a disc
inline constexpr uint64_t kGptBackupBlocks = disc::kGptEntryBlocks + 1;

/// `partitions`: at most 128, ascending, inside of the usable blocks.
Gpt make_gpt(uint64_t blocks, const disc::Guid& disk, std::span<const GptPartition> partitions);

/// A GUID that depends on the text alone, marked as a random one (RFC 9562, version 4).
disc::Guid guid_of(std::string_view seed);

/// The CRC of the table (ISO 3309, as UEFI 2.10 5.3.2 wants it).
uint32_t gpt_crc(std::span<const std::byte> bytes);

}  // namespace fsi
