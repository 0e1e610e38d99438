// The tree of directories of a UDF volume, of any revision.
#pragma once

#include <memory>
#include <string_view>

#include "libfsi/read/udf_volume.h"

namespace fsi {

class UdfTree final : public FileSystemReader {
 public:
  /// `source` must outlive the tree.
  UdfTree(const SectorSource& source, std::shared_ptr<const UdfVolume> volume, const ReadLimits& limits)
      : source_(source), volume_(std::move(volume)), limits_(limits) {}

  std::string_view name() const override { return "UDF"; }
  void walk(Visitor& visitor, IssueLog& log, std::stop_token stop = {}) const override;
  /// Compares the metadata mirror, where it has blocks of its own, with the metadata file.
  void check_mirror(IssueLog& log, std::stop_token stop) const;

  const UdfVolume& volume() const { return *volume_; }
  const SectorSource& source() const { return source_; }

 private:
  friend class UdfWalk;
  const SectorSource& source_;
  std::shared_ptr<const UdfVolume> volume_;
  ReadLimits limits_;
};

}  // namespace fsi
