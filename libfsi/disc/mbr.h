// The master boot record, as UEFI 2.10 chapter 5.2 writes it down. Addresses count sectors of 512 bytes. No I/O.
#pragma once

#include <cstddef>

#include "libfsi/base/wire.h"

namespace fsi::disc {

inline constexpr uint32_t kDiskBlock = 512;

// 5.2.1, tables 5.1 to 5.3, and the types that disc images use.
inline constexpr uint8_t kActive = 0x80;
inline constexpr uint8_t kTypeEmpty = 0x00, kTypeHiddenNtfs = 0x17, kTypeProtective = 0xEE, kTypeEfi = 0xEF;

/// Cylinder, head and sector of a block beyond what they can say.
struct ChsAddress {
  unsigned char bytes[3]{};
};

struct MbrPartition {
  U8 status;         // 0   kActive or 0
  ChsAddress first;  // 1
  U8 type;           // 4
  ChsAddress last;   // 5
  Le32 first_lba;    // 8
  Le32 count;        // 12
};
static_assert(sizeof(MbrPartition) == 16);

struct MasterBootRecord {
  unsigned char code[440]{};   // 0
  Le32 signature;              // 440
  Le16 unknown;                // 444
  MbrPartition partitions[4];  // 446
  U8 key_55 = 0x55;            // 510
  U8 key_aa = 0xAA;            // 511
};
static_assert(sizeof(MasterBootRecord) == kDiskBlock && alignof(MasterBootRecord) == 1);
static_assert(offsetof(MasterBootRecord, partitions) == 446);

/// Where isohybrid's and GRUB's boot code keeps the position of what it loads: 64 bits, in units of 512 bytes.
inline constexpr size_t kBootPositionOffset = 432;

}  // namespace fsi::disc
