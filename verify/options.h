// The command line of verify.
#pragma once

#include <optional>
#include <string>

#include "libfsi/check/verify.h"

namespace tool {

enum class ProgressStyle { automatic, line, json, none };

struct Options {
  std::string image;
  bool json = false;
  ProgressStyle progress = ProgressStyle::automatic;
  fsi::VerifyOptions verify;
};

/// The options, or the exit code when there is nothing more to do (help was printed, or the usage is wrong).
struct Parsed {
  std::optional<Options> options;
  int exit_code = 0;
};
Parsed parse(int argc, char** argv);

}  // namespace tool
