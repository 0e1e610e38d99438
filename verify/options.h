// The command line of verify.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/base/meter.h"
#include "libfsi/fsi.h"

namespace tool {

struct Options {
  std::string image;  // one of the two
  std::string drive;
  bool json = false;
  // What to do instead of verifying; at most one.
  bool list = false;
  std::string cat;                   // path in the image
  std::vector<std::string> extract;  // path in the image, directory
  std::string tree;
  std::vector<std::pair<std::string, std::string>> sums;  // kind, file
  fsi::ProgressStyle progress = fsi::ProgressStyle::none;
  fsi::VerifyOptions verify;
};

/// The options, or the exit code when there is nothing more to do (help was printed, or the usage is wrong).
struct Parsed {
  std::optional<Options> options;
  int exit_code = 0;
};
Parsed parse(int argc, char** argv);

}  // namespace tool
