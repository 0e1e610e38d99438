// What the structures of a volume say, checked against each other and against the space there is. What can be seen in
// one record or directory was already seen by the reader that walks; here are the comparisons across the whole.
#pragma once

#include <cstdint>
#include <stop_token>

#include "libfsi/check/damage.h"
#include "libfsi/read/volume.h"

namespace fsi {

struct StructureOptions {
  uint64_t session_start = 0;
  bool own = false;        ///< made by discpress: link counts have to be right
  bool truncated = false;  ///< already reported: what lies beyond the end is not reported again file by file
  std::stop_token stop{};
};

struct StructureFacts {
  uint64_t files = 0;  ///< of the best tree, all that is not a directory
  uint64_t directories = 0;
  uint64_t files_before = 0;  ///< of the best tree, with data in front of the session
  uint64_t data_end = 0;      ///< the first sector behind all file data and directories
};

/// Walks every tree. Faults go to `log`. Throws Error(interrupted).
StructureFacts check_structure(const VolumeRead& volume, const SectorSource& source, const std::vector<NamedRange>& known,
                               const StructureOptions& options, IssueLog& log);

}  // namespace fsi
