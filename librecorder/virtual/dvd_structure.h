// READ and SEND DISC STRUCTURE of the DVD kinds: they differ in the book and in who made them.
#pragma once

#include "librecorder/virtual/medium.h"

namespace rec::virt {

struct DvdBook {
  uint8_t type;  ///< book type and part version
  bool adip;     ///< the maker's data are in the groove, and format 11 tells them
};

/// The whole answer to READ DISC STRUCTURE.
Bytes dvd_structure(const Disc& disc, DvdBook book, uint8_t format);

/// SEND DISC STRUCTURE, format 20: moves the end of the first layer of a blank disc of two. Refuses what cannot be.
void set_layer_break(Disc& disc, std::span<const std::byte> data);

}  // namespace rec::virt
