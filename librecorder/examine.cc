// What `burn doctor` looks at: may this user use the drives, does the kernel let commands through, is there anything that makes a
// burn less safe than it could be. Everything here only looks.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "libfsi/base/error.h"
#include "librecorder/drive/discovery.h"
#include "librecorder/drive/drive.h"
#include "librecorder/drive/drive_lock.h"
#include "librecorder/drives.h"
#include "librecorder/host/inhibit.h"
#include "librecorder/host/mounts.h"
#include "librecorder/transport/holders.h"
#include "librecorder/transport/sg_io.h"

namespace rec {

namespace fs = std::filesystem;
using Level = Finding::Level;

namespace {
bool exists(const char* path) {
  struct stat st {};
  return stat(path, &st) == 0;
}

std::string user_name() {
  const passwd* user = getpwuid(getuid());
  return user ? user->pw_name : std::to_string(getuid());
}

/// Does the account belong to the group, though this session was begun before it did?
bool listed_in(const group& of) {
  const std::string me = user_name();
  for (char** member = of.gr_mem; member && *member; ++member)
    if (me == *member) return true;
  return false;
}

bool in_group(gid_t wanted) {
  std::vector<gid_t> groups(static_cast<size_t>(std::max(getgroups(0, nullptr), 0)));
  const int count = getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<size_t>(std::max(count, 0)));
  return getegid() == wanted || std::find(groups.begin(), groups.end(), wanted) != groups.end();
}

Finding no_access(const std::string& node) {
  struct stat st {};
  if (stat(node.c_str(), &st) != 0)
    return {Level::problem, node, fsi::errno_text(errno), "see whether /dev is complete; in a container, pass the device on"};
  const group* owner = getgrgid(st.st_gid);
  const std::string name = owner ? owner->gr_name : std::to_string(st.st_gid);
  Finding finding{Level::problem, node, "this user (" + user_name() + ") may not read and write it", {}};
  if ((st.st_mode & 0060) != 0060)
    finding.advice = "not even its group (" + name + ") may; as root: chmod g+rw " + node;
  else if (in_group(st.st_gid))
    finding.advice = "though the user is in its group (" + name + "); a container or a security policy is in the way";
  else if (owner && listed_in(*owner))
    finding.advice = "the user was added to its group (" + name + ") after logging in; log out and in again";
  else
    finding.advice = "as root: usermod -aG " + name + " " + user_name() + ", then log out and in again";
  return finding;
}

/// CAP_SYS_RAWIO, effective: the kernel filters no commands then. proc(5).
bool raw_io() {
  constexpr unsigned kSysRawio = 17;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("CapEff:", 0) == 0) return std::stoull(line.substr(7), nullptr, 16) >> kSysRawio & 1;
  return false;
}

void examine_drive(const FoundDrive& found, std::vector<Finding>& out) {
  const std::string& node = found.node;
  const auto say = [&](Level level, std::string what, std::string advice = {}) {
    out.push_back({level, node, std::move(what), std::move(advice)});
  };
  if (access(node.c_str(), R_OK | W_OK) != 0) {
    out.push_back(no_access(node));
    return;
  }
  for (const std::string& place : mount_points(node))
    say(Level::problem, "its disc is mounted at " + fsi::printable(place), "before burning: umount " + node);
  const std::string owner = DriveLock::owner_of(node), holders = holders_of(node);
  if (!owner.empty())
    say(Level::problem, owner + " is using it", "wait until it has finished");
  else if (!holders.empty())
    say(Level::note, holders + " has it open", "if burning is refused: end that one");
  try {
    Drive drive(std::make_unique<SgIo>(node));
    const InquiryData inquiry = drive.inquiry();
    if (inquiry.device_type() != InquiryData::kCdDvdDevice) return say(Level::problem, "it is no optical drive");
    say(Level::fine, found.vendor + " " + found.product + " answers; " + std::to_string(drive.transport().limits().max_bytes / 1024) +
                         " KiB in one command");
    if (drive.transport().limits().max_bytes < 64 * 1024)
      say(Level::note, "its connection carries less than 64 KiB in one command", "BD needs 64 KiB; another adapter may carry more");
  } catch (const fsi::Error& e) {
    say(Level::problem, e.why());
  }
  if (!raw_io()) say(Level::fine, "the kernel filters the commands of this user; burn needs none of those that it refuses");
  if (found.sg_node.empty()) say(Level::fine, "there is no generic node (module sg); it is not needed");
}

void examine_kernel(bool any, std::vector<Finding>& out) {
  if (any) return;
  bool optical = false;
  std::error_code none;
  for (fs::directory_iterator it("/sys/bus/scsi/devices", none), end; !none && it != end; it.increment(none)) {
    std::ifstream type(it->path() / "type");
    int number = 0;
    if (type >> number && number == 5) optical = true;
  }
  if (optical)
    out.push_back({Level::problem, "kernel", "it sees an optical drive and has no driver for it", "as root: modprobe sr_mod"});
  else
    out.push_back({Level::note, "drives", "the kernel sees no optical drive",
                   "connect one (in a container or virtual machine: pass it on), use iscsi://HOST/TARGET/LUN, or try: burn virtual add "
                   "NAME --media dvd+r"});
}

void examine_session(std::vector<Finding>& out) {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    const bool enough = limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= rlim_t{64} << 20 || geteuid() == 0;
    out.push_back({Level::fine,
                   "memory",
                   enough ? "the buffer can be locked in memory"
                          : "the buffer cannot be locked in memory (" + std::to_string(limit.rlim_cur / 1024) +
                                " KiB allowed); burning works without",
                   {}});
  }
  if (getrlimit(RLIMIT_RTPRIO, &limit) == 0)
    out.push_back({Level::fine,
                   "priority",
                   geteuid() == 0 || limit.rlim_cur > 0 ? "real-time priority is allowed"
                                                        : "real-time priority is not allowed; burning works without",
                   {}});
  const bool udev = exists("/run/udev/control");
  out.push_back({Level::fine, "udev", udev ? "it runs" : "it does not run; drives that come and go are noticed within two seconds", {}});
  const Inhibit inhibit("looking whether it can be done");
  out.push_back(inhibit.held().empty()
                    ? Finding{Level::note, "sleep", "logind cannot be asked to keep the machine awake",
                              "see to it yourself that it does not sleep while burning"}
                    : Finding{Level::fine, "sleep", "logind keeps the machine awake while burning (" + inhibit.held() + ")", {}});
  const char* temporary = std::getenv("TMPDIR");
  const std::string place = temporary && *temporary ? temporary : "/var/tmp";
  struct statvfs space {};
  if (statvfs(place.c_str(), &space) == 0) {
    const uint64_t free = uint64_t{space.f_bavail} * space.f_frsize;
    out.push_back({free < uint64_t{5} << 30 ? Level::note : Level::fine, fsi::printable(place),
                   std::to_string(free >> 20) + " MiB are free for streams that must be spooled",
                   free < uint64_t{5} << 30 ? "a DVD needs 4483 MiB; set TMPDIR to a place with more room" : ""});
  }
}
}  // namespace

std::vector<Finding> examine() {
  std::vector<Finding> out;
  const auto drives = find_drives();
  examine_kernel(!drives.empty(), out);
  for (const FoundDrive& drive : drives) examine_drive(drive, out);
  examine_session(out);
  return out;
}

}  // namespace rec
