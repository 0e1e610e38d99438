#include "libfsi/disc/fat.h"

#include <bit>

#include "libfsi/base/wire.h"

namespace fsi::disc {

namespace {

/// Microsoft FAT specification (fatgen103), boot sector and BPB, up to where FAT12/16 and FAT32 part.
struct BiosParameterBlock {
  unsigned char jump[3]{};      // 0
  char oem[8]{};                // 3
  Le16 bytes_per_sector;        // 11
  U8 sectors_per_cluster;       // 13
  Le16 reserved_sectors;        // 14
  U8 fats;                      // 16
  Le16 root_entries;            // 17
  Le16 total_sectors_16;        // 19
  U8 media;                     // 21
  Le16 fat_sectors_16;          // 22
  unsigned char geometry[8]{};  // 24
  Le32 total_sectors_32;        // 32
  Le32 fat_sectors_32;          // 36   FAT32 only
};
static_assert(sizeof(BiosParameterBlock) == 40);

}  // namespace

std::string why_not_fat(std::span<const std::byte> start) {
  BiosParameterBlock bpb;
  Be16 key;
  if (!load(start, 0, bpb) || !load(start, 510, key)) return "it is too short";
  if (key != 0x55AA) return "its first sector does not end with 55 AA";
  const uint32_t bytes = bpb.bytes_per_sector;
  if (!std::has_single_bit(bytes) || bytes < 512 || bytes > 4096) return std::to_string(bytes) + " bytes per sector";
  if (!std::has_single_bit(unsigned{bpb.sectors_per_cluster.get()}))
    return std::to_string(bpb.sectors_per_cluster) + " sectors per cluster";
  if (bpb.reserved_sectors == 0) return "no reserved sectors";
  if (bpb.fats == 0) return "no allocation table";
  if (bpb.media != 0xF0 && bpb.media < 0xF8) return "media byte " + std::to_string(bpb.media);
  if (bpb.fat_sectors_16 == 0 && bpb.fat_sectors_32 == 0) return "an allocation table of no sectors";
  if (bpb.total_sectors_16 == 0 && bpb.total_sectors_32 == 0) return "no sectors";
  return {};
}

std::optional<uint64_t> size_of_fat(std::span<const std::byte> start) {
  BiosParameterBlock bpb;
  if (!why_not_fat(start).empty() || !load(start, 0, bpb)) return std::nullopt;
  const uint64_t sectors = bpb.total_sectors_16 != 0 ? uint64_t{bpb.total_sectors_16} : uint64_t{bpb.total_sectors_32};
  return sectors * bpb.bytes_per_sector;
}

}  // namespace fsi::disc
