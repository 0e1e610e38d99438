// Speeds: GET PERFORMANCE (AC), MMC-6 6.8, and SET STREAMING (B6), MMC-6 6.39. Speeds are in kB/s of 1000 bytes.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

enum class PerformanceType : uint8_t { performance = 0, unusable_area = 1, defects = 2, write_speed = 3 };

struct PerformanceHeader {
  static constexpr uint8_t kWrite = 0x02, kExcept = 0x01;
  fsi::Be32 length;  ///< bytes after this field
  fsi::U8 flags;
  fsi::U8 reserved[3];
};
static_assert(sizeof(PerformanceHeader) == 8);

/// Type 0, nominal.
struct NominalPerformance {
  fsi::Be32 start_lba;
  fsi::Be32 start_speed;
  fsi::Be32 end_lba;
  fsi::Be32 end_speed;
};
static_assert(sizeof(NominalPerformance) == 16);

/// Type 3.
struct WriteSpeed {
  static constexpr uint8_t kRandomAccess = 0x04, kExact = 0x02, kMrw = 0x01;
  fsi::U8 flags;  ///< write rotation control in bits 4-3
  fsi::U8 reserved[3];
  fsi::Be32 end_lba;
  fsi::Be32 read_speed;
  fsi::Be32 write_speed;
};
static_assert(sizeof(WriteSpeed) == 16);

/// What SET STREAMING sends.
struct StreamingDescriptor {
  static constexpr uint8_t kRestoreDefaults = 0x04, kExact = 0x02, kRandomAccess = 0x01;
  fsi::U8 flags;  ///< write rotation control in bits 4-3
  fsi::U8 reserved[3];
  fsi::Be32 start_lba;
  fsi::Be32 end_lba;
  fsi::Be32 read_size;  ///< kB in read_time
  fsi::Be32 read_time;  ///< ms
  fsi::Be32 write_size;
  fsi::Be32 write_time;
};
static_assert(sizeof(StreamingDescriptor) == 28);

/// 1x in bytes of user data a second, and as kB/s of the commands: CD 176.4 kB/s of which 153.6 are data of mode 1.
inline constexpr uint32_t kCd1xBytes = 75 * 2048, kCd1xKb = 176;
inline constexpr uint32_t kDvd1xBytes = 1'385'000, kDvd1xKb = 1385;
inline constexpr uint32_t kBd1xBytes = 4'495'500, kBd1xKb = 4496;

}  // namespace rec
