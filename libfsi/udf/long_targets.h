// The data of symbolic links whose path components do not fit into their ICB: a block or more each, among the
// file data, since a metadata partition is for metadata alone.
#pragma once

#include <vector>

#include "libfsi/layout/layout.h"
#include "libfsi/udf/form.h"

namespace fsi::udf {

class LongTargets : public Region {
 public:
  explicit LongTargets(const SourceTree& tree) : tree_(tree) { zone = Zone::metadata; }
  /// Nodes in rising order, with the bytes of their components.
  void add(NodeId id, uint64_t bytes);

  /// First block of the partition and bytes of a link's data. `id` was added; addresses are known.
  struct Place {
    uint64_t block = 0;
    uint64_t bytes = 0;
  };
  Place place(NodeId id, Lba session_start) const;

  std::string what() const override { return "UDF symbolic link targets"; }
  uint64_t measure() override { return sectors_; }
  void render(uint64_t first, std::span<std::byte> out) const override;

 private:
  struct Link {
    NodeId node = 0;
    uint64_t first = 0;  // sector of the region
    uint64_t bytes = 0;
  };
  const SourceTree& tree_;
  std::vector<Link> links_;
  uint64_t sectors_ = 0;
};

}  // namespace fsi::udf
