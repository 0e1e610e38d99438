// A tree as lines of text, and the issues as a list of words: what most tests of reading compare.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "libfsi/read/iso_tree.h"
#include "libfsi/read/volume.h"

namespace fixture {

struct Seen {
  fsi::EntryKind kind;
  uint64_t size;
  std::string target;
  std::vector<fsi::DataExtent> extents;
  std::optional<fsi::PosixAttributes> posix;
  fsi::EntryTime modified;
  uint64_t device_high, device_low;
};

class Listing final : public fsi::Visitor {
 public:
  std::map<std::string, Seen> entries;
  std::vector<std::string> structures;
  uint64_t count = 0;
  void entry(const fsi::TreeEntry& e) override {
    ++count;
    entries.emplace(
        std::string(e.path),
        Seen{
            e.kind, e.size, std::string(e.target), {e.extents.begin(), e.extents.end()}, e.posix, e.modified, e.device_high, e.device_low});
  }
  void structure(fsi::SectorRange, std::string_view what) override { structures.emplace_back(what); }
  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const auto& [path, seen] : entries) all.push_back(path);
    return all;
  }
};

struct Read {
  fsi::VolumeRead volume;
  Listing list;  // of the first tree
  std::vector<fsi::Issue> issues;
  std::vector<std::string> what() const {
    std::vector<std::string> words;
    for (const auto& issue : issues) words.push_back(issue.what);
    return words;
  }
};

inline Read read_all(const fsi::SectorSource& source, size_t tree = 0, const fsi::ReadLimits& limits = {}) {
  Read r;
  fsi::IssueLog log;
  r.volume = fsi::read_volume(source, 0, log, limits);
  if (tree < r.volume.trees.size()) r.volume.trees[tree]->walk(r.list, log);
  r.issues = log.take();
  return r;
}

}  // namespace fixture
