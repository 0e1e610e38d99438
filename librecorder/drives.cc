// The drives there are: listing, naming and opening them, and what one tells about itself.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "librecorder/content.h"
#include "librecorder/drive/discovery.h"
#include "librecorder/drive/drive_lock.h"
#include "librecorder/host/mounts.h"
#include "librecorder/open_drive.h"
#include "librecorder/transport/iscsi.h"
#include "librecorder/transport/sg_io.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;

namespace {
std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string trimmed(std::string_view text) {
  const size_t end = text.find_last_not_of(std::string_view(" \0", 2));
  return fsi::printable(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

/// As the drive would tell it; a drive that is in use changes its disc.
std::optional<MediumBrief> brief_of(const virt::DriveSummary& drive) {
  if (!drive.in_use_by.empty() || !drive.problem.empty()) return std::nullopt;
  if (drive.tray_open) return MediumBrief{"", "tray open"};
  if (!drive.disc) return MediumBrief{"", std::string(state_name(MediumState::absent))};
  return MediumBrief{drive.disc->medium, drive.disc->medium_state};
}

std::string listed(const std::vector<DriveEntry>& drives) {
  if (drives.empty()) return "there is no drive here; connect one, or make one: burn virtual add NAME --media dvd+r";
  std::string text = "there are";
  for (const DriveEntry& drive : drives) text += (drive.number ? ", " : " ") + std::to_string(drive.number) + " " + drive.name;
  return text;
}
}  // namespace

std::vector<DriveEntry> list_drives() {
  std::vector<DriveEntry> out;
  for (FoundDrive& found : find_drives())
    out.push_back({out.size(),
                   file_name(found.node),
                   found.node,
                   found.node,
                   found.vendor,
                   found.product,
                   found.revision,
                   false,
                   false,
                   fsi::printable(found.serial),
                   mount_points(found.node),
                   DriveLock::owner_of(found.node),
                   {}});
  for (const auto& drive : virt::Registry().list())
    out.push_back({out.size(),
                   drive.name,
                   "virtual:" + drive.name,
                   "",
                   "DISCPRES",
                   "VIRTUAL DRIVE",
                   "",
                   true,
                   false,
                   {},
                   {},
                   drive.in_use_by,
                   brief_of(drive)});
  return out;
}

DriveEntry find_drive(std::string_view selector) {
  const auto wrong = [](const std::string& where, const std::string& why) {
    return Error(ErrorKind::unsuitable, where, "choosing the drive", why);
  };
  const std::vector<DriveEntry> drives = list_drives();
  if (selector.empty()) {
    if (drives.size() == 1) return drives.front();
    throw wrong("--drive", drives.empty() ? listed(drives) : "say which one: " + listed(drives));
  }
  const std::string name(selector);
  if (name.rfind("iscsi://", 0) == 0) {
    DriveEntry remote;
    remote.number = drives.size();
    remote.name = remote.node = name;
    remote.is_remote = true;
    return remote;
  }
  size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) {
    if (number < drives.size()) return drives[number];
    throw wrong(name, "there is no drive of that number; " + listed(drives));
  }
  for (const DriveEntry& drive : drives)
    if (drive.name == name || drive.node == name) return drive;
  if (name.rfind("/", 0) == 0) {
    // A node that discovery does not list, or another name for one that it does: /dev/cdrom, /dev/disk/by-id/…, /dev/sg1.
    struct stat st {};
    if (stat(name.c_str(), &st) != 0) throw wrong(name, fsi::errno_text(errno) + "; " + listed(drives));
    if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)) throw wrong(name, "it is no device; " + listed(drives));
    for (const DriveEntry& drive : drives) {
      struct stat other {};
      if (!drive.is_virtual && stat(drive.node.c_str(), &other) == 0 && other.st_rdev == st.st_rdev &&
          S_ISBLK(other.st_mode) == S_ISBLK(st.st_mode))
        return drive;
    }
    DriveEntry unlisted{drives.size(), file_name(name), name, S_ISBLK(st.st_mode) ? name : "", "", "", "", false, false, {}, {}, {}, {}};
    for (const FoundDrive& found : find_drives()) {
      struct stat generic {};
      if (S_ISCHR(st.st_mode) && stat(found.sg_node.c_str(), &generic) == 0 && generic.st_rdev == st.st_rdev)
        unlisted.block_node = found.node;
    }
    return unlisted;
  }
  throw wrong(fsi::printable(name), "there is no such drive; " + listed(drives));
}

OpenDrive open_drive(const DriveEntry& entry, Access access) {
  OpenDrive open;
  if (entry.is_virtual) {
    open.drive = std::make_unique<Drive>(virt::Registry().open(entry.name));
  } else if (entry.is_remote) {
    open.drive = std::make_unique<Drive>(std::make_unique<Iscsi>(entry.node));
  } else {
    if (!entry.block_node.empty()) {
      const auto mounts = access == Access::own ? mount_points(entry.block_node) : std::vector<std::string>{};
      if (!mounts.empty())
        throw Error(ErrorKind::unsuitable, entry.node, "taking the drive",
                    "its disc is mounted at " + fsi::printable(mounts.front()) + "; unmount it first: umount " + entry.block_node);
      open.lock.emplace(entry.block_node, access == Access::own ? DriveLock::Kind::exclusive : DriveLock::Kind::shared, "burn");
    }
    open.drive =
        std::make_unique<Drive>(std::make_unique<SgIo>(entry.node, access == Access::own ? SgIo::Access::exclusive : SgIo::Access::shared));
  }
  if (open.drive->inquiry().device_type() != InquiryData::kCdDvdDevice)
    throw Error(ErrorKind::unsuitable, entry.node, "taking the drive", "it is no drive for optical discs");
  return open;
}

DriveInfo drive_info(const DriveEntry& entry, const std::stop_token& stop) {
  OpenDrive open = open_drive(entry, Access::look);
  Drive& drive = *open.drive;
  DriveInfo info;
  info.entry = entry;
  const InquiryData inquiry = drive.inquiry();
  info.vendor = trimmed({inquiry.vendor, sizeof inquiry.vendor});
  info.product = trimmed({inquiry.product, sizeof inquiry.product});
  info.revision = trimmed({inquiry.revision, sizeof inquiry.revision});
  info.medium = look_at_medium(drive, stop);
  if (const auto configuration = drive.configuration()) {
    info.profiles = configuration->profiles;
    for (const auto& feature : configuration->features) {
      const auto code = static_cast<uint16_t>(feature.code);
      info.features.push_back({code, std::string(feature_name(code)), feature.current});
    }
    if (const auto* serial = configuration->find(Feature::serial_number))
      info.serial = trimmed({reinterpret_cast<const char*>(serial->body.data()), serial->body.size()});
  }
  info.mode_pages = drive.mode_pages();
  if (const auto capabilities = drive.capabilities()) {
    info.buffer_bytes = uint32_t{capabilities->buffer_size} * 1024;
    info.has_tray = capabilities->loading & Capabilities::kTray;
  }
  if (!entry.block_node.empty()) info.mounted_at = mount_points(entry.block_node);
  return info;
}

void eject(const DriveEntry& entry) {
  OpenDrive open = open_drive(entry, Access::own);
  open.drive->prevent_removal(false);
  open.drive->open_tray();
}

void load(const DriveEntry& entry) {
  OpenDrive open = open_drive(entry, Access::own);
  open.drive->close_tray();
}

}  // namespace rec
