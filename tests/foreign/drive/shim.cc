// Preloaded into programs of others: one device path (SHIM_DEVICE) is the virtual drive that server.cc serves on
// SHIM_SOCKET. Here are the functions of the C library by which such programs reach a drive; what it answers is in
// device.cc. Time runs wire::kFaster times as fast for who sleeps. Test code only; every other path and descriptor goes to
// the C library untouched.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "tests/foreign/drive/device.h"
#include "tests/foreign/drive/wire.h"

namespace {

using device::is_ours;
using device::is_path;
using device::ours;
using device::position;

template <class F>
F* real(const char* name, F*) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}
#define REAL(name) real(#name, &name)

template <class Stat>
int describe(Stat* st) {
  *st = Stat{};
  st->st_mode = S_IFBLK | 0660;
  st->st_nlink = 1;
  st->st_ino = 77;
  st->st_rdev = makedev(11, 7);
  st->st_blksize = 4096;
  return 0;
}

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

#define OPENS(name)                                   \
  EXPORT int name(const char* path, int flags, ...) { \
    va_list more;                                     \
    va_start(more, flags);                            \
    const mode_t mode = va_arg(more, mode_t);         \
    va_end(more);                                     \
    if (is_path(path)) return device::open();         \
    static const auto next = REAL(name);              \
    return next(path, flags, mode);                   \
  }
OPENS(open)
OPENS(open64)
extern "C" int __open_2(const char* path, int flags);
extern "C" int __open64_2(const char* path, int flags);
EXPORT int __open_2(const char* path, int flags) { return is_path(path) ? device::open() : REAL(__open_2)(path, flags); }
EXPORT int __open64_2(const char* path, int flags) { return is_path(path) ? device::open() : REAL(__open64_2)(path, flags); }

#define STATS(name, type)                              \
  EXPORT int name(const char* path, struct type* st) { \
    if (is_path(path)) return describe(st);            \
    static const auto next = REAL(name);               \
    return next(path, st);                             \
  }
STATS(stat, stat)
STATS(stat64, stat64)
STATS(lstat, stat)
STATS(lstat64, stat64)

#define FSTATS(name, type)                   \
  EXPORT int name(int fd, struct type* st) { \
    if (is_ours(fd)) return describe(st);    \
    static const auto next = REAL(name);     \
    return next(fd, st);                     \
  }
FSTATS(fstat, stat)
FSTATS(fstat64, stat64)

