// How large the kernel believes the disc to be. It looks when a disc is put in, and burning does not change its mind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rec {

/// In sectors of 2048 bytes; none when the node is no block device or cannot be opened.
std::optional<uint64_t> kernel_sectors(const std::string& node);

}  // namespace rec
