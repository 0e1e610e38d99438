#include "libfsi/source/glob.h"

#include <cstdint>

#include "libfsi/base/error.h"

namespace fsi {

namespace {

// The character at the front of `text` and its length: a UTF-8 sequence, or a single byte, which
// then stands above all of Unicode so that it never equals a character.
struct Character {
  uint32_t code;
  size_t length;
};
Character front(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 1) return {lead, 1};
  if (length == 0 || length > text.size()) return {0x110000u + lead, 1};
  uint32_t code = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0x110000u + lead, 1};
    code = code << 6 | (byte(i) & 0x3F);
  }
  return {code, length};
}

// Reads one character of a set, `\x` meaning x.
Character set_character(std::string_view text) {
  if (text[0] != '\\' || text.size() < 2) return front(text);
  Character c = front(text.substr(1));
  ++c.length;
  return c;
}

// The length of the set that begins at pattern[0] == '[', and whether `c` is in it; 0 when it is never closed.
size_t match_set(std::string_view pattern, uint32_t c, bool& in) {
  size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  in = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) {
      in = in != negated;
      return i + 1;
    }
    const Character low = set_character(pattern.substr(i));
    i += low.length;
    uint32_t high = low.code;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      const Character end = set_character(pattern.substr(i + 1));
      i += 1 + end.length;
      high = end.code;
    }
    in = in || (low.code <= c && c <= high);
  }
  return 0;
}

// Matches one pattern element that is not a star; returns its length, or 0 when it does not match.
size_t match_one(std::string_view pattern, Character c) {
  switch (pattern[0]) {
    case '?': return c.code == '/' ? 0 : 1;
    case '[': {
      bool in = false;
      const size_t length = match_set(pattern, c.code, in);
      return in && c.code != '/' ? length : 0;
    }
    default: {
      const Character own = set_character(pattern);
      return own.code == c.code ? own.length : 0;
    }
  }
}

}  // namespace

// The usual two-pointer match, with one place to come back to for the last `*` and one for the last
// `**`: a later star always makes coming back to an earlier one of its kind useless.
bool glob_matches(std::string_view pattern, std::string_view text) {
  struct Retry {
    size_t pattern = std::string_view::npos, text = 0;
    bool components = false;  // `**/`: may only end where a component begins
  };
  Retry star, double_star;
  size_t p = 0, t = 0;
  auto at_component = [&](size_t i) { return i == 0 || text[i - 1] == '/'; };
  for (;;) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (p + 1 < pattern.size() && pattern[p + 1] == '*') {
        const bool alone = p == 0 || pattern[p - 1] == '/';
        p += 2;
        const bool components = alone && p < pattern.size() && pattern[p] == '/' && at_component(t);
        if (components) ++p;
        double_star = {p, t, components};
        star = {};
      } else {
        ++p;
        star = {p, t, false};
      }
      continue;
    }
    if (t == text.size() && p == pattern.size()) return true;
    if (t < text.size() && p < pattern.size()) {
      const Character c = front(text.substr(t));
      if (const size_t length = match_one(pattern.substr(p), c)) {
        p += length;
        t += c.length;
        continue;
      }
    }
    if (star.pattern != std::string_view::npos && star.text < text.size() && text[star.text] != '/') {
      star.text += front(text.substr(star.text)).length;
      p = star.pattern;
      t = star.text;
    } else if (double_star.pattern != std::string_view::npos && double_star.text < text.size()) {
      do double_star.text += front(text.substr(double_star.text)).length;
      while (double_star.components && double_star.text < text.size() && !at_component(double_star.text));
      if (double_star.components && !at_component(double_star.text)) return false;
      star = {};
      p = double_star.pattern;
      t = double_star.text;
    } else {
      return false;
    }
  }
}

ExcludeRules::ExcludeRules(const std::vector<std::string>& patterns) {
  for (const std::string& given : patterns) {
    std::string pattern = given;
    bool directories_only = false;
    while (!pattern.empty() && pattern.back() == '/') {
      pattern.pop_back();
      directories_only = true;
    }
    const bool has_slash = pattern.find('/') != std::string::npos;
    while (pattern.starts_with('/')) pattern.erase(0, 1);
    if (pattern.empty())
      throw Error(ErrorKind::usage, printable(given), "reading an exclude pattern", "it names nothing; give a name, a path or a pattern");
    for (size_t i = 0; i < pattern.size(); ++i) {
      bool in;
      if (pattern[i] == '\\') {
        ++i;
      } else if (pattern[i] == '[') {
        const size_t length = match_set(std::string_view(pattern).substr(i), 0, in);
        if (length == 0)
          throw Error(ErrorKind::usage, printable(given), "reading an exclude pattern",
                      "'[' has no ']'; write '\\[' for the character itself");
        i += length - 1;
      }
    }
    (has_slash ? by_path_ : by_name_).push_back({std::move(pattern), directories_only});
  }
}

bool ExcludeRules::matches(std::string_view directory, std::string_view name, bool is_directory) const {
  for (const Rule& rule : by_name_)
    if ((is_directory || !rule.directories_only) && glob_matches(rule.pattern, name)) return true;
  if (by_path_.empty()) return false;
  std::string path(directory.substr(directory.starts_with('/') ? 1 : 0));
  if (!path.empty()) path += '/';
  path += name;
  for (const Rule& rule : by_path_)
    if ((is_directory || !rule.directories_only) && glob_matches(rule.pattern, path)) return true;
  return false;
}

}  // namespace fsi
