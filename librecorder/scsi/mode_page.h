// MODE SENSE and MODE SELECT: the headers (SPC-4 7.5.5) and the pages of MMC-6 chapter 7 that are used.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

enum class ModePageCode : uint8_t {
  error_recovery = 0x01,
  write_parameters = 0x05,
  caching = 0x08,
  power_condition = 0x1A,
  exceptions = 0x1C,
  timeout_protect = 0x1D,
  capabilities = 0x2A,
  all = 0x3F,
};

enum class PageControl : uint8_t { current = 0, changeable = 1, defaults = 2, saved = 3 };

struct ModeHeader6 {
  fsi::U8 data_length;  ///< bytes after this field; zero for MODE SELECT
  fsi::U8 medium_type;
  fsi::U8 device_specific;
  fsi::U8 block_descriptor_length;
};
static_assert(sizeof(ModeHeader6) == 4);

struct ModeHeader10 {
  fsi::Be16 data_length;  ///< bytes after this field; zero for MODE SELECT
  fsi::U8 medium_type;
  fsi::U8 device_specific;
  fsi::Be16 reserved;
  fsi::Be16 block_descriptor_length;
};
static_assert(sizeof(ModeHeader10) == 8);

/// Before the bytes of each page.
struct ModePageHeader {
  fsi::U8 code;    ///< PS in bit 7, page code in bits 5-0
  fsi::U8 length;  ///< bytes after this field

  constexpr uint8_t page() const { return code & 0x3F; }
};
static_assert(sizeof(ModePageHeader) == 2);

/// MMC-6 7.5, page 05.
struct WriteParameters {
  enum WriteType : uint8_t { packet = 0, track_at_once = 1, session_at_once = 2, raw = 3, layer_jump = 4 };
  enum Multisession : uint8_t { no_next_session = 0x00, next_session = 0xC0 };
  enum BlockType : uint8_t {
    raw_2352 = 0,
    raw_2352_pq = 1,
    raw_2352_rw_packed = 2,
    raw_2352_rw = 3,
    mode1 = 8,
    mode2 = 9,
    mode2_form1 = 10,
    mode2_form1_subheader = 11,
    mode2_form2 = 12,
    mode2_mixed = 13
  };
  static constexpr uint8_t kLength = 0x32, kXa = 0x20;
  static constexpr uint8_t kBufferUnderrunFree = 0x40, kLinkSizeValid = 0x20, kTestWrite = 0x10;  // in write_type_flags
  static constexpr uint8_t kFixedPacket = 0x20, kCopy = 0x10;                                     // in track_mode_flags

  ModePageHeader header{0x05, kLength};
  fsi::U8 write_type_flags;  ///< BUFE, LS_V, test write, write type in bits 3-0
  fsi::U8 track_mode_flags;  ///< multisession in bits 7-6, FP, copy, track mode in bits 3-0
  fsi::U8 block_type;        ///< bits 3-0
  fsi::U8 link_size;
  fsi::U8 reserved6;
  fsi::U8 host_application_code;
  fsi::U8 session_format;  ///< 00 CD-DA or CD-ROM, 10 CD-I, 20 CD-ROM XA (kXa)
  fsi::U8 reserved9;
  fsi::Be32 packet_size;
  fsi::Be16 audio_pause_length;
  fsi::U8 media_catalog_number[16];
  fsi::U8 isrc[16];
  fsi::U8 subheader[4];

  constexpr uint8_t write_type() const { return write_type_flags & 0x0F; }
  constexpr bool buffer_underrun_free() const { return write_type_flags & kBufferUnderrunFree; }
  constexpr bool test_write() const { return write_type_flags & kTestWrite; }
  constexpr uint8_t multisession() const { return track_mode_flags & 0xC0; }
  constexpr uint8_t track_mode() const { return track_mode_flags & 0x0F; }
};
static_assert(sizeof(WriteParameters) == 2 + WriteParameters::kLength);

/// Page 2A as in MMC-3 (legacy since, still returned by all drives): the part before the write speed descriptors.
struct Capabilities {
  static constexpr uint8_t kReadCdR = 0x01, kReadCdRw = 0x02, kReadDvdRom = 0x08, kReadDvdR = 0x10, kReadDvdRam = 0x20;     // in read
  static constexpr uint8_t kWriteCdR = 0x01, kWriteCdRw = 0x02, kTestWrite = 0x04, kWriteDvdR = 0x10, kWriteDvdRam = 0x20;  // in write
  static constexpr uint8_t kBufferUnderrunFree = 0x80, kMultisession = 0x40, kMode2Form2 = 0x20, kMode2Form1 = 0x10;        // in format
  static constexpr uint8_t kUpc = 0x40, kIsrc = 0x20, kRw = 0x04, kAccurate = 0x02, kCdDa = 0x01;                           // in cd_da
  static constexpr uint8_t kLock = 0x01, kLocked = 0x02, kEject = 0x08, kTray = 0x20;                                       // in loading

  ModePageHeader header{0x2A, 30};
  fsi::U8 read;
  fsi::U8 write;
  fsi::U8 format;
  fsi::U8 cd_da;
  fsi::U8 loading;
  fsi::U8 audio;
  fsi::Be16 max_read_speed;  ///< kB/s, this and all the speeds
  fsi::Be16 volume_levels;
  fsi::Be16 buffer_size;  ///< KiB
  fsi::Be16 current_read_speed;
  fsi::U8 reserved16;
  fsi::U8 digital_output;
  fsi::Be16 max_write_speed;
  fsi::Be16 current_write_speed_obsolete;
  fsi::Be16 copy_management_revision;
  fsi::U8 reserved24[3];
  fsi::U8 rotation_control;
  fsi::Be16 current_write_speed;
  fsi::Be16 write_speeds;  ///< how many CapabilitiesSpeed follow
};
static_assert(sizeof(Capabilities) == 32);

struct CapabilitiesSpeed {
  fsi::U8 reserved;
  fsi::U8 rotation_control;  ///< bits 2-0: 0 CLV, 1 CAV
  fsi::Be16 speed;           ///< kB/s
};
static_assert(sizeof(CapabilitiesSpeed) == 4);

}  // namespace rec
