#include "burn/virtual_drives.h"

#include <fmt/core.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "burn/progress.h"
#include "tool/standard_streams.h"

namespace burn {

namespace {
using fsi::Error;
using fsi::ErrorKind;

rec::virt::DriveOptions drive_options(const Options& options) {
  rec::virt::DriveOptions out;
  if (options.speed) {
    if (*options.speed < 1 || std::floor(*options.speed) != *options.speed)
      throw Error(ErrorKind::usage, "--speed", "making a virtual drive", "it must be a whole number of times 1x");
    out.speed = static_cast<uint32_t>(*options.speed);
  }
  if (options.buffer) out.buffer_bytes = *options.buffer;
  out.real_time = options.real_time;
  out.faults = options.faults;
  return out;
}

std::string disc_text(const rec::virt::DriveSummary& drive) {
  if (!drive.problem.empty()) return "cannot be read: " + drive.problem;
  if (drive.tray_open) return "tray open";
  if (!drive.disc) return "empty";
  const auto& disc = *drive.disc;
  return fmt::format("{} ({}), {}, {} sectors recorded{}", disc.type, disc.label, disc.state, disc.recorded,
                     disc.underruns ? fmt::format(", spoiled by {} underruns", disc.underruns) : "");
}

std::string list_text(const std::vector<rec::virt::DriveSummary>& drives) {
  if (drives.empty()) return "no virtual drives; make one: burn virtual add NAME --media dvd+r\n";
  std::string out;
  for (const auto& drive : drives) {
    out += fmt::format("{:<10} {}", drive.name, disc_text(drive));
    if (drive.options.speed) out += fmt::format(", {}x", drive.options.speed);
    if (drive.options.real_time) out += ", in real time";
    if (!drive.options.faults.empty())
      out += fmt::format(", {} fault{}", drive.options.faults.size(), drive.options.faults.size() == 1 ? "" : "s");
    if (!drive.in_use_by.empty()) out += ", in use by " + drive.in_use_by;
    out += "\n";
  }
  return out;
}

std::string list_json(const std::vector<rec::virt::DriveSummary>& drives) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& drive : drives) {
    nlohmann::json item{{"name", drive.name},
                        {"directory", drive.directory.string()},
                        {"speed", drive.options.speed},
                        {"buffer_bytes", drive.options.buffer_bytes},
                        {"real_time", drive.options.real_time},
                        {"faults", drive.options.faults},
                        {"tray_open", drive.tray_open},
                        {"in_use_by", drive.in_use_by},
                        {"problem", drive.problem},
                        {"disc", nullptr}};
    if (const auto& disc = drive.disc)
      item["disc"] = {{"label", disc->label},        {"type", disc->type},   {"capacity", disc->capacity},
                      {"recorded", disc->recorded},  {"state", disc->state}, {"link_stops", disc->link_stops},
                      {"underruns", disc->underruns}};
    out.push_back(std::move(item));
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}
}  // namespace

std::string run_virtual(const Options& options) {
  rec::virt::Registry registry;
  switch (options.task) {
    case Task::virtual_add:
      registry.add(options.name, options.media.empty() ? std::nullopt : std::optional(options.media), drive_options(options), options.disc);
      return {};
    case Task::virtual_insert:
      if (!options.media.empty()) {
        registry.insert(options.name, options.media, options.disc);
      } else if (const std::string label = registry.remove_medium(options.name); !label.empty()) {
        // The disc is kept; its label puts it in again.
        tool::say("burn: {}: the disc was taken out; put it in again with --media {}\n", options.name, label);
      }
      return {};
    case Task::virtual_remove: registry.remove(options.name); return {};
    case Task::virtual_export: registry.export_disc(options.name, options.file); return {};
    default: return options.json ? list_json(registry.list()) : list_text(registry.list());
  }
}

}  // namespace burn
