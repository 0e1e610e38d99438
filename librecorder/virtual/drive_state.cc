#include "librecorder/virtual/drive_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "libfsi/base/error.h"
#include "librecorder/virtual/files.h"

namespace rec::virt {

namespace fs = std::filesystem;

DriveState load_drive_state(const fs::path& directory) {
  const fs::path file = directory / "drive.json";
  DriveState state;
  try {
    const auto json = nlohmann::json::parse(whole_file(file));
    if (json.at("version").get<int>() != 1)
      throw fsi::Error(fsi::ErrorKind::corrupt, file, "reading the state of a virtual drive",
                       "it was written by another version; remove the drive and add it again");
    json.at("number").get_to(state.number);
    json.at("serial").get_to(state.serial);
    json.at("speed").get_to(state.speed);
    json.at("buffer_bytes").get_to(state.buffer_bytes);
    json.at("real_time").get_to(state.real_time);
    json.at("tray_open").get_to(state.tray_open);
    json.at("locked").get_to(state.locked);
    json.at("media_event").get_to(state.media_event);
    for (const auto& entry : json.at("attentions")) state.attentions.push_back({entry.at(0).get<uint8_t>(), entry.at(1).get<uint8_t>()});
    for (const auto& entry : json.at("faults")) {
      Fault fault = parse_fault(entry.at("spec").get<std::string>());
      entry.at("fired").get_to(fault.fired);
      state.faults.push_back(std::move(fault));
    }
  } catch (const nlohmann::json::exception& error) {
    throw fsi::Error(fsi::ErrorKind::corrupt, file, "reading the state of a virtual drive",
                     std::string(error.what()) + "; remove the drive and add it again");
  }
  return state;
}

void save_drive_state(const fs::path& directory, const DriveState& state) {
  nlohmann::json attentions = nlohmann::json::array();
  for (const auto& a : state.attentions) attentions.push_back({a.asc, a.ascq});
  nlohmann::json faults = nlohmann::json::array();
  for (const Fault& f : state.faults) faults.push_back({{"spec", f.spec}, {"fired", f.fired}});
  const nlohmann::json json = {{"version", 1},
                               {"number", state.number},
                               {"serial", state.serial},
                               {"speed", state.speed},
                               {"buffer_bytes", state.buffer_bytes},
                               {"real_time", state.real_time},
                               {"tray_open", state.tray_open},
                               {"locked", state.locked},
                               {"media_event", state.media_event},
                               {"attentions", attentions},
                               {"faults", faults}};
  replace_file(directory / "drive.json", json.dump(1));
}

namespace {

std::string this_process() {
  std::string name;
  std::ifstream("/proc/self/comm") >> name;
  return "process " + std::to_string(::getpid()) + (name.empty() ? "" : " (" + name + ")");
}

// Locks of the open file: they go with it as those of flock(2) do, and can be asked about without being taken. Somebody who only looks
// at the list must not be in the way of somebody who wants the drive.
struct flock exclusive_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string owner(const fs::path& lock) {
  std::string text;
  std::getline(std::ifstream(lock), text);
  return text.empty() ? "another process" : fsi::printable(text);
}

}  // namespace

DriveLock::DriveLock(const fs::path& directory, const std::string& drive_name, const char* doing) {
  const fs::path path = directory / "lock";
  file_ = fsi::open_file(path, O_RDWR | O_CREAT, doing);
  struct flock lock = exclusive_lock();
  if (::fcntl(file_.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) throw fsi::system_error(path, doing);
    throw fsi::Error(fsi::ErrorKind::unsuitable, drive_name, doing,
                     "the virtual drive is in use by " + owner(path) + "; wait until it is done");
  }
  const std::string text = this_process() + "\n";
  if (::ftruncate(file_.get(), 0) != 0) throw fsi::system_error(path, doing);
  fsi::write_at(file_.get(), 0, std::as_bytes(std::span(text)), path);
}

std::optional<std::string> DriveLock::holder(const fs::path& directory) {
  const fs::path path = directory / "lock";
  const fsi::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct flock lock = exclusive_lock();
  if (!file || ::fcntl(file.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return {};
  return owner(path);
}

}  // namespace rec::virt
