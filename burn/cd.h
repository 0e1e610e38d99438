// burn audio and burn raw: their options, and what they print.
#pragma once

#include <CLI/CLI.hpp>
#include <stop_token>
#include <string>

#include "burn/options.h"
#include "burn/progress.h"

namespace burn {

struct CdCommands {
  CLI::App* audio = nullptr;
  CLI::App* raw = nullptr;
};
/// `speed` and `buffer` are those of burning itself.
CdCommands add_cd_commands(CLI::App& app, Options& options, std::string& speed, uint64_t& buffer);
/// After parsing. Throws CLI::ValidationError.
void finish_cd_options(Options& options, uint64_t buffer);

/// The text for standard output: the plan of --dry-run, the report of --json, or nothing.
std::string run_cd(const Options& options, ProgressView& view, const std::stop_token& stop);

}  // namespace burn
