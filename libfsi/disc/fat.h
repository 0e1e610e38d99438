// Is this a FAT file system, as UEFI wants it in what it boots (UEFI 2.10, 13.3.1)? Its first sector only; no files.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace fsi::disc {

/// `start`: its first 512 bytes. Empty when it is one; else why it is none.
std::string why_not_fat(std::span<const std::byte> start);

/// Bytes that the file system takes, by its own word; nothing when it is no FAT.
std::optional<uint64_t> size_of_fat(std::span<const std::byte> start);

}  // namespace fsi::disc
