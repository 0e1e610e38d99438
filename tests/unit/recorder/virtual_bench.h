// What the tests of whole burns share: a directory of virtual drives of their own, noise to burn, and what was sent.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "librecorder/recorder.h"

namespace rec {

class Noise : public fsi::SectorSource {
 public:
  explicit Noise(uint64_t sectors) : bytes_(static_cast<size_t>(sectors) * fsi::kSectorSize) {
    std::mt19937 random(static_cast<unsigned>(sectors));
    for (auto& b : bytes_) b = static_cast<std::byte>(random() | 1);
  }
  uint64_t sectors() const override { return bytes_.size() / fsi::kSectorSize; }
  void read(fsi::SectorRange range, std::span<std::byte> out) const override {
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(range.first * fsi::kSectorSize), out.size(), out.begin());
  }
  std::string name() const override { return "noise"; }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// A state directory in memory where there is one; the environment points at it as long as it lives.
class VirtualBench {
 public:
  VirtualBench() {
    std::string name = (std::filesystem::is_directory("/dev/shm") ? "/dev/shm/" : testing::TempDir()) + "discpress-bench-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    ::setenv("DISCPRESS_STATE_DIR", directory_.c_str(), 1);
  }
  ~VirtualBench() {
    ::unsetenv("DISCPRESS_STATE_DIR");
    ::unsetenv("DISCPRESS_TRANSCRIPT");
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  VirtualBench(const VirtualBench&) = delete;
  VirtualBench& operator=(const VirtualBench&) = delete;

  /// Every command from now on, one line each.
  void record() { ::setenv("DISCPRESS_TRANSCRIPT", transcript().c_str(), 1); }
  std::vector<std::string> recorded() const {
    ::unsetenv("DISCPRESS_TRANSCRIPT");
    std::vector<std::string> lines;
    std::ifstream in(transcript());
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    std::filesystem::remove(transcript());
    return lines;
  }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path transcript() const { return directory_ / "transcript"; }
  std::filesystem::path directory_;
};

}  // namespace rec
