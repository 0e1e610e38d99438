#include "libfsi/base/sum_files.h"

#include "libfsi/base/error.h"
#include "libfsi/base/sum_list.h"

namespace fsi {

SumFiles::SumFiles(const std::vector<std::pair<std::string, std::string>>& wanted) {
  for (const auto& [kind, name] : wanted) {
    FILE* const file = name == "-" ? stdout : std::fopen(name.c_str(), "we");
    if (!file) throw system_error(printable(name), "creating the list of sums");
    lists_.push_back({parse_sum_kind(kind, "--sums"), name, file});
  }
}

SumFiles::~SumFiles() {
  for (const List& list : lists_)
    if (list.file && list.file != stdout) std::fclose(list.file);
}

void SumFiles::add(SumKind kind, std::string_view path, const std::optional<Sum>& sum) {
  if (!sum) {
    ++left_out_;
    return;
  }
  const std::string line = sum_line(kind, *sum, path);
  for (const List& list : lists_)
    if (list.kind == kind) std::fwrite(line.data(), 1, line.size(), list.file);
}

void SumFiles::close() {
  for (List& list : lists_) {
    FILE* const file = std::exchange(list.file, nullptr);
    const bool bad = std::ferror(file) != 0;
    if ((file == stdout ? std::fflush(file) : std::fclose(file)) != 0 || bad)
      throw system_error(printable(list.name), "writing the list of sums");
  }
}

}  // namespace fsi
