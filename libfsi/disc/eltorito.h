// "El Torito" Bootable CD-ROM Format Specification, version 1.0 (January 25, 1995): the boot catalog, and what boot
// programs expect inside of themselves. The boot record (figure 7) is in iso9660.h. No I/O.
#pragma once

#include <cstddef>
#include <string_view>

#include "libfsi/disc/iso9660.h"

namespace fsi::disc {

inline constexpr std::string_view kElTorito = "EL TORITO SPECIFICATION";  // boot system identifier, filled with zeros
inline constexpr uint32_t kBootRecordSector = 17;                         // 2.0: right behind the primary volume descriptor

/// 2.1 and 2.3: platforms. UEFI's is UEFI 2.10, 13.3.2.1.
enum BootPlatform : uint8_t { kPlatformX86 = 0, kPlatformPowerPc = 1, kPlatformMac = 2, kPlatformEfi = 0xEF };

/// 2.2: boot media type, bits 0 to 3.
enum BootMedia : uint8_t { kNoEmulation = 0, kFloppy1200 = 1, kFloppy1440 = 2, kFloppy2880 = 3, kHardDisk = 4 };

/// Load sizes count "virtual sectors" of this many bytes, whatever the medium.
inline constexpr uint32_t kVirtualSector = 512;

/// 2.1: the first entry.
struct ValidationEntry {
  U8 header_id = 1;     // 0
  U8 platform;          // 1   BootPlatform of the default entry
  Le16 reserved;        // 2
  TextField<24, 0> id;  // 4   who made it
  Le16 checksum;        // 28  all sixteen words add up to zero
  U8 key_55 = 0x55;     // 30
  U8 key_aa = 0xAA;     // 31
};
static_assert(sizeof(ValidationEntry) == 32 && offsetof(ValidationEntry, checksum) == 28);

inline constexpr uint8_t kBootable = 0x88, kNotBootable = 0x00;

/// 2.2 and 2.4: default and section entry.
struct CatalogEntry {
  U8 indicator = kBootable;      // 0
  U8 media;                      // 1   BootMedia; section entries: bit 5 continuation, 6 ATAPI, 7 SCSI driver
  Le16 load_segment;             // 2   0: 07C0
  U8 system_type;                // 4   hard disk: byte 5 of the image's partition table entry
  U8 unused;                     // 5
  Le16 sector_count;             // 6   virtual sectors to be loaded
  Le32 load_rba;                 // 8   where the image begins, in sectors of the disc
  unsigned char criteria[20]{};  // 12  section entry: selection criteria; default entry: unused
};
static_assert(sizeof(CatalogEntry) == 32 && offsetof(CatalogEntry, load_rba) == 8);

inline constexpr uint8_t kMoreSections = 0x90, kLastSection = 0x91, kExtension = 0x44;

/// 2.3: section header.
struct SectionHeader {
  U8 indicator = kLastSection;  // 0
  U8 platform;                  // 1
  Le16 entry_count;             // 2
  TextField<28, 0> id;          // 4
};
static_assert(sizeof(SectionHeader) == 32);

/// The boot-info table that isolinux and GRUB expect at byte 8 of themselves (genisoimage manual, "EL TORITO BOOT
/// INFORMATION TABLE").
struct BootInfoTable {
  Le32 primary_descriptor;       // 8   sector of the primary volume descriptor
  Le32 image_sector;             // 12  sector of this boot image
  Le32 image_bytes;              // 16
  Le32 checksum;                 // 20  sum of the image's little-endian 32-bit words from byte 64 on
  unsigned char reserved[40]{};  // 24
};
static_assert(sizeof(BootInfoTable) == 56);
inline constexpr uint64_t kBootInfoOffset = 8, kBootInfoEnd = 64;

/// What GRUB 2 expects at byte 2548 of its image: the position of the block behind the boot sector for discs (2048
/// bytes) and the one for disks (512 bytes), in units of 512 bytes from the start of the disc.
using Grub2BootInfo = Le64;
inline constexpr uint64_t kGrub2Offset = 2548, kGrub2Blocks = 5;

}  // namespace fsi::disc
