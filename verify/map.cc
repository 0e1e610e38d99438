#include "verify/map.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libfsi/base/error.h"
#include "libfsi/base/meter.h"

namespace tool {

namespace {

using fsi::Finding;
using fsi::Issue;
using fsi::SectorRange;
using fsi::Severity;

constexpr int kWidth = 1000, kMargin = 24, kLabels = 76, kColumns = 80;
constexpr int kGridLeft = kMargin + kLabels;
constexpr double kCell = (kWidth - kMargin - kGridLeft) / static_cast<double>(kColumns);  // with its gap
constexpr size_t kNamed = 14;

// Light and dark, by what the reader of the page prefers. Shapes say the same as colours: a bad cell that cannot be read has
// a cross, a slow one a dot.
constexpr const char* kStyle = R"(<style>
  text { font-family: sans-serif; font-size: 13px; fill: #1f2933; }
  .title { font-size: 22px; font-weight: bold; } .small { font-size: 11px; } .faint { fill: #66727f; }
  .verdict { font-size: 15px; font-weight: bold; fill: #ffffff; } .head { font-weight: bold; }
  .paper { fill: #ffffff; } .rule { stroke: #d5dbe1; stroke-width: 1; } .mono { font-family: monospace; font-size: 12px; }
  .good { fill: #2e8b57; } .fair { fill: #b7791f; } .bad { fill: #c62828; }
  .data { fill: #7fb2e5; } .meta { fill: #8e6cc1; } .free { fill: #e4e8ec; }
  .before { fill: none; stroke: #c3ccd5; stroke-width: 1; }
  .different, .unreadable, .missing { fill: #d32f2f; } .cross { stroke: #ffffff; stroke-width: 1.6; fill: none; }
  .missing { fill: none; stroke: #d32f2f; stroke-width: 1.5; }
  .slow { fill: #f59e0b; stroke: #ffffff; stroke-width: 0.5; } .session { stroke: #1f2933; stroke-width: 2.5; fill: none; }
  .speed { fill: #7fb2e5; } .speedslow { fill: #f59e0b; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e3e8ee; } .faint { fill: #9aa7b4; } .verdict { fill: #ffffff; } .paper { fill: #161b22; } .rule { stroke: #333c47; }
    .data { fill: #3f74ab; } .meta { fill: #a384d6; } .free { fill: #2a323c; } .before { stroke: #3d4855; } .different, .unreadable { fill: #ef5350; }
    .missing { fill: none; stroke: #ef5350; } .session { stroke: #e3e8ee; } .slow { stroke: #161b22; } .speed { fill: #3f74ab; }
  }
</style>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : fsi::printable(text)) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  return out;
}

// Cut in the middle: both ends of a path say more than its beginning. Counts characters of UTF-8.
std::string shortened(std::string text, size_t most) {
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto length = static_cast<size_t>(std::ranges::count_if(text, is_start));
  if (length <= most) return text;
  const auto at = [&](size_t character) {
    size_t i = 0;
    for (size_t seen = 0; i < text.size() && (seen += is_start(text[i])) <= character;) ++i;
    return i;
  };
  const size_t front = most / 3;
  return text.substr(0, at(front)) + "…" + text.substr(at(length - (most - front - 1)));
}

std::string size_text(uint64_t sectors) { return fsi::human_bytes(sectors * fsi::kSectorSize); }

enum class Mark : uint8_t { none, missing, different, unreadable };

struct Cell {
  Mark mark = Mark::none;
  uint64_t damaged = 0;
  bool slow = false, session = false;
};

bool is_damage(const Issue& issue) {
  return issue.severity == Severity::error && issue.where.count > 0 &&
         (issue.finding == Finding::different || issue.finding == Finding::unreadable || issue.finding == Finding::truncated ||
          (issue.finding == Finding::manifest) || (issue.finding == Finding::against && !issue.paths.empty()));
}

Mark mark_of(Finding finding) {
  return finding == Finding::unreadable ? Mark::unreadable : finding == Finding::truncated ? Mark::missing : Mark::different;
}

class Picture {
 public:
  Picture(const fsi::VerifyReport& report, const std::vector<SectorRange>& sessions)
      : report_(report), sessions_(sessions), cells_(report.survey.size()) {
    mark_cells();
  }

  std::string draw() {
    header();
    grid();
    legend();
    if (report_.reading.timed) speed();
    damage_list();
    const double height = y_ + kMargin - 8;
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1:.0f}\" width=\"{0}\" height=\"{1:.0f}\" role=\"img\">\n"
               "<title>{2}</title>\n{3}<rect class=\"paper\" width=\"{0}\" height=\"{1:.0f}\" rx=\"10\"/>\n",
               kWidth, height, escaped(name() + ": " + verdict()), kStyle) +
           out_ + "</svg>\n";
  }

 private:
  template <class Do>
  void for_cells(SectorRange range, Do&& act) {
    if (cells_.empty() || range.count == 0) return;
    const uint64_t size = report_.survey.front().range.count;
    for (uint64_t i = range.first / size; i < cells_.size() && report_.survey[i].range.first < range.end(); ++i) act(i);
  }

  void mark_cells() {
    for (const Issue& issue : report_.issues) {
      if (!is_damage(issue)) continue;
      for_cells(issue.where, [&](uint64_t i) {
        const SectorRange cell = report_.survey[i].range;
        cells_[i].mark = std::max(cells_[i].mark, mark_of(issue.finding));
        cells_[i].damaged += std::min(cell.end(), issue.where.end()) - std::max(cell.first, issue.where.first);
      });
      if (issue.finding != Finding::against && issue.what != "the image is truncated") {
        ++ranges_;
        damaged_sectors_ += issue.where.count;
      }
    }
    for (const fsi::ReadStretch& zone : report_.reading.slow_zones()) for_cells(zone.range, [&](uint64_t i) { cells_[i].slow = true; });
    if (sessions_.size() > 1)
      for (const SectorRange& session : sessions_) for_cells({session.first, 1}, [&](uint64_t i) { cells_[i].session = true; });
  }

  std::string name() const {
    if (!report_.volume_id.empty()) return report_.volume_id;
    return report_.source.substr(report_.source.rfind('/') + 1);
  }

  std::string verdict() const {
    if (!report_.ok()) return ranges_ ? "DAMAGED" : "NOT OK";
    if (!report_.reading.slow_zones().empty()) return "OK, with effort";
    return report_.manifest.believed ? report_.sampled ? "OK, as far as sampled" : "OK: all as written" : "OK: all can be read";
  }

  void text(double x, double y, std::string_view style, std::string_view words, std::string_view more = "") {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\"{}>{}</text>\n", x, y, style, more, escaped(words));
  }
  void box(double x, double y, double w, double h, std::string_view style, double round = 1.5) {
    out_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{:.1f}\" class=\"{}\"/>\n", x, y, w, h,
                        round, style);
  }
  void rule() { out_ += fmt::format("<path class=\"rule\" d=\"M{} {:.1f}H{}\"/>\n", kMargin, y_, kWidth - kMargin); }

  void header() {
    const std::string word = verdict();
    const double badge = 28 + 9.4 * static_cast<double>(word.size());
    const std::string_view colour = !report_.ok() ? "bad" : word == "OK, with effort" ? "fair" : "good";
    box(kWidth - kMargin - badge, kMargin, badge, 30, colour, 15);
    text(kWidth - kMargin - badge / 2, kMargin + 20, "verdict", word, " text-anchor=\"middle\"");
    text(kMargin, kMargin + 22, "title", shortened(fsi::printable(name()), 50));
    std::string systems;
    for (const std::string& s : report_.file_systems) systems += (systems.empty() ? "" : ", ") + s;
    std::string line = fmt::format("{} · {} · {} {} in {} {}", shortened(fsi::printable(report_.source), 60),
                                   size_text(report_.source_sectors), report_.files, report_.files == 1 ? "file" : "files",
                                   report_.directories, report_.directories == 1 ? "directory" : "directories");
    if (!systems.empty()) line += " · " + systems;
    text(kMargin, kMargin + 46, "faint", line);
    text(kMargin, kMargin + 66, "", totals());
    y_ = kMargin + 84;
  }

  std::string totals() const {
    std::string line = fmt::format("{} {}read", size_text(report_.sectors_read), report_.sampled ? "sampled and " : "");
    if (report_.manifest.believed)
      line += fmt::format(", {} compared with the {} manifest", size_text(report_.sectors_compared), report_.manifest.digest);
    else
      line += ", no manifest to compare with";
    if (!report_.against.empty()) line += ", compared with " + shortened(fsi::printable(report_.against), 40);
    if (ranges_)
      line += fmt::format(": {} {} damaged, {} {}", ranges_, ranges_ == 1 ? "place" : "places", damaged_sectors_,
                          damaged_sectors_ == 1 ? "sector" : "sectors");
    else if (report_.ok())
      line += ": nothing is wrong";
    return line;
  }

  static std::string_view base(const fsi::SurveyCell& cell) {
    const uint64_t used = cell.data + cell.metadata;
    if (used == 0 || used * 8 < cell.range.count)
      return cell.metadata * 4 > cell.range.count ? "meta" : used ? (cell.data >= cell.metadata ? "data" : "meta") : "free";
    return cell.metadata > cell.data ? "meta" : "data";
  }

  void cell_at(double x, double y, double size, std::string_view under, Mark mark, bool whole) {
    if (mark != Mark::missing) box(x, y, size, size, under);
    if (mark == Mark::none) return;
    const double inner = whole || mark == Mark::missing ? size : size * 0.72, at = (size - inner) / 2;
    if (mark == Mark::missing) return box(x + 0.8, y + 0.8, size - 1.6, size - 1.6, "missing");
    box(x + at, y + at, inner, inner, mark == Mark::unreadable ? "unreadable" : "different");
    if (mark == Mark::unreadable) {
      const double c = inner * 0.24, l = x + at + c, r = x + at + inner - c, t = y + at + c, b = y + at + inner - c;
      out_ +=
          fmt::format("<path class=\"cross\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>\n", l, t, r, b, r, t, l, b);
    }
  }
  void slow_dot(double x, double y, double size) {
    out_ += fmt::format("<circle class=\"slow\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"/>\n", x + size / 2, y + size / 2, size * 0.4);
  }

  void grid() {
    const double size = kCell - 1.4;
    const uint64_t sectors = report_.survey.empty() ? 0 : report_.survey.front().range.count;
    text(kGridLeft, y_ + 2, "small faint",
         fmt::format("each square is {}; read from left to right, like text", sectors == 1 ? "one sector (2 kB)" : size_text(sectors)));
    y_ += 10;
    for (size_t i = 0; i < cells_.size(); ++i) {
      const size_t row = i / kColumns, column = i % kColumns;
      const double x = kGridLeft + static_cast<double>(column) * kCell, y = y_ + static_cast<double>(row) * kCell;
      const fsi::SurveyCell& cell = report_.survey[i];
      if (column == 0 && row % 4 == 0) text(kGridLeft - 8, y + 9, "small faint", size_text(cell.range.first), " text-anchor=\"end\"");
      cell_at(x, y, size, cell.range.end() <= sessions_.back().first ? "before" : base(cell), cells_[i].mark,
              cells_[i].damaged * 2 >= cell.range.count);
      if (cells_[i].slow && cells_[i].mark == Mark::none) slow_dot(x, y, size);
      if (cells_[i].session) out_ += fmt::format("<path class=\"session\" d=\"M{:.1f} {:.1f}v{:.1f}\"/>\n", x - 0.7, y - 1, kCell);
    }
    y_ += std::ceil(static_cast<double>(cells_.size()) / kColumns) * kCell + 16;
  }

  void legend() {
    const double size = 12;
    double x = kMargin;
    const auto item = [&](const std::string& words, auto&& swatch) {
      const double width = size + 8 + 6.9 * static_cast<double>(words.size()) + 16;
      if (x + width > kWidth - kMargin) x = kMargin, y_ += 22;
      swatch(x, y_);
      text(x + size + 6, y_ + 10.5, "", words);
      x += width;
    };
    const auto plain = [&](std::string_view style) {
      return [&, style](double at, double y) { cell_at(at, y, size, style, Mark::none, true); };
    };
    const auto marked = [&](Mark mark) { return [&, mark](double at, double y) { cell_at(at, y, size, "data", mark, true); }; };
    const auto any = [&](auto&& test) { return std::ranges::any_of(cells_, test); };
    rule();
    y_ += 14;
    item("file data", plain("data"));
    item("file system, manifest", plain("meta"));
    item("not in use", plain("free"));
    if (sessions_.back().first > 0) item("earlier, not looked at", plain("before"));
    // What is not in the picture need not be explained.
    if (any([](const Cell& c) { return c.mark == Mark::different; })) item("not as written", marked(Mark::different));
    if (any([](const Cell& c) { return c.mark == Mark::unreadable; })) item("cannot be read", marked(Mark::unreadable));
    if (any([](const Cell& c) { return c.mark == Mark::missing; })) item("missing", marked(Mark::missing));
    if (any([](const Cell& c) { return c.mark != Mark::none && c.damaged > 0; }) &&
        any([&](const Cell& c) { return c.damaged > 0 && c.damaged * 2 < report_.survey.front().range.count; }))
      item("a part of the square", [&](double at, double y) { cell_at(at, y, size, "data", Mark::different, false); });
    if (any([](const Cell& c) { return c.slow; }))
      item("slow to read", [&](double at, double y) {
        cell_at(at, y, size, "data", Mark::none, true);
        slow_dot(at, y, size);
      });
    if (sessions_.size() > 1)
      item(fmt::format("a session begins ({} of them)", sessions_.size()), [&](double at, double y) {
        cell_at(at, y, size, "data", Mark::none, true);
        out_ += fmt::format("<path class=\"session\" d=\"M{:.1f} {:.1f}v{:.1f}\"/>\n", at - 0.7, y - 1, size + 2);
      });
    y_ += 32;
  }

  // Bars over the whole disc: how fast each stretch was read.
  void speed() {
    const fsi::Reading& reading = report_.reading;
    double most = 0;
    for (const fsi::ReadStretch& s : reading.stretches)
      if (std::isfinite(s.rate())) most = std::max(most, s.rate());
    const double seconds = std::chrono::duration<double>(reading.time).count();
    const double typical = reading.typical_rate();
    most = std::min(most, 3 * typical);  // what came from the drive's own memory would make the rest look flat
    rule();
    y_ += 20;
    std::string line = fmt::format("read in {}:{:02}", static_cast<int>(seconds) / 60, static_cast<int>(seconds) % 60);
    if (std::isfinite(typical) && typical > 0) line += fmt::format(", typically {}/s", fsi::human_bytes(static_cast<uint64_t>(typical)));
    if (reading.retries) line += fmt::format(", {} {} sent again", reading.retries, reading.retries == 1 ? "command" : "commands");
    if (reading.recovered)
      line += fmt::format(", {} {} corrected with effort", reading.recovered, reading.recovered == 1 ? "read" : "reads");
    if (reading.sectors_skipped) line += fmt::format(", {} sectors given up untried", reading.sectors_skipped);
    text(kMargin, y_, "head", "Reading speed");
    text(kMargin + 128, y_, "faint", line);
    y_ += 10;
    if (most <= 0 || !std::isfinite(typical)) {
      y_ += 8;
      return;
    }
    constexpr double kHeight = 56;
    text(kGridLeft - 8, y_ + 10, "small faint", fsi::human_bytes(static_cast<uint64_t>(most)) + "/s", " text-anchor=\"end\"");
    text(kGridLeft - 8, y_ + kHeight, "small faint", "0", " text-anchor=\"end\"");
    const double all = static_cast<double>(std::max<uint64_t>(report_.survey.empty() ? 1 : report_.survey.back().range.end(), 1));
    const double width = kWidth - kMargin - kGridLeft;
    for (const fsi::ReadStretch& s : reading.stretches) {
      if (s.sectors == 0) continue;
      const double rate = std::min(s.rate(), most), h = std::max(rate / most * kHeight, 1.0);
      box(kGridLeft + static_cast<double>(s.range.first) / all * width, y_ + kHeight - h,
          std::max(static_cast<double>(s.range.count) / all * width, 0.6), h, rate <= typical / 4 ? "speedslow" : "speed", 0);
    }
    out_ += fmt::format("<path class=\"rule\" d=\"M{} {:.1f}H{}\"/>\n", kGridLeft, y_ + kHeight, kWidth - kMargin);
    y_ += kHeight + 24;
  }

  struct Hit {
    std::string ranges;
    size_t count = 0, shown = 0;
    bool structure = false;
  };

  // As many as there is room for, each of them whole.
  static void add_range(Hit& hit, const fsi::PathHit& path) {
    constexpr size_t kRoom = 52;
    const std::string range = path.bytes >= path.size
                                  ? fmt::format("all {} bytes", path.size)
                                  : fmt::format("{}–{}", path.first_byte, path.first_byte + std::max<uint64_t>(path.bytes, 1) - 1);
    if (hit.shown > 0 && (hit.shown < hit.count - 1 || hit.ranges.size() + range.size() > kRoom)) return;
    hit.ranges += (hit.ranges.empty() ? "" : ", ") + range;
    ++hit.shown;
  }

  void damage_list() {
    std::vector<std::string> order;
    std::map<std::string, Hit> hits;
    uint64_t more = 0;
    std::vector<std::string> others;
    for (const Issue& issue : report_.issues) {
      if (issue.severity != Severity::error) continue;
      const bool touches = is_damage(issue) || issue.finding == Finding::against || issue.finding == Finding::trouble;
      if (!touches || issue.paths.empty()) {
        if (issue.what != "the image is truncated" || others.empty())
          others.push_back(issue.what + (issue.detail.empty() ? "" : ": " + issue.detail));
        continue;
      }
      more += issue.more_paths;
      for (const auto& path : issue.paths) {
        auto [hit, fresh] = hits.try_emplace(path.path);
        if (fresh) order.push_back(path.path);
        hit->second.structure = path.is_structure && (fresh || hit->second.structure);
        ++hit->second.count;
        if (issue.finding == Finding::against && !is_damage(issue))
          hit->second.ranges = issue.what;
        else if (path.padding)
          hit->second.ranges += hit->second.ranges.empty() ? "only behind its end" : "";
        else if (!path.is_structure && path.size > 0)
          add_range(hit->second, path);
      }
    }
    if (order.empty() && others.empty()) return;
    std::ranges::stable_sort(order, {}, [&](const std::string& path) { return hits[path].structure; });  // files first
    rule();
    y_ += 22;
    text(kMargin, y_, "head", order.empty() ? "What is wrong" : fmt::format("What is hit ({})", order.size() + more));
    for (size_t i = 0; i < order.size() && i < kNamed; ++i) {
      const Hit& hit = hits[order[i]];
      y_ += 19;
      text(kMargin + 8, y_, hit.structure ? "faint" : "mono", shortened(fsi::printable(order[i]), 72));
      std::string ranges = hit.ranges;
      if (hit.shown != 0 && hit.count > hit.shown) ranges += fmt::format(" and {} more", hit.count - hit.shown);
      if (!ranges.empty())
        text(kWidth - kMargin, y_, "small faint", (ranges[0] >= '0' && ranges[0] <= '9' ? "bytes " : "") + shortened(ranges, 70),
             " text-anchor=\"end\"");
    }
    if (order.size() + more > kNamed) {
      y_ += 19;
      text(kMargin + 8, y_, "faint", fmt::format("and {} more", order.size() + more - std::min(order.size(), kNamed)));
    }
    for (size_t i = 0; i < others.size() && i < 4; ++i) {
      y_ += 19;
      text(kMargin + 8, y_, "", shortened(fsi::printable(others[i]), 130));
    }
    if (others.size() > 4) {
      y_ += 19;
      text(kMargin + 8, y_, "faint", fmt::format("and {} more faults", others.size() - 4));
    }
    y_ += 12;
  }

  const fsi::VerifyReport& report_;
  const std::vector<SectorRange>& sessions_;
  std::vector<Cell> cells_;
  uint64_t ranges_ = 0, damaged_sectors_ = 0;
  std::string out_;
  double y_ = 0;
};

}  // namespace

std::string map_svg(const fsi::VerifyReport& report, const std::vector<SectorRange>& sessions) { return Picture(report, sessions).draw(); }

}  // namespace tool
