// The speed that a burn begins with, those that it may change to, and how much memory its ring may have. Not public.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// Asks the drive for a speed, if one is wanted. Returns what it says it has, with a note where that is another.
std::optional<uint32_t> set_speed(Drive& drive, Profile profile, std::optional<uint32_t> wanted_kb, fsi::Lba last,
                                  std::vector<std::string>& notes);
/// What the user or the drive has chosen is the ceiling; below it are the speeds that the drive offers. Fastest first.
std::vector<uint32_t> speeds_up_to(std::optional<uint32_t> chosen_kb, const Medium& medium);
/// A ring that nobody asked for must not crowd out everything else.
size_t modest_ring(size_t bytes);

}  // namespace rec
