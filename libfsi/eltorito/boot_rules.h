// What the catalog says of a boot image, by what is asked for and what the image is: emulation, load size, system type.
// Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "libfsi/eltorito/boot_catalog.h"
#include "libfsi/eltorito/boot_entry.h"

namespace fsi {

/// A boot image that gets its boot information can be this large: the most that a load size can say (32 MiB).
inline constexpr uint64_t kMaxPatchedImage = uint64_t{0xFFFF} * 512;

/// The line of the catalog, but for the address. `bytes`: size of the image; `start`: its first 512 bytes, or as many as
/// there are; `where`: its name. Throws Error{usage} when the image does not fit what is asked for.
CatalogLine choose_line(const BootEntry& entry, uint64_t bytes, std::span<const std::byte> start, const std::string& where);

/// A sentence for the user when firmware will hardly start the image: a UEFI image that is no whole FAT file system, a load size
/// past the image's end. Empty when there is nothing to say. The same arguments, and what choose_line() made of them.
std::string doubt_about(const BootEntry& entry, const CatalogLine& line, uint64_t bytes, std::span<const std::byte> start,
                        const std::string& where);

}  // namespace fsi
