// How a burn went, in the words that discs of data (rec::WriteReport) and CDs of tracks (rec::CdReport) have in common.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "burn/progress.h"
#include "librecorder/recorder.h"

namespace burn {

/// One line of a report: a name and what it is.
inline std::string row(std::string_view name, const std::string& value) { return fmt::format("{:<11} {}\n", name, value); }
/// "1 stop", "2 stops".
inline std::string count(uint64_t n, std::string_view one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); }
inline std::string speed_text(uint32_t kb, rec::Profile profile) { return fmt::format("{:.1f}x", kb / rec::speed_1x(profile)); }

/// Only when it is worth a word. `source`: what the time was lost to.
template <class Report>
std::string slower_text(const Report& report, std::string_view source) {
  if (report.speeds.empty()) return {};
  uint32_t slowest = UINT32_MAX;
  for (const auto& change : report.speeds) slowest = std::min(slowest, change.kb_per_second);
  return fmt::format(", {} of speed down to {}, {} lost to {}", count(report.speeds.size(), "change"),
                     speed_text(slowest, report.plan.profile), clock_text(report.seconds_lost), source);
}

template <class Report>
void put_pace(const Report& report, nlohmann::json& out) {
  out["notes"] = report.notes;
  out["kept_awake"] = report.kept_awake;
  out["ring_size"] = report.ring_size;
  out["ring_locked"] = report.ring_locked;
  out["lowest_fill"] = report.lowest_fill;
  out["stops"] = report.stops;
  out["drive_waits"] = report.drive_waits;
  out["speeds"] = nlohmann::json::array();
  for (const auto& change : report.speeds) out["speeds"].push_back({{"after_sectors", change.sectors}, {"speed_kb", change.kb_per_second}});
  out["seconds_lost"] = report.seconds_lost;
  if (std::isfinite(report.source_rate)) out["source_bytes_per_second"] = report.source_rate;
  out["spooled"] = report.spooled;
  out["seconds"] = report.seconds;
  out["writing_seconds"] = report.writing_seconds;
}

}  // namespace burn
