// SEND CUE SHEET (5D), MMC-6 6.33, READ CD (BE), 6.19, and READ SUB-CHANNEL (42), MMC-3 6.1: what is recorded session at once, and
// what can be asked of a CD sector by sector.
#pragma once

#include "libfsi/base/wire.h"
#include "librecorder/scsi/toc.h"

namespace rec {

/// Eight bytes for each change of control, track, index or data form. Entries of ADR 2 and 3 come in pairs and hold a code instead:
/// 7 and 6 digits of the MCN from byte 1, or 6 and 6 characters of the ISRC from byte 2.
struct CueSheetEntry {
  fsi::U8 control_adr;  ///< control in bits 7-4, ADR in bits 3-0
  fsi::U8 track;        ///< 0 lead-in, AA lead-out
  fsi::U8 index;
  fsi::U8 data_form;
  fsi::U8 scms;
  Msf time;  ///< absolute, binary; 00:00:00 is LBA -150

  constexpr uint8_t adr() const { return control_adr & 0x0F; }
  constexpr uint8_t control() const { return control_adr >> 4; }
};
static_assert(sizeof(CueSheetEntry) == 8);

/// Data forms, MMC-6 table 548. The main channel in bits 5-0: what the host sends of each sector.
namespace data_form {
inline constexpr uint8_t kAudio = 0x00;         ///< 2352
inline constexpr uint8_t kAudioByDrive = 0x01;  ///< nothing: silence
inline constexpr uint8_t kMode1 = 0x10;         ///< 2048
inline constexpr uint8_t kMode1Raw = 0x11;      ///< 2352, of which 2048 count
inline constexpr uint8_t kMode1ByDrive = 0x14;  ///< nothing: zeros
inline constexpr uint8_t kXa = 0x20;            ///< 2336, with subheader
inline constexpr uint8_t kXaRaw = 0x21;         ///< 2352, of which 2336 count
inline constexpr uint8_t kXaByDrive = 0x24;     ///< nothing: zeros
inline constexpr uint8_t kMode2 = 0x30;         ///< 2336
inline constexpr uint8_t kMode2Raw = 0x31;      ///< 2352, of which 2336 count
inline constexpr uint8_t kMode2ByDrive = 0x34;  ///< nothing: zeros
inline constexpr uint8_t kMainMask = 0x3F, kSubchannelMask = 0xC0;
inline constexpr uint8_t kSubchannelRaw = 0x40;  ///< and 96 bytes P to W; R to W count
}  // namespace data_form

/// READ CD: expected sector type, byte 1 bits 4-2.
enum class CdSectorType : uint8_t { any = 0, audio = 1, mode1 = 2, mode2_formless = 3, mode2_form1 = 4, mode2_form2 = 5 };

/// READ CD, byte 9: what of the main channel is wanted; byte 10: what of the subchannel.
namespace read_cd {
inline constexpr uint8_t kSync = 0x80, kSubheader = 0x40, kHeader = 0x20, kUserData = 0x10, kEdcEcc = 0x08, kC2Errors = 0x02,
                         kC2Block = 0x04;
inline constexpr uint8_t kWholeSector = 0xF8;
inline constexpr uint8_t kNoSubchannel = 0, kRaw96 = 1, kQ16 = 2, kRw96 = 4;
}  // namespace read_cd

enum class SubChannelFormat : uint8_t { position = 1, mcn = 2, isrc = 3 };

struct SubChannelHeader {
  fsi::U8 reserved;
  fsi::U8 audio_status;  ///< 15: none to tell
  fsi::Be16 length;      ///< bytes after this header
};
static_assert(sizeof(SubChannelHeader) == 4);

/// Formats 2 and 3.
struct SubChannelCode {
  static constexpr uint8_t kValid = 0x80;
  fsi::U8 format;
  fsi::U8 adr_control;  ///< format 3
  fsi::U8 track;        ///< format 3
  fsi::U8 reserved3;
  fsi::U8 valid;
  char code[15];  ///< 13 digits or 12 characters, then zero and AFRAME
};
static_assert(sizeof(SubChannelCode) == 20);

/// Format 1.
struct SubChannelPosition {
  fsi::U8 format;
  fsi::U8 adr_control;
  fsi::U8 track;
  fsi::U8 index;
  fsi::Be32 absolute;
  fsi::Be32 relative;
};
static_assert(sizeof(SubChannelPosition) == 12);

}  // namespace rec
