// The file identifier of each node: made when asked for, unique in its directory.
#pragma once

#include "libfsi/names/cs0.h"
#include "libfsi/names/unique_names.h"
#include "libfsi/source/tree.h"

namespace fsi::udf {

class NodeNames {
 public:
  explicit NodeNames(const SourceTree& tree) : tree_(tree) {}
  /// Finds the names that cannot be recorded as they are, and makes them unique. Parallel inside.
  void prepare();

  void make(NodeId id, Identifier& out) const;
  /// Bytes of the identifier, its compression id included.
  size_t size(NodeId id) const;
  /// Nodes whose names are not recorded as they are, in node order.
  const std::vector<NodeId>& changed() const { return changed_; }
  std::string display(NodeId id) const;

 private:
  void arrange(NodeId directory, std::vector<NodeId>& changed, Serials& serials) const;
  uint32_t serial(NodeId id) const;

  const SourceTree& tree_;
  Cs0Names shape_;
  Serials serials_;              // by node
  std::vector<NodeId> changed_;  // by node
};

}  // namespace fsi::udf
