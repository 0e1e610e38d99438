// What was sent to a drive, held against a file of tests/golden, where DISCPRESS_GOLDEN=write puts it.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace rec {

/// Runs of WRITE and READ, and polls of a drive that is busy, as one line. `by_length`: only those of as many blocks, where a block's
/// size depends on what it is part of.
inline std::vector<std::string> told(const std::vector<std::string>& lines, bool by_length = false) {
  std::vector<std::string> out;
  std::string last;
  size_t count = 0;
  const auto flush = [&] {
    if (count > 1) out.back() += "   (" + std::to_string(count) + " of them)";
    count = 0;
  };
  for (std::string line : lines) {
    // How many features a drive has is no part of a recipe.
    if (line.rfind("GET CONFIGURATION", 0) == 0) line.replace(line.find(" -> ") - 8, 5, ".. ..");
    // How the speed follows the source depends on the machine that the test runs on.
    if (line.rfind("SET STREAMING", 0) == 0 || line.rfind("SET CD SPEED", 0) == 0 || line.rfind("READ BUFFER CAPACITY", 0) == 0) continue;
    // What is the same but for the address, or for how far the drive is.
    const size_t end = std::min(line.size(), line.find(" -> "));
    std::string kind = line.substr(0, line.find(' ')) + line.substr(end);
    if (by_length && line.rfind("WRITE(10)", 0) == 0) kind += line.substr(end - 8, 5);
    const bool folds = line.rfind("WRITE(", 0) == 0 || line.rfind("READ(10)", 0) == 0 || line.rfind("TEST UNIT", 0) == 0 ||
                       line.rfind("REQUEST SENSE", 0) == 0;
    if (folds && kind == last) {
      ++count;
      continue;
    }
    flush();
    out.push_back(line);
    last = folds ? kind : std::string();
    count = 1;
  }
  flush();
  return out;
}

/// `says`: what the recipe is, in a line of its own.
inline void expect_golden(const char* name, const char* says, const std::vector<std::string>& lines, bool by_length = false) {
  std::string text = "# " + std::string(says) + "\n";
  for (const std::string& line : told(lines, by_length)) text += line + "\n";

  const std::filesystem::path file = std::filesystem::path(DISCPRESS_SOURCE_DIR) / "tests/golden" / (std::string(name) + ".txt");
  if (const char* write = std::getenv("DISCPRESS_GOLDEN"); write && std::string(write) == "write") {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::ifstream in(file);
  ASSERT_TRUE(in.good()) << file << " is not there; DISCPRESS_GOLDEN=write makes it";
  const std::string golden((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, golden);
}

/// The name of a file as GoogleTest takes it.
inline std::string golden_name(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = c == '+' ? 'P' : '_';
  return name;
}

}  // namespace rec
