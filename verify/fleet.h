// Many targets in one call: those on different devices at the same time, those on one device after each other. Reports
// come in the order of the command line.
#pragma once

#include <stop_token>

#include "verify/options.h"

namespace tool {

/// Prints the reports; returns the worst exit code: 3 (differences), then 2, 1, 4, and 0. Throws Error.
int run_all(const Options& options, const std::stop_token& stop);

}  // namespace tool
