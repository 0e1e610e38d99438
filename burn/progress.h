// How a burn shows that it goes on: a calm line on a terminal, or one JSON object a line. On standard error.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "burn/options.h"
#include "librecorder/recorder.h"

namespace burn {

class ProgressView {
 public:
  /// `times_1x`: bytes a second of 1x are not known before the medium is; 0 leaves the times out.
  explicit ProgressView(ProgressStyle style);
  ~ProgressView() { clear(); }

  void show(const rec::BurnEvent& event);
  /// Of one of several drives. One thread at a time.
  void show(size_t drive, const std::string& name, const rec::BurnEvent& event);
  /// The line is taken away so that a message can be printed.
  void clear();

 private:
  void print_line(std::string line);
  ProgressStyle style_;
  std::vector<std::string> parts_;  // of each drive
  bool shown_ = false;
};

/// The line without control characters, for tests and for `show`.
std::string progress_line(const rec::BurnEvent& event);
std::string progress_json(const rec::BurnEvent& event);

/// "1:05", "1:02:03".
std::string clock_text(double seconds);
/// "12.3 MiB".
std::string size_text(double bytes);

}  // namespace burn
