// One finding of a reader or of verify, and the log that keeps a flood of them small.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/base/sectors.h"

namespace fsi {

/// note: worth saying. warning: unusual, readers cope. error: the medium or the image is not as it should be.
enum class Severity : uint8_t { note, warning, error };

enum class Finding : uint8_t {
  different,    ///< sectors that can be read and are not what was written
  unreadable,   ///< sectors that cannot be read
  truncated,    ///< sectors that are missing at the end
  manifest,     ///< the manifest or its locator
  foreign_sum,  ///< a checksum that another program keeps in the image
  trouble,      ///< recorded in the manifest: the source was not as promised while the image was made
  structure,    ///< a descriptor, record or table is not legal
  volume,       ///< what there is, and what is not
  against,      ///< not as what it was compared with: another image, a disc, a folder
  reading,      ///< of a drive: slow, with effort, or given up
};

/// The part of a file, or of a structure, that a finding touches.
struct PathHit {
  std::string path{};  ///< absolute in its tree; for a structure its name, e.g. "directory records of /a"
  bool is_structure = false;
  bool padding = false;     ///< with is_structure: none of the file's bytes, but the zeros behind its end in its last sector
  uint64_t first_byte = 0;  ///< in the file
  uint64_t bytes = 0;
  uint64_t size = 0;  ///< of the whole file
};

struct Issue {
  Severity severity = Severity::error;
  Finding finding = Finding::structure;
  std::string what{};            ///< the fault in a few words; the same words for the same kind of fault
  SectorRange where{};           ///< absolute sectors of the source; count 0: not at a place
  std::vector<PathHit> paths{};  ///< what lies there
  uint64_t more_paths = 0;       ///< how many more than listed
  std::string clause{};          ///< of the standard, e.g. "ECMA-119 9.1.3"
  std::string detail{};          ///< the values
  uint64_t more = 0;             ///< further findings of the same kind that were counted, not kept
  bool incomplete = false;       ///< because of it a reader could not read, or not believe, what should be there
};

/// Keeps the first few findings of each kind and counts the others: a hostile image cannot fill memory with
/// them. Not thread-safe.
class IssueLog {
 public:
  explicit IssueLog(size_t keep_of_a_kind = 20) : keep_(keep_of_a_kind) {}

  /// `what` is a literal and names the kind; `make()` gives the Issue and is called only when it will be kept.
  template <class Make>
  void report(const char* what, Make&& make) {
    Kind& kind = kinds_[what];
    if (kind.count++ >= keep_) return;
    kind.last = issues_.size();
    issues_.push_back(std::forward<Make>(make)());
    issues_.back().what = what;
  }
  /// All findings so far, in order of finding; the log is empty afterwards.
  std::vector<Issue> take();

 private:
  struct Kind {
    uint64_t count = 0;
    size_t last = 0;
  };
  size_t keep_;
  std::map<std::string, Kind, std::less<>> kinds_;
  std::vector<Issue> issues_;
};

}  // namespace fsi
