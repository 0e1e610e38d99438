#include "verify/report.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "libfsi/base/error.h"

namespace tool {

namespace {

using fsi::Finding;
using fsi::Issue;
using fsi::Severity;

bool is_damage(Finding f) { return f == Finding::different || f == Finding::unreadable || f == Finding::truncated; }

std::string size_text(uint64_t sectors) {
  const double mib = static_cast<double>(sectors) * fsi::kSectorSize / (1 << 20);
  return mib < 10240 ? fmt::format("{:.1f} MiB", mib) : fmt::format("{:.1f} GiB", mib / 1024);
}

std::string count(uint64_t n, const char* one, const char* many) { return fmt::format("{} {}", n, n == 1 ? one : many); }

std::string range_text(fsi::SectorRange r) {
  return r.count == 1 ? fmt::format("LBA {}", r.first) : fmt::format("LBA {}..{}", r.first, r.end() - 1);
}

const char* severity_text(Severity s) {
  switch (s) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "";
}

const char* finding_text(Finding f) {
  switch (f) {
    case Finding::different: return "different";
    case Finding::unreadable: return "unreadable";
    case Finding::truncated: return "truncated";
    case Finding::manifest: return "manifest";
    case Finding::foreign_sum: return "foreign_sum";
    case Finding::trouble: return "trouble";
    case Finding::structure: return "structure";
    case Finding::volume: return "volume";
    case Finding::against: return "against";
    case Finding::reading: return "reading";
  }
  return "";
}

const char* state_text(fsi::ForeignSum::State state) {
  switch (state) {
    case fsi::ForeignSum::State::right: return "right";
    case fsi::ForeignSum::State::wrong: return "wrong";
    case fsi::ForeignSum::State::unknown: return "cannot be told";
    case fsi::ForeignSum::State::unchecked: return "not checked";
  }
  return "";
}

constexpr int kExamples = 3;
constexpr size_t kPaths = 40;

struct Totals {
  uint64_t ranges = 0, sectors = 0, paths = 0, others = 0, troubles = 0, against = 0;
};

Totals totals_of(const fsi::VerifyReport& report) {
  Totals t;
  std::set<std::string> paths;
  for (const Issue& issue : report.issues) {
    if (issue.severity != Severity::error) continue;
    if (is_damage(issue.finding) && issue.where.count > 0 && issue.what != "the image is truncated") {
      ++t.ranges;
      t.sectors += issue.where.count;
      for (const auto& hit : issue.paths)
        if (!hit.is_structure) paths.insert(hit.path);
      t.paths += issue.more_paths;
    } else if (issue.finding == Finding::trouble) {
      t.troubles += 1 + issue.more;
    } else if (issue.finding == Finding::against) {
      t.against += 1 + issue.more;
    } else {
      t.others += 1 + issue.more;
    }
  }
  t.paths += paths.size();
  return t;
}

std::string summary(const fsi::VerifyReport& r) {
  const Totals t = totals_of(r);
  std::string line = fsi::printable(r.source) + ": ";
  auto joined = [](std::initializer_list<std::string> parts) {
    std::string all;
    for (const std::string& part : parts)
      if (!part.empty()) all += (all.empty() ? "" : ", ") + part;
    return all;
  };
  if (!r.ok()) {
    line += "NOT OK: ";
    line += joined({t.ranges ? fmt::format("{} damaged ({}), {} hit", count(t.ranges, "range", "ranges"),
                                           count(t.sectors, "sector", "sectors"), count(t.paths, "path", "paths"))
                             : "",
                    t.troubles ? count(t.troubles, "file was", "files were") + " not as promised while the image was made" : "",
                    t.against ? count(t.against, "difference", "differences") + " from what it was compared with" : "",
                    t.others ? count(t.others, t.ranges || t.troubles || t.against ? "other fault" : "fault",
                                     t.ranges || t.troubles || t.against ? "other faults" : "faults")
                             : ""});
    line += "; ";
  } else {
    line += "ok: ";
  }
  line += fmt::format("{} ({}) {}read", r.sectors_read, size_text(r.sectors_read),
                      r.sampled ? "of " + std::to_string(r.source_sectors) + " sectors sampled and " : "sectors ");
  if (r.manifest.believed)
    line += fmt::format(", {} compared with the {}{} manifest{}", r.sectors_compared, r.manifest.elsewhere ? "given " : "",
                        r.manifest.digest, r.ok() ? ": all as written" : "");
  else if (!r.manifest.found)
    line += ", no manifest to compare with";
  if (!r.against.empty())
    line += fmt::format(", {} compared with {}",
                        r.files_against ? count(*r.files_against, "file", "files") : count(r.sectors_against, "sector", "sectors"),
                        fsi::printable(r.against));
  line += fmt::format("; {}, {}", count(r.files, "file", "files"), count(r.directories, "directory", "directories"));
  if (!r.file_systems.empty()) {
    line += " (";
    for (size_t i = 0; i < r.file_systems.size(); ++i) line += (i ? ", " : "") + r.file_systems[i];
    line += ")";
  }
  return line + "\n";
}

void append_path(const fsi::PathHit& hit, bool damage, std::string& out) {
  out += "    " + fsi::printable(hit.path);
  if (hit.padding) out += ": only the zeros behind its end, none of its bytes";
  if (!hit.is_structure && hit.size > 0 && (damage || hit.bytes != hit.size)) {
    if (hit.bytes == hit.size)
      out += fmt::format(": all {} bytes", hit.size);
    else
      out += fmt::format(": bytes {}..{} of {}", hit.first_byte, hit.first_byte + (hit.bytes ? hit.bytes - 1 : 0), hit.size);
  }
  out += '\n';
}

void append_issue(const Issue& issue, std::string& out) {
  out += is_damage(issue.finding) && issue.severity == Severity::error ? "damage" : severity_text(issue.severity);
  if (issue.where.count > 0) out += ": " + range_text(issue.where);
  out += ": " + issue.what;
  if (!issue.detail.empty()) out += ": " + fsi::printable(issue.detail);
  if (!issue.clause.empty() && issue.finding == Finding::structure) out += " [" + issue.clause + "]";
  out += '\n';
  // Files first: they are what somebody misses. --json has all of it.
  size_t said = 0;
  for (const bool structure : {false, true})
    for (const auto& hit : issue.paths)
      if (hit.is_structure == structure && said < kPaths) append_path(hit, is_damage(issue.finding), out), ++said;
  if (const uint64_t more = issue.more_paths + issue.paths.size() - said; more > 0)
    out += fmt::format("    and {} more{}\n", more, issue.paths.size() > said ? "; --json names them" : "");
  if (issue.more > 0) out += fmt::format("  and {} more of this kind\n", issue.more);
}

std::string rate_text(double rate) {
  return std::isinf(rate) ? std::string("faster than its clock can tell") : fsi::human_bytes(static_cast<uint64_t>(rate)) + "/s";
}

std::string seconds_text(std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds < 120 ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.0f} min", seconds / 60);
}

// "read in 312 s, typically 10.2 MB/s; 4 commands sent again; 1 slow zone".
std::string reading_text(const fsi::Reading& r) {
  std::string line = fmt::format("reading: {}, typically {}", seconds_text(r.time), rate_text(r.typical_rate()));
  if (r.retries) line += fmt::format("; {} sent again", count(r.retries, "command", "commands"));
  if (r.recovered) line += fmt::format("; {} corrected with effort", count(r.recovered, "read", "reads"));
  if (const auto zones = r.slow_zones(); !zones.empty()) line += "; " + count(zones.size(), "slow zone", "slow zones");
  return line + "\n";
}

nlohmann::json reading_json(const fsi::Reading& r) {
  using nlohmann::json;
  const auto seconds = [](std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); };
  const auto rate = [](double bytes) { return std::isinf(bytes) ? json(nullptr) : json(bytes); };
  json zones = json::array(), stretches = json::array();
  for (const fsi::ReadStretch& z : r.slow_zones())
    zones.push_back({{"first_lba", z.range.first}, {"sectors", z.range.count}, {"seconds", seconds(z.time)}, {"retries", z.retries}});
  for (const fsi::ReadStretch& s : r.stretches)
    stretches.push_back({{"first_lba", s.range.first},
                         {"sectors", s.range.count},
                         {"read", s.sectors},
                         {"seconds", seconds(s.time)},
                         {"retries", s.retries}});
  return {{"seconds", seconds(r.time)},
          {"typical_bytes_per_second", rate(r.typical_rate())},
          {"retries", r.retries},
          {"recovered", r.recovered},
          {"trouble_seconds", seconds(r.trouble)},
          {"patience_seconds", seconds(r.patience)},
          {"out_of_patience", r.out_of_patience},
          {"sectors_given_up", r.sectors_skipped},
          {"slow_zones", std::move(zones)},
          {"stretches", std::move(stretches)}};
}

}  // namespace

