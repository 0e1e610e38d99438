// One image or disc: opened, verified, reported. What the others are doing is not its business.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "verify/options.h"

namespace tool {

/// What became of a target. `text` and `json` are empty when it could not be verified at all; `error` says why then.
struct Outcome {
  int exit_code = 0;
  std::string text, json;
  std::string error;
};

/// What a job keeps for another run, and where it goes on. `identity` names what is verified: as long as it is the same,
/// what was read before still holds.
struct Memory {
  std::function<std::optional<fsi::PassState>(const std::string& identity)> recall;
  std::function<std::optional<Outcome>()> finished;  ///< by an earlier run; after recall()
  std::function<void(const std::string& identity, const fsi::PassState&)> keep;
};

/// Throws Error{interrupted} only; everything else becomes the outcome.
Outcome run_job(const Options& options, const Target& target, unsigned threads, const fsi::Progress& progress, const std::stop_token& stop,
                const Memory* memory);

/// For those who only want to read it. Throws Error.
struct ReadTarget {
  std::unique_ptr<const fsi::SectorSource> source;
  uint64_t session_start = 0;
};
ReadTarget open_target(const Target& target, const std::stop_token& stop);

/// Targets with the same key share a device, which is read by one job at a time.
std::string device_key(const Target& target);

}  // namespace tool
