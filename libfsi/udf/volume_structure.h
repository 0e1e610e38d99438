// The volume structure (ECMA-167 parts 2 and 3): what tells a reader that there is UDF, where it begins and what the
// volume is called. Small regions of whole sectors, each made when asked for.
#pragma once

#include <memory>
#include <vector>

#include "libfsi/layout/layout.h"
#include "libfsi/layout/volume.h"
#include "libfsi/udf/file_set.h"
#include "libfsi/udf/form.h"

namespace fsi::udf {

class VolumeStructure {
 public:
  /// `mirror_icb`: the region of the metadata mirror's ICB, the last block of the partition; null without one.
  VolumeStructure(const Volume& volume, const Layout& layout, const Form& form, const FileSet& files, uint64_t vrs_at,
                  const Region* mirror_icb);
  ~VolumeStructure();

  /// The reserve sequence and the second anchor close the image, so that nothing lies behind what UDF names:
  /// 7-Zip takes that for a foreign tail, and misses the anchor.
  std::vector<Region*> regions() const;

 private:
  friend class SequenceRegion;
  friend class IntegrityRegion;
  friend class AnchorRegion;

  uint64_t partition_start() const { return layout_.session_start + kPartitionAt; }
  /// The partition ends with the mirror's ICB, which must be its last block, or else with the files.
  uint64_t partition_blocks() const;
  std::vector<std::byte> descriptor(uint64_t index) const;
  std::vector<std::byte> logical_volume(uint32_t sequence_number) const;
  std::vector<std::byte> integrity() const;
  std::string volume_set_id() const;

  const Volume& volume_;
  const Layout& layout_;
  const Form form_;
  const FileSet& files_;
  const Region* mirror_icb_;
  std::vector<std::unique_ptr<Region>> regions_;
  const Region* main_ = nullptr;
  const Region* reserve_ = nullptr;
  const Region* integrity_ = nullptr;
};

}  // namespace fsi::udf
