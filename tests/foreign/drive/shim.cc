// Preloaded into programs of others: one device path (SHIM_DEVICE) is the virtual drive that server.cc serves on
// SHIM_SOCKET. It answers what such programs ask the kernel of an optical drive: open, stat, SG_IO, a few ioctls, read.
// Time runs wire::kFaster times as fast for who sleeps. Test code only; every other path and descriptor goes to the C
// library untouched.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <mntent.h>
#include <poll.h>
#include <scsi/scsi.h>
#include <scsi/scsi_ioctl.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>

#include "tests/foreign/drive/wire.h"

namespace {

constexpr int kMostDescriptors = 4096;
constexpr off64_t kSector = 2048;

std::array<std::atomic<bool>, kMostDescriptors> ours;
std::array<std::atomic<off64_t>, kMostDescriptors> position;
std::mutex one_at_a_time;

template <class F>
F* real(const char* name, F*) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}
#define REAL(name) real(#name, &name)

bool is_device(const char* path) {
  static const char* const device = ::getenv("SHIM_DEVICE");
  if (!device || !path) return false;
  int fd;
  if (::sscanf(path, "/dev/fd/%d", &fd) == 1 || ::sscanf(path, "/proc/self/fd/%d", &fd) == 1)
    return fd >= 0 && fd < kMostDescriptors && ours[static_cast<size_t>(fd)];
  return !::strcmp(path, device);
}

bool is_ours(int fd) { return fd >= 0 && fd < kMostDescriptors && ours[static_cast<size_t>(fd)]; }

// A descriptor that came from the program before this one.
bool is_inherited(int fd) {
  sockaddr_un peer{};
  socklen_t length = sizeof peer;
  const char* socket = ::getenv("SHIM_SOCKET");
  return socket && ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0 && peer.sun_family == AF_UNIX &&
         !::strcmp(peer.sun_path, socket);
}

__attribute__((constructor)) void adopt() {
  for (int fd = 0; fd < 64; ++fd)
    if (is_inherited(fd)) ours[static_cast<size_t>(fd)] = true;
}

