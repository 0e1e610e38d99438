// ECMA-167, 3rd edition (June 1997): the structures of volumes and files that UDF builds on. The 2nd edition,
// which UDF 1.02 and 1.50 name, differs by tag version 2, NSR02 and the lack of extended file entries and streams.
// On-disc structures only: no I/O, no rules of OSTA's (udf.h). Clause numbers are ECMA-167's (part/clause).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "libfsi/base/sectors.h"
#include "libfsi/base/wire.h"

namespace fsi::disc {

// ---- Part 1: basic types ----

/// 1/7.2.1: character set; UDF knows CS0 alone, and calls it so.
struct Charspec {
  U8 type;          // 0   0: CS0
  char info[63]{};  // 1
};
static_assert(sizeof(Charspec) == 64);

/// 1/7.2.12: characters, padded with zeros; the last byte counts the used ones. All zero when empty.
template <size_t N>
class Dstring {
 public:
  static constexpr size_t kMost = N - 1;
  constexpr Dstring() = default;
  /// `text` with its compression id, or empty.
  constexpr void set(std::string_view text) {
    if (text.size() > kMost) throw_too_wide(text.size(), kMost);
    std::fill(bytes_, bytes_ + N, char{});
    std::copy(text.begin(), text.end(), bytes_);
    bytes_[N - 1] = static_cast<char>(text.size());
  }
  std::string_view raw() const { return {bytes_, N}; }
  /// The used characters with their compression id; never reaches past the field, whatever it says.
  std::string_view text() const { return {bytes_, std::min<size_t>(static_cast<unsigned char>(bytes_[N - 1]), kMost)}; }

