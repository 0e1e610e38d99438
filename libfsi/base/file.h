// A file descriptor that closes itself, and reads and writes that are whole or an Error.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace fsi {

/// Owns a descriptor. Move only.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();
  /// Closes and throws when closing reports a lost write.
  void close(const std::string& name);

 private:
  int fd_ = -1;
};

/// open(2) with O_CLOEXEC; throws system_error(path, doing).
Fd open_file(const std::string& path, int flags, const char* doing, mode_t mode = 0666);

/// Reads until `out` is full or the file ends; returns the bytes read. Throws on an I/O error.
size_t read_at(int fd, uint64_t offset, std::span<std::byte> out, const std::string& name);
/// The same from a pipe or any other stream.
size_t read_stream(int fd, std::span<std::byte> out, const std::string& name);
/// Writes everything or throws (ENOSPC as ErrorKind::no_space).
void write_at(int fd, uint64_t offset, std::span<const std::byte> bytes, const std::string& name);
void write_stream(int fd, std::span<const std::byte> bytes, const std::string& name);

}  // namespace fsi
