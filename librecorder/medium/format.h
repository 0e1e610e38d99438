// Giving a disc another shape: FORMAT UNIT of the media that have it. Sizes are never invented but taken from what the drive
// lists.
#pragma once

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// How much of a BD goes to spare areas, into which the drive moves what it finds on bad spots.
enum class SpareArea : uint8_t { usual, none, smallest, largest };

struct FormatWish {
  bool full = false;  ///< every sector is written or certified; else as quickly as the disc can be used
  SpareArea spare = SpareArea::usual;
};

/// The entry of that type, or null.
const FormattableCapacity* find_format(const FormatCapacities& formats, FormatType type);

/// Throws Error (unsuitable), with the disc untouched, when it cannot be formatted like that, and says why.
void check_formattable(const std::string& drive, const Medium& medium, const FormatWish& wish);

/// Throws DriveError. The profile may be another one afterwards.
void format_medium(Drive& drive, const Medium& medium, const FormatWish& wish, const LongProgress& progress);

/// DVD+RW: until it can be written to; the rest goes on. `restart`: it was begun before and stopped.
void start_background_format(Drive& drive, bool restart, const LongProgress& progress);

}  // namespace rec
