#include "burn/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "burn/pace_report.h"
#include "burn/progress.h"

namespace burn {

using nlohmann::json;
using rec::MediumState;

namespace {
std::string amount(uint64_t sectors) {
  return fmt::format("{} ({})", count(sectors, "sector"), size_text(static_cast<double>(sectors) * fsi::kSectorSize));
}

json entry_json(const rec::DriveEntry& drive) {
  json out{{"number", drive.number},       {"name", drive.name},       {"node", drive.node},
           {"vendor", drive.vendor},       {"product", drive.product}, {"revision", drive.revision},
           {"virtual", drive.is_virtual},  {"serial", drive.serial},   {"mounted_at", drive.mounted_at},
           {"in_use_by", drive.in_use_by}, {"medium", nullptr}};
  if (drive.medium) out["medium"] = {{"name", drive.medium->name}, {"state", drive.medium->state}};
  return out;
}

/// What is in it and who has it.
std::string state_text(const rec::DriveEntry& drive) {
  std::string out;
  if (drive.medium) out = "  " + drive.medium->name + (drive.medium->name.empty() ? "" : ", ") + drive.medium->state;
  for (const std::string& place : drive.mounted_at) out += ", mounted at " + fsi::printable(place);
  return out + (drive.in_use_by.empty() ? "" : ", in use by " + drive.in_use_by);
}

json track_json(const rec::Track& track) {
  json out{{"number", track.number},   {"session", track.session}, {"start", track.start},
           {"sectors", track.sectors}, {"data", track.data},       {"damaged", track.damaged}};
  if (track.next_writable) out["next_writable"] = *track.next_writable;
  return out;
}

json medium_json(const rec::Medium& medium) {
  json out{{"profile", static_cast<uint16_t>(medium.profile)},
           {"name", medium.name()},
           {"state", std::string(rec::state_name(medium.state))},
           {"status", medium.status},
           {"reasons", medium.reasons},
           {"total_sectors", medium.total_sectors},
           {"free_sectors", medium.free_sectors},
           {"write_unit", medium.write_unit},
           {"sessions", medium.sessions},
           {"erasable", medium.erasable},
           {"formatted", medium.formatted},
           {"spare_areas", medium.spare_areas},
           {"looks_blank", medium.looks_blank},
           {"m_disc", medium.m_disc},
           {"maker", medium.maker},
           {"underrun_protection", medium.underrun_protection},
           {"cav_speeds_kb", medium.cav_speeds},
           {"write_speeds_kb", medium.write_speeds},
           {"tracks", json::array()}};
  for (const rec::Track& track : medium.tracks) out["tracks"].push_back(track_json(track));
  if (const auto previous = rec::previous_session(medium))
    out["previous_session"] = {{"start", previous->first}, {"last_written", previous->last}};
  if (medium.volume_end) out["volume"] = {{"start", medium.volume_start}, {"end", *medium.volume_end}};
  if (medium.layer0) out["layer0_sectors"] = *medium.layer0;
  if (medium.next_writable) out["next_writable"] = *medium.next_writable;
  if (medium.write_speed) out["write_speed_kb"] = *medium.write_speed;
  return out;
}

json plan_object(const rec::WritePlan& plan) {
  json out{{"drive", plan.drive},
           {"source", plan.source},
           {"medium", std::string(rec::profile_name(plan.profile))},
           {"family", std::string(plan.family->name())},
           {"start", plan.start},
           {"session", plan.session},
           {"free_sectors", plan.free_sectors},
           {"chunk_sectors", plan.chunk_sectors},
           {"close", plan.multi ? "session" : "disc"},
           {"underrun_protection", plan.underrun_protection},
           {"simulate", plan.simulate},
           {"stream_recording", plan.streaming},
           {"renews_start", plan.renews_start},
           {"buffer_bytes", plan.buffer_bytes},
           {"eject", plan.eject},
           {"notes", plan.notes}};
  if (plan.data_sectors) {
    out["data_sectors"] = *plan.data_sectors;
    out["padding_sectors"] = plan.padding_after(*plan.data_sectors);
  }
  if (plan.speed_kb) out["speed_kb"] = *plan.speed_kb;
  if (plan.layer_break) out["layer_break"] = *plan.layer_break;
  if (plan.erase_first) out["erase_first"] = *plan.erase_first ? "full" : "quick";
  return out;
}
}  // namespace

std::string list_text(const std::vector<rec::DriveEntry>& drives) {
  if (drives.empty()) return "no drives; make a virtual one: burn virtual add NAME --media dvd+r\n";
  size_t width = 4;
  for (const auto& drive : drives) width = std::max(width, drive.name.size());
  std::string out;
  for (const auto& drive : drives)
    out += fmt::format("{:<3} {:<{}}  {:<20} {} {}{}\n", drive.number, drive.name, width, drive.node, drive.vendor, drive.product,
                       state_text(drive));
  return out;
}

std::string changes_text(const std::vector<rec::DriveChange>& changes, bool as_json) {
  static constexpr const char* kWords[] = {"added", "removed", "changed"};
  std::string out;
  for (const auto& [what, drive] : changes) {
    const char* word = kWords[static_cast<size_t>(what)];
    if (as_json) {
      json line = entry_json(drive);
      line["change"] = word;
      out += line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    } else {
      out += fmt::format("{:<8} {:<3} {}  {}  {} {}{}\n", word, drive.number, drive.name, drive.node, drive.vendor, drive.product,
                         state_text(drive));
    }
  }
  return out;
}

std::string findings_text(const std::vector<rec::Finding>& findings) {
  static constexpr const char* kMarks[] = {"ok", "note", "PROBLEM"};
  std::string out;
  for (const auto& f : findings)
    out += fmt::format("{:<8} {}: {}{}\n", kMarks[static_cast<size_t>(f.level)], f.where, f.what, f.advice.empty() ? "" : "; " + f.advice);
  return out;
}

std::string findings_json(const std::vector<rec::Finding>& findings) {
  static constexpr const char* kLevels[] = {"fine", "note", "problem"};
  json out = json::array();
  for (const auto& f : findings)
    out.push_back({{"level", kLevels[static_cast<size_t>(f.level)]}, {"where", f.where}, {"what", f.what}, {"advice", f.advice}});
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string list_json(const std::vector<rec::DriveEntry>& drives) {
  json out = json::array();
  for (const auto& drive : drives) out.push_back(entry_json(drive));
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string info_text(const rec::DriveInfo& info) {
  const rec::Medium& medium = info.medium;
  std::string out = row("drive", fmt::format("{} ({})", info.entry.name, info.entry.node));
  out += row("model", fmt::format("{} {} {}", info.vendor, info.product, info.revision));
  if (!info.serial.empty()) out += row("serial", info.serial);
  if (info.buffer_bytes) out += row("buffer", size_text(info.buffer_bytes));
  for (const std::string& path : info.mounted_at) out += row("mounted", "at " + fsi::printable(path));
  if (medium.state == MediumState::absent) return out + row("disc", medium.tray_open ? "none, the tray is open" : "none");
  out += row("disc", fmt::format("{}, {}", medium.name(), rec::state_name(medium.state)));
  for (const std::string& reason : medium.reasons) out += row("", reason);
  if (medium.total_sectors) out += row("size", amount(medium.total_sectors));
  out += row("free", amount(medium.free_sectors));
  if (medium.next_writable)
    out += row("next", fmt::format("LBA {}, in units of {}", *medium.next_writable, count(medium.write_unit, "sector")));
  if (medium.maker.size()) out += row("maker", medium.maker);
  if (medium.layer0) out += row("layers", fmt::format("2, the first has {}", amount(*medium.layer0)));
  if (medium.spare_areas) out += row("spares", "bad spots are replaced; the drive reads back what it writes, at about half the speed");
  if (medium.state == MediumState::rewritable) {
    out += row("recorded", medium.volume_end ? fmt::format("a volume of {}, from LBA {}", amount(*medium.volume_end - medium.volume_start),
                                                           medium.volume_start)
                           : medium.looks_blank ? "nothing"
                                                : "something that is no volume");
  } else {
    out += row("recorded", fmt::format("{}, {}", count(medium.sessions, "session"), count(medium.tracks.size(), "track")));
  }
  if (const auto previous = rec::previous_session(medium))
    out += row("", fmt::format("the last session: LBA {} to {}", previous->first, previous->last));
  for (const rec::Track& track : medium.tracks)
    out += row("", fmt::format("track {} session {}: LBA {}, {}{}", track.number, track.session, track.start, amount(track.sectors),
                               track.data ? "" : ", audio"));
  if (!medium.write_speeds.empty()) {
    std::string speeds;
    for (const uint32_t speed : medium.write_speeds) {
      const bool cav = std::find(medium.cav_speeds.begin(), medium.cav_speeds.end(), speed) != medium.cav_speeds.end();
      speeds += (speeds.empty() ? "" : " ") + speed_text(speed, medium.profile) + (cav ? " (CAV)" : "");
    }
    out += row("speeds", speeds + (medium.write_speed ? ", now " + speed_text(*medium.write_speed, medium.profile) : ""));
  }
  return out;
}

std::string info_json(const rec::DriveInfo& info) {
  json out = entry_json(info.entry);
  out["vendor"] = info.vendor;
  out["product"] = info.product;
  out["revision"] = info.revision;
  if (!info.serial.empty()) out["serial"] = info.serial;
  out["features"] = json::array();
  for (const auto& feature : info.features)
    out["features"].push_back({{"code", fmt::format("{:04x}", feature.code)}, {"name", feature.name}, {"current", feature.current}});
  out["mode_pages"] = json::array();
  for (const auto& page : info.mode_pages) {
    std::string hex;
    for (const std::byte b : page) hex += fmt::format("{:02x}", static_cast<unsigned>(b));
    out["mode_pages"].push_back(hex);
  }
  out["buffer_bytes"] = info.buffer_bytes;
  out["mounted_at"] = info.mounted_at;
  out["profiles"] = json::array();
  for (const rec::Profile profile : info.profiles) out["profiles"].push_back(std::string(rec::profile_name(profile)));
  out["medium"] = info.medium.state == MediumState::absent ? json(nullptr) : medium_json(info.medium);
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string plan_text(const rec::WritePlan& plan) {
  std::string out = row("drive", plan.drive);
  out += row("disc", fmt::format("{}, {} free", plan.family->name(), amount(plan.free_sectors)));
  out += row("source", plan.source);
  if (plan.erase_first) out += row("erase", *plan.erase_first ? "first, in full" : "first, quickly");
  if (plan.simulate) out += row("simulate", "nothing is recorded");
  out +=
      row("start", plan.rules.overwrites ? fmt::format("LBA {}{}", plan.start, plan.renews_start ? ", then its descriptors at LBA 16" : "")
                                         : fmt::format("LBA {}, session {}", plan.start, plan.session));
  if (plan.layer_break) out += row("layers", fmt::format("the first ends after {}", amount(*plan.layer_break)));
  if (plan.data_sectors) {
    out += row("data", amount(*plan.data_sectors));
    out += row("padding", count(plan.padding_after(*plan.data_sectors), "sector"));
  } else {
    out += row("data", "as much as comes");
  }
  if (!plan.rules.overwrites) out += row("close", plan.multi ? "the session; the disc stays open" : "the disc");
  out += row("speed", plan.speed_kb ? speed_text(*plan.speed_kb, plan.profile) : "the drive's own choice");
  out += row("buffer", fmt::format("{}, underrun protection {}", size_text(static_cast<double>(plan.buffer_bytes)),
                                   plan.underrun_protection ? "on" : "off"));
  out += row("commands", fmt::format("of {}", count(plan.chunk_sectors, "sector")));
  for (const std::string& note : plan.notes) out += row("note", note);
  return out;
}

std::string plan_json(const rec::WritePlan& plan) { return plan_object(plan).dump(2, ' ', false, json::error_handler_t::replace) + "\n"; }

std::string report_text(const rec::WriteReport& report) {
  const rec::WritePlan& plan = report.plan;
  const double bytes = static_cast<double>(report.data_sectors) * fsi::kSectorSize;
  const double rate = report.writing_seconds > 0 ? bytes / report.writing_seconds : 0;
  return fmt::format("{}: {} of {} on {} from LBA {} in {}, {:.1f} MB/s; {}; buffer down to {:.0f}%, {}{}\n", plan.drive,
                     amount(report.data_sectors), plan.source, rec::profile_name(plan.profile), plan.start, clock_text(report.seconds),
                     rate / 1e6,
                     plan.simulate           ? "simulated, nothing is recorded"
                     : plan.rules.overwrites ? "written over"
                     : plan.multi            ? "session closed"
                                             : "disc closed",
                     100.0 * static_cast<double>(report.lowest_fill) / static_cast<double>(std::max<size_t>(report.ring_size, 1)),
                     count(report.stops, "stop"), slower_text(report, "the source"));
}

std::string report_json(const rec::WriteReport& report, const std::string& verified) {
  json out = plan_object(report.plan);
  out["data_sectors"] = report.data_sectors;
  out["padding_sectors"] = report.padding_sectors;
  put_pace(report, out);
  if (report.speed_kb) out["speed_used_kb"] = *report.speed_kb;
  if (!verified.empty()) out["verify"] = json::parse(verified);
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string erase_text(const rec::EraseReport& report) {
  const rec::Medium& medium = report.after;
  return fmt::format("{}: {} is {} now, {} free; took {}\n", report.drive, medium.name(), rec::state_name(medium.state),
                     amount(medium.free_sectors), clock_text(report.seconds));
}

std::string erase_json(const rec::EraseReport& report) {
  const json out{{"drive", report.drive},
                 {"before", medium_json(report.before)},
                 {"after", medium_json(report.after)},
                 {"seconds", report.seconds},
                 {"notes", report.notes}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace burn
