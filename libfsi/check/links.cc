#include "libfsi/check/links.h"

#include <algorithm>
#include <map>
#include <string>

namespace fsi {

namespace {

constexpr size_t kNamed = 20;

// Finds the paths of a few directories and files.
class Namer final : public Visitor {
 public:
  struct Name {
    std::string path{};
    Lba record = 0;
  };
  std::map<uint32_t, Name> directories;
  std::map<uint64_t, Name> files;
  void entry(const TreeEntry& entry) override {
    if (entry.kind == EntryKind::directory) {
      if (const auto it = directories.find(entry.number); it != directories.end()) it->second = {std::string(entry.path), entry.record};
    } else if (entry.posix && entry.posix->serial) {
      if (const auto it = files.find(*entry.posix->serial); it != files.end() && it->second.path.empty())
        it->second = {std::string(entry.path), entry.record};
    }
  }
};

}  // namespace

void LinkCounts::add(const TreeEntry& entry) {
  if (entry.kind == EntryKind::directory) {
    relocated_ |= entry.relocated;
    const size_t need = std::max(entry.number, entry.parent) + size_t{1};
    if (directories_.size() < need) directories_.resize(need);
    if (entry.posix) {
      directories_[entry.number].links = entry.posix->links;
      directories_[entry.number].known = true;
    }
    if (entry.number != 0) ++directories_[entry.parent].inside;
  } else if (entry.posix && entry.posix->serial && !entry.associated) {
    files_.push_back({*entry.posix->serial, entry.posix->links});
  }
}

void LinkCounts::check(const FileSystemReader& tree, bool own, IssueLog& log, std::stop_token stop) {
  // Where directories are relocated, their makers count them here, there, or twice.
  if (!own && relocated_) return;
  Namer namer;
  std::vector<std::pair<uint32_t, std::string>> directories;
  std::vector<std::pair<uint64_t, std::string>> files;
  uint64_t more_directories = 0, more_files = 0;
  for (uint32_t i = 0; i < directories_.size(); ++i) {
    const Directory& d = directories_[i];
    // A count of 1 says that nobody counted; several file systems use it so.
    if (!d.known || d.links == 2 + d.inside || (!own && d.links <= 2)) continue;
    if (directories.size() == kNamed) {
      ++more_directories;
      continue;
    }
    directories.emplace_back(i, std::to_string(d.links) + " instead of " + std::to_string(2 + uint64_t{d.inside}));
    namer.directories[i];
  }
  if (own) {
    std::ranges::sort(files_, {}, &File::serial);
    for (size_t i = 0, end = 0; i < files_.size(); i = end) {
      while (end < files_.size() && files_[end].serial == files_[i].serial) ++end;
      const auto wrong = std::find_if(files_.begin() + static_cast<std::ptrdiff_t>(i), files_.begin() + static_cast<std::ptrdiff_t>(end),
                                      [&](const File& f) { return f.links != end - i; });
      if (wrong == files_.begin() + static_cast<std::ptrdiff_t>(end)) continue;
      if (files.size() == kNamed) {
        ++more_files;
        continue;
      }
      files.emplace_back(files_[i].serial, std::to_string(wrong->links) + " instead of " + std::to_string(end - i));
      namer.files[files_[i].serial];
    }
  }
  if (directories.empty() && files.empty()) return;
  IssueLog ignored(0);
  tree.walk(namer, ignored, std::move(stop));
  auto report = [&](const char* what, const Namer::Name& name, const std::string& detail, uint64_t more) {
    log.report(what, [&] {
      return Issue{.severity = own ? Severity::error : Severity::warning,
                   .where = {name.record, 1},
                   .paths = {{.path = name.path}},
                   .clause = "RRIP 4.1.1",
                   .detail = detail,
                   .more = more};
    });
  };
  for (const auto& [number, detail] : directories)
    report("the link count of a directory is wrong", namer.directories[number], detail,
           number == directories.back().first ? more_directories : 0);
  for (const auto& [serial, detail] : files)
    report("the link count of a file is wrong", namer.files[serial], detail, serial == files.back().first ? more_files : 0);
}

}  // namespace fsi
