#include "librecorder/virtual/registry.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "libfsi/base/error.h"
#include "librecorder/scsi/event_status.h"
#include "librecorder/virtual/drive.h"
#include "librecorder/virtual/files.h"

namespace rec::virt {

namespace fs = std::filesystem;
using fsi::Error;
using fsi::ErrorKind;

namespace {

// One command must fit several times, or the buffer could never be half full and still take more.
constexpr uint64_t kLeastBuffer = 256 * 1024, kMostBuffer = uint64_t{1} << 32;
constexpr uint32_t kMostSpeed = 100;
constexpr uint32_t kLeastCapacity = 512;

/// Makes and removes drives and discs one at a time, so that numbers and labels are given once.
class RegistryLock {
 public:
  explicit RegistryLock(const fs::path& root) {
    const fs::path path = root / "lock";
    make_directory(root);
    file_ = fsi::open_file(path, O_RDWR | O_CREAT, "opening the virtual drives");
    if (::flock(file_.get(), LOCK_EX) != 0) throw fsi::system_error(path, "opening the virtual drives");
  }

 private:
  fsi::Fd file_;
};

void check_name(const std::string& name) {
  const auto legal = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '+'; };
  if (name.empty() || name.size() > 64 || name[0] == '.' || !std::all_of(name.begin(), name.end(), legal))
    throw Error(ErrorKind::usage, fsi::printable(name), "naming a virtual drive",
                "use 1 to 64 letters, digits, `-`, `_`, `+` or `.`, not beginning with `.`");
}

void check_options(const DriveOptions& options) {
  if (options.buffer_bytes < kLeastBuffer || options.buffer_bytes > kMostBuffer)
    throw Error(ErrorKind::usage, "--buffer", "making a virtual drive", "the drive's buffer must have 256 KiB to 4 GiB");
  if (options.speed > kMostSpeed)
    throw Error(ErrorKind::usage, "--speed", "making a virtual drive", "the speed is a multiple of 1x, at most 100");
}

std::vector<Fault> parse_faults(const std::vector<std::string>& specs) {
  std::vector<Fault> faults;
  for (const std::string& spec : specs) faults.push_back(parse_fault(spec));
  return faults;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string known_types() {
  std::vector<std::string> names;
  for (const MediaType& type : media_types()) names.emplace_back(type.name);
  return joined(names);
}

std::vector<fs::path> entries(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string()[0] != '.') found.push_back(it->path());
  if (error && error != std::errc::no_such_file_or_directory)
    throw Error(ErrorKind::failed, directory, "listing the virtual drives", error.message());
  std::sort(found.begin(), found.end());
  return found;
}

std::string medium_state(const Disc& disc) {
  switch (disc.profile) {
    case Profile::dvd_ram:
    case Profile::dvd_plus_rw:
    case Profile::dvd_rw_overwrite:
    case Profile::bd_re: return "rewritable";
    default: return disc.blank() ? "blank" : disc.finalized ? "closed" : "appendable";
  }
}

DiscSummary summary_of(const fs::path& directory) {
  Disc disc = Store(directory).load();
  DiscSummary summary;
  summary.label = disc.label;
  summary.type = disc.type->name;
  summary.capacity = disc.capacity;
  summary.recorded = make_medium(disc)->image_sectors();
  summary.state = summary.recorded == 0 && disc.formatted() ? "formatted"
                  : disc.blank()                            ? "blank"
                  : disc.finalized                          ? "complete"
                  : disc.formatted()                        ? "rewritable"
                                                            : "appendable";
  summary.medium = std::string(profile_name(disc.profile)) + (disc.type->maker.starts_with("MILLEN") ? " (M-DISC)" : "");
  summary.medium_state = medium_state(disc);
  summary.link_stops = disc.link_stops;
  summary.underruns = disc.underruns;
  return summary;
}

}  // namespace

fs::path state_directory() {
  const auto variable = [](const char* name) -> fs::path {
    const char* value = std::getenv(name);
    return value ? value : "";
  };
  if (const fs::path here = variable("DISCPRESS_STATE_DIR"); !here.empty()) return here;
  if (const fs::path state = variable("XDG_STATE_HOME"); state.is_absolute()) return state / "discpress";
  if (const fs::path home = variable("HOME"); !home.empty()) return home / ".local/state/discpress";
  throw Error(ErrorKind::usage, "virtual drives", "looking for their directory", "HOME is not set; set it, or DISCPRESS_STATE_DIR");
}

Registry::Registry(fs::path root) : root_(std::move(root)) {}

