// GET CONFIGURATION (46), MMC-6 6.5 and 5.3: the header, the feature descriptors and the bodies that matter.
#pragma once

#include <cstdint>
#include <string_view>

#include "libfsi/base/wire.h"

namespace rec {

enum class Feature : uint16_t {
  profile_list = 0x0000,
  core = 0x0001,
  morphing = 0x0002,
  removable_medium = 0x0003,
  write_protect = 0x0004,
  random_readable = 0x0010,
  multi_read = 0x001D,
  cd_read = 0x001E,
  dvd_read = 0x001F,
  random_writable = 0x0020,
  incremental_streaming_writable = 0x0021,
  formattable = 0x0023,
  defect_management = 0x0024,
  write_once = 0x0025,
  restricted_overwrite = 0x0026,
  cd_rw_cav_write = 0x0027,
  mrw = 0x0028,
  dvd_plus_rw = 0x002A,
  dvd_plus_r = 0x002B,
  rigid_restricted_overwrite = 0x002C,
  cd_track_at_once = 0x002D,
  cd_mastering = 0x002E,
  dvd_r_rw_write = 0x002F,
  layer_jump = 0x0033,
  cd_rw_media_write = 0x0037,
  bd_r_pow = 0x0038,
  dvd_plus_rw_dl = 0x003A,
  dvd_plus_r_dl = 0x003B,
  bd_read = 0x0040,
  bd_write = 0x0041,
  power_management = 0x0100,
  timeout = 0x0105,
  dvd_css = 0x0106,
  real_time_streaming = 0x0107,
  serial_number = 0x0108,
  disc_control_blocks = 0x010A,
  cprm = 0x010B,
  aacs = 0x010D,
};

/// As MMC calls it: "Random Readable"; features of older and of other standards too. Empty when the number has no name.
std::string_view feature_name(uint16_t code);

/// MMC-6 6.5.3, bytes 0-7 of the answer.
struct FeatureHeader {
  fsi::Be32 data_length;  ///< bytes that follow this field
  fsi::Be16 reserved;
  fsi::Be16 current_profile;
};
static_assert(sizeof(FeatureHeader) == 8);

/// MMC-6 5.2.3: before each feature's own bytes.
struct FeatureDescriptor {
  static constexpr uint8_t kCurrent = 0x01;
  static constexpr uint8_t kPersistent = 0x02;
  fsi::Be16 code;
  fsi::U8 flags;              ///< version in bits 5-2, persistent, current
  fsi::U8 additional_length;  ///< a multiple of 4

  constexpr bool current() const { return flags & kCurrent; }
  constexpr bool persistent() const { return flags & kPersistent; }
  constexpr uint8_t version() const { return (flags >> 2) & 0x0F; }
};
static_assert(sizeof(FeatureDescriptor) == 4);

/// Feature 0000: one for each profile, most wanted first.
struct ProfileDescriptor {
  static constexpr uint8_t kCurrent = 0x01;
  fsi::Be16 profile;
  fsi::U8 flags;
  fsi::U8 reserved;
};
static_assert(sizeof(ProfileDescriptor) == 4);

/// Feature 0010.
struct RandomReadableFeature {
  fsi::Be32 logical_block_size;
  fsi::Be16 blocking;
  fsi::U8 flags;  ///< bit 0: the read/write error recovery page is present
  fsi::U8 reserved;
};
static_assert(sizeof(RandomReadableFeature) == 8);

/// Feature 0020.
struct RandomWritableFeature {
  fsi::Be32 last_lba;
  fsi::Be32 logical_block_size;
  fsi::Be16 blocking;
  fsi::U8 flags;  ///< bit 0: the read/write error recovery page is present
  fsi::U8 reserved;
};
static_assert(sizeof(RandomWritableFeature) == 12);

/// Feature 0021.
struct IncrementalStreamingFeature {
  static constexpr uint8_t kBufferUnderrunFree = 0x01;
  fsi::Be16 data_block_types;  ///< bit n: block type n of mode page 05
  fsi::U8 flags;
  fsi::U8 link_sizes;  ///< how many link size bytes follow
};
static_assert(sizeof(IncrementalStreamingFeature) == 4);

/// Features 002A and 002B (and 003A, 003B).
struct DvdPlusFeature {
  static constexpr uint8_t kWrite = 0x01;
  fsi::U8 write;
  fsi::U8 close_only;  ///< feature 002A: bits 1 quick start, 0 close only
  fsi::Be16 reserved;
};
static_assert(sizeof(DvdPlusFeature) == 4);

/// Feature 002D.
struct CdTrackAtOnceFeature {
  static constexpr uint8_t kBufferUnderrunFree = 0x40, kRwRaw = 0x10, kRwPack = 0x08, kTestWrite = 0x04, kCdRw = 0x02, kRwSubcode = 0x01;
  fsi::U8 flags;
  fsi::U8 reserved;
  fsi::Be16 data_block_types;
};
static_assert(sizeof(CdTrackAtOnceFeature) == 4);

/// Feature 002E.
struct CdMasteringFeature {
  static constexpr uint8_t kBufferUnderrunFree = 0x40, kSao = 0x20, kRawMultisession = 0x10, kRaw = 0x08, kTestWrite = 0x04, kCdRw = 0x02,
                           kRw = 0x01;
  fsi::U8 flags;
  fsi::Be24 max_cue_sheet_length;
};
static_assert(sizeof(CdMasteringFeature) == 4);

/// Feature 002F.
struct DvdRRwWriteFeature {
  static constexpr uint8_t kBufferUnderrunFree = 0x40, kDl = 0x08, kTestWrite = 0x04, kDvdRw = 0x02;
  fsi::U8 flags;
  fsi::U8 reserved[3];
};
static_assert(sizeof(DvdRRwWriteFeature) == 4);

/// Feature 0041: which BD-RE and BD-R classes can be written, one bit for each version of class 0 to 3.
struct BdWriteFeature {
  fsi::U8 flags;  ///< bit 0: SVNR
  fsi::U8 reserved[3];
  fsi::Be16 bd_re[4];
  fsi::Be16 bd_r[4];
};
static_assert(sizeof(BdWriteFeature) == 20);

/// Feature 0107.
struct RealTimeStreamingFeature {
  static constexpr uint8_t kReadBufferCapacityBlock = 0x10, kSetCdSpeed = 0x08, kModePage2A = 0x04, kWriteSpeedPerformance = 0x02,
                           kStreamWrite = 0x01;
  fsi::U8 flags;
  fsi::U8 reserved[3];
};
static_assert(sizeof(RealTimeStreamingFeature) == 4);

}  // namespace rec
