// What an image holds, name by name, and getting it out: for verify --list, --cat and --extract. Reads one tree of the
// volume; writes nothing outside of the directory it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/progress.h"
#include "libfsi/read/volume.h"

namespace fsi {

struct ContentsOptions {
  std::string tree{};          ///< "rockridge", "joliet", "udf", "iso9660", "enhanced"; empty: the best there is
  uint64_t session_start = 0;  ///< absolute sector
  std::stop_token stop{};
};

struct ExtractReport {
  uint64_t entries = 0;               ///< that were made
  std::vector<std::string> failures;  ///< "PATH: why", of what could not be read or made; the first ones
  uint64_t more_failures = 0;
  std::vector<std::string> warnings;  ///< owners, times, devices that could not be had
  uint64_t more_warnings = 0;
};

class ImageContents {
 public:
  /// `source` must outlive it. Throws Error{corrupt} when there is no file system, Error{usage} when there is no such tree.
  ImageContents(const SectorSource& source, ContentsOptions options);

  std::string_view tree() const { return reader_->name(); }
  const VolumeRead& volume() const { return volume_; }

  /// Every name, each directory before what it holds; streams, whose name is not empty, behind the entry they belong to.
  void list(const std::function<void(const TreeEntry& entry, std::string_view stream)>& name);
  /// The bytes of the file at `path`. Throws Error{usage} when there is none, or it is no file; Error{corrupt} when it
  /// cannot be read whole.
  void cat(const std::string& path, const std::function<void(std::span<const std::byte>)>& bytes);
  /// Makes what is at `path` ("/": everything) in `directory`, which is made when it is not there. Nothing that exists is
  /// replaced or followed. Owners are set as root only. Throws Error{usage} for a path that is not in the tree or has "..",
  /// and when `directory` cannot be used; what cannot be done with single files is in the report.
  ExtractReport extract(const std::string& path, const std::string& directory);

  /// Faults found while reading: errors only. The list may be cut; `more` in the issues tells.
  std::vector<Issue> faults();

 private:
  const SectorSource& source_;
  ContentsOptions options_;
  IssueLog log_;
  VolumeRead volume_;
  const FileSystemReader* reader_ = nullptr;
};

}  // namespace fsi
