#include "verify/contents.h"

#include <fmt/core.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "libfsi/base/error.h"

namespace tool {

namespace {

using fsi::EntryKind;
using fsi::TreeEntry;

const char* kind_text(EntryKind kind) {
  switch (kind) {
    case EntryKind::directory: return "directory";
    case EntryKind::file: return "file";
    case EntryKind::symlink: return "symlink";
    case EntryKind::character_device: return "char";
    case EntryKind::block_device: return "block";
    case EntryKind::fifo: return "fifo";
    case EntryKind::socket: return "socket";
  }
  return "";
}

char kind_letter(EntryKind kind) {
  switch (kind) {
    case EntryKind::directory: return 'd';
    case EntryKind::file: return '-';
    case EntryKind::symlink: return 'l';
    case EntryKind::character_device: return 'c';
    case EntryKind::block_device: return 'b';
    case EntryKind::fifo: return 'p';
    case EntryKind::socket: return 's';
  }
  return '?';
}

std::string mode_text(const TreeEntry& entry) {
  std::string text(10, '-');
  text[0] = kind_letter(entry.kind);
  if (!entry.posix) return text.replace(1, 9, "?????????");
  const uint32_t mode = entry.posix->mode;
  for (unsigned i = 0; i < 9; ++i)
    if (mode >> (8 - i) & 1) text[1 + i] = "rwx"[i % 3];
  for (const auto& [bit, at, letter] : {std::tuple{04000u, 3, 's'}, std::tuple{02000u, 6, 's'}, std::tuple{01000u, 9, 't'}})
    if (mode & bit) text[static_cast<size_t>(at)] = text[static_cast<size_t>(at)] == 'x' ? letter : static_cast<char>(letter - 'a' + 'A');
  return text;
}

// 2026-01-31T12:00:00.123456Z; the fraction as far as there is one.
std::string time_text(const fsi::EntryTime& time) {
  const std::time_t seconds = time.seconds;
  std::tm utc{};
  if (!::gmtime_r(&seconds, &utc)) return std::to_string(time.seconds);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                                 utc.tm_min, utc.tm_sec);
  if (time.nanoseconds != 0) text += fmt::format(".{:06}", time.nanoseconds / 1000);
  return text + "Z";
}

// Bytes that are no UTF-8 cannot be in JSON: they are shown as elsewhere, and whole in hexadecimal digits.
void put_text(nlohmann::json& object, const char* key, std::string_view text) {
  const std::string shown = fsi::printable(text);
  object[key] = shown;
  if (shown != text) {
    std::string hex;
    for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    object[std::string(key) + "_hex"] = hex;
  }
}

std::string json_line(const TreeEntry& entry, std::string_view stream) {
  nlohmann::json o;
  put_text(o, "path", entry.path);
  if (!stream.empty()) put_text(o, "stream", stream);
  o["kind"] = kind_text(entry.kind);
  o["size"] = fsi::EntryContent(entry).size();
  if (entry.kind == EntryKind::symlink) put_text(o, "target", entry.target);
  if (entry.kind == EntryKind::character_device || entry.kind == EntryKind::block_device) {
    const uint64_t number = fsi::device_number(entry);
    o["device"] = number;
  }
  if (entry.posix) {
    o["mode"] = entry.posix->mode & 07777;
    o["uid"] = entry.posix->uid;
    o["gid"] = entry.posix->gid;
    o["links"] = entry.posix->links;
    if (entry.posix->serial) o["serial"] = *entry.posix->serial;
  }
  if (entry.unique_id) o["unique_id"] = *entry.unique_id;
  for (const auto& [key, time] : {std::pair("created", &entry.created), std::pair("modified", &entry.modified),
                                  std::pair("accessed", &entry.accessed), std::pair("changed", &entry.changed)})
    if (time->known) o[key] = time_text(*time);
  if (entry.associated) o["associated"] = true;
  if (entry.hidden) o["hidden"] = true;
  if (entry.compressed) o["compressed"] = "zisofs";
  o["lba"] = entry.record;
  nlohmann::json extents = nlohmann::json::array();
  for (const fsi::DataExtent& extent : entry.extents) {
    nlohmann::json e{{"bytes", extent.bytes}};
    if (extent.kind == fsi::DataExtent::Kind::recorded) e["first_byte"] = extent.first;
    if (extent.kind == fsi::DataExtent::Kind::lost) e["lost"] = true;
    extents.push_back(std::move(e));
  }
  o["extents"] = std::move(extents);
  return o.dump() + "\n";
}

std::string text_line(const TreeEntry& entry, std::string_view stream) {
  std::string line = mode_text(entry);
  if (entry.posix) line += fmt::format(" {:>3} {:>5} {:>5}", entry.posix->links, entry.posix->uid, entry.posix->gid);
  line += fmt::format(" {:>12} {:<20} {}", fsi::EntryContent(entry).size(),
                      entry.modified.known ? time_text(entry.modified).substr(0, 19) : "-", fsi::printable(entry.path));
  if (!stream.empty()) line += " (stream " + fsi::printable(stream) + ")";
  if (entry.kind == EntryKind::symlink) line += " -> " + fsi::printable(entry.target);
  return line + "\n";
}

void put(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) throw fsi::system_error("standard output", "writing");
}

void say(const std::vector<std::string>& lines, uint64_t more, const char* what) {
  for (const std::string& line : lines) fmt::print(stderr, "verify: {}{}\n", what, line);
  if (more > 0) fmt::print(stderr, "verify: {}and {} more\n", what, more);
}

}  // namespace

int show_contents(const fsi::SectorSource& source, uint64_t session_start, const Options& options, std::stop_token stop) {
  fsi::ContentsOptions how;
  how.tree = options.tree;
  how.session_start = session_start;
  how.stop = std::move(stop);
  fsi::ImageContents contents(source, how);
  bool failed = false;
  if (options.list) {
    contents.list(
        [&](const TreeEntry& entry, std::string_view stream) { put(options.json ? json_line(entry, stream) : text_line(entry, stream)); });
  } else if (!options.cat.empty()) {
    contents.cat(options.cat, [](std::span<const std::byte> bytes) { put({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); });
  } else {
    const fsi::ExtractReport report = contents.extract(options.extract[0], options.extract[1]);
    say(report.warnings, report.more_warnings, "warning: ");
    say(report.failures, report.more_failures, "");
    failed = !report.failures.empty();
  }
  if (std::fflush(stdout) != 0) throw fsi::system_error("standard output", "writing");
  const auto faults = contents.faults();
  for (const fsi::Issue& issue : faults) {
    std::string line = fmt::format("LBA {}: {}", issue.where.first, issue.what);
    if (!issue.detail.empty()) line += ": " + fsi::printable(issue.detail);
    if (!issue.paths.empty()) line += ": " + fsi::printable(issue.paths.front().path);
    if (issue.more > 0) line += fmt::format(" (and {} more of this kind)", issue.more);
    fmt::print(stderr, "verify: {}: {}\n", fsi::printable(source.name()), line);
  }
  return failed ? fsi::exit_code(fsi::ErrorKind::failed) : faults.empty() ? 0 : fsi::exit_code(fsi::ErrorKind::differs);
}

}  // namespace tool
