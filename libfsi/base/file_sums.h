// The sum of each of many files whose bytes go by in a pass over the sectors in ascending order. Knows nothing of trees:
// a file is a few runs of bytes.
#pragma once

#include <optional>
#include <vector>

#include "libfsi/base/in_order.h"
#include "libfsi/base/running_digest.h"

namespace fsi {

/// Bytes of a file: where they lie, or zeros that lie nowhere.
struct ByteRun {
  uint64_t first = 0;  ///< from the start of sector 0
  uint64_t bytes = 0;
  bool zeros = false;
};

class FileSums : public InOrder {
 public:
  explicit FileSums(SumKind kind) : kind_(kind) {}
  SumKind kind() const { return kind_; }

  /// A file; all are added before the pass. False, and nothing is added, when its runs do not follow each other in
  /// ascending order: a pass cannot sum it. Files are numbered from 0 as they were added.
  bool add(std::span<const ByteRun> runs);

  void take(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) override;

  size_t size() const { return files_.size(); }
  /// Empty when the pass did not see all of it, or when some of it could not be read.
  std::optional<Sum> sum(size_t file) const;

 private:
  struct File {
    uint64_t begin = 0;  // byte of its first run that lies somewhere
    size_t first_run = 0;
    uint32_t runs = 0;
    bool known = false;
    Sum sum{};
  };
  /// A file that the pass is in.
  struct Open {
    size_t file;
    RunningDigest digest;
    size_t run = 0;     // of the file
    uint64_t done = 0;  // bytes of the run
    bool broken = false;
  };

  void start();
  void begin_file(size_t file);
  /// False when the file is done with.
  bool go_on(Open& open, uint64_t begin, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable);

  const SumKind kind_;
  std::vector<File> files_;
  std::vector<ByteRun> runs_;
  std::vector<size_t> order_;  // files by where they begin
  size_t next_ = 0;            // in order_
  std::vector<Open> open_;
  std::vector<RunningDigest> spare_;  // finished ones, to be used again
  bool started_ = false;
};

}  // namespace fsi
