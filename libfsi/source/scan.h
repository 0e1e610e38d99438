// The scan: what lies in a directory of the host becomes draft entries, in parallel, sorted by name
// and independent of threads and of the order in which the file system answers. Opens directories
// only, never files. Internal to this room.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "libfsi/base/progress.h"
#include "libfsi/source/draft.h"
#include "libfsi/source/glob.h"
#include "libfsi/source/scan_options.h"

namespace fsi {

/// Something found on the way that has to be told, in source order, once all is known.
struct Finding {
  enum class Weight : uint8_t {
    warning,  ///< told
    skipped,  ///< told; an error unless skip_unreadable
    missing,  ///< told; an error always: the user named it
    fatal,    ///< thrown at once: the first in source order
  };
  Weight weight;
  std::string where, message;
  ErrorKind kind = ErrorKind::source;  ///< fatal
};

/// Counts items and passes them on about twice a second. Thread-safe.
class ItemCounter {
 public:
  explicit ItemCounter(Progress progress) : progress_(std::move(progress)) {}
  void add(uint64_t items, std::string_view current);

 private:
  Progress progress_;
  std::mutex mutex_;
  std::atomic<uint64_t> items_ = 0;
  std::chrono::steady_clock::time_point last_{};
};

struct ScanJob {
  const ScanOptions& options;
  const ExcludeRules& exclude;
  std::stop_token stop;
  ItemCounter& counter;
};

/// Scans `host_dir`, which will be `at` in the image. Returns the directory's entry; its memory is
/// adopted by `draft`, its place in the tree is the caller's business. Throws the first fatal finding;
/// appends the others in source order. The entry has no directory when `host_dir` cannot be opened.
draft::Entry scan_directory(const ScanJob& job, const std::string& host_dir, const std::string& at, draft::Draft& draft,
                            std::vector<Finding>& findings);

/// Entry attributes and value of one thing at `path` that is not a directory, following links.
/// False (with a finding) when it cannot be read.
bool scan_file(const ScanJob& job, const std::string& path, draft::Entry& entry, draft::Draft& draft, std::vector<Finding>& findings);

}  // namespace fsi