std::string text_report(const fsi::VerifyReport& report) {
  std::string out = summary(report);
  if (report.manifest.found)
    out += fmt::format("manifest: {}, {} chunks, root {}\n", report.manifest.digest, report.manifest.chunks, report.manifest.root);
  for (const fsi::ForeignSum& sum : report.foreign_sums) {
    out += fmt::format("{}: {}, ", sum.kind, state_text(sum.state));
    if (sum.files)
      out += fmt::format("{} of {} wrong", sum.wrong, count(sum.files, "file", "files"));
    else
      out += fmt::format("over {}", range_text(sum.range));
    out += (sum.detail.empty() ? "" : ", " + sum.detail) + "\n";
  }
  if (report.reading.timed) out += reading_text(report.reading);
  // What does not matter much is said by a few examples; --json has more.
  std::map<std::string, uint64_t> unsaid;
  std::map<std::string, int> said;
  for (const Issue& issue : report.issues)
    if (issue.severity == Severity::error || ++said[issue.what] <= kExamples)
      append_issue(issue, out);
    else
      unsaid[issue.what] += 1 + issue.more;
  for (const auto& [what, n] : unsaid) out += fmt::format("{} more: {}\n", n, what);
  return out;
}

std::string json_report(const fsi::VerifyReport& r) {
  using nlohmann::json;
  json issues = json::array();
  for (const Issue& issue : r.issues) {
    json paths = json::array();
    for (const auto& hit : issue.paths) {
      json p{{"path", fsi::printable(hit.path)}};
      if (hit.is_structure) p["structure"] = true;
      if (hit.padding) p["padding"] = true;
      if (!hit.is_structure) p.update({{"first_byte", hit.first_byte}, {"bytes", hit.bytes}, {"size", hit.size}});
      paths.push_back(std::move(p));
    }
    json i{{"severity", severity_text(issue.severity)}, {"finding", finding_text(issue.finding)}, {"what", issue.what}};
    if (issue.where.count > 0) i.update({{"first_lba", issue.where.first}, {"sectors", issue.where.count}});
    if (!paths.empty()) i["paths"] = std::move(paths);
    if (issue.more_paths > 0) i["more_paths"] = issue.more_paths;
    if (!issue.clause.empty()) i["clause"] = issue.clause;
    if (!issue.detail.empty()) i["detail"] = fsi::printable(issue.detail);
    if (issue.more > 0) i["more"] = issue.more;
    issues.push_back(std::move(i));
  }
  json manifest{{"found", r.manifest.found}};
  if (r.manifest.found)
    manifest.update({{"given", r.manifest.elsewhere},
                     {"believed", r.manifest.believed},
                     {"digest", r.manifest.digest},
                     {"image_sectors", r.manifest.image_sectors},
                     {"chunks", r.manifest.chunks},
                     {"root", r.manifest.root},
                     {"troubles", r.manifest.troubles}});
  json foreign_sums = json::array();
  for (const fsi::ForeignSum& sum : r.foreign_sums) {
    json f{{"kind", sum.kind}, {"state", state_text(sum.state)}, {"first_lba", sum.range.first}, {"sectors", sum.range.count}};
    if (sum.files) f.update({{"files", sum.files}, {"wrong", sum.wrong}});
    if (!sum.detail.empty()) f["detail"] = sum.detail;
    foreign_sums.push_back(std::move(f));
  }
  json report{{"source", fsi::printable(r.source)},
              {"ok", r.ok()},
              {"sectors", r.source_sectors},
              {"volume_id", fsi::printable(r.volume_id)},
              {"file_systems", r.file_systems},
              {"manifest", std::move(manifest)},
              {"foreign_sums", std::move(foreign_sums)},
              {"files", r.files},
              {"directories", r.directories},
              {"sectors_read", r.sectors_read},
              {"sectors_compared", r.sectors_compared},
              {"sampled", r.sampled},
              {"issues", std::move(issues)}};
  if (!r.against.empty())
    report.update(
        {{"against", fsi::printable(r.against)}, {"sectors_against", r.sectors_against}, {"files_against", r.files_against.value_or(0)}});
  if (r.reading.timed) report["reading"] = reading_json(r.reading);
  return report.dump(2) + "\n";
}

fsi::Progress make_progress(fsi::ProgressStyle style) {
  if (style == fsi::ProgressStyle::none) return {};
  return [style, meter = fsi::Meter()](const fsi::ProgressEvent& event) mutable {
    const auto now = fsi::Meter::Clock::now();
    if (style == fsi::ProgressStyle::json) return fmt::print(stderr, "{}", meter.json(event, now));
    winsize size{};
    const unsigned columns = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    fmt::print(stderr, "\r\x1b[K{}", meter.line(event, now, columns));
  };
}

void end_progress(fsi::ProgressStyle style) {
  if (style == fsi::ProgressStyle::terminal) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace tool
