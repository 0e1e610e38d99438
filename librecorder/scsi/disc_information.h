// READ DISC INFORMATION (51), MMC-6 6.22, and READ TRACK INFORMATION (52), MMC-6 6.27.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

enum class DiscStatus : uint8_t { empty = 0, incomplete = 1, finalized = 2, other = 3 };
enum class SessionState : uint8_t { empty = 0, incomplete = 1, damaged = 2, complete = 3 };

/// Standard disc information, without the OPC table entries that may follow it.
struct DiscInformation {
  static constexpr uint8_t kErasable = 0x10;
  static constexpr uint8_t kDiscIdValid = 0x80, kBarCodeValid = 0x40, kUnrestrictedUse = 0x20, kApplicationCodeValid = 0x10, kDirty = 0x04;

  fsi::Be16 length;  ///< bytes after this field: 32 without OPC table
  fsi::U8 status;    ///< data type 7-5, erasable 4, state of last session 3-2, disc status 1-0
  fsi::U8 first_track;
  fsi::U8 sessions_lsb;
  fsi::U8 first_track_in_last_session_lsb;
  fsi::U8 last_track_in_last_session_lsb;
  fsi::U8 flags;      ///< the k…Valid bits; background format status in bits 1-0
  fsi::U8 disc_type;  ///< 00 CD-DA or CD-ROM, 10 CD-I, 20 CD-ROM XA, FF undefined
  fsi::U8 sessions_msb;
  fsi::U8 first_track_in_last_session_msb;
  fsi::U8 last_track_in_last_session_msb;
  fsi::Be32 disc_identification;
  fsi::Be32 last_session_lead_in_start;  ///< 00 then MSF (CD); FFFFFFFF when there is none
  fsi::Be32 last_possible_lead_out_start;
  fsi::U8 bar_code[8];
  fsi::U8 application_code;
  fsi::U8 opc_entries;

  constexpr DiscStatus disc_status() const { return static_cast<DiscStatus>(status & 0x03); }
  constexpr SessionState last_session_state() const { return static_cast<SessionState>((status >> 2) & 0x03); }
  constexpr bool erasable() const { return status & kErasable; }
  constexpr uint8_t background_format() const { return flags & 0x03; }
  constexpr uint16_t sessions() const { return static_cast<uint16_t>(sessions_msb << 8 | sessions_lsb); }
  constexpr uint16_t first_track_in_last_session() const {
    return static_cast<uint16_t>(first_track_in_last_session_msb << 8 | first_track_in_last_session_lsb);
  }
  constexpr uint16_t last_track_in_last_session() const {
    return static_cast<uint16_t>(last_track_in_last_session_msb << 8 | last_track_in_last_session_lsb);
  }
};
static_assert(sizeof(DiscInformation) == 34);

/// Address types of the command block of READ TRACK INFORMATION, byte 1 bits 1-0.
enum class TrackAddress : uint8_t { lba = 0, track = 1, session = 2 };
/// The number that stands for the open ("invisible" or incomplete) track of CD and DVD+R.
inline constexpr uint8_t kInvisibleTrack = 0xFF;

struct TrackInformation {
  static constexpr uint8_t kDamage = 0x20, kCopy = 0x10;                                          // in track_mode
  static constexpr uint8_t kReserved = 0x80, kBlank = 0x40, kPacket = 0x20, kFixedPacket = 0x10;  // in data_mode
  static constexpr uint8_t kNwaValid = 0x01, kLastRecordedValid = 0x02;                           // in valid

  fsi::Be16 length;  ///< bytes after this field
  fsi::U8 track_lsb;
  fsi::U8 session_lsb;
  fsi::U8 reserved4;
  fsi::U8 track_mode;  ///< kDamage, kCopy, Q control nibble in bits 3-0
  fsi::U8 data_mode;   ///< kReserved, kBlank, kPacket, kFixedPacket, data mode in bits 3-0 (1, 2 or F)
  fsi::U8 valid;
  fsi::Be32 start;
  fsi::Be32 next_writable;
  fsi::Be32 free_blocks;
  fsi::Be32 fixed_packet_size;
  fsi::Be32 size;
  fsi::Be32 last_recorded;
  fsi::U8 track_msb;
  fsi::U8 session_msb;
  fsi::Be16 reserved34;
  fsi::Be32 read_compatibility;
  fsi::Be32 next_layer_jump;
  fsi::Be32 last_layer_jump;

  constexpr bool damaged() const { return track_mode & kDamage; }
  constexpr uint8_t control() const { return track_mode & 0x0F; }
  constexpr uint8_t mode() const { return data_mode & 0x0F; }
  constexpr bool blank() const { return data_mode & kBlank; }
  constexpr bool reserved() const { return data_mode & kReserved; }
  constexpr bool next_writable_valid() const { return valid & kNwaValid; }
  constexpr bool last_recorded_valid() const { return valid & kLastRecordedValid; }
  constexpr uint16_t track() const { return static_cast<uint16_t>(track_msb << 8 | track_lsb); }
  constexpr uint16_t session() const { return static_cast<uint16_t>(session_msb << 8 | session_lsb); }
};
static_assert(sizeof(TrackInformation) == 48);

/// Functions of CLOSE TRACK/SESSION (5B), MMC-6 6.3, byte 2 bits 2-0. What each does depends on the medium.
enum class CloseFunction : uint8_t {
  stop_background_format = 0,
  track = 1,
  session = 2,
  session_quickly = 3,
  finalize_minimal_radius = 5,  ///< DVD+R: close the last session and finalize, with a minimum radius
  finalize = 6,
};

/// Types of BLANK (A1), MMC-6 6.2, byte 1 bits 2-0.
enum class BlankType : uint8_t {
  disc = 0,
  minimal = 1,
  track = 2,
  unreserve_track = 3,
  track_tail = 4,
  unclose_session = 5,
  last_session = 6
};

}  // namespace rec
