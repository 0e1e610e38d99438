// Progress as text: a calm line for a terminal, a JSON object a line for a program. Makes text only; the
// tool prints it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "libfsi/base/progress.h"

namespace fsi {

/// How a tool shows progress: a line on a terminal, nothing in a pipe, unless asked otherwise.
enum class ProgressStyle : unsigned char { none, terminal, json };

/// "tty", "json", "none", or "auto" (terminal when `is_terminal`). Throws Error{usage}.
ProgressStyle parse_progress_style(std::string_view word, bool is_terminal);

/// One phase of work over time. Not thread-safe. Percentages never pass 100 and never fall within a phase.
class Meter {
 public:
  using Clock = std::chrono::steady_clock;

  /// `unit_bytes`: bytes of one unit of done and total (2048), or 0 when they count things.
  explicit Meter(uint64_t unit_bytes = 2048) : unit_bytes_(unit_bytes) {}

  /// "writing   42 %  1.3 of 3.1 GB   812 MB/s  0:02 left  /path" cut to `columns`.
  std::string line(const ProgressEvent& event, Clock::time_point now, unsigned columns);
  /// {"phase":"writing","done":…,"total":…,"unit":2048,"elapsed":…,"current":"…"} and a newline; `more` is
  /// appended inside of the object (",\"fill\":97").
  std::string json(const ProgressEvent& event, Clock::time_point now, std::string_view more = {});

 private:
  double elapsed(const ProgressEvent& event, Clock::time_point now);

  const uint64_t unit_bytes_;
  std::string phase_;
  Clock::time_point phase_start_{};
  uint64_t phase_first_ = 0;
};

/// "1.3 GB", "812 MB": decimal units, as on the box of a disc.
std::string human_bytes(uint64_t bytes);
/// A text as a JSON string, quotes included; bytes that are no UTF-8 are shown as printable() does.
std::string json_string(std::string_view text);

}  // namespace fsi
