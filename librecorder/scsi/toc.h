// READ TOC/PMA/ATIP (43), MMC-6 6.26: formats 0 (TOC), 1 (sessions), 2 (full TOC) and 4 (ATIP); and CD addresses.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

enum class TocFormat : uint8_t { toc = 0, sessions = 1, full_toc = 2, pma = 3, atip = 4, cd_text = 5 };

inline constexpr uint8_t kLeadOutTrack = 0xAA;
inline constexpr uint8_t kControlData = 0x4;         ///< Q control: data, recorded uninterrupted
inline constexpr uint8_t kControlIncremental = 0x5;  ///< Q control: data, recorded incrementally

/// Minutes, seconds and frames of 1/75 s, binary.
struct Msf {
  fsi::U8 minute, second, frame;
};
static_assert(sizeof(Msf) == 3);

/// MMC-6 table for LBA to MSF: LBA 0 is 00:02:00, and minutes 90 to 99 are the lead-in before LBA -150.
constexpr Msf msf_of(int32_t lba) {
  const uint32_t frames = static_cast<uint32_t>(lba + (lba >= -150 ? 150 : 450150));
  return {frames / 4500 % 100, frames / 75 % 60, frames % 75};
}
constexpr int32_t lba_of(Msf t) {
  const int32_t frames = (t.minute * 60 + t.second) * 75 + t.frame;
  return frames - (t.minute < 90 ? 150 : 450150);
}

/// Before the descriptors of formats 0, 1 and 2.
struct TocHeader {
  fsi::Be16 length;  ///< bytes after this field
  fsi::U8 first;     ///< track (format 0) or session (formats 1 and 2)
  fsi::U8 last;
};
static_assert(sizeof(TocHeader) == 4);

/// Formats 0 and 1. Format 1 has one: the first track of the last complete session.
struct TocTrack {
  fsi::U8 reserved0;
  fsi::U8 adr_control;  ///< ADR in bits 7-4, control in bits 3-0
  fsi::U8 track;
  fsi::U8 reserved3;
  fsi::Be32 start;  ///< LBA; 00 M S F when MSF was asked for

  constexpr uint8_t control() const { return adr_control & 0x0F; }
};
static_assert(sizeof(TocTrack) == 8);

/// Format 2: an entry of the Q channel of a lead-in.
struct FullTocEntry {
  fsi::U8 session;
  fsi::U8 adr_control;
  fsi::U8 tno;
  fsi::U8 point;  ///< a track, A0 first track, A1 last track, A2 lead-out, B0 next session
  Msf time;
  fsi::U8 zero;
  Msf ptime;
};
static_assert(sizeof(FullTocEntry) == 11);

/// Format 4, header included: absolute time in pregroove of CD-R and CD-RW.
struct Atip {
  fsi::Be16 length;  ///< bytes after this field
  fsi::Be16 reserved2;
  fsi::U8 writing_power;     ///< bit 7 one, indicative target writing power 6-4, reference speed 2-0
  fsi::U8 unrestricted_use;  ///< bit 6
  fsi::U8 disc_type;         ///< bit 7 one, bit 6 rewritable, subtype 5-3, A1 A2 A3 valid 2-0
  fsi::U8 reserved7;
  Msf lead_in_start;
  fsi::U8 reserved11;
  Msf last_lead_out_start;
  fsi::U8 reserved15;
  fsi::U8 a1[3];
  fsi::U8 reserved19;
  fsi::U8 a2[3];
  fsi::U8 reserved23;
  fsi::U8 a3[3];
  fsi::U8 reserved27;

  constexpr bool rewritable() const { return disc_type & 0x40; }
};
static_assert(sizeof(Atip) == 28);

}  // namespace rec
