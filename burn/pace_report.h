// How a burn went, in the words that discs of data (rec::WriteReport) and CDs of tracks (rec::CdReport) have in common.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace burn {

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
