// INQUIRY (12): the standard data, SPC-4 6.4.2, of the 36 bytes that every drive returns.
#pragma once

#include "libfsi/base/wire.h"

namespace rec {

struct InquiryData {
  static constexpr uint8_t kCdDvdDevice = 0x05;
  static constexpr uint8_t kRemovable = 0x80;

  fsi::U8 peripheral;  ///< qualifier in bits 7-5, device type in bits 4-0
  fsi::U8 removable;
  fsi::U8 version;
  fsi::U8 response_data_format;  ///< bits 3-0
  fsi::U8 additional_length;     ///< bytes after this one
  fsi::U8 flags[3];
  char vendor[8];  ///< ASCII, filled up with spaces
  char product[16];
  char revision[4];

  constexpr uint8_t device_type() const { return peripheral & 0x1F; }
};
static_assert(sizeof(InquiryData) == 36);

}  // namespace rec
