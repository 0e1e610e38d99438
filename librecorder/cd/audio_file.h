// WAV, FLAC, Ogg and whatever else libsndfile reads, as the samples of a CD: 44100 Hz, two channels, 16 bits, little-endian. One channel
// becomes two, other depths become 16 bits, and notes say so; another rate is refused, for resampling is a matter of taste.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "librecorder/cd/byte_source.h"

namespace rec::cd {

/// Throws Error (source) when it cannot be read or is of another rate or channel count. Notes are added, a sentence each.
std::shared_ptr<ByteSource> open_audio_file(const std::string& path, std::vector<std::string>& notes);

}  // namespace rec::cd
