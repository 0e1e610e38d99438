#include "libfsi/source/host_path.h"

#include <fcntl.h>
#include <limits.h>

#include <cerrno>
#include <cstdint>
#include <limits>

namespace fsi {

Fd open_long(int directory, const std::string& path, int flags) {
  size_t begin = 0;
  Fd step;
  while (path.size() - begin >= PATH_MAX) {
    const size_t slash = path.rfind('/', begin + PATH_MAX - 2);
    if (slash == std::string::npos || slash < begin || (slash == begin && begin > 0)) {
      errno = ENAMETOOLONG;
      return Fd();
    }
    // "/" itself when the path is absolute and its first component does not fit with it.
    const std::string part = path.substr(begin, slash == 0 ? 1 : slash - begin);
    Fd next(::openat(step ? step.get() : directory, part.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!next) return Fd();
    step = std::move(next);
    begin = slash + 1;
    while (begin < path.size() && path[begin] == '/') ++begin;
  }
  return Fd(::openat(step ? step.get() : directory, begin < path.size() ? path.c_str() + begin : ".", flags | O_CLOEXEC));
}

Fd open_quietly(int directory, const std::string& path, int flags) {
  Fd fd = open_long(directory, path, flags | O_NOATIME);
  if (fd || errno != EPERM) return fd;
  return open_long(directory, path, flags);
}

Time to_time(int64_t seconds, uint32_t nanoseconds) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / kSecond - 1;
  if (seconds > kMost) return kMost * kSecond;
  if (seconds < -kMost) return -kMost * kSecond;
  return seconds * kSecond + nanoseconds / 1000;
}

NodeKind kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return NodeKind::directory;
    case S_IFLNK: return NodeKind::symlink;
    case S_IFCHR: return NodeKind::char_device;
    case S_IFBLK: return NodeKind::block_device;
    case S_IFIFO: return NodeKind::fifo;
    case S_IFSOCK: return NodeKind::socket;
    default: return NodeKind::file;
  }
}

}  // namespace fsi