bool transfer(int fd, void* data, size_t bytes, bool out) {
  static const auto real_read = REAL(read);
  for (auto* at = static_cast<char*>(data); bytes > 0;) {
    const ssize_t n = out ? ::send(fd, at, bytes, MSG_NOSIGNAL) : real_read(fd, at, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

bool ask(int fd, wire::Request request, void* data, wire::Answer& answer) {
  const std::lock_guard lock(one_at_a_time);
  return transfer(fd, &request, sizeof request, true) &&
         (request.direction != wire::Direction::to_drive || transfer(fd, data, request.bytes, true)) &&
         transfer(fd, &answer, sizeof answer, false) &&
         (request.direction != wire::Direction::from_drive || transfer(fd, data, request.bytes, false));
}

int sg_io(int fd, sg_io_hdr& io) {
  if (io.interface_id != 'S' || io.cmd_len > 16 || io.dxfer_len > wire::kMostBytes || io.iovec_count != 0) return errno = EINVAL, -1;
  wire::Request request{};
  ::memcpy(request.cdb, io.cmdp, io.cmd_len);
  request.cdb_length = io.cmd_len;
  request.direction = io.dxfer_direction == SG_DXFER_TO_DEV ? wire::Direction::to_drive
                      : io.dxfer_direction == SG_DXFER_NONE ? wire::Direction::none
                                                            : wire::Direction::from_drive;
  request.bytes = request.direction == wire::Direction::none ? 0 : io.dxfer_len;
  request.timeout_ms = io.timeout ? io.timeout : 60'000;  // the kernel's own
  wire::Answer answer;
  if (!ask(fd, request, io.dxferp, answer)) return errno = EIO, -1;
  io.status = answer.status;
  io.masked_status = answer.status >> 1 & 0x1f;
  io.host_status = answer.outcome == 1 ? 3 : answer.outcome == 2 ? 7 : 0;  // DID_TIME_OUT, DID_ERROR
  io.driver_status = answer.sense_length ? 8 : 0;                          // DRIVER_SENSE
  io.resid = static_cast<int>(answer.residual);
  io.duration = 1;
  io.sb_len_wr = 0;
  if (io.sbp && answer.status == 2) {
    io.sb_len_wr = io.mx_sb_len < answer.sense_length ? io.mx_sb_len : answer.sense_length;
    ::memcpy(io.sbp, answer.sense, io.sb_len_wr);
  }
  io.info = io.status || io.host_status || io.driver_status ? SG_INFO_CHECK : SG_INFO_OK;
  return 0;
}

// 0: done; otherwise key, code and qualifier of the sense, or -1.
int simple(int fd, std::initializer_list<uint8_t> cdb, void* data = nullptr, uint32_t bytes = 0,
           wire::Direction direction = wire::Direction::from_drive) {
  wire::Request request{};
  std::copy(cdb.begin(), cdb.end(), request.cdb);
  request.cdb_length = static_cast<uint8_t>(cdb.size());
  request.direction = data ? direction : wire::Direction::none;
  request.bytes = bytes;
  request.timeout_ms = 60'000;
  wire::Answer answer;
  if (!ask(fd, request, data, answer) || answer.outcome != 0) return -1;
  return answer.status == 0 ? 0 : answer.sense_length > 13 ? (answer.sense[2] & 15) << 16 | answer.sense[12] << 8 | answer.sense[13] : -1;
}

int connect_drive() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (const char* socket = ::getenv("SHIM_SOCKET")) ::strncpy(address.sun_path, socket, sizeof address.sun_path - 1);
  if (fd < 0 || fd >= kMostDescriptors || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    errno = ENXIO;
    return -1;
  }
  ours[static_cast<size_t>(fd)] = true;
  position[static_cast<size_t>(fd)] = 0;
  // The kernel asks an optical drive as it is opened, and keeps the unit attentions for itself. And nobody starts a
  // program before the drive has taken in the disc that the one before has pushed in.
  for (int i = 0; i < 64; ++i) {
    const int said = simple(fd, {0, 0, 0, 0, 0, 0});
    if (said != 0x020401 && said >> 16 != 6) break;
  }
  return fd;
}

// As the kernel has it: READ CAPACITY, or how far the last track is recorded where that is more.
uint64_t capacity(int fd) {
  const auto number = [](const uint8_t* at) { return uint64_t{at[0]} << 24 | at[1] << 16 | at[2] << 8 | at[3]; };
  uint8_t data[8], disc[32], track[36];
  if (simple(fd, {0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, data, sizeof data) != 0) return 0;
  const uint64_t sectors = number(data) + 1;
  if (simple(fd, {0x51, 0, 0, 0, 0, 0, 0, 0, sizeof disc, 0}, disc, sizeof disc) != 0) return sectors;
  for (int last = disc[11] << 8 | disc[6]; last > 0; --last) {
    const auto msb = static_cast<uint8_t>(last >> 8), lsb = static_cast<uint8_t>(last);
    if (simple(fd, {0x52, 1, 0, 0, msb, lsb, 0, 0, sizeof track, 0}, track, sizeof track) != 0) break;
    const bool blank = track[6] & 0x40, last_recorded_valid = track[7] & 0x02;
    if (!blank) return std::max(sectors, last_recorded_valid ? number(track + 28) + 1 : 0);
  }
  return sectors;
}

ssize_t read_device(int fd, void* to, size_t bytes, off64_t at) {
  const off64_t end = static_cast<off64_t>(capacity(fd)) * kSector;
  if (at >= end) return 0;
  if (static_cast<off64_t>(bytes) > end - at) bytes = static_cast<size_t>(end - at);
  size_t done = 0;
  while (done < bytes) {
    const off64_t from = at + static_cast<off64_t>(done);
    const auto lba = static_cast<uint32_t>(from / kSector);
    uint8_t sector[kSector];
    const auto b = [&](int shift) { return static_cast<uint8_t>(lba >> shift); };
    if (simple(fd, {0x28, 0, b(24), b(16), b(8), b(0), 0, 0, 1, 0}, sector, sizeof sector) != 0) break;
    const auto offset = static_cast<size_t>(from % kSector);
    const size_t part = std::min(bytes - done, sizeof sector - offset);
    ::memcpy(static_cast<char*>(to) + done, sector + offset, part);
    done += part;
  }
  return done ? static_cast<ssize_t>(done) : (errno = EIO, -1);
}

// As the page cache does it: whole sectors, those read before of which only a part is new.
ssize_t write_device(int fd, const void* from, size_t bytes, off64_t at) {
  size_t done = 0;
  while (done < bytes) {
    const off64_t to = at + static_cast<off64_t>(done);
    const auto lba = static_cast<uint32_t>(to / kSector);
    uint8_t sector[kSector];
    const auto offset = static_cast<size_t>(to % kSector);
    const size_t part = std::min(bytes - done, sizeof sector - offset);
    if (part < sizeof sector && read_device(fd, sector, sizeof sector, to - static_cast<off64_t>(offset)) != kSector) break;
    ::memcpy(sector + offset, static_cast<const char*>(from) + done, part);
    const auto b = [&](int shift) { return static_cast<uint8_t>(lba >> shift); };
    if (simple(fd, {0x2a, 0, b(24), b(16), b(8), b(0), 0, 0, 1, 0}, sector, sizeof sector, wire::Direction::to_drive) != 0) break;
    done += part;
  }
  return done ? static_cast<ssize_t>(done) : (errno = EIO, -1);
}

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

int device_ioctl(int fd, unsigned long request, void* argument) {
  switch (request) {
    case SG_IO: return sg_io(fd, *static_cast<sg_io_hdr*>(argument));
    case SG_GET_VERSION_NUM: *static_cast<int*>(argument) = 30536; return 0;
    case SG_GET_TIMEOUT: return 6000;
    case SG_SET_TIMEOUT:
    case SG_SET_RESERVED_SIZE:
    case CDROM_LOCKDOOR:
    case CDROM_SET_OPTIONS:
    case CDROM_CLEAR_OPTIONS:
    case BLKFLSBUF:
    case BLKROSET:
    case BLKRASET: return 0;
    case SG_GET_RESERVED_SIZE: *static_cast<int*>(argument) = wire::kMostBytes; return 0;
    case SG_EMULATED_HOST: *static_cast<int*>(argument) = 1; return 0;
    case SCSI_IOCTL_GET_BUS_NUMBER: *static_cast<int*>(argument) = 7; return 0;
    case SCSI_IOCTL_GET_IDLUN: static_cast<int*>(argument)[0] = 7 << 24, static_cast<int*>(argument)[1] = 0; return 0;
    case CDROM_GET_CAPABILITY: return 0x1fffff;
    case CDROM_MEDIA_CHANGED: return 0;
    case CDROM_DRIVE_STATUS: {
      const int key = simple(fd, {0, 0, 0, 0, 0, 0}) >> 16;
      return key == 0 || key == 6 ? CDS_DISC_OK : key == 2 ? CDS_NO_DISC : CDS_NO_INFO;
    }
    case CDROMEJECT: return simple(fd, {0x1b, 0, 0, 0, 2, 0}) == 0 ? 0 : (errno = EIO, -1);
    case CDROMCLOSETRAY: return simple(fd, {0x1b, 0, 0, 0, 3, 0}) == 0 ? 0 : (errno = EIO, -1);
    case BLKSSZGET: *static_cast<int*>(argument) = kSector; return 0;
    case BLKGETSIZE: *static_cast<unsigned long*>(argument) = capacity(fd) * (kSector / 512); return 0;
    case BLKGETSIZE64: *static_cast<uint64_t*>(argument) = capacity(fd) * kSector; return 0;
    case FIONREAD: *static_cast<int*>(argument) = 0; return 0;
    default: errno = ENOTTY; return -1;
  }
}

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

#define OPENS(name)                                   \
  EXPORT int name(const char* path, int flags, ...) { \
    va_list more;                                     \
    va_start(more, flags);                            \
    const mode_t mode = va_arg(more, mode_t);         \
    va_end(more);                                     \
    if (is_device(path)) return connect_drive();      \
    static const auto next = REAL(name);              \
    return next(path, flags, mode);                   \
  }
OPENS(open)
OPENS(open64)
extern "C" int __open_2(const char* path, int flags);
extern "C" int __open64_2(const char* path, int flags);
EXPORT int __open_2(const char* path, int flags) { return is_device(path) ? connect_drive() : REAL(__open_2)(path, flags); }
EXPORT int __open64_2(const char* path, int flags) { return is_device(path) ? connect_drive() : REAL(__open64_2)(path, flags); }

#define STATS(name, type)                              \
  EXPORT int name(const char* path, struct type* st) { \
    if (is_device(path)) return describe(st);          \
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
    return is_device(path) ? describe(st) : next(version, path, st);             \
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

EXPORT int access(const char* path, int mode) { return is_device(path) ? 0 : REAL(access)(path, mode); }

EXPORT int close(int fd) {
  static const auto next = REAL(close);
  if (fd >= 0 && fd < kMostDescriptors) ours[static_cast<size_t>(fd)] = false;
  return next(fd);
}

EXPORT int dup(int fd) {
  const int copy = REAL(dup)(fd);
  if (is_ours(fd) && copy >= 0 && copy < kMostDescriptors) ours[static_cast<size_t>(copy)] = true;
  return copy;
}

EXPORT int dup2(int fd, int to) {
  const int copy = REAL(dup2)(fd, to);
  if (copy >= 0 && copy < kMostDescriptors && copy != fd) ours[static_cast<size_t>(copy)] = is_ours(fd);
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
  if (is_ours(fd)) return device_ioctl(fd, request & 0xffffffff, argument);
  static const auto next = REAL(ioctl);
  return next(fd, request, argument);
}

EXPORT ssize_t read(int fd, void* to, size_t bytes) {
  static const auto next = REAL(read);
  if (!is_ours(fd)) return next(fd, to, bytes);
  const ssize_t n = read_device(fd, to, bytes, position[static_cast<size_t>(fd)]);
  if (n > 0) position[static_cast<size_t>(fd)] += n;
  return n;
}

#define PREADS(name, offset_type)                                                  \
  EXPORT ssize_t name(int fd, void* to, size_t bytes, offset_type at) {            \
    static const auto next = REAL(name);                                           \
    return is_ours(fd) ? read_device(fd, to, bytes, at) : next(fd, to, bytes, at); \
  }
PREADS(pread, off_t)
PREADS(pread64, off64_t)

EXPORT ssize_t write(int fd, const void* from, size_t bytes) {
  static const auto next = REAL(write);
  if (!is_ours(fd)) return next(fd, from, bytes);
  const ssize_t n = write_device(fd, from, bytes, position[static_cast<size_t>(fd)]);
  if (n > 0) position[static_cast<size_t>(fd)] += n;
  return n;
}

#define PWRITES(name, offset_type)                                                      \
  EXPORT ssize_t name(int fd, const void* from, size_t bytes, offset_type at) {         \
    static const auto next = REAL(name);                                                \
    return is_ours(fd) ? write_device(fd, from, bytes, at) : next(fd, from, bytes, at); \
  }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)

EXPORT int fsync(int fd) {
  static const auto next = REAL(fsync);
  if (!is_ours(fd)) return next(fd);
  return simple(fd, {0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}) == 0 ? 0 : (errno = EIO, -1);
}

#define LSEEKS(name, offset_type)                                                                                                \
  EXPORT offset_type name(int fd, offset_type offset, int whence) __THROW {                                                      \
    static const auto next = REAL(name);                                                                                         \
    if (!is_ours(fd)) return next(fd, offset, whence);                                                                           \
    auto& at = position[static_cast<size_t>(fd)];                                                                                \
    at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? at + offset : static_cast<off64_t>(capacity(fd)) * kSector + offset; \
    return at;                                                                                                                   \
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
