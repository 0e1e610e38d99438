#include "burn/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "libfsi/base/sectors.h"
#include "tool/standard_streams.h"

namespace burn {

std::string clock_text(double seconds) {
  const auto s = static_cast<uint64_t>(std::max(seconds, 0.0));
  return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) : fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string size_text(double bytes) {
  if (bytes < 1024.0 * 1024) return fmt::format("{:.0f} KiB", bytes / 1024);
  if (bytes < 10240.0 * 1024 * 1024) return fmt::format("{:.1f} MiB", bytes / (1024 * 1024));
  return fmt::format("{:.2f} GiB", bytes / (1024.0 * 1024 * 1024));
}

namespace {
/// Of a CD of tracks: sectors are of many sizes there, and time is what one knows of music.
std::string cd_part(const rec::BurnEvent& event) {
  std::string text;
  const double sectors = event.bytes_per_second / fsi::kSectorSize;
  if (event.phase == "writing") {
    if (event.total && *event.total > 0)
      text += fmt::format("  {:3.0f}%", std::floor(100.0 * static_cast<double>(event.done) / static_cast<double>(*event.total)));
    text += event.track == 0             ? "  lead-in"
            : event.track > event.tracks ? "  lead-out"
                                         : fmt::format("  track {} of {}", event.track, event.tracks);
    if (sectors > 0) text += fmt::format("  {:.1f}x", sectors / 75);
  }
  if (event.ring_size)
    text += fmt::format("  buffer {:3.0f}%", 100.0 * static_cast<double>(event.ring_fill) / static_cast<double>(event.ring_size));
  if (event.phase == "writing" && event.total && sectors > 0 && event.seconds > 5)
    text += "  " + clock_text(static_cast<double>(*event.total - std::min(event.done, *event.total)) / sectors) + " left";
  return text;
}
}  // namespace

std::string progress_line(const rec::BurnEvent& event) {
  const double done = static_cast<double>(event.done) * fsi::kSectorSize;
  std::string line = fmt::format("{:<9} {}", event.phase, clock_text(event.seconds));
  if (event.phase == "closing" || event.phase == "erasing" || event.phase == "formatting") {
    if (event.part) line += fmt::format("  {:3.0f}%", *event.part * 100);
    return line;
  }
  if (event.tracks && event.phase != "spooling") return line + cd_part(event);
  const bool verifying = event.phase == "verifying";
  if (event.ring_size == 0 && !verifying) return line;
  if (event.phase == "writing" || verifying) {
    if (event.total && *event.total > 0) {
      // Rounded down: 100% is when it is done.
      line += fmt::format("  {:3.0f}%  {} of {}", std::floor(100.0 * static_cast<double>(event.done) / static_cast<double>(*event.total)),
                          size_text(done), size_text(static_cast<double>(*event.total) * fsi::kSectorSize));
    } else {
      line += "  " + size_text(done);
    }
    if (!verifying || event.bytes_per_second > 0) line += fmt::format("  {:.1f} MB/s", event.bytes_per_second / 1e6);
  }
  if (!verifying)
    line += fmt::format("  buffer {:3.0f}%", 100.0 * static_cast<double>(event.ring_fill) / static_cast<double>(event.ring_size));
  if ((event.phase == "writing" || verifying) && event.total && event.bytes_per_second > 0 && event.seconds > 5) {
    const double left = static_cast<double>(*event.total - std::min(event.done, *event.total)) * fsi::kSectorSize / event.bytes_per_second;
    line += "  " + clock_text(left) + " left";
  }
  return line;
}

std::string progress_json(const rec::BurnEvent& event) {
  nlohmann::json json{{"phase", event.phase},         {"sectors", event.done},    {"ring_fill", event.ring_fill},
                      {"ring_size", event.ring_size}, {"seconds", event.seconds}, {"bytes_per_second", event.bytes_per_second}};
  if (event.speed_kb) json["speed_kb"] = event.speed_kb;
  if (event.stops) json["stops"] = event.stops;
  if (event.total) json["total_sectors"] = *event.total;
  if (event.part) json["part"] = *event.part;
  if (event.tracks) {
    json["track"] = event.track;
    json["tracks"] = event.tracks;
  }
  return json.dump();
}

ProgressView::ProgressView(ProgressStyle style) : style_(style) {
  if (style_ == ProgressStyle::automatic) style_ = isatty(STDERR_FILENO) ? ProgressStyle::tty : ProgressStyle::none;
}

void ProgressView::show(const rec::BurnEvent& event) {
  if (style_ == ProgressStyle::json) {
    tool::say("{}\n", progress_json(event));
    return;
  }
  if (style_ != ProgressStyle::tty) return;
  if (event.phase == "done") return clear();
  print_line(progress_line(event));
}

void ProgressView::show(size_t drive, const std::string& name, const rec::BurnEvent& event) {
  if (style_ == ProgressStyle::json) {
    nlohmann::json json = nlohmann::json::parse(progress_json(event));
    json["drive"] = name;
    tool::say("{}\n", json.dump());
    return;
  }
  if (style_ != ProgressStyle::tty) return;
  if (parts_.size() <= drive) parts_.resize(drive + 1);
  parts_[drive] = fmt::format("{} {}", name, event.phase);
  if (event.phase == "writing" && event.total && *event.total > 0)
    parts_[drive] += fmt::format(" {:.0f}%", std::floor(100.0 * static_cast<double>(event.done) / static_cast<double>(*event.total)));
  std::string line;
  for (const std::string& part : parts_) line += (line.empty() || part.empty() ? "" : " | ") + part;
  print_line(line);
}

void ProgressView::print_line(std::string line) {
  winsize size{};
  // A line that wraps could not be taken back.
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && line.size() >= size.ws_col) line.resize(size.ws_col - 1u);
  tool::say("\r{}\x1b[K", line);
  shown_ = true;
}

void ProgressView::clear() {
  if (!shown_) return;
  tool::say("\r\x1b[K");
  shown_ = false;
}

}  // namespace burn
