// The lists of --sums: one file for each kind, whole or an error.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/base/running_digest.h"

namespace tool {

class SumFiles {
 public:
  /// Creates the files: kind and name, "-" is standard output. Throws Error.
  explicit SumFiles(const std::vector<std::pair<std::string, std::string>>& wanted);
  SumFiles(const SumFiles&) = delete;
  ~SumFiles();

  void add(fsi::SumKind kind, std::string_view path, const std::optional<fsi::Sum>& sum);
  /// Throws Error when something was not written.
  void close();
  /// Files that are in no list because they could not be read.
  uint64_t left_out() const { return left_out_; }

 private:
  struct List {
    fsi::SumKind kind;
    std::string name;
    FILE* file;
  };
  std::vector<List> lists_;
  uint64_t left_out_ = 0;
};

}  // namespace tool