// As programs call them that were built against an older C library.
#define OLD_STATS(name, type)                                                    \
  EXPORT int name(int version, const char* path, struct type* st);               \
  EXPORT int name(int version, const char* path, struct type* st) {              \
    static const auto next = real(#name, static_cast<decltype(&name)>(nullptr)); \
    return is_path(path) ? describe(st) : next(version, path, st);               \
  }
OLD_STATS(__xstat, stat)
OLD_STATS(__xstat64, stat64)
OLD_STATS(__lxstat, stat)
OLD_STATS(__lxstat64, stat64)

#define OLD_FSTATS(name, type)                                                   \
  EXPORT int name(int version, int fd, struct type* st);                         \
  EXPORT int name(int version, int fd, struct type* st) {                        \
    static const auto next = real(#name, static_cast<decltype(&name)>(nullptr)); \
    return is_ours(fd) ? describe(st) : next(version, fd, st);                   \
  }
OLD_FSTATS(__fxstat, stat)
OLD_FSTATS(__fxstat64, stat64)

// Nothing of ours is ever mounted; what is mounted on this machine is none of a burner's business.
EXPORT FILE* setmntent(const char*, const char*) __THROW { return ::fopen("/dev/null", "re"); }

EXPORT int access(const char* path, int mode) { return is_path(path) ? 0 : REAL(access)(path, mode); }

EXPORT int close(int fd) {
  static const auto next = REAL(close);
  if (fd >= 0 && fd < device::kMostDescriptors) ours[static_cast<size_t>(fd)] = false;
  return next(fd);
}

EXPORT int dup(int fd) {
  const int copy = REAL(dup)(fd);
  if (is_ours(fd) && copy >= 0 && copy < device::kMostDescriptors) ours[static_cast<size_t>(copy)] = true;
  return copy;
}

EXPORT int dup2(int fd, int to) {
  const int copy = REAL(dup2)(fd, to);
  if (copy >= 0 && copy < device::kMostDescriptors && copy != fd) ours[static_cast<size_t>(copy)] = is_ours(fd);
  return copy;
}

#define FCNTLS(name)                                                                                         \
  EXPORT int name(int fd, int command, ...) {                                                                \
    va_list more;                                                                                            \
    va_start(more, command);                                                                                 \
    void* const argument = va_arg(more, void*);                                                              \
    va_end(more);                                                                                            \
    if (is_ours(fd) && (command == F_SETLK || command == F_SETLKW)) return 0;                                \
    if (is_ours(fd) && command == F_GETLK) return static_cast<struct flock*>(argument)->l_type = F_UNLCK, 0; \
    if (is_ours(fd) && command == F_SETFL) return 0; /* the socket must go on blocking */                    \
    static const auto next = REAL(name);                                                                     \
    return next(fd, command, argument);                                                                      \
  }
FCNTLS(fcntl)
FCNTLS(fcntl64)

EXPORT int ioctl(int fd, unsigned long request, ...) __THROW {
  va_list more;
  va_start(more, request);
  void* const argument = va_arg(more, void*);
  va_end(more);
  if (is_ours(fd)) return device::ioctl(fd, request & 0xffffffff, argument);
  static const auto next = REAL(ioctl);
  return next(fd, request, argument);
}

EXPORT ssize_t read(int fd, void* to, size_t bytes) {
  static const auto next = REAL(read);
  if (!is_ours(fd)) return next(fd, to, bytes);
  const ssize_t n = device::read(fd, to, bytes, position[static_cast<size_t>(fd)]);
  if (n > 0) position[static_cast<size_t>(fd)] += n;
  return n;
}

#define PREADS(name, offset_type)                                                   \
  EXPORT ssize_t name(int fd, void* to, size_t bytes, offset_type at) {             \
    static const auto next = REAL(name);                                            \
    return is_ours(fd) ? device::read(fd, to, bytes, at) : next(fd, to, bytes, at); \
  }
PREADS(pread, off_t)
PREADS(pread64, off64_t)

EXPORT ssize_t write(int fd, const void* from, size_t bytes) {
  static const auto next = REAL(write);
  if (!is_ours(fd)) return next(fd, from, bytes);
  const ssize_t n = device::write(fd, from, bytes, position[static_cast<size_t>(fd)]);
  if (n > 0) position[static_cast<size_t>(fd)] += n;
  return n;
}

#define PWRITES(name, offset_type)                                                       \
  EXPORT ssize_t name(int fd, const void* from, size_t bytes, offset_type at) {          \
    static const auto next = REAL(name);                                                 \
    return is_ours(fd) ? device::write(fd, from, bytes, at) : next(fd, from, bytes, at); \
  }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)

EXPORT int fsync(int fd) {
  static const auto next = REAL(fsync);
  if (!is_ours(fd)) return next(fd);
  return device::synchronize(fd);
}

#define LSEEKS(name, offset_type)                                                                      \
  EXPORT offset_type name(int fd, offset_type offset, int whence) __THROW {                            \
    static const auto next = REAL(name);                                                               \
    if (!is_ours(fd)) return next(fd, offset, whence);                                                 \
    auto& at = position[static_cast<size_t>(fd)];                                                      \
    at = whence == SEEK_SET   ? offset                                                                 \
         : whence == SEEK_CUR ? at + offset                                                            \
                              : static_cast<off64_t>(device::capacity(fd)) * device::kSector + offset; \
    return at;                                                                                         \
  }
LSEEKS(lseek, off_t)
LSEEKS(lseek64, off64_t)

// Sleeping. A program waits for its drive in many small naps; the drive's time runs as fast as that of who sleeps.

namespace {
timespec shortened(const timespec& time) {
  const int64_t ns = (int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec) / wire::kFaster;
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}
int nap(const timespec& time) {
  static const auto next = REAL(nanosleep);
  const timespec less = shortened(time);
  return next(&less, nullptr);
}
}  // namespace

EXPORT int nanosleep(const timespec* time, timespec*) { return nap(*time); }
EXPORT int usleep(useconds_t time) { return nap({time / 1'000'000, long{time} % 1'000'000 * 1000}); }
EXPORT unsigned sleep(unsigned seconds) { return nap({seconds, 0}), 0; }

EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  static const auto next = REAL(clock_nanosleep);
  return flags == 0 ? (nap(*time) == 0 ? 0 : errno) : next(clock, flags, time, left);
}

EXPORT int poll(pollfd* fds, nfds_t count, int ms) {
  static const auto next = REAL(poll);
  return count == 0 && ms > 0 ? nap({ms / 1000, long{ms} % 1000 * 1'000'000}) : next(fds, count, ms);
}

EXPORT int select(int count, fd_set* in, fd_set* out, fd_set* except, timeval* time) {
  static const auto next = REAL(select);
  return count == 0 && time ? nap({time->tv_sec, time->tv_usec * 1000}) : next(count, in, out, except, time);
}
