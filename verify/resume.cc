#include "verify/resume.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"

namespace tool {

using fsi::Error;
using fsi::ErrorKind;
using nlohmann::json;
using std::chrono::nanoseconds;

namespace {

constexpr auto kInterval = std::chrono::milliseconds(500);

json ranges_json(const std::vector<fsi::SectorRange>& ranges) {
  json out = json::array();
  for (const fsi::SectorRange& r : ranges) out.push_back({r.first, r.count});
  return out;
}

std::vector<fsi::SectorRange> ranges_of(const json& in) {
  std::vector<fsi::SectorRange> ranges;
  for (const json& r : in) ranges.push_back({r.at(0), r.at(1)});
  return ranges;
}

json result_json(const fsi::CompareResult& r) {
  return {{"different", ranges_json(r.different)},
          {"unreadable", ranges_json(r.unreadable)},
          {"read", r.sectors_read},
          {"compared", r.sectors_compared},
          {"why", r.why_unreadable}};
}

fsi::CompareResult result_of(const json& in) {
  return {.different = ranges_of(in.at("different")),
          .unreadable = ranges_of(in.at("unreadable")),
          .sectors_read = in.at("read"),
          .sectors_compared = in.at("compared"),
          .why_unreadable = in.at("why")};
}

json state_json(const fsi::PassState& s) {
  const fsi::Reading& r = s.reading;
  json stretches = json::array();
  for (const fsi::ReadStretch& x : r.stretches) stretches.push_back({x.range.first, x.range.count, x.sectors, x.time.count(), x.retries});
  return {{"next", s.next},
          {"so_far", result_json(s.so_far)},
          {"against", result_json(s.against)},
          {"skip", s.skip},
          {"bad_in_a_row", s.bad_in_a_row},
          {"reading",
           {{"timed", r.timed},
            {"time", r.time.count()},
            {"retries", r.retries},
            {"recovered", r.recovered},
            {"trouble", r.trouble.count()},
            {"skipped", r.sectors_skipped},
            {"out_of_patience", r.out_of_patience},
            {"stretches", std::move(stretches)}}}};
}

fsi::PassState state_of(const json& in) {
  fsi::PassState s;
  s.next = in.at("next");
  s.so_far = result_of(in.at("so_far"));
  s.against = result_of(in.at("against"));
  s.skip = in.at("skip");
  s.bad_in_a_row = in.at("bad_in_a_row");
  const json& r = in.at("reading");
  s.reading.timed = r.at("timed");
  s.reading.time = nanoseconds(r.at("time").get<int64_t>());
  s.reading.retries = r.at("retries");
  s.reading.recovered = r.at("recovered");
  s.reading.trouble = nanoseconds(r.at("trouble").get<int64_t>());
  s.reading.sectors_skipped = r.at("skipped");
  s.reading.out_of_patience = r.at("out_of_patience");
  for (const json& x : r.at("stretches"))
    s.reading.stretches.push_back({{x.at(0), x.at(1)}, x.at(2), nanoseconds(x.at(3).get<int64_t>()), x.at(4)});
  return s;
}

}  // namespace

ResumeFile::ResumeFile(std::string path, const std::vector<Target>& targets) : path_(std::move(path)) {
  for (const Target& target : targets) entries_.push_back({(target.drive ? "drive:" : "") + target.name, {}, {}, {}});
  load();
}

void ResumeFile::load() {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) {
    if (errno == ENOENT) return save();  // so that a place that cannot be written to shows now
    throw fsi::system_error(fsi::printable(path_), "reading how far it had come");
  }
  const auto wrong = [&](const std::string& why) {
    return Error(ErrorKind::usage, fsi::printable(path_), "reading how far it had come", why);
  };
  if (!S_ISREG(status.st_mode)) throw wrong("it is no file of verify --resume; name another one");
  std::ifstream file(path_, std::ios::binary);
  const json whole = json::parse(file, nullptr, false);
  if (whole.is_discarded() || !whole.is_object() || whole.value("discpress", "") != "verify --resume 1")
    throw wrong("it is no file of verify --resume; name another one");
  try {
    const json& targets = whole.at("targets");
    bool same = targets.size() == entries_.size();
    for (size_t i = 0; same && i < entries_.size(); ++i) same = targets[i].at("name") == fsi::printable(entries_[i].name);
    if (!same) throw wrong("it is of a run on other images; give the same ones in the same order, or name another file");
    for (size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      const json& saved = targets[i];
      entry.identity = saved.at("identity");
      if (saved.contains("state")) entry.state = state_of(saved.at("state"));
      if (saved.contains("outcome")) {
        const json& o = saved.at("outcome");
        entry.outcome = Outcome{o.at("exit_code"), o.at("text"), o.at("json"), o.at("error")};
      }
    }
  } catch (const json::exception&) {
    throw wrong("it is damaged; remove it and begin again");
  }
}

void ResumeFile::save() {
  json targets = json::array();
  for (const Entry& entry : entries_) {
    json saved{{"name", fsi::printable(entry.name)}, {"identity", entry.identity}};
    if (entry.outcome)
      saved["outcome"] = {{"exit_code", entry.outcome->exit_code},
                          {"text", entry.outcome->text},
                          {"json", entry.outcome->json},
                          {"error", entry.outcome->error}};
    else if (entry.state)
      saved["state"] = state_json(*entry.state);
    targets.push_back(std::move(saved));
  }
  const std::string text =
      json{{"discpress", "verify --resume 1"}, {"targets", std::move(targets)}}.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const std::string temporary = path_ + ".new";
  fsi::Fd fd = fsi::open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, "keeping how far it has come");
  fsi::write_at(fd.get(), 0, std::as_bytes(std::span(text)), temporary);
  if (::fsync(fd.get()) != 0) throw fsi::system_error(fsi::printable(temporary), "keeping how far it has come");
  fd.close(temporary);
  if (::rename(temporary.c_str(), path_.c_str()) != 0) throw fsi::system_error(fsi::printable(path_), "keeping how far it has come");
  saved_at_ = std::chrono::steady_clock::now();
}

Memory ResumeFile::of(size_t target) {
  Memory memory;
  memory.recall = [this, target](const std::string& identity) -> std::optional<fsi::PassState> {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[target];
    if ((entry.state || entry.outcome) && entry.identity != identity)
      throw Error(ErrorKind::usage, fsi::printable(path_), "going on",
                  "it is of another state of " + fsi::printable(entry.name) +
                      ": the image, the disc or what it is compared with is not the same; remove the file and begin again");
    entry.identity = identity;
    return entry.state;
  };
  memory.keep = [this, target](const std::string&, const fsi::PassState& state) {
    const std::lock_guard lock(mutex_);
    if (std::chrono::steady_clock::now() - saved_at_ < kInterval) return;
    entries_[target].state = state;
    save();
  };
  memory.finished = [this, target] {
    const std::lock_guard lock(mutex_);
    return entries_[target].outcome;
  };
  return memory;
}

void ResumeFile::finish(size_t target, const Outcome& outcome) {
  if (!outcome.error.empty()) return;  // it could not be verified; another run tries again
  const std::lock_guard lock(mutex_);
  entries_[target].outcome = outcome;
  save();
}

void ResumeFile::remove() {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_)
    if (!entry.outcome) return;
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) throw fsi::system_error(fsi::printable(path_), "removing it after all was done");
}

}  // namespace tool
