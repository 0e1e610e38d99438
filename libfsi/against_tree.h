// What a volume holds against what it was, or might have been, made from: folders, files and archives of the host. Every
// tree of the volume is compared by itself, and only in what it can hold: names as far as the format records them, bytes,
// and the metadata it has a place for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libfsi/base/progress.h"
#include "libfsi/read/volume.h"
#include "libfsi/source/scan_options.h"

namespace fsi {

struct AgainstTreeOptions {
  std::vector<std::string> sources{};  ///< as TreeBuilder::add_source takes them
  ScanOptions scan{};
  bool owners = true, modes = true, times = true, links = true, xattrs = true;  ///< false: differences in them do not count
  Progress progress{};
  std::stop_token stop{};
};

class AgainstTree {
 public:
  /// Scans the sources. Throws Error when one of them cannot be read.
  explicit AgainstTree(AgainstTreeOptions options);
  ~AgainstTree();
  AgainstTree(const AgainstTree&) = delete;

  struct Facts {
    uint64_t names = 0;  ///< that were found on both sides, of all trees together
    uint64_t files = 0;  ///< whose bytes were compared
    uint64_t bytes = 0;
  };
  /// For VerifyOptions::more_checks. Findings: missing and extra names, other kinds and sizes, bytes and metadata that
  /// differ, hard links among it, and extended attributes where the volume holds any. What mkimage itself adds (boot catalog, boot
  /// information) is no difference. One thread at a time.
  Facts check(const VolumeRead& volume, const SectorSource& source, IssueLog& log) const;

 private:
  struct Expected;
  AgainstTreeOptions options_;
  std::unique_ptr<Expected> expected_;
};

}  // namespace fsi
