#include "libfsi/source/mode_rule.h"

#include <gtest/gtest.h>

#include "libfsi/base/error.h"

namespace fsi {
namespace {

TEST(ModeRule, TableAsChmodDoesIt) {
  const struct {
    const char* rule;
    unsigned mode;
    bool directory;
    unsigned result;
  } table[] = {
      {"644", 0777, false, 0644},       {"0755", 0, true, 0755},           {"4755", 0, false, 04755},
      {"a+rX", 0600, false, 0644},      {"a+rX", 0700, false, 0755},       {"a+rX", 0600, true, 0755},
      {"u=rw,go=r", 0777, false, 0644}, {"u=rw,go=r", 04777, false, 0644}, {"go-w", 0666, false, 0644},
      {"g=u", 0640, false, 0660},       {"o=", 0777, false, 0770},         {"u+s", 0755, false, 04755},
      {"g+s", 0755, true, 02755},       {"+t", 0777, true, 01777},         {"-x", 0755, false, 0644},
      {"u+x-w", 0644, false, 0544},     {"D755,F644", 0700, true, 0755},   {"D755,F644", 0700, false, 0644},
      {"Fa-x", 0755, true, 0755},       {"Fa-x", 0755, false, 0644},       {"=r", 07777, false, 0444},
  };
  for (const auto& row : table)
    EXPECT_EQ(ModeRule::parse(row.rule).apply(static_cast<uint16_t>(row.mode), row.directory), row.result)
        << row.rule << " on " << std::oct << row.mode;
}

TEST(ModeRule, RefusesWhatChmodWould) {
  for (const char* rule : {"", "8", "10000", "64x", "u", "u+q", "a+r,", "z+r", "ugo", "D", "F,644"})
    EXPECT_THROW(ModeRule::parse(rule), Error) << rule;
}

}  // namespace
}  // namespace fsi
