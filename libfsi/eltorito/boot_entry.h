// One thing to boot, as it is asked for: a value, and its text form on a command line. Says nothing of where the image
// will lie.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libfsi/base/file.h"

namespace fsi {

/// El Torito 2.2. `automatic`: a BIOS image of exactly a floppy's size, for which nothing is asked that only images
/// without emulation have, is a floppy; everything else is without emulation. `floppy` takes its size from the image.
enum class Emulation : uint8_t { automatic, none, floppy, hard_disk };

struct BootEntry {
  /// A path in the image; or, with `of_host`, of a regular file of the host, which is not in the tree.
  std::string image;
  bool of_host = false;
  /// With of_host: the file, opened already (`image` is then only its name in messages).
  std::shared_ptr<Fd> descriptor;

  uint8_t platform = 0;  ///< disc::BootPlatform: 0 x86, 1 PowerPC, 2 Mac, 0xEF UEFI
  Emulation emulation = Emulation::automatic;
  /// In units of 512 bytes. Without it: x86 4 when the image gets its boot information (it loads the rest itself), else
  /// the whole image; other platforms the whole image, and 0 ("to the end of the volume") when it does not fit the field.
  std::optional<uint16_t> load_size;
  uint16_t load_segment = 0;  ///< 0: 07C0
  std::string id;             ///< ASCII, at most 24 bytes
  bool info_table = false;    ///< boot-info table at byte 8 of the image (isolinux, GRUB), in the disc image only
  bool grub2 = false;         ///< GRUB 2's position at byte 2548 of the image, in the disc image only

  bool is_x86() const { return platform == 0; }
  bool is_efi() const { return platform == 0xEF; }
};

/// PATH or @FILE, then words separated by commas:
///   platform=bios|efi|ppc|mac|NUMBER  emulation=auto|none|floppy|hd  load-size=N  load-segment=N  id=TEXT
///   info-table  grub2
/// Numbers are decimal or 0x…; a comma or backslash in PATH or FILE is written "\,", "\\". Throws Error{usage} for what is not one of these
/// and for what contradicts itself.
BootEntry parse_boot_entry(std::string_view text);

}  // namespace fsi
