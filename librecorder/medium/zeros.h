// Writing zeros outside of the ring: what a disc wants before its data, and what takes the place of data that shall go.
#pragma once

#include <stop_token>

#include "librecorder/drive/drive.h"

namespace rec {

/// From `lba`, which counts modulo 2^32 as in the command block: the pregap lies at -150. In pieces of at most `chunk` sectors;
/// waits as long as the drive's buffer is full. `resend`: gives the drive the write parameters again when it has lost them. Calls
/// `progress` with the part that is done. Throws DriveError, and Error (interrupted) between two pieces.
void write_zeros(Drive& drive, fsi::Lba lba, uint64_t sectors, uint32_t chunk, const LongProgress& progress = {},
                 const std::stop_token& stop = {}, const std::function<void()>& resend = {});

}  // namespace rec
