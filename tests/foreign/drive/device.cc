#include "tests/foreign/drive/device.h"

#include <errno.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <scsi/scsi.h>
#include <scsi/scsi_ioctl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <initializer_list>
#include <mutex>

#include "tests/foreign/drive/wire.h"

namespace device {

std::array<std::atomic<bool>, kMostDescriptors> ours;
std::array<std::atomic<off64_t>, kMostDescriptors> position;

namespace {

std::mutex one_at_a_time;

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
  for (auto* at = static_cast<char*>(data); bytes > 0;) {
    const ssize_t n = out ? ::send(fd, at, bytes, MSG_NOSIGNAL) : ::recv(fd, at, bytes, 0);
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

int done(int said) { return said == 0 ? 0 : (errno = EIO, -1); }

uint64_t number(const uint8_t* at) { return uint64_t{at[0]} << 24 | at[1] << 16 | at[2] << 8 | at[3]; }

// The kernel's own packet interface, which libcdio uses.
int send_packet(int fd, cdrom_generic_command& packet) {
  uint8_t sense[64]{};
  sg_io_hdr io{};
  io.interface_id = 'S';
  io.cmdp = packet.cmd;
  io.cmd_len = sizeof packet.cmd;
  io.dxferp = packet.buffer;
  io.dxfer_len = packet.buflen;
  io.dxfer_direction = packet.data_direction == CGC_DATA_READ    ? SG_DXFER_FROM_DEV
                       : packet.data_direction == CGC_DATA_WRITE ? SG_DXFER_TO_DEV
                                                                 : SG_DXFER_NONE;
  io.sbp = sense;
  io.mx_sb_len = sizeof sense;
  if (sg_io(fd, io) != 0) return -1;
  packet.stat = io.status ? -EIO : 0;
  if (packet.sense) ::memcpy(packet.sense, sense, sizeof *packet.sense);
  return io.status || io.host_status ? (errno = EIO, -1) : 0;
}

void set_address(cdrom_addr& address, bool msf, const uint8_t* at) {
  if (msf)
    address.msf = {at[1], at[2], at[3]};
  else
    address.lba = static_cast<int>(number(at));
}

int toc_header(int fd, cdrom_tochdr& header) {
  uint8_t data[12];
  if (const int said = simple(fd, {0x43, 0, 0, 0, 0, 0, 0, 0, sizeof data, 0}, data, sizeof data)) return done(said);
  header = {data[2], data[3]};
  return 0;
}

int toc_entry(int fd, cdrom_tocentry& entry) {
  const bool msf = entry.cdte_format == CDROM_MSF;
  uint8_t data[12];
  if (const int said = simple(fd, {0x43, uint8_t(msf ? 2 : 0), 0, 0, 0, 0, entry.cdte_track, 0, sizeof data, 0}, data, sizeof data))
    return done(said);
  entry.cdte_adr = data[5] >> 4;
  entry.cdte_ctrl = data[5] & 15;
  entry.cdte_datamode = entry.cdte_ctrl & CDROM_DATA_TRACK ? 1 : 0;
  set_address(entry.cdte_addr, msf, data + 8);
  return 0;
}

int catalog_number(int fd, cdrom_mcn& mcn) {
  uint8_t data[24];
  if (const int said = simple(fd, {0x42, 2, 0x40, 2, 0, 0, 0, 0, sizeof data, 0}, data, sizeof data)) return done(said);
  ::memcpy(mcn.medium_catalog_number, data + 9, 13);
  mcn.medium_catalog_number[13] = 0;
  return 0;
}

int multisession(int fd, cdrom_multisession& last) {
  const bool msf = last.addr_format == CDROM_MSF;
  uint8_t data[12];
  if (const int said = simple(fd, {0x43, uint8_t(msf ? 2 : 0), 1, 0, 0, 0, 0, 0, sizeof data, 0}, data, sizeof data)) return done(said);
  last.xa_flag = data[3] > 1;
  set_address(last.addr, msf, data + 8);
  return 0;
}

}  // namespace

bool is_ours(int fd) { return fd >= 0 && fd < kMostDescriptors && ours[static_cast<size_t>(fd)]; }

bool is_path(const char* path) {
  static const char* const device = ::getenv("SHIM_DEVICE");
  if (!device || !path) return false;
  int fd;
  if (::sscanf(path, "/dev/fd/%d", &fd) == 1 || ::sscanf(path, "/proc/self/fd/%d", &fd) == 1) return is_ours(fd);
  return !::strcmp(path, device);
}

int open() {
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

uint64_t capacity(int fd) {
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

ssize_t read(int fd, void* to, size_t bytes, off64_t at) {
  const off64_t end = static_cast<off64_t>(capacity(fd)) * kSector;
  if (at >= end) return 0;
  if (static_cast<off64_t>(bytes) > end - at) bytes = static_cast<size_t>(end - at);
  size_t got = 0;
  while (got < bytes) {
    const off64_t from = at + static_cast<off64_t>(got);
    const auto lba = static_cast<uint32_t>(from / kSector);
    uint8_t sector[kSector];
    const auto b = [&](int shift) { return static_cast<uint8_t>(lba >> shift); };
    if (simple(fd, {0x28, 0, b(24), b(16), b(8), b(0), 0, 0, 1, 0}, sector, sizeof sector) != 0) break;
    const auto offset = static_cast<size_t>(from % kSector);
    const size_t part = std::min(bytes - got, sizeof sector - offset);
    ::memcpy(static_cast<char*>(to) + got, sector + offset, part);
    got += part;
  }
  return got ? static_cast<ssize_t>(got) : (errno = EIO, -1);
}

// As the page cache does it: whole sectors, those read before of which only a part is new.
ssize_t write(int fd, const void* from, size_t bytes, off64_t at) {
  size_t written = 0;
  while (written < bytes) {
    const off64_t to = at + static_cast<off64_t>(written);
    const auto lba = static_cast<uint32_t>(to / kSector);
    uint8_t sector[kSector];
    const auto offset = static_cast<size_t>(to % kSector);
    const size_t part = std::min(bytes - written, sizeof sector - offset);
    if (part < sizeof sector && read(fd, sector, sizeof sector, to - static_cast<off64_t>(offset)) != kSector) break;
    ::memcpy(sector + offset, static_cast<const char*>(from) + written, part);
    const auto b = [&](int shift) { return static_cast<uint8_t>(lba >> shift); };
    int said = 0x020408;  // a full buffer: the kernel comes again
    while (said == 0x020408)
      said = simple(fd, {0x2a, 0, b(24), b(16), b(8), b(0), 0, 0, 1, 0}, sector, sizeof sector, wire::Direction::to_drive);
    if (said != 0) break;
    written += part;
  }
  return written ? static_cast<ssize_t>(written) : (errno = EIO, -1);
}

int synchronize(int fd) { return done(simple(fd, {0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0})); }

int ioctl(int fd, unsigned long request, void* argument) {
  switch (request) {
    case SG_IO: return sg_io(fd, *static_cast<sg_io_hdr*>(argument));
    case CDROM_SEND_PACKET: return send_packet(fd, *static_cast<cdrom_generic_command*>(argument));
    case CDROMREADTOCHDR: return toc_header(fd, *static_cast<cdrom_tochdr*>(argument));
    case CDROMREADTOCENTRY: return toc_entry(fd, *static_cast<cdrom_tocentry*>(argument));
    case CDROM_GET_MCN: return catalog_number(fd, *static_cast<cdrom_mcn*>(argument));
    case CDROMMULTISESSION: return multisession(fd, *static_cast<cdrom_multisession*>(argument));
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
    case CDROMEJECT: return done(simple(fd, {0x1b, 0, 0, 0, 2, 0}));
    case CDROMCLOSETRAY: return done(simple(fd, {0x1b, 0, 0, 0, 3, 0}));
    case BLKSSZGET: *static_cast<int*>(argument) = kSector; return 0;
    case BLKGETSIZE: *static_cast<unsigned long*>(argument) = capacity(fd) * (kSector / 512); return 0;
    case BLKGETSIZE64: *static_cast<uint64_t*>(argument) = capacity(fd) * kSector; return 0;
    case FIONREAD: *static_cast<int*>(argument) = 0; return 0;
    default: errno = ENOTTY; return -1;
  }
}

}  // namespace device
