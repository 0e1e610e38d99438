// ECMA-119, 4th edition (June 2019): the structures of ISO 9660, and Joliet's use of them.
// On-disc structures only: no I/O, no names rules. Clause numbers are ECMA-119's.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "libfsi/base/sectors.h"
#include "libfsi/base/wire.h"

namespace fsi::disc {

inline constexpr char kCd001[5] = {'C', 'D', '0', '0', '1'};
inline constexpr uint32_t kFirstDescriptor = 16;  // 6.2.1: the system area is sectors 0 to 15

/// A text field, filled with spaces (or, with Fill 0, zeros). Cutting is the caller's business.
template <size_t N, char Fill = ' '>
class TextField {
 public:
  constexpr TextField() { bytes_.fill(Fill); }
  constexpr TextField(std::string_view text) : TextField() { set(text); }
  constexpr void set(std::string_view text) {
    if (text.size() > N) throw_too_wide(text.size(), N);
    for (size_t i = 0; i < N; ++i) bytes_[i] = i < text.size() ? text[i] : Fill;
  }
  std::string_view raw() const { return {bytes_.data(), N}; }
  /// Without the fill at the end.
  std::string_view text() const {
    std::string_view all = raw();
    while (!all.empty() && (all.back() == ' ' || all.back() == '\0')) all.remove_suffix(1);
    return all;
  }

 private:
  std::array<char, N> bytes_;
};

/// 8.4.26.1: date and time in seventeen bytes; the default means "not specified" (ASCII zeros).
struct LongTime {
  TextField<16, '0'> digits;  // 0   YYYYMMDDHHMMSScc
  U8 zone;                    // 16  signed, in steps of 15 minutes from GMT
};
static_assert(sizeof(LongTime) == 17);

/// 9.1.5: date and time in seven bytes; all zero means "not specified".
struct ShortTime {
  U8 year;    // 0  since 1900
  U8 month;   // 1
  U8 day;     // 2
  U8 hour;    // 3
  U8 minute;  // 4
  U8 second;  // 5
  U8 zone;    // 6  signed, in steps of 15 minutes
};
static_assert(sizeof(ShortTime) == 7);

// 9.1.6: file flags
inline constexpr uint8_t kHidden = 0x01, kDirectory = 0x02, kAssociated = 0x04, kRecordFormat = 0x08, kProtection = 0x10,
                         kMultiExtent = 0x80;

/// 9.1: directory record without its identifier.
struct DirectoryRecord {
  U8 length;                     // 0   BP 1
  U8 extended_attribute_length;  // 1
  Both32 extent;                 // 2
  Both32 data_length;            // 10
  ShortTime time;                // 18
  U8 flags;                      // 25
  U8 unit_size;                  // 26
  U8 interleave_gap;             // 27
  Both16 volume_sequence = 1;    // 28
  U8 identifier_length;          // 32  BP 33; the identifier follows, then a pad byte if its length is even
};
static_assert(sizeof(DirectoryRecord) == 33 && alignof(DirectoryRecord) == 1);

/// 9.4: path table record without its identifier; type L in little, type M in big byte order.
template <class I32, class I16>
struct PathTableRecord {
  U8 identifier_length;          // 0
  U8 extended_attribute_length;  // 1
  I32 extent;                    // 2
  I16 parent;                    // 6   number of the parent directory, from 1
};                               // 8   the identifier follows, then a pad byte if its length is odd
using PathTableRecordL = PathTableRecord<Le32, Le16>;
using PathTableRecordM = PathTableRecord<Be32, Be16>;
static_assert(sizeof(PathTableRecordL) == 8 && sizeof(PathTableRecordM) == 8);

enum class DescriptorType : uint8_t { boot = 0, primary = 1, supplementary = 2, partition = 3, terminator = 255 };

/// 8.1: what every volume descriptor begins with.
struct DescriptorHeader {
  U8 type;                                         // 0
  char identifier[5] = {'C', 'D', '0', '0', '1'};  // 1
  U8 version = 1;                                  // 6
};
static_assert(sizeof(DescriptorHeader) == 7);

/// 8.4 and 8.5: primary, supplementary (Joliet) and enhanced (version 2) volume descriptor.
struct VolumeDescriptor {
  DescriptorHeader header;                  // 0
  U8 flags;                                 // 7    supplementary only; primary: unused
  TextField<32> system_id;                  // 8
  TextField<32> volume_id;                  // 40
  unsigned char unused2[8]{};               // 72
  Both32 volume_space_size;                 // 80
  TextField<32, 0> escape_sequences;        // 88   supplementary only
  Both16 volume_set_size = 1;               // 120
  Both16 volume_sequence_number = 1;        // 124
  Both16 logical_block_size = kSectorSize;  // 128
  Both32 path_table_size;                   // 132
  Le32 path_table_l;                        // 140
  Le32 optional_path_table_l;               // 144
  Be32 path_table_m;                        // 148
  Be32 optional_path_table_m;               // 152
  DirectoryRecord root;                     // 156
  U8 root_identifier;                       // 189
  TextField<128> volume_set_id;             // 190
  TextField<128> publisher_id;              // 318
  TextField<128> preparer_id;               // 446
  TextField<128> application_id;            // 574
  TextField<37> copyright_file_id;          // 702
  TextField<37> abstract_file_id;           // 739
  TextField<37> bibliographic_file_id;      // 776
  LongTime created;                         // 813
  LongTime modified;                        // 830
  LongTime expires;                         // 847
  LongTime effective;                       // 864
  U8 file_structure_version = 1;            // 881
  U8 reserved;                              // 882
  unsigned char application_use[512]{};     // 883
  unsigned char reserved2[653]{};           // 1395
};
static_assert(sizeof(VolumeDescriptor) == kSectorSize && alignof(VolumeDescriptor) == 1);
static_assert(offsetof(VolumeDescriptor, volume_space_size) == 80 && offsetof(VolumeDescriptor, path_table_size) == 132 &&
              offsetof(VolumeDescriptor, root) == 156 && offsetof(VolumeDescriptor, created) == 813 &&
              offsetof(VolumeDescriptor, application_use) == 883);

/// 8.3: set terminator.
struct SetTerminator {
  DescriptorHeader header{static_cast<uint8_t>(DescriptorType::terminator)};  // 0
  unsigned char reserved[2041]{};                                             // 7
};
static_assert(sizeof(SetTerminator) == kSectorSize);

/// 8.2, El Torito 1.0 figure 7: boot record.
struct BootRecord {
  DescriptorHeader header{static_cast<uint8_t>(DescriptorType::boot)};  // 0
  TextField<32, 0> system_id;                                           // 7   "EL TORITO SPECIFICATION"
  TextField<32, 0> boot_id;                                             // 39
  Le32 catalog;                                                         // 71
  unsigned char unused[1973]{};                                         // 75
};
static_assert(sizeof(BootRecord) == kSectorSize && offsetof(BootRecord, catalog) == 71);

// Joliet specification, escape sequences for UCS-2 level 1, 2 and 3 (written: level 3).
inline constexpr char kJolietLevel1[3] = {'%', '/', '@'}, kJolietLevel2[3] = {'%', '/', 'C'}, kJolietLevel3[3] = {'%', '/', 'E'};

/// 6.5.1: data length of one file section, the largest multiple of a sector below 4 GiB.
inline constexpr uint64_t kMaxSectionBytes = 0xFFFFF800;

}  // namespace fsi::disc
