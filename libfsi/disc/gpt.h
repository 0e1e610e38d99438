// The GUID partition table, UEFI 2.10 chapter 5.3. Addresses count sectors of 512 bytes. No I/O.
#pragma once

#include <array>
#include <cstddef>

#include "libfsi/base/wire.h"

namespace fsi::disc {

/// A GUID in its mixed order: the first three groups are little-endian (UEFI 2.10 appendix A).
struct Guid {
  Le32 time_low;
  Le16 time_mid, time_high_and_version;
  std::array<unsigned char, 8> rest{};
  constexpr Guid() = default;
  constexpr Guid(uint32_t a, uint16_t b, uint16_t c, std::array<unsigned char, 8> d)
      : time_low(a), time_mid(b), time_high_and_version(c), rest(d) {}
};
static_assert(sizeof(Guid) == 16 && alignof(Guid) == 1);

/// 5.3.3, table 5.7: EFI system partition; and what Windows and Linux take as ordinary data.
inline constexpr Guid kEfiSystemPartition{0xC12A7328, 0xF81F, 0x11D2, {0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B}};
inline constexpr Guid kBasicData{0xEBD0A0A2, 0xB9E5, 0x4433, {0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7}};

/// 5.3.2, table 5.5.
struct GptHeader {
  char signature[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};  // 0
  Le32 revision = 0x00010000;                                    // 8
  Le32 header_size = 92;                                         // 12
  Le32 header_crc32;                                             // 16  of the header with this field zero
  Le32 reserved;                                                 // 20
  Le64 my_lba;                                                   // 24
  Le64 alternate_lba;                                            // 32
  Le64 first_usable_lba;                                         // 40
  Le64 last_usable_lba;                                          // 48
  Guid disk_guid;                                                // 56
  Le64 entries_lba;                                              // 72
  Le32 entry_count;                                              // 80
  Le32 entry_size = 128;                                         // 84
  Le32 entries_crc32;                                            // 88
};
static_assert(sizeof(GptHeader) == 92 && offsetof(GptHeader, entries_lba) == 72);

/// 5.3.3, table 5.6.
struct GptEntry {
  Guid type;        // 0
  Guid unique;      // 16
  Le64 first_lba;   // 32
  Le64 last_lba;    // 40  inclusive
  Le64 attributes;  // 48
  Le16 name[36];    // 56  UTF-16
};
static_assert(sizeof(GptEntry) == 128 && alignof(GptEntry) == 1);

/// 5.3.1: at least 16,384 bytes are kept for entries.
inline constexpr uint32_t kGptEntries = 128;
inline constexpr uint32_t kGptEntryBlocks = kGptEntries * sizeof(GptEntry) / 512;

}  // namespace fsi::disc
