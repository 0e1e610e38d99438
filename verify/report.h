// What verify says: the report on standard output, for a person or as JSON, and the progress on standard error.
#pragma once

#include <string>

#include "libfsi/base/progress.h"
#include "libfsi/check/verify.h"
#include "verify/options.h"

namespace tool {

std::string text_report(const fsi::VerifyReport& report);
std::string json_report(const fsi::VerifyReport& report);

/// Empty when nothing is to be shown.
fsi::Progress make_progress(ProgressStyle style);
/// Ends a progress line, if there was one.
void end_progress(ProgressStyle style);

}  // namespace tool
