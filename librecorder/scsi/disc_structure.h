// READ DISC STRUCTURE (AD), MMC-6 6.23: the header, the format list and the DVD physical format information.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

enum class StructureMedia : uint8_t { dvd = 0, bd = 1 };

/// Formats, byte 7 of the command block.
inline constexpr uint8_t kDvdPhysical = 0x00, kDvdCopyright = 0x01, kDvdBca = 0x03, kDvdManufacturer = 0x04, kDvdControlData = 0x10,
                         kDvdAdip = 0x11, kLayerBoundary = 0x20, kBdDiscInformation = 0x00, kBdDds = 0x08, kBdCartridge = 0x09,
                         kBdSpare = 0x0A, kWriteProtection = 0xC0, kStructureList = 0xFF;

struct DiscStructureHeader {
  fsi::Be16 length;  ///< bytes after this field
  fsi::Be16 reserved;
};
static_assert(sizeof(DiscStructureHeader) == 4);

/// Format C0.
struct WriteProtectionStatus {
  static constexpr uint8_t kSoftware = 0x01, kPersistent = 0x02, kCartridge = 0x04, kMediumSpecific = 0x08;
  fsi::U8 flags;
  fsi::U8 reserved[3];
};
static_assert(sizeof(WriteProtectionStatus) == 4);

/// Format 20: where the first layer of a disc of two ends.
struct LayerBoundary {
  static constexpr uint8_t kFixed = 0x80;  ///< READ only: it was set, or recording has begun
  fsi::U8 status;
  fsi::U8 reserved[3];
  fsi::Be32 layer0_sectors;
};
static_assert(sizeof(LayerBoundary) == 8);

/// BD format 0A.
struct BdSpareInformation {
  fsi::Be32 reserved;
  fsi::Be32 free_clusters;
  fsi::Be32 allocated_clusters;
};
static_assert(sizeof(BdSpareInformation) == 12);

/// Format FF: one for each structure.
struct StructureListEntry {
  static constexpr uint8_t kReadable = 0x40, kSendable = 0x80;
  fsi::U8 format;
  fsi::U8 flags;
  fsi::Be16 length;
};
static_assert(sizeof(StructureListEntry) == 4);

/// DVD format 00, the common part; 2048 bytes are returned.
struct DvdPhysicalFormat {
  fsi::U8 book;       ///< book type 7-4, part version 3-0
  fsi::U8 size_rate;  ///< disc size 7-4 (0: 120 mm), maximum rate 3-0
  fsi::U8 layers;     ///< number of layers less one 6-5, track path 4 (1: opposite), layer type 3-0
  fsi::U8 density;
  fsi::Be32 data_start;  ///< physical sector number
  fsi::Be32 data_end;
  fsi::Be32 layer0_end;
  fsi::U8 bca;
  fsi::U8 medium_specific[2];
  char manufacturer[8];  ///< DVD+R and +RW
  char media_type[3];
  fsi::U8 rest[2018];
};
static_assert(sizeof(DvdPhysicalFormat) == 2048);

/// BD format 00, the first disc information unit that says who made the disc.
struct BdDiscInformation {
  char identifier[2];  ///< "DI"
  fsi::U8 format;
  fsi::U8 reserved3;
  fsi::U8 layers;
  fsi::U8 sequence;
  fsi::U8 used_bytes;
  fsi::U8 reserved7;
  char disc_type[3];  ///< "BDR", "BDW", "BDO"
  fsi::U8 disc_size_class_version;
  fsi::U8 reserved12[88];
  char manufacturer[6];
  char media_type[3];
  fsi::U8 time_stamp[2];
  fsi::U8 product_revision;
};
static_assert(sizeof(BdDiscInformation) == 112);

}  // namespace rec
