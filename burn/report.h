// What the tool says: drives, discs, plans and finished burns, for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "librecorder/recorder.h"

namespace burn {

std::string list_text(const std::vector<rec::DriveEntry>& drives);
/// One line, or one JSON object a line, for each change; empty for none.
std::string changes_text(const std::vector<rec::DriveChange>& changes, bool as_json);
std::string findings_text(const std::vector<rec::Finding>& findings);
std::string findings_json(const std::vector<rec::Finding>& findings);
std::string list_json(const std::vector<rec::DriveEntry>& drives);
std::string info_text(const rec::DriveInfo& info);
std::string info_json(const rec::DriveInfo& info);
std::string plan_text(const rec::WritePlan& plan);
std::string plan_json(const rec::WritePlan& plan);
std::string report_text(const rec::WriteReport& report);
/// `verified`: the report of verify as a JSON object, when the disc was read back.
std::string report_json(const rec::WriteReport& report, const std::string& verified = {});
std::string erase_text(const rec::EraseReport& report);
std::string erase_json(const rec::EraseReport& report);

}  // namespace burn