std::vector<DriveSummary> Registry::list() const {
  std::vector<DriveSummary> drives_found;
  for (const fs::path& directory : entries(drives())) {
    DriveSummary drive;
    drive.name = directory.filename();
    drive.directory = directory;
    try {
      const DriveState state = load_drive_state(directory);
      drive.number = state.number;
      drive.options = {state.speed, state.buffer_bytes, state.real_time, {}};
      for (const Fault& fault : state.faults) drive.options.faults.push_back(fault.spec);
      drive.tray_open = state.tray_open;
      drive.in_use_by = DriveLock::holder(directory).value_or("");
      if (is_there(directory / "disc")) drive.disc = summary_of(directory / "disc");
    } catch (const Error& error) {
      if (!is_there(directory)) continue;  // removed while we looked
      drive.problem = error.what();
      if (drive.number == 0) drive.number = UINT64_MAX;
    }
    drives_found.push_back(std::move(drive));
  }
  std::stable_sort(drives_found.begin(), drives_found.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return drives_found;
}

std::vector<DiscSummary> Registry::discs() const {
  std::vector<DiscSummary> found;
  for (const fs::path& directory : entries(discs_directory())) found.push_back(summary_of(directory));
  return found;
}

fs::path Registry::existing(const std::string& name, const char* doing) const {
  const fs::path directory = drives() / name;
  std::vector<std::string> names;
  for (const DriveSummary& drive : list()) names.push_back(drive.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return directory;
  throw Error(ErrorKind::usage, fsi::printable(name), doing,
              names.empty() ? "there is no virtual drive; make one with `burn virtual add NAME --media TYPE`"
                            : "there is no such virtual drive; there are: " + joined(names));
}

std::string Registry::free_label(const std::string& type) const {
  std::set<std::string> used;
  for (const fs::path& directory : entries(discs_directory())) used.insert(directory.filename());
  for (const DriveSummary& drive : list())
    if (drive.disc) used.insert(drive.disc->label);
  for (uint32_t i = 1;; ++i)
    if (const std::string label = type + "-" + std::to_string(i); !used.contains(label)) return label;
}

void Registry::new_disc(const fs::path& drive, const std::string& type_name, const DiscOptions& options) const {
  const MediaType* type = find_media_type(type_name);
  if (!type)
    throw Error(ErrorKind::usage, fsi::printable(type_name), "making a virtual disc",
                "there is no such medium; there are: " + known_types());
  const uint32_t capacity = options.capacity ? options.capacity : type->capacity;
  const uint32_t unit = ecc_sectors(type->profile);
  if (capacity < kLeastCapacity || capacity > type->capacity || capacity % unit != 0)
    throw Error(ErrorKind::usage, type_name, "making a virtual disc",
                "its capacity must be " + std::to_string(kLeastCapacity) + " to " + std::to_string(type->capacity) +
                    " sectors, a multiple of " + std::to_string(unit));
  if (options.lead_in && !is_cd(type->profile))
    throw Error(ErrorKind::usage, type_name, "making a virtual disc", "only a CD has a lead-in of a length of its own; leave it out");
  if (options.lead_in > kMostLeadIn)
    throw Error(ErrorKind::usage, type_name, "making a virtual disc",
                "its lead-in must have 1 to " + std::to_string(kMostLeadIn) + " sectors");
  Disc disc = virt::new_disc(*type, capacity);
  disc.label = free_label(type_name);
  disc.write_protected = options.write_protected;
  if (options.lead_in) disc.lead_in_start = -150 - static_cast<int32_t>(options.lead_in);
  Store::create(drive / "disc", disc);
}

std::string Registry::take_out(const fs::path& drive) const {
  if (!is_there(drive / "disc")) return {};
  const Disc disc = Store(drive / "disc").load();
  if (disc.blank()) {
    remove_tree(drive / "disc");
    return {};
  }
  make_directory(discs_directory());
  move_to(drive / "disc", discs_directory() / disc.label);
  return disc.label;
}

void Registry::add(const std::string& name, const std::optional<std::string>& medium, const DriveOptions& options,
                   const DiscOptions& disc) {
  const char* const doing = "adding a virtual drive";
  check_name(name);
  check_options(options);
  DriveState state;
  state.faults = parse_faults(options.faults);
  state.speed = options.speed;
  state.buffer_bytes = options.buffer_bytes;
  state.real_time = options.real_time;
  state.attentions = {{0x29, 0x00}};

  const RegistryLock lock(root_);
  if (is_there(drives() / name))
    throw Error(ErrorKind::usage, name, doing, "there is a virtual drive of that name; choose another, or remove it first");
  for (const DriveSummary& drive : list())
    if (drive.problem.empty()) state.number = std::max(state.number, drive.number);
  ++state.number;
  char serial[16];
  std::snprintf(serial, sizeof serial, "VD%08llu", static_cast<unsigned long long>(state.number % 100000000));
  state.serial = serial;

  const fs::path temporary = drives() / (".new-" + name);
  remove_tree(temporary);
  make_directory(temporary);
  try {
    if (medium) {
      new_disc(temporary, *medium, disc);
      state.attentions.push_back({0x28, 0x00});
      state.media_event = MediaEvent::new_media;
    }
    save_drive_state(temporary, state);
    move_to(temporary, drives() / name);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw;
  }
}

void Registry::remove(const std::string& name) {
  const char* const doing = "removing a virtual drive";
  const RegistryLock lock(root_);
  const fs::path directory = existing(name, doing);
  const DriveLock drive(directory, name, doing);
  // Gone at once for everybody who looks, and then piece by piece.
  const fs::path going = drives() / (".gone-" + name);
  remove_tree(going);
  move_to(directory, going);
  remove_tree(going);
}

void Registry::insert(const std::string& name, const std::string& medium, const DiscOptions& disc) {
  const char* const doing = "inserting a disc";
  const RegistryLock lock(root_);
  const fs::path directory = existing(name, doing);
  const DriveLock drive(directory, name, doing);
  DriveState state = load_drive_state(directory);

  std::vector<std::string> labels;
  for (const fs::path& shelved : entries(discs_directory())) labels.push_back(shelved.filename());
  const bool on_shelf = std::find(labels.begin(), labels.end(), medium) != labels.end();
  if (!on_shelf && !find_media_type(medium))
    throw Error(ErrorKind::usage, fsi::printable(medium), doing,
                "there is no such medium; there are: " + known_types() + (labels.empty() ? "" : "; and the discs " + joined(labels)));
  if (on_shelf && disc.write_protected)
    throw Error(ErrorKind::usage, medium, doing, "a disc that exists has its switch where it is; leave --write-protected out");
  if (on_shelf && (disc.capacity || disc.lead_in))
    throw Error(ErrorKind::usage, medium, doing, "a disc that exists has its capacity and its lead-in; leave them out");

  if (on_shelf) {
    take_out(directory);
    move_to(discs_directory() / medium, directory / "disc");
  } else {
    // The new disc first, in a drive of no name, so that a refused capacity does not cost the one that is in.
    const fs::path waiting = directory / "waiting";
    remove_tree(waiting);
    make_directory(waiting);
    new_disc(waiting, medium, disc);
    take_out(directory);
    move_to(waiting / "disc", directory / "disc");
    remove_tree(waiting);
  }
  state.tray_open = false;
  state.attentions.push_back({0x28, 0x00});
  state.media_event = MediaEvent::new_media;
  save_drive_state(directory, state);
}

std::string Registry::remove_medium(const std::string& name) {
  const char* const doing = "taking the disc out";
  const RegistryLock lock(root_);
  const fs::path directory = existing(name, doing);
  const DriveLock drive(directory, name, doing);
  DriveState state = load_drive_state(directory);
  if (!is_there(directory / "disc")) throw Error(ErrorKind::unsuitable, name, doing, "there is no disc in this drive");
  const std::string label = take_out(directory);
  state.locked = false;  // by the pin hole, if need be
  state.media_event = MediaEvent::media_removal;
  save_drive_state(directory, state);
  return label;
}

void Registry::discard(const std::string& label) {
  const RegistryLock lock(root_);
  const auto all = entries(discs_directory());
  const auto found = std::find_if(all.begin(), all.end(), [&](const fs::path& p) { return p.filename() == label; });
  if (found == all.end())
    throw Error(ErrorKind::usage, fsi::printable(label), "throwing a virtual disc away", "there is no such disc outside of a drive");
  remove_tree(*found);
}

void Registry::set_faults(const std::string& name, const std::vector<std::string>& faults) {
  const char* const doing = "setting the faults of a virtual drive";
  const fs::path directory = existing(name, doing);
  const DriveLock drive(directory, name, doing);
  DriveState state = load_drive_state(directory);
  state.faults = parse_faults(faults);
  save_drive_state(directory, state);
}

void Registry::power_cycle(const std::string& name) {
  const char* const doing = "switching a virtual drive off and on";
  const fs::path directory = existing(name, doing);
  const DriveLock drive(directory, name, doing);
  DriveState state = load_drive_state(directory);
  state.locked = false;
  state.attentions = {{0x29, 0x00}};
  save_drive_state(directory, state);
}

void Registry::export_disc(const std::string& name, const fs::path& file) const {
  const char* const doing = "exporting a virtual disc";
  const fs::path directory = existing(name, doing);
  const DriveLock drive(directory, name, doing);
  if (!is_there(directory / "disc")) throw Error(ErrorKind::unsuitable, name, doing, "there is no disc in this drive");
  const DiscSummary disc = summary_of(directory / "disc");
  if (disc.recorded == 0) throw Error(ErrorKind::unsuitable, name, doing, "the disc is blank");
  Store(directory / "disc").export_to(file, disc.recorded);
}

std::unique_ptr<Transport> Registry::open(const std::string& name) const {
  auto drive = std::make_unique<VirtualDrive>(name, existing(name, "opening a virtual drive"));
  if (const char* transcript = std::getenv("DISCPRESS_TRANSCRIPT"); transcript && *transcript) drive->set_transcript(transcript);
  return drive;
}

}  // namespace rec::virt
