#include "librecorder/transport/sg_io.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "libfsi/base/error.h"
#include "librecorder/scsi/opcode.h"
#include "librecorder/transport/holders.h"

namespace rec {
namespace {

constexpr uint32_t kMostBytes = 64 * 1024;
constexpr uint32_t kLeastBytes = 2048;  // one sector, or there is no talking to the drive at all

// Linux include/scsi/scsi_status.h and scsi.h; not exported to user space.
constexpr uint16_t kDidNoConnect = 0x01, kDidTimeOut = 0x03, kDidBadTarget = 0x04;
constexpr uint16_t kDriverSense = 0x08, kDriverTimeout = 0x06;
constexpr uint8_t kCheckCondition = 0x02, kBusy = 0x08, kReservationConflict = 0x18, kTaskSetFull = 0x28;

std::string why_not_opened(const std::string& path, int error_number) {
  switch (error_number) {
    case ENOENT: return "there is no such drive; see `burn list`";
    case EACCES:
    case EPERM: return "permission denied; join the group that owns it (usually `cdrom`) and log in again";
    case EBUSY: {
      const std::string by = holders_of(path);
      return by.empty() ? "it is in use: mounted, or held by another program; unmount it or wait"
                        : by + " is using it; wait, or end that one";
    }
    case EROFS: return "it can only be opened for reading";
    case ENXIO:
    case ENODEV: return "the drive is no longer there";
    default: return fsi::errno_text(error_number);
  }
}

uint32_t queue_limit(int fd, bool block_device) {
  if (block_device) {
    unsigned short sectors = 0;  // of 512 bytes
    if (::ioctl(fd, BLKSECTGET, &sectors) == 0 && sectors != 0) return uint32_t{sectors} * 512;
  } else {
    int bytes = 0;  // on an sg node the same request answers in bytes
    if (::ioctl(fd, BLKSECTGET, &bytes) == 0 && bytes > 0) return static_cast<uint32_t>(bytes);
  }
  return kMostBytes;
}

std::string hex(uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%02x", number);
  return text;
}

}  // namespace

SgIo::SgIo(std::string path, Access access) : path_(std::move(path)) {
  const int flags = O_RDWR | O_NONBLOCK | O_CLOEXEC | (access == Access::exclusive ? O_EXCL : 0);
  fd_ = fsi::Fd(::open(path_.c_str(), flags));
  const auto refuse = [&](std::string why) { throw fsi::Error(fsi::ErrorKind::unsuitable, path_, "opening the drive", std::move(why)); };
  if (!fd_) refuse(why_not_opened(path_, errno));

  struct stat about;
  if (::fstat(fd_.get(), &about) != 0) refuse(fsi::errno_text(errno));
  int version = 0;
  if ((!S_ISBLK(about.st_mode) && !S_ISCHR(about.st_mode)) || ::ioctl(fd_.get(), SG_GET_VERSION_NUM, &version) != 0 || version < 30000)
    refuse("it does not take SCSI commands, so it is not an optical drive");

  const uint32_t limit = std::clamp(queue_limit(fd_.get(), S_ISBLK(about.st_mode)), kLeastBytes, kMostBytes);
  limits_.max_bytes = limit / kLeastBytes * kLeastBytes;
  limits_.alignment = 512;  // anything less makes the kernel copy the buffer
}

Answer SgIo::execute(const Command& command) {
  Answer answer;
  std::array<std::byte, 64> sense{};
  sg_io_hdr_t io{};
  io.interface_id = 'S';
  io.cmd_len = command.cdb.length;
  io.cmdp = const_cast<unsigned char*>(command.cdb.bytes.data());
  io.sbp = reinterpret_cast<unsigned char*>(sense.data());
  io.mx_sb_len = static_cast<unsigned char>(sense.size());
  // 0 would mean the kernel's default, not "at once".
  io.timeout = static_cast<unsigned>(std::clamp<int64_t>(command.timeout.count(), 1, INT32_MAX));
  io.flags = SG_FLAG_LUN_INHIBIT;
  io.dxfer_direction = SG_DXFER_NONE;
  if (command.direction == Direction::from_drive && !command.in.empty()) {
    io.dxfer_direction = SG_DXFER_FROM_DEV;
    io.dxferp = command.in.data();
    io.dxfer_len = static_cast<unsigned>(command.in.size());
  } else if (command.direction == Direction::to_drive && !command.out.empty()) {
    io.dxfer_direction = SG_DXFER_TO_DEV;
    io.dxferp = const_cast<std::byte*>(command.out.data());
    io.dxfer_len = static_cast<unsigned>(command.out.size());
  }

  if (::ioctl(fd_.get(), SG_IO, &io) != 0) {
    const int error_number = errno;
    answer.outcome = error_number == ENODEV || error_number == ENXIO ? Outcome::gone : Outcome::transport_error;
    answer.residual = io.dxfer_len;
    answer.transport = error_number == EPERM ? "the kernel does not let this user send " + std::string(op::name(command.cdb.opcode())) +
                                                   " (" + hex(command.cdb.opcode()) + ")"
                                             : fsi::errno_text(error_number);
    return answer;
  }
  const size_t written = std::min<size_t>(io.sb_len_wr, sense.size());
  return answer_of({io.status, io.host_status, io.driver_status, io.resid, std::span(sense).first(written)}, io.dxfer_len);
}

Answer answer_of(const SgResult& result, uint32_t bytes) {
  Answer answer;
  answer.status = result.status & 0x3E;  // SAM: the other bits were once vendor's
  answer.residual = static_cast<uint32_t>(std::clamp<int64_t>(result.residual, 0, bytes));
  answer.sense = parse_sense(result.sense);

  const uint16_t driver = result.driver_status & 0x0F;  // the upper nibble held suggestions
  const bool sensed = answer.status == kCheckCondition || (driver == kDriverSense && !result.sense.empty());
  if (result.host_status == kDidNoConnect || result.host_status == kDidBadTarget) {
    answer.outcome = Outcome::gone;
  } else if (result.host_status == kDidTimeOut || driver == kDriverTimeout) {
    answer.outcome = Outcome::timeout;
  } else if (sensed) {
    // A sense counts even if the adapter also complains: it is the drive's own word.
    answer.outcome = Outcome::check;
  } else if (result.host_status != 0) {
    answer.outcome = Outcome::transport_error;
    answer.transport = "the adapter reported host status " + hex(result.host_status);
  } else if (answer.status == kBusy || answer.status == kReservationConflict || answer.status == kTaskSetFull) {
    answer.outcome = Outcome::busy;
  } else if (answer.status != 0 || (driver != 0 && driver != kDriverSense)) {
    answer.outcome = Outcome::transport_error;
    answer.transport = "status " + hex(answer.status) + ", driver status " + hex(result.driver_status);
  }
  return answer;
}

}  // namespace rec
