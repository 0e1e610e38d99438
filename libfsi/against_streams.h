// Named streams of a UDF tree against the extended attributes of the source that become such.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/read/volume.h"
#include "libfsi/source/tree.h"

namespace fsi {

class AgainstStreams {
 public:
  explicit AgainstStreams(const SourceTree& tree) : tree_(tree) {}
  /// A stream of a node that is there on both sides.
  void add(NodeId node, std::string_view name, const TreeEntry& stream);
  /// An image without any stream was made without extended attributes: that is no difference.
  bool any() const { return !streams_.empty(); }
  /// Attributes that are missing, are on the disc only or have another value. `there`: which nodes are on the disc.
  void for_each_difference(const SectorSource& source, const std::vector<bool>& there,
                           const std::function<void(NodeId node, const std::string& text)>& difference) const;

 private:
  bool same_value(const std::vector<DataExtent>& extents, const Stream& stream, const SectorSource& source) const;

  struct OnDisc {
    uint64_t size = 0;
    std::vector<DataExtent> extents;
  };
  const SourceTree& tree_;
  // By the first name of a file: its other names show the same streams.
  std::map<std::pair<NodeId, std::string>, OnDisc> streams_;
};

}  // namespace fsi
