#include "librecorder/drive/drive_lock.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "libfsi/base/error.h"
#include "librecorder/transport/holders.h"

namespace rec {

using namespace std::chrono_literals;

namespace {
/// Where lock files of devices are by custom; everybody may write there.
std::string lock_file(const std::string& node) { return "/run/lock/discpress." + node.substr(node.rfind('/') + 1); }

/// Never follows a link and never takes anything but a plain file: the directory is everybody's.
fsi::Fd open_lock_file(const std::string& path, bool make) {
  // Without O_CREAT first: the kernel refuses that for a file of another user in such a directory (fs.protected_regular).
  fsi::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == EACCES) fd = fsi::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT && make) {
    fd = fsi::Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (fd)
      fchmod(fd.get(), 0666);  // the next owner may be another user
    else if (errno == EEXIST)
      fd = fsi::Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  }
  struct stat st {};
  if (fd && (fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode))) fd.reset();
  return fd;
}

std::string text_of(const fsi::Fd& fd) {
  char text[200];
  const ssize_t n = pread(fd.get(), text, sizeof text, 0);
  return n > 0 ? fsi::printable(
                     std::string_view(text, static_cast<size_t>(n)).substr(0, std::string_view(text, static_cast<size_t>(n)).find('\n')))
               : std::string();
}

std::string user_name() {
  const passwd* user = getpwuid(getuid());
  return user ? user->pw_name : std::to_string(getuid());
}
}  // namespace

DriveLock::DriveLock(const std::string& node, Kind kind, const std::string& owner, std::chrono::milliseconds patience) {
  const auto taken = [&](std::string by) {
    if (by.empty()) by = "another program";
    return fsi::Error(fsi::ErrorKind::unsuitable, node, "taking the drive", by + " is using it; wait, or end that one");
  };
  node_ = fsi::Fd(::open(node.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!node_) throw fsi::system_error(node, "opening the drive", errno, fsi::ErrorKind::unsuitable);
  for (auto waited = 0ms; flock(node_.get(), (kind == Kind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0; waited += 100ms) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw fsi::system_error(node, "locking the drive", errno, fsi::ErrorKind::unsuitable);
    if (waited >= patience) {
      const std::string by = owner_of(node);
      throw taken(by.empty() ? holders_of(node) : by);
    }
    std::this_thread::sleep_for(100ms);
  }
  if (kind != Kind::exclusive) return;
  // Where there is no such directory the lock on the node alone must do.
  file_ = open_lock_file(lock_file(node), true);
  if (!file_) return;
  // owner_of() below has it for an instant.
  for (int tries = 0; flock(file_.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (tries == 50) throw taken(text_of(file_));
    std::this_thread::sleep_for(20ms);
  }
  const std::string text = (owner.empty() ? "burn" : owner) + " of " + user_name() + " (process " + std::to_string(getpid()) + ")\n";
  if (ftruncate(file_.get(), 0) == 0) [[maybe_unused]]
    const ssize_t written = pwrite(file_.get(), text.data(), text.size(), 0);
}

std::string DriveLock::owner_of(const std::string& node) {
  const fsi::Fd fd = open_lock_file(lock_file(node), false);
  if (!fd || flock(fd.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
  return text_of(fd);
}

}  // namespace rec
