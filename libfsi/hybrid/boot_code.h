// The boot code of a master boot record: a file of somebody's boot loader, recognised and told where to go on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "libfsi/disc/mbr.h"

namespace fsi {

enum class BootCodeKind : uint8_t {
  isolinux,  ///< isohdp*.bin of isolinux: loads isolinux.bin
  grub2,     ///< boot_hybrid.img of GRUB 2: loads the image for discs behind its first 2048 bytes
};

struct BootCode {
  BootCodeKind kind = BootCodeKind::isolinux;
  std::string file;                        ///< for messages
  std::array<unsigned char, 432> bytes{};  ///< what follows in a boot record is ours

  /// What a record with this code holds at byte 432, for a boot image that begins at this block of 512 bytes.
  uint64_t position(uint64_t image_block) const { return kind == BootCodeKind::grub2 ? image_block + 4 : image_block; }
};

/// Reads and recognises. Throws Error{usage} when the file is missing (and says which package brings it) or of neither kind.
BootCode read_boot_code(const std::string& path);

}  // namespace fsi
