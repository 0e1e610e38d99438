// OSTA Universal Disk Format, 1.02 to 2.60: what it adds to ECMA-167. On-disc structures only.
// Clause numbers are those of revision 2.50.
#pragma once

#include "libfsi/disc/ecma167.h"

namespace fsi::disc {

inline constexpr std::string_view kCs0Name = "OSTA Compressed Unicode";  // 2.1.2
inline constexpr std::string_view kUdfDomain = "*OSTA UDF Compliant";    // 2.1.5.2
inline constexpr std::string_view kLvInfo = "*UDF LV Info";
inline constexpr std::string_view kMetadataPartition = "*UDF Metadata Partition";
inline constexpr std::string_view kVirtualPartition = "*UDF Virtual Partition";
inline constexpr std::string_view kSparablePartition = "*UDF Sparable Partition";
inline constexpr std::string_view kSparingTable = "*UDF Sparing Table";
inline constexpr std::string_view kVirtualTable = "*UDF Virtual Alloc Tbl";
inline constexpr std::string_view kDeveloper = "*discpress";

inline constexpr uint32_t kAnchorSector = 256;
/// 2.3.11 of ECMA-167's 30-bit length: the longest extent that is whole blocks.
inline constexpr uint32_t kLongestExtent = 0x3FFFF800;
/// 2.1.1: a file identifier is at most 255 bytes, its compression id included.
inline constexpr size_t kLongestIdentifier = 255;
/// 3.2.1.1: 0 is the root's, 1 to 15 are kept for the Macintosh.
inline constexpr uint64_t kFirstUniqueId = 16;

/// 2.1.2
constexpr Charspec cs0_charspec() {
  Charspec set;
  std::copy(kCs0Name.begin(), kCs0Name.end(), set.info);
  return set;
}

// 2.1.5.3: domain flags
inline constexpr uint8_t kHardWriteProtect = 1, kSoftWriteProtect = 2;
// 6.3: operating system class and identifier
inline constexpr uint8_t kOsUnix = 4, kOsLinux = 5;

/// 2.1.5.3: the suffix tells the revision and who may write.
constexpr Regid domain_regid(uint16_t revision) {
  Regid id(kUdfDomain);
  id.suffix = {U8(revision & 0xFF), U8(revision >> 8), U8(kHardWriteProtect | kSoftWriteProtect), {}, {}, {}, {}, {}};
  return id;
}
/// An identifier that UDF itself gives out: the suffix tells the revision and the operating system.
constexpr Regid udf_regid(std::string_view name, uint16_t revision) {
  Regid id(name);
  id.suffix = {U8(revision & 0xFF), U8(revision >> 8), U8(kOsUnix), U8(kOsLinux), {}, {}, {}, {}};
  return id;
}
/// Who wrote it. Always Linux: the bytes do not depend on the machine.
constexpr Regid implementation_regid() {
  Regid id(kDeveloper);
  id.suffix = {U8(kOsUnix), U8(kOsLinux), {}, {}, {}, {}, {}, {}};
  return id;
}

/// 2.2.7.2: implementation use of the "*UDF LV Info" descriptor.
struct LvInformation {
  Charspec charset;                         // 0
  Dstring<128> identifier;                  // 64
  std::array<Dstring<36>, 3> info{};        // 192
  Regid implementation;                     // 300
  unsigned char implementation_use[128]{};  // 332
};
static_assert(sizeof(LvInformation) == 460);

/// 2.2.6.4: implementation use of the integrity descriptor.
struct IntegrityUse {
  Regid implementation;     // 0
  Le32 files;               // 32
  Le32 directories;         // 36
  Le16 min_read_revision;   // 40
  Le16 min_write_revision;  // 42
  Le16 max_write_revision;  // 44
};
static_assert(sizeof(IntegrityUse) == 46);

inline constexpr uint8_t kDuplicateMetadata = 1;
inline constexpr uint32_t kNoBitmap = 0xFFFFFFFF;
inline constexpr uint32_t kMetadataUnit = 32;

/// 2.2.10
struct MetadataPartitionMap {
  U8 type = 2;                           // 0
  U8 length = 64;                        // 1
  unsigned char reserved1[2]{};          // 2
  Regid identifier;                      // 4
  Le16 volume_sequence = 1;              // 36
  Le16 partition_number;                 // 38
  Le32 main_icb;                         // 40  blocks of the partition
  Le32 mirror_icb;                       // 44
  Le32 bitmap_icb = kNoBitmap;           // 48
  Le32 allocation_unit = kMetadataUnit;  // 52
  Le16 alignment_unit = 1;               // 56
  U8 flags;                              // 58
  unsigned char reserved2[5]{};          // 59
};
static_assert(sizeof(MetadataPartitionMap) == 64);

/// 2.2.8: a virtual partition, and what every map of type 2 begins with.
struct VirtualPartitionMap {
  U8 type = 2;                    // 0
  U8 length = 64;                 // 1
  unsigned char reserved1[2]{};   // 2
  Regid identifier;               // 4
  Le16 volume_sequence = 1;       // 36
  Le16 partition_number;          // 38
  unsigned char reserved2[24]{};  // 40
};
static_assert(sizeof(VirtualPartitionMap) == 64);

/// 2.2.9
struct SparablePartitionMap {
  U8 type = 2;                     // 0
  U8 length = 64;                  // 1
  unsigned char reserved1[2]{};    // 2
  Regid identifier;                // 4
  Le16 volume_sequence = 1;        // 36
  Le16 partition_number;           // 38
  Le16 packet_length;              // 40  blocks
  U8 table_count;                  // 42
  U8 reserved2;                    // 43
  Le32 table_size;                 // 44  bytes
  std::array<Le32, 4> table_at{};  // 48  sectors
};
static_assert(sizeof(SparablePartitionMap) == 64);

/// 2.2.12; entries follow.
struct SparingTable {
  Tag tag;               // 0   identifier 0
  Regid identifier;      // 16
  Le16 entry_count;      // 48
  Le16 reserved;         // 50
  Le32 sequence_number;  // 52
};
static_assert(sizeof(SparingTable) == 56);
struct SparingEntry {
  Le32 original;  // 0  first block of a packet of the partition; from 0xFFFFFFF0 on: none
  Le32 mapped;    // 4  sector
};
static_assert(sizeof(SparingEntry) == 8);
inline constexpr uint32_t kNoOriginal = 0xFFFFFFF0;

/// 2.2.11: before the entries of a virtual allocation table, 2.00 and up; each entry is a Le32.
struct VirtualTableHeader {
  Le16 header_length;              // 0   implementation use included
  Le16 implementation_use_length;  // 2
  Dstring<128> volume_identifier;  // 4
  Le32 previous_icb;               // 132
  Le32 files;                      // 136
  Le32 directories;                // 140
  Le16 min_read_revision;          // 144
  Le16 min_write_revision;         // 146
  Le16 max_write_revision;         // 148
  Le16 reserved;                   // 150
};
static_assert(sizeof(VirtualTableHeader) == 152);
/// UDF 1.50, 2.2.10: behind the entries instead.
struct VirtualTableTrailer {
  Regid identifier;   // 0
  Le32 previous_icb;  // 32
};
static_assert(sizeof(VirtualTableTrailer) == 36);
inline constexpr uint32_t kUnmappedBlock = 0xFFFFFFFF;

}  // namespace fsi::disc
