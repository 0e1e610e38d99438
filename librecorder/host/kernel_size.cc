#include "librecorder/host/kernel_size.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "libfsi/base/file.h"

namespace rec {

std::optional<uint64_t> kernel_sectors(const std::string& node) {
  const fsi::Fd fd(::open(node.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  uint64_t bytes = 0;
  if (!fd || ioctl(fd.get(), BLKGETSIZE64, &bytes) != 0) return std::nullopt;
  return bytes / 2048;
}

}  // namespace rec