 private:
  char bytes_[N]{};
};

/// 1/7.3: a date and time. `type_and_zone`: 0x1000 + signed 12-bit minutes from UTC.
struct Timestamp {
  Le16 type_and_zone;       // 0
  Le16 year;                // 2   signed, 1 to 9999
  U8 month;                 // 4
  U8 day;                   // 5
  U8 hour;                  // 6
  U8 minute;                // 7
  U8 second;                // 8
  U8 centiseconds;          // 9
  U8 hundred_microseconds;  // 10
  U8 microseconds;          // 11
};
static_assert(sizeof(Timestamp) == 12);

/// 1/7.4: entity identifier.
struct Regid {
  U8 flags;                    // 0
  char identifier[23]{};       // 1
  std::array<U8, 8> suffix{};  // 24
  constexpr Regid() = default;
  constexpr explicit Regid(std::string_view name) {
    if (name.size() > sizeof identifier) throw_too_wide(name.size(), sizeof identifier);
    std::copy(name.begin(), name.end(), identifier);
  }
};
static_assert(sizeof(Regid) == 32);

// ---- Part 2: volume recognition ----

inline constexpr char kBea01[5] = {'B', 'E', 'A', '0', '1'};
inline constexpr char kTea01[5] = {'T', 'E', 'A', '0', '1'};
inline constexpr char kNsr02[5] = {'N', 'S', 'R', '0', '2'};
inline constexpr char kNsr03[5] = {'N', 'S', 'R', '0', '3'};

/// 2/9.1: volume structure descriptor.
struct VolumeStructureDescriptor {
  U8 type;                     // 0
  char identifier[5]{};        // 1
  U8 version = 1;              // 6
  unsigned char data[2041]{};  // 7
};
static_assert(sizeof(VolumeStructureDescriptor) == kSectorSize);

// ---- Part 3: volume structure ----

/// 3/7.1: extent of the volume space.
struct ExtentAd {
  Le32 length;    // 0  bytes
  Le32 location;  // 4  sector
};
static_assert(sizeof(ExtentAd) == 8);

// 3/7.2.1 and 4/7.2.1: what a tag begins
enum class TagId : uint16_t {
  primary_volume = 1,
  anchor = 2,
  volume_pointer = 3,
  implementation_use = 4,
  partition = 5,
  logical_volume = 6,
  unallocated_space = 7,
  terminating = 8,
  integrity = 9,
  file_set = 256,
  file_identifier = 257,
  allocation_extent = 258,
  indirect_entry = 259,
  terminal_entry = 260,
  file_entry = 261,
  attribute_header = 262,
  unallocated_entry = 263,
  space_bitmap = 264,
  partition_integrity = 265,
  extended_file_entry = 266,
};

/// 3/7.2: descriptor tag. The checksum is the sum of the other fifteen bytes; the CRC covers `crc_length` bytes
/// behind the tag; the location is the sector, or the logical block inside of its partition.
struct Tag {
  Le16 identifier;  // 0
  Le16 version;     // 2
  U8 checksum;      // 4
  U8 reserved;      // 5
  Le16 serial;      // 6
  Le16 crc;         // 8
  Le16 crc_length;  // 10
  Le32 location;    // 12
};
static_assert(sizeof(Tag) == 16);

/// 1/7.2.6 by way of 3/7.2.6: CRC of ITU-T V.41, polynomial 0x1021, start 0.
uint16_t crc_of(std::span<const std::byte> bytes);
uint8_t checksum_of(const Tag& tag);

/// Writes the tag of the descriptor that is exactly `bytes`, once all else is in place. Throws Error{limit} beyond 64 KiB.
void seal_descriptor(std::span<std::byte> bytes, TagId id, uint16_t version, uint32_t location);
template <class Descriptor>
requires(std::is_trivially_copyable_v<Descriptor> && alignof(Descriptor) == 1) void seal_descriptor(Descriptor& descriptor, TagId id,
                                                                                                    uint16_t version, uint32_t location) {
  seal_descriptor({reinterpret_cast<std::byte*>(&descriptor), sizeof descriptor}, id, version, location);
}

/// 3/10.1
struct PrimaryVolumeDescriptor {
  Tag tag;                                 // 0
  Le32 sequence_number;                    // 16
  Le32 descriptor_number;                  // 20
  Dstring<32> volume_identifier;           // 24
  Le16 volume_sequence = 1;                // 56
  Le16 max_volume_sequence = 1;            // 58
  Le16 interchange_level = 2;              // 60
  Le16 max_interchange_level = 3;          // 62
  Le32 character_sets = 1;                 // 64
  Le32 max_character_sets = 1;             // 68
  Dstring<128> volume_set_identifier;      // 72
  Charspec descriptor_charset;             // 200
  Charspec explanatory_charset;            // 264
  ExtentAd volume_abstract;                // 328
  ExtentAd copyright_notice;               // 336
  Regid application;                       // 344
  Timestamp recorded;                      // 376
  Regid implementation;                    // 388
  unsigned char implementation_use[64]{};  // 420
  Le32 predecessor;                        // 484
  Le16 flags;                              // 488
  unsigned char reserved[22]{};            // 490
};
static_assert(sizeof(PrimaryVolumeDescriptor) == 512);

/// 3/10.2
struct AnchorVolumeDescriptorPointer {
  Tag tag;                        // 0
  ExtentAd main_sequence;         // 16
  ExtentAd reserve_sequence;      // 24
  unsigned char reserved[480]{};  // 32
};
static_assert(sizeof(AnchorVolumeDescriptorPointer) == 512);

/// 3/10.3
struct VolumeDescriptorPointer {
  Tag tag;                        // 0
  Le32 sequence_number;           // 16
  ExtentAd next_sequence;         // 20
  unsigned char reserved[484]{};  // 28
};
static_assert(sizeof(VolumeDescriptorPointer) == 512);

/// 3/10.4
struct ImplementationUseVolumeDescriptor {
  Tag tag;                                  // 0
  Le32 sequence_number;                     // 16
  Regid implementation;                     // 20
  unsigned char implementation_use[460]{};  // 52
};
static_assert(sizeof(ImplementationUseVolumeDescriptor) == 512);

inline constexpr uint32_t kAccessReadOnly = 1;

/// 3/10.5
struct PartitionDescriptor {
  Tag tag;                                  // 0
  Le32 sequence_number;                     // 16
  Le16 flags = 1;                           // 20  1: space is allocated
  Le16 number;                              // 22
  Regid contents;                           // 24
  unsigned char contents_use[128]{};        // 56
  Le32 access_type = kAccessReadOnly;       // 184
  Le32 starting_location;                   // 188
  Le32 length;                              // 192  sectors
  Regid implementation;                     // 196
  unsigned char implementation_use[128]{};  // 228
  unsigned char reserved[156]{};            // 356
};
static_assert(sizeof(PartitionDescriptor) == 512);

/// 4/7.1: address of a logical block.
struct LbAddress {
  Le32 block;      // 0
  Le16 partition;  // 4  partition *reference*: index of the map in the logical volume descriptor
};
static_assert(sizeof(LbAddress) == 6);

// 4/14.14.1.1: the two highest bits of an extent's length
inline constexpr uint32_t kExtentRecorded = 0, kExtentAllocated = 1, kExtentUnallocated = 2, kExtentContinues = 3;
inline constexpr uint32_t kExtentLengthMask = 0x3FFFFFFF;

/// 4/14.14.1
struct ShortAd {
  Le32 length;  // 0
  Le32 block;   // 4
};
static_assert(sizeof(ShortAd) == 8);

/// 4/14.14.2
struct LongAd {
  Le32 length;         // 0
  LbAddress location;  // 4
  Le16 flags;          // 10  implementation use, as UDF lays it out
  Le32 unique_id;      // 12
};
static_assert(sizeof(LongAd) == 16);

/// 4/14.14.3
struct ExtendedAd {
  Le32 length;                            // 0
  Le32 recorded_length;                   // 4
  Le32 information_length;                // 8
  LbAddress location;                     // 12
  unsigned char implementation_use[2]{};  // 18
};
static_assert(sizeof(ExtendedAd) == 20);

/// 3/10.6; the partition maps follow.
struct LogicalVolumeDescriptor {
  Tag tag;                                  // 0
  Le32 sequence_number;                     // 16
  Charspec descriptor_charset;              // 20
  Dstring<128> identifier;                  // 84
  Le32 block_size = kSectorSize;            // 212
  Regid domain;                             // 216
  LongAd file_set;                          // 248  logical volume contents use, 4/3.1
  Le32 map_table_length;                    // 264
  Le32 map_count;                           // 268
  Regid implementation;                     // 272
  unsigned char implementation_use[128]{};  // 304
  ExtentAd integrity_sequence;              // 432
};
static_assert(sizeof(LogicalVolumeDescriptor) == 440);

/// 3/10.7.2
struct PartitionMap1 {
  U8 type = 1;               // 0
  U8 length = 6;             // 1
  Le16 volume_sequence = 1;  // 2
  Le16 partition_number;     // 4
};
static_assert(sizeof(PartitionMap1) == 6);

/// 3/10.8; extents would follow.
struct UnallocatedSpaceDescriptor {
  Tag tag;               // 0
  Le32 sequence_number;  // 16
  Le32 extent_count;     // 20
};
static_assert(sizeof(UnallocatedSpaceDescriptor) == 24);

/// 3/10.9 and 4/14.2
struct TerminatingDescriptor {
  Tag tag;                        // 0
  unsigned char reserved[496]{};  // 16
};
static_assert(sizeof(TerminatingDescriptor) == 512);

inline constexpr uint32_t kIntegrityClosed = 1;

/// 3/10.10; then a free-space and a size table, one Le32 a partition map each, and implementation use.
struct LogicalVolumeIntegrityDescriptor {
  Tag tag;                         // 0
  Timestamp recorded;              // 16
  Le32 type = kIntegrityClosed;    // 28
  ExtentAd next;                   // 32
  Le64 next_unique_id;             // 40  logical volume contents use, 4/14.15
  unsigned char reserved[24]{};    // 48
  Le32 partition_count;            // 72
  Le32 implementation_use_length;  // 76
};
static_assert(sizeof(LogicalVolumeIntegrityDescriptor) == 80);

// ---- Part 4: file structure ----

/// 4/14.1
struct FileSetDescriptor {
  Tag tag;                         // 0
  Timestamp recorded;              // 16
  Le16 interchange_level = 3;      // 28
  Le16 max_interchange_level = 3;  // 30
  Le32 character_sets = 1;         // 32
  Le32 max_character_sets = 1;     // 36
  Le32 file_set_number;            // 40
  Le32 descriptor_number;          // 44
  Charspec volume_charset;         // 48
  Dstring<128> volume_identifier;  // 112
  Charspec charset;                // 240
  Dstring<32> identifier;          // 304
  Dstring<32> copyright_file;      // 336
  Dstring<32> abstract_file;       // 368
  LongAd root;                     // 400
  Regid domain;                    // 416
  LongAd next;                     // 448
  LongAd system_streams;           // 464
  unsigned char reserved[32]{};    // 480
};
static_assert(sizeof(FileSetDescriptor) == 512);

// 4/14.4.3: file characteristics
inline constexpr uint8_t kFidHidden = 0x01, kFidDirectory = 0x02, kFidDeleted = 0x04, kFidParent = 0x08;

/// 4/14.4; implementation use and the identifier follow, padded to four bytes.
struct FileIdentifierDescriptor {
  Tag tag;                         // 0
  Le16 version = 1;                // 16
  U8 characteristics;              // 18
  U8 identifier_length;            // 19
  LongAd icb;                      // 20
  Le16 implementation_use_length;  // 36
};
static_assert(sizeof(FileIdentifierDescriptor) == 38);

// 4/14.6.6, and OSTA UDF 2.3.5.2 from 248 on
enum class FileType : uint8_t {
  unspecified = 0,
  unallocated_space = 1,
  directory = 4,
  bytes = 5,
  block_device = 6,
  char_device = 7,
  fifo = 9,
  socket = 10,
  symlink = 12,
  stream_directory = 13,
  vat = 248,
  real_time = 249,
  metadata = 250,
  metadata_mirror = 251,
  metadata_bitmap = 252,
};

// 4/14.6.8: flags of an ICB; the lowest three bits tell what its allocation descriptors are
inline constexpr uint16_t kIcbShortAds = 0, kIcbLongAds = 1, kIcbExtendedAds = 2, kIcbEmbedded = 3;
inline constexpr uint16_t kIcbArchive = 0x20, kIcbSetuid = 0x40, kIcbSetgid = 0x80, kIcbSticky = 0x100, kIcbStream = 0x2000;

/// 4/14.6
struct IcbTag {
  Le32 prior_entries;       // 0
  Le16 strategy = 4;        // 4
  Le16 strategy_parameter;  // 6
  Le16 max_entries = 1;     // 8
  U8 reserved;              // 10
  U8 file_type;             // 11
  LbAddress parent;         // 12
  Le16 flags;               // 18
};
static_assert(sizeof(IcbTag) == 20);

/// 4/14.7
struct IndirectEntry {
  Tag tag;         // 0
  IcbTag icb;      // 16
  LongAd address;  // 36
};
static_assert(sizeof(IndirectEntry) == 52);

// 4/14.9.5: for others; shifted by 5 for the group, by 10 for the owner
inline constexpr uint32_t kMayExecute = 0x01, kMayWrite = 0x02, kMayRead = 0x04, kMayChangeAttributes = 0x08, kMayDelete = 0x10;

/// 4/14.9; extended attributes and allocation descriptors (or the file itself) follow.
struct FileEntry {
  Tag tag;                      // 0
  IcbTag icb;                   // 16
  Le32 uid;                     // 36
  Le32 gid;                     // 40
  Le32 permissions;             // 44
  Le16 link_count;              // 48
  U8 record_format;             // 50
  U8 record_display;            // 51
  Le32 record_length;           // 52
  Le64 information_length;      // 56
  Le64 blocks_recorded;         // 64
  Timestamp access_time;        // 72
  Timestamp modification_time;  // 84
  Timestamp attribute_time;     // 96
  Le32 checkpoint = 1;          // 108
  LongAd attribute_icb;         // 112
  Regid implementation;         // 128
  Le64 unique_id;               // 160
  Le32 attributes_length;       // 168
  Le32 allocation_length;       // 172
};
static_assert(sizeof(FileEntry) == 176);

/// 4/14.17
struct ExtendedFileEntry {
  Tag tag;                      // 0
  IcbTag icb;                   // 16
  Le32 uid;                     // 36
  Le32 gid;                     // 40
  Le32 permissions;             // 44
  Le16 link_count;              // 48
  U8 record_format;             // 50
  U8 record_display;            // 51
  Le32 record_length;           // 52
  Le64 information_length;      // 56
  Le64 object_size;             // 64   the file and its streams
  Le64 blocks_recorded;         // 72
  Timestamp access_time;        // 80
  Timestamp modification_time;  // 92
  Timestamp creation_time;      // 104
  Timestamp attribute_time;     // 116
  Le32 checkpoint = 1;          // 128
  Le32 reserved;                // 132
  LongAd attribute_icb;         // 136
  LongAd stream_directory;      // 152
  Regid implementation;         // 168
  Le64 unique_id;               // 200
  Le32 attributes_length;       // 208
  Le32 allocation_length;       // 212
};
static_assert(sizeof(ExtendedFileEntry) == 216);

/// 4/14.5; allocation descriptors follow.
struct AllocationExtentDescriptor {
  Tag tag;                 // 0
  Le32 previous;           // 16
  Le32 allocation_length;  // 20
};
static_assert(sizeof(AllocationExtentDescriptor) == 24);

inline constexpr uint32_t kNoAttributes = 0xFFFFFFFF;

/// 4/14.10.1: before the extended attributes.
struct AttributeHeader {
  Tag tag;                                         // 0
  Le32 implementation_attributes = kNoAttributes;  // 16
  Le32 application_attributes = kNoAttributes;     // 20
};
static_assert(sizeof(AttributeHeader) == 24);

// 4/14.10: attribute types
inline constexpr uint32_t kFileTimesAttribute = 5, kDeviceAttribute = 12;
/// 4/14.10.2: what every extended attribute begins with.
struct AttributeHead {
  Le32 type;                    // 0
  U8 subtype;                   // 4
  unsigned char reserved[3]{};  // 5
  Le32 length;                  // 8  of all of it
};
static_assert(sizeof(AttributeHead) == 12);
/// 4/14.10.5; a Timestamp for each bit that is set follows, the creation for the lowest.
struct FileTimesAttribute {
  AttributeHead head;  // 0
  Le32 data_length;    // 12
  Le32 existence;      // 16
};
static_assert(sizeof(FileTimesAttribute) == 20);

/// 4/14.10.7, with the implementation's identifier that OSTA UDF 3.3.4.4 wants.
struct DeviceSpecification {
  Le32 attribute_type = 12;             // 0
  U8 attribute_subtype = 1;             // 4
  unsigned char reserved[3]{};          // 5
  Le32 attribute_length = 56;           // 8
  Le32 implementation_use_length = 32;  // 12
  Le32 major;                           // 16
  Le32 minor;                           // 20
  Regid implementation;                 // 24
};
static_assert(sizeof(DeviceSpecification) == 56);

// 4/14.16.1: types of a path component
inline constexpr uint8_t kPathRoot = 2, kPathParent = 3, kPathHere = 4, kPathName = 5;

/// 4/14.16: a component of a symbolic link; the identifier follows.
struct PathComponent {
  U8 type;               // 0
  U8 identifier_length;  // 1
  Le16 version;          // 2
};
static_assert(sizeof(PathComponent) == 4);

}  // namespace fsi::disc
