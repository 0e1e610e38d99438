// The sums of isomd5sum in an image: the whole and its fragments (disc/isomd5.h). Found before the pass over the sectors,
// computed on the way, judged behind it.
#pragma once

#include <memory>

#include "libfsi/base/prefix_sums.h"
#include "libfsi/check/foreign_sums.h"
#include "libfsi/check/manifest_reader.h"
#include "libfsi/disc/isomd5.h"
#include "libfsi/read/volume.h"

namespace fsi {

class Isomd5Check {
 public:
  /// Reads the text. What is wrong with it goes to `log`.
  Isomd5Check(const VolumeRead& volume, const SectorSource& source, uint64_t session_start, IssueLog& log);

  /// Null when there is nothing to compute.
  InOrder* in_order() { return sums_.get(); }
  /// Whether the chunk with the descriptor is what the manifest knows but for these sums: they were implanted afterwards.
  bool implanted_after(const Manifest& manifest) const;
  /// After the pass; `passed` is false when there was none.
  void judge(bool passed, IssueLog& log, std::vector<ForeignSum>& facts) const;

 private:
  void judge_fragments(ForeignSum& fact, bool whole_is_right, IssueLog& log) const;

  const SectorSource& source_;
  disc::Isomd5 text_;
  uint64_t sectors_ = 0;  // that the sum covers
  std::vector<disc::Isomd5Point> points_;
  std::unique_ptr<PrefixSums> sums_;
};

}  // namespace fsi
