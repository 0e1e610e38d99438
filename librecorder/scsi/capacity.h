// How much there is: READ CAPACITY (25), READ FORMAT CAPACITIES (23), READ BUFFER CAPACITY (5C). MMC-6 6.21, 6.24, 6.20.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

struct ReadCapacityData {
  fsi::Be32 last_lba;
  fsi::Be32 block_length;
};
static_assert(sizeof(ReadCapacityData) == 8);

struct FormatCapacitiesHeader {
  fsi::U8 reserved[3];
  fsi::U8 list_length;  ///< bytes after this header
};
static_assert(sizeof(FormatCapacitiesHeader) == 4);

/// The first descriptor: what the medium is now.
struct CurrentCapacity {
  enum Type : uint8_t { unformatted = 1, formatted = 2, no_medium = 3 };
  fsi::Be32 blocks;
  fsi::U8 type;  ///< bits 1-0
  fsi::Be24 block_length;
};
static_assert(sizeof(CurrentCapacity) == 8);

/// Those that follow: what it can be formatted to.
struct FormattableCapacity {
  fsi::Be32 blocks;
  fsi::U8 type;  ///< format type in bits 7-2
  fsi::Be24 parameter;

  constexpr uint8_t format_type() const { return type >> 2; }
};
static_assert(sizeof(FormattableCapacity) == 8);

/// Format types, MMC-6 6.4: what FORMAT UNIT makes, and which of its lists READ FORMAT CAPACITIES tells.
enum class FormatType : uint8_t {
  full = 0x00,  ///< DVD-RAM, DVD-RW, BD-RE, BD-R: the whole disc, as the drive thinks best
  spare_expansion = 0x01,
  dvd_rw_full = 0x10,
  dvd_rw_grow = 0x11,
  dvd_rw_quick_grow = 0x13,
  dvd_rw_quick = 0x15,
  dvd_plus_rw = 0x26,  ///< the rest goes on in the background
  bd_re_spares = 0x30,
  bd_re_no_spares = 0x31,
  bd_r_spares = 0x32,
};

/// The parameter list of FORMAT UNIT (04): a header and one descriptor.
struct FormatList {
  static constexpr uint8_t kFov = 0x80, kDisablePrimary = 0x40, kDisableCertification = 0x20, kStop = 0x10, kInitPattern = 0x08,
                           kTry = 0x04, kImmediate = 0x02, kVendor = 0x01;

  fsi::U8 reserved;
  fsi::U8 flags;
  fsi::Be16 descriptor_length;  ///< 8
  fsi::Be32 blocks;
  fsi::U8 type;  ///< format type in bits 7-2, subtype in bits 1-0
  fsi::Be24 parameter;
};
static_assert(sizeof(FormatList) == 12);

struct BufferCapacity {
  static constexpr uint8_t kBlock = 0x01;
  fsi::Be16 length;  ///< 10
  fsi::U8 reserved;
  fsi::U8 block;  ///< kBlock: the two numbers count blocks, not bytes
  fsi::Be32 size;
  fsi::Be32 available;
};
static_assert(sizeof(BufferCapacity) == 12);

}  // namespace rec
