// The subcommands of `burn virtual`.
#pragma once

#include <string>

#include "burn/options.h"

namespace burn {

/// Does one of the virtual_… tasks; returns the report for standard output, which is empty for all but the list.
std::string run_virtual(const Options& options);

}  // namespace burn
