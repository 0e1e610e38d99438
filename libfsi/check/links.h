// Link counts: what PX says against the names there are. A directory has two links and one for each directory in it;
// the names of one file share a serial number (RRIP 1.12).
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "libfsi/read/volume.h"

namespace fsi {

class LinkCounts {
 public:
  void add(const TreeEntry& entry);
  /// Walks the tree once more, to name them, only when there are faults. `own`: faults are errors and files are
  /// looked at too; other makers copy the count of the source, so that a name outside the image counts.
  void check(const FileSystemReader& tree, bool own, IssueLog& log, std::stop_token stop);

 private:
  struct Directory {
    uint32_t links = 0;
    uint32_t inside = 0;
    bool known = false;
  };
  struct File {
    uint64_t serial;
    uint32_t links;
  };
  std::vector<Directory> directories_;  // by number
  std::vector<File> files_;             // that have a serial number
  bool relocated_ = false;
};

}  // namespace fsi
