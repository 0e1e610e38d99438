#include "librecorder/drive/drive_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "libfsi/base/error.h"

namespace rec {

DriveLock::DriveLock(const std::string& node, Kind kind) {
  using namespace std::chrono_literals;
  fd_ = fsi::Fd(::open(node.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd_) throw fsi::system_error(node, "opening the drive", errno, fsi::ErrorKind::unsuitable);
  for (int tries = 0; flock(fd_.get(), (kind == Kind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw fsi::system_error(node, "locking the drive", errno, fsi::ErrorKind::unsuitable);
    if (tries == 50)
      throw fsi::Error(fsi::ErrorKind::unsuitable, node, "locking the drive",
                       "another program is using it; end that one (fuser -v " + node + " names it)");
    std::this_thread::sleep_for(100ms);
  }
}

}  // namespace rec
