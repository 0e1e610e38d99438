// A cell of the fault matrices: one command of a recipe fails once in one way. What must hold for every cell, whatever is burned: it ends,
// the error says where, what and why in one line, the exit code is one of those it may be, and the tray is unlocked afterwards.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "libfsi/base/error.h"
#include "librecorder/virtual/drive_state.h"
#include "librecorder/virtual/registry.h"
#include "tests/unit/recorder/fault_table.h"
#include "tests/unit/recorder/virtual_bench.h"

namespace rec {

/// As the virtual drive is told of it.
inline std::string spec_of(const PlacedCommand& command, const Fault& fault) {
  char spec[96];
  std::snprintf(spec, sizeof spec, "op=%02X,nth=%u,%s", unsigned{command.opcode}, command.nth, fault.spec);
  return spec;
}
inline const char* name_of(Where where) { return where == Where::before ? "before" : where == Where::writing ? "writing" : "after"; }
inline Must must_of(const Fault& fault, Where where) {
  return where == Where::before ? fault.before : where == Where::writing ? fault.writing : fault.after;
}

struct CellOutcome {
  bool failed = false;
  std::string message;  ///< of the error
};

/// Burns in drive "d", which has the fault, and takes the fault away afterwards: the drive as it is when somebody has plugged it in again.
inline CellOutcome burn_cell(const VirtualBench& bench, const PlacedCommand& command, const Fault& fault, Must must,
                             std::map<std::string, size_t>& outcomes, const std::function<void()>& burn) {
  CellOutcome outcome;
  try {
    burn();
    outcomes["succeeded"]++;
  } catch (const fsi::Error& e) {
    outcome = {true, e.what()};
    const int code = fsi::exit_code(e.kind());
    outcomes["exit " + std::to_string(code)]++;
    EXPECT_TRUE(code == 1 || code == 4) << outcome.message;
    EXPECT_NE(outcome.message.find("virtual:d"), std::string::npos) << "where? " << outcome.message;
    EXPECT_EQ(outcome.message.find('\n'), std::string::npos) << outcome.message;
    EXPECT_FALSE(e.doing().empty()) << outcome.message;
    EXPECT_GT(e.why().size(), 10u) << outcome.message;
  }
  if (must == Must::succeed) {
    EXPECT_FALSE(outcome.failed) << outcome.message;
  }
  if (must == Must::fail) {
    EXPECT_TRUE(outcome.failed);
  }

  virt::Registry().set_faults("d", {});
  const bool reachable = std::string(fault.spec) != "gone" && command.opcode != 0x1E;  // else nobody could unlock it
  if (reachable) {
    const auto state = virt::load_drive_state(bench.directory() / "drives/d");
    EXPECT_FALSE(state.locked) << "the tray is still locked: " << outcome.message;
  }
  return outcome;
}

inline void print_matrix(const char* label, size_t commands, size_t cells, const std::map<std::string, size_t>& outcomes) {
  std::string text;
  for (const auto& [outcome, count] : outcomes) text += ", " + std::to_string(count) + " " + outcome;
  std::printf("fault matrix: %s: %zu commands x %zu faults = %zu cells%s\n", label, commands, std::size(kFaults), cells, text.c_str());
}

}  // namespace rec
