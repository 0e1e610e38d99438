// The grammar of a SOURCE argument; what it means is in builder.h.
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "libfsi/source/archive.h"
#include "libfsi/source/builder.h"

namespace fsi {

namespace {

struct Argument {
  std::optional<std::string> path;  // of a graft
  std::string source;
};

Argument parse(std::string_view text) {
  Argument argument;
  std::string part;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '=' || text[i + 1] == '\\')) {
      part += text[++i];
    } else if (text[i] == '=' && !argument.path) {
      argument.path = std::exchange(part, {});
    } else {
      part += text[i];
    }
  }
  argument.source = std::move(part);
  return argument;
}

std::string base_name(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

void TreeBuilder::add_source(std::string_view text) {
  const Argument argument = parse(text);
  if (argument.source.empty())
    throw Error(ErrorKind::usage, printable(text), "reading a source",
                "it names no file; write DIRECTORY, FILE, ARCHIVE, PATH=SOURCE or -");
  const std::string& source = argument.source;
  // A graft without '/' at its end is the path itself; everything else is a directory to put things into.
  const bool exact = argument.path && !argument.path->empty() && !argument.path->ends_with('/');
  const std::string into = argument.path.value_or("/");
  if (source == "-") return add_archive("-", into);
  struct stat st;
  const bool there = ::stat(source.c_str(), &st) == 0;
  if (there && S_ISDIR(st.st_mode)) return add_directory(source, into);
  if (exact) return add_file(source, into);
  if (has_archive_suffix(base_name(source))) return add_archive(source, into);
  add_file(source, into + "/" + base_name(source));
}

}  // namespace fsi
