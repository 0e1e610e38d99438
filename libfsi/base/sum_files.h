// Lists of the sums of files (sum_list.h) on their way into files of the host: each is whole or an Error.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libfsi/base/running_digest.h"

namespace fsi {

class SumFiles {
 public:
  /// Creates the files: kind ("md5", ...) and name, "-" is standard output. Throws Error.
  explicit SumFiles(const std::vector<std::pair<std::string, std::string>>& wanted);
  SumFiles(const SumFiles&) = delete;
  ~SumFiles();

  void add(SumKind kind, std::string_view path, const std::optional<Sum>& sum);
  /// Throws Error when something was not written.
  void close();
  /// Files that are in no list because they could not be read.
  uint64_t left_out() const { return left_out_; }

 private:
  struct List {
    SumKind kind;
    std::string name;
    FILE* file;
  };
  std::vector<List> lists_;
  uint64_t left_out_ = 0;
};

}  // namespace fsi
