// Exclude patterns over paths of the image. Bytes in, no locale: one character is one UTF-8
// sequence, or one byte where the text is not UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fsi {

/// `*` any run without '/', `?` one character but '/', `[a-z]` `[!x]` one of a set, `**` any run
/// with '/' too (`**/` also nothing at all), `\x` the character x. The whole text must match.
bool glob_matches(std::string_view pattern, std::string_view text);

/// Patterns of things to leave out. A pattern without '/' matches a base name at any depth; one with
/// '/' (a leading one included) the path from the root of the image. One that ends in '/' matches
/// directories only. Immutable, thread-safe.
class ExcludeRules {
 public:
  ExcludeRules() = default;
  /// Throws Error{usage} on an empty pattern and on a set that is never closed.
  explicit ExcludeRules(const std::vector<std::string>& patterns);

  bool empty() const { return by_name_.empty() && by_path_.empty(); }
  /// Whether matches() looks at `directory` at all.
  bool needs_path() const { return !by_path_.empty(); }
  /// `directory`: path of the holding directory, "/" or "/a/b".
  bool matches(std::string_view directory, std::string_view name, bool is_directory) const;

 private:
  struct Rule {
    std::string pattern;
    bool directories_only;
  };
  std::vector<Rule> by_name_, by_path_;
};

}  // namespace fsi
