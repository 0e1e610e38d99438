// The command line of mkimage: words into ImageOptions and what to do with the result. Checks everything
// before anything is touched; does no work.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libfsi/base/meter.h"
#include "libfsi/fsi.h"

namespace mkimage {

struct Options {
  fsi::ImageOptions image;
  std::vector<std::string> sources;
  std::string output;    ///< empty: standard output
  std::string map_file;  ///< "-" is standard output
  std::string names_file;
  std::vector<std::pair<std::string, std::string>> sums;  ///< kind, file
  bool print_size = false;
  bool dry_run = false;
  fsi::ProgressStyle progress = fsi::ProgressStyle::none;
};

/// Throws fsi::Error{usage}. Returns false when --help or --version has been printed.
bool parse(int argc, char** argv, Options& options);

}  // namespace mkimage
