#include "libfsi/hybrid/boot_code.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"

namespace fsi {

namespace {
constexpr const char* kDoing = "reading the boot code for the master boot record";
constexpr const char* kAdvice =
    "name isohdpfx.bin of isolinux (Debian: package isolinux, /usr/lib/ISOLINUX/isohdpfx.bin) or boot_hybrid.img of GRUB 2 (package "
    "grub-pc-bin, "
    "/usr/lib/grub/i386-pc/boot_hybrid.img)";
}  // namespace

BootCode read_boot_code(const std::string& path) {
  const std::string where = printable(path);
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw Error(ErrorKind::usage, where, kDoing, errno_text(errno) + "; " + kAdvice);
  // One byte more than a boot record, to tell a file that only begins like one.
  std::array<std::byte, disc::kDiskBlock + 1> bytes{};
  const size_t size = read_at(fd.get(), 0, bytes, where);
  BootCode code;
  code.file = where;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(size, code.bytes.size()));
  const bool fits = size >= code.bytes.size() && size <= disc::kDiskBlock;
  // Messages that the loaders' own code prints. GRUB's boot.img, which is for installed disks, prints the same, but leaves the room of a
  // BIOS parameter block empty, where boot_hybrid.img has code.
  const bool has_room = fits && bytes[3] == std::byte{0} && bytes[4] == std::byte{0};
  if (fits && text.find("isolinux.bin missing or corrupt") != text.npos)
    code.kind = BootCodeKind::isolinux;
  else if (fits && !has_room && text.find("GRUB ") != text.npos)
    code.kind = BootCodeKind::grub2;
  else
    throw Error(ErrorKind::usage, where, kDoing, std::string("it is no boot code that can start from a disc image; ") + kAdvice);
  std::memcpy(code.bytes.data(), bytes.data(), code.bytes.size());
  return code;
}

}  // namespace fsi
