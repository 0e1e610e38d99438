#include "libfsi/base/meter.h"

#include <algorithm>
#include <cstdio>

namespace fsi {

ProgressStyle parse_progress_style(std::string_view word, bool is_terminal) {
  if (word == "auto") return is_terminal ? ProgressStyle::terminal : ProgressStyle::none;
  if (word == "tty") return ProgressStyle::terminal;
  if (word == "json") return ProgressStyle::json;
  if (word == "none") return ProgressStyle::none;
  throw Error(ErrorKind::usage, "--progress", "choosing the progress display",
              "\"" + printable(word) + "\" is not one of auto, tty, json, none");
}

std::string human_bytes(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) value /= 1000, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit && value < 10 ? "%.1f %s" : "%.0f %s", value, kUnits[unit]);
  return text;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

double Meter::elapsed(const ProgressEvent& event, Clock::time_point now) {
  if (event.phase != phase_) {
    phase_ = event.phase;
    phase_start_ = now;
    phase_first_ = event.done;
  }
  return std::chrono::duration<double>(now - phase_start_).count();
}

std::string Meter::line(const ProgressEvent& event, Clock::time_point now, unsigned columns) {
  const double seconds = elapsed(event, now);
  const uint64_t done = event.total ? std::min(event.done, event.total) : event.done;
  const double rate = seconds > 0.4 ? static_cast<double>(done - std::min(done, phase_first_)) / seconds : 0;
  std::string line(event.phase);
  char text[64];
  if (event.total) {
    std::snprintf(text, sizeof text, " %3u %%",
                  static_cast<unsigned>(100.0 * static_cast<double>(done) / static_cast<double>(event.total)));
    line += text;
  }
  if (unit_bytes_ && event.total)
    line += "  " + human_bytes(done * unit_bytes_) + " of " + human_bytes(event.total * unit_bytes_);
  else if (done)
    line += "  " + std::to_string(done);
  if (rate > 0 && unit_bytes_ && event.total) {
    const auto left = static_cast<unsigned long>(static_cast<double>(event.total - done) / rate);
    std::snprintf(text, sizeof text, "  %lu:%02lu left", left / 60, left % 60);
    line += "  " + human_bytes(static_cast<uint64_t>(rate * static_cast<double>(unit_bytes_))) + "/s" + text;
  }
  if (!event.current.empty()) line += "  " + printable(event.current);
  if (columns > 1 && line.size() >= columns) {
    size_t cut = columns - 1;  // never inside of a character
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) --cut;
    line.resize(cut);
  }
  return line;
}

std::string Meter::json(const ProgressEvent& event, Clock::time_point now, std::string_view more) {
  const double seconds = elapsed(event, now);
  char text[128];
  std::snprintf(text, sizeof text, ",\"done\":%llu,\"total\":%llu,\"unit\":%llu,\"elapsed\":%.1f",
                static_cast<unsigned long long>(event.done), static_cast<unsigned long long>(event.total),
                static_cast<unsigned long long>(unit_bytes_), seconds);
  std::string line = "{\"phase\":" + json_string(event.phase) + text;
  if (!event.current.empty()) line += ",\"current\":" + json_string(event.current);
  line += more;
  return line + "}\n";
}

}  // namespace fsi
