// GET EVENT STATUS NOTIFICATION (4A), MMC-6 6.6; MECHANISM STATUS (BD), MMC-6 6.11.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

/// The class asked for is a bit of the command block (1 << class) and a number in the answer.
enum class EventClass : uint8_t {
  none = 0,
  operational_change = 1,
  power = 2,
  external_request = 3,
  media = 4,
  multi_initiator = 5,
  device_busy = 6,
};

struct EventHeader {
  static constexpr uint8_t kNoEventAvailable = 0x80;
  fsi::Be16 length;     ///< bytes after this field
  fsi::U8 event_class;  ///< NEA in bit 7, class in bits 2-0
  fsi::U8 supported;    ///< bitmap of classes

  constexpr bool none_available() const { return event_class & kNoEventAvailable; }
};
static_assert(sizeof(EventHeader) == 4);

struct MediaEvent {
  enum Code : uint8_t { no_change = 0, eject_request = 1, new_media = 2, media_removal = 3, media_changed = 4, background_format_done = 5 };
  static constexpr uint8_t kTrayOpen = 0x01, kPresent = 0x02;
  fsi::U8 code;  ///< bits 3-0
  fsi::U8 status;
  fsi::U8 start_slot;
  fsi::U8 end_slot;
};
static_assert(sizeof(MediaEvent) == 4);

/// Any other class: an event code, a status and two bytes of the class's own.
struct OtherEvent {
  fsi::U8 code;
  fsi::U8 status;
  fsi::Be16 detail;
};
static_assert(sizeof(OtherEvent) == 4);

struct MechanismStatus {
  static constexpr uint8_t kDoorOpen = 0x10;
  fsi::U8 fault;  ///< bit 7 fault, changer state 6-5, current slot 4-0
  fsi::U8 state;  ///< mechanism state 7-5 (0 idle), kDoorOpen
  fsi::Be24 current_lba;
  fsi::U8 slots;
  fsi::Be16 slot_table_length;
};
static_assert(sizeof(MechanismStatus) == 8);

}  // namespace rec
