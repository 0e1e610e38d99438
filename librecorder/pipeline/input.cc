#include "librecorder/pipeline/input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "libfsi/base/error.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;

std::span<const std::byte> Input::peek(size_t bytes) {
  size_t have = head_.size();
  if (have >= bytes) return std::span(head_).first(bytes);
  head_.resize(bytes);
  while (have < bytes) {
    const size_t n = read_more(std::span(head_).subspan(have));
    if (n == 0) break;
    have += n;
  }
  head_.resize(have);
  return head_;
}

size_t Input::read(std::span<std::byte> out) {
  if (head_taken_ == head_.size()) return read_more(out);
  const size_t n = std::min(out.size(), head_.size() - head_taken_);
  std::memcpy(out.data(), head_.data() + head_taken_, n);
  head_taken_ += n;
  return n;
}

FileInput::FileInput(const std::string& path) : name_(fsi::printable(path)) {
  // O_NONBLOCK only for the opening: a FIFO without a writer would hang here, out of reach of cancel().
  fd_ = fsi::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd_) throw fsi::system_error(name_, "opening the image", errno, ErrorKind::source);
  look();
}

FileInput::FileInput(fsi::Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) { look(); }

std::unique_ptr<Input> FileInput::again() const {
  if (!bytes_) return nullptr;
  const off_t here = lseek(fd_.get(), 0, SEEK_CUR);
  // A descriptor of its own: a duplicate would share the position.
  fsi::Fd fd(::open(("/proc/self/fd/" + std::to_string(fd_.get())).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || here < 0 || lseek(fd.get(), here, SEEK_SET) != here) return nullptr;
  return std::make_unique<FileInput>(std::move(fd), name_);
}

void FileInput::look() {
  struct stat st {};
  if (fstat(fd_.get(), &st) != 0) throw fsi::system_error(name_, "looking at the image", errno, ErrorKind::source);
  if (S_ISDIR(st.st_mode))
    throw Error(ErrorKind::usage, name_, "reading the image", "it is a directory; make an image of it first: mkimage " + name_ + " | burn");
  if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
    const off_t here = lseek(fd_.get(), 0, SEEK_CUR);
    const off_t end = lseek(fd_.get(), 0, SEEK_END);
    if (here < 0 || end < 0 || lseek(fd_.get(), here, SEEK_SET) < 0)
      throw fsi::system_error(name_, "finding the image's length", errno, ErrorKind::source);
    bytes_ = static_cast<uint64_t>(std::max(end - here, off_t{0}));
    posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  } else {
    fcntl(fd_.get(), F_SETPIPE_SZ, 1 << 20);  // fewer, larger reads; a wish
  }
  wake_ = fsi::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) throw fsi::system_error(name_, "making an eventfd");
}

bool FileInput::wait_readable() {
  pollfd fds[2] = {{fd_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  while (poll(fds, 2, -1) < 0)
    if (errno != EINTR) throw fsi::system_error(name_, "waiting for the stream", errno, ErrorKind::source);
  return fds[1].revents == 0;
}

size_t FileInput::read_more(std::span<std::byte> out) {
  for (;;) {
    if (!wait_readable()) return 0;
    const ssize_t n = ::read(fd_.get(), out.data(), out.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR && errno != EAGAIN) throw fsi::system_error(name_, "reading the image", errno, ErrorKind::source);
  }
}

void FileInput::cancel() noexcept {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

void SectorInput::cancel() noexcept { cancelled_ = true; }

size_t SectorInput::read_more(std::span<std::byte> out) {
  if (sector_taken_ < sector_.size()) {
    const size_t n = std::min(out.size(), sector_.size() - sector_taken_);
    std::memcpy(out.data(), sector_.data() + sector_taken_, n);
    sector_taken_ += n;
    return n;
  }
  const uint64_t left = source_.sectors() - next_;
  if (left == 0 || cancelled_ || out.empty()) return 0;
  if (out.size() < fsi::kSectorSize) {
    sector_.resize(fsi::kSectorSize);
    source_.read({next_++, 1}, sector_);
    sector_taken_ = 0;
    return read_more(out);
  }
  const uint64_t count = std::min<uint64_t>(left, out.size() / fsi::kSectorSize);
  source_.read({next_, count}, out.first(static_cast<size_t>(count) * fsi::kSectorSize));
  next_ += count;
  return static_cast<size_t>(count) * fsi::kSectorSize;
}

}  // namespace rec
