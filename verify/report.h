// What verify says: the report on standard output, for a person or as JSON, and the progress on standard error.
#pragma once

#include <string>

#include "libfsi/base/meter.h"
#include "libfsi/fsi.h"

namespace tool {

std::string text_report(const fsi::VerifyReport& report);
std::string json_report(const fsi::VerifyReport& report);

/// Empty when nothing is to be shown.
fsi::Progress make_progress(fsi::ProgressStyle style);
/// Ends a progress line, if there was one.
void end_progress(fsi::ProgressStyle style);

}  // namespace tool
