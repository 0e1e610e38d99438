#include "libfsi/source/glob.h"

#include <gtest/gtest.h>

#include "libfsi/base/error.h"

namespace fsi {
namespace {

TEST(Glob, TableOfMatches) {
  const struct {
    const char *pattern, *text;
    bool matches;
  } table[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "a", true},
      {"*", "", true},
      {"*", "abc", true},
      {"*", "a/b", false},
      {"*.o", "x.o", true},
      {"*.o", ".o", true},
      {"*.o", "x.oo", false},
      {"*.o", "d/x.o", false},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {"?", "a", true},
      {"?", "/", false},
      {"?", "\xC3\xA4", true},  // one character of two bytes
      {"??", "\xC3\xA4", false},
      {"??", "\xC3x", true},  // not UTF-8: bytes
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[!a-c]x", "dx", true},
      {"[^a-c]x", "ax", false},
      {"[]x]", "]", true},
      {"[a-]", "-", true},
      {"[\\]]", "]", true},
      {"[\xC3\xA0-\xC3\xBF]", "\xC3\xA4", true},
      {"[!a]", "/", false},
      {"\\*", "*", true},
      {"\\*", "x", false},
      {"**", "a/b/c", true},
      {"**/x", "x", true},
      {"**/x", "a/b/x", true},
      {"**/x", "a/bx", false},
      {"a/**", "a/b/c", true},
      {"a/**", "a", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/xb", false},
      {"**/a*/**/b", "x/ay/z/b", true},
      {"**/a*/**/b", "x/ay/z/c", false},
      {"a**b", "a/x/b", true},
      {"a/*/c", "a/b/c", true},
      {"a/*/c", "a/b/b/c", false},
      {"**.txt", "a/b.txt", true},
      {"*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
  };
  for (const auto& row : table) EXPECT_EQ(glob_matches(row.pattern, row.text), row.matches) << row.pattern << " on " << row.text;
}

TEST(ExcludeRules, NamesAnywherePathsFromTheRoot) {
  const ExcludeRules rules({"*.o", "/top", "a/b", "cache/", "**/deep/x"});
  EXPECT_TRUE(rules.matches("/", "x.o", false));
  EXPECT_TRUE(rules.matches("/d/e", "x.o", false));
  EXPECT_TRUE(rules.matches("/", "top", false));
  EXPECT_FALSE(rules.matches("/d", "top", false));
  EXPECT_TRUE(rules.matches("/a", "b", true));
  EXPECT_FALSE(rules.matches("/x/a", "b", true));
  EXPECT_TRUE(rules.matches("/x", "cache", true));
  EXPECT_FALSE(rules.matches("/x", "cache", false));
  EXPECT_TRUE(rules.matches("/p/q/deep", "x", false));
}

TEST(ExcludeRules, RefusesPatternsThatCannotMean) {
  EXPECT_THROW(ExcludeRules({""}), Error);
  EXPECT_THROW(ExcludeRules({"/"}), Error);
  EXPECT_THROW(ExcludeRules({"a[b"}), Error);
  EXPECT_NO_THROW(ExcludeRules({"a\\[b"}));
}

}  // namespace
}  // namespace fsi
