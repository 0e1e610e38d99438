#include "libfsi/base/sum_list.h"

#include "libfsi/base/digest.h"

namespace fsi {

std::string sum_line(SumKind kind, const Sum& sum, std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const bool escaped = path.find_first_of(kind == SumKind::xxh128 ? "\n" : "\n\r\\") != std::string_view::npos;
  if (!escaped) return hex(std::span(sum).first(sum_size(kind))) + "  " + std::string(path) + "\n";
  std::string line = "\\" + hex(std::span(sum).first(sum_size(kind))) + "  ";
  for (const char c : path) switch (c) {
      case '\n': line += "\\n"; break;
      case '\r': line += "\\r"; break;
      case '\\': line += "\\\\"; break;
      default: line += c;
    }
  return line + "\n";
}

}  // namespace fsi
