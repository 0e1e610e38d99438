// The command line of verify.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/base/meter.h"
#include "libfsi/fsi.h"

namespace tool {

/// What is to be verified, in the order of the command line: an image file, or the disc in a drive.
struct Target {
  std::string name;
  bool drive = false;
};

struct Options {
  std::vector<Target> targets;
  std::string manifest;              ///< --manifest FILE
  std::string write_manifest;        ///< --write-manifest FILE
  std::vector<std::string> against;  ///< --against: an image or drive, or sources as mkimage takes them
  fsi::AgainstTreeOptions folders;   ///< how folders and archives are compared
  std::string map;                   ///< --map FILE
  std::string resume;                ///< --resume FILE
  bool uncached = false;
  bool json = false;
  unsigned threads = 0;
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
