// verify --list, --cat and --extract: what an image holds, instead of whether it is right.
#pragma once

#include <stop_token>

#include "libfsi/base/sectors.h"
#include "verify/options.h"

namespace tool {

/// Does what the options ask for and returns the exit code: 3 when the structures it came by had faults, which are told.
int show_contents(const fsi::SectorSource& source, uint64_t session_start, const Options& options, std::stop_token stop);

}  // namespace tool
