#include "libfsi/base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include "libfsi/base/error.h"

namespace fsi {

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Fd::close(const std::string& name) {
  if (fd_ >= 0 && ::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) throw system_error(name, "closing");
}

Fd open_file(const std::string& path, int flags, const char* doing, mode_t mode) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) throw system_error(printable(path), doing);
  return fd;
}

namespace {
template <class Call>
size_t read_whole(std::span<std::byte> out, const std::string& name, Call call) {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = call(out.data() + done, out.size() - done, done);
    if (n == 0) break;
    if (n > 0)
      done += static_cast<size_t>(n);
    else if (errno != EINTR)
      throw system_error(printable(name), "reading");
  }
  return done;
}

template <class Call>
void write_whole(std::span<const std::byte> bytes, const std::string& name, Call call) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = call(bytes.data() + done, bytes.size() - done, done);
    if (n >= 0)
      done += static_cast<size_t>(n);
    else if (errno != EINTR)
      throw system_error(printable(name), "writing", errno, errno == ENOSPC || errno == EDQUOT ? ErrorKind::no_space : ErrorKind::failed);
  }
}
}  // namespace

size_t read_at(int fd, uint64_t offset, std::span<std::byte> out, const std::string& name) {
  return read_whole(out, name, [&](std::byte* p, size_t n, size_t done) { return ::pread(fd, p, n, static_cast<off_t>(offset + done)); });
}

size_t read_stream(int fd, std::span<std::byte> out, const std::string& name) {
  return read_whole(out, name, [&](std::byte* p, size_t n, size_t) { return ::read(fd, p, n); });
}

void write_at(int fd, uint64_t offset, std::span<const std::byte> bytes, const std::string& name) {
  write_whole(bytes, name,
              [&](const std::byte* p, size_t n, size_t done) { return ::pwrite(fd, p, n, static_cast<off_t>(offset + done)); });
}

void write_stream(int fd, std::span<const std::byte> bytes, const std::string& name) {
  write_whole(bytes, name, [&](const std::byte* p, size_t n, size_t) { return ::write(fd, p, n); });
}

}  // namespace fsi
