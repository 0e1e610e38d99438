// Hard links on a disc against those of the source: which names are one file. Of one tree of the volume.
#pragma once

#include <functional>
#include <vector>

#include "libfsi/read/volume.h"
#include "libfsi/source/tree.h"

namespace fsi {

class AgainstLinks {
 public:
  explicit AgainstLinks(const SourceTree& tree) : tree_(tree) {}
  /// A name that is there on both sides. Names without a serial number (plain ISO 9660, Joliet) say nothing.
  void add(NodeId node, const TreeEntry& entry);
  /// Names that are one file here and several there, each with a text about the other name; in the order of the disc.
  void for_each_difference(const std::function<void(NodeId node, const std::string& text)>& difference) const;

 private:
  struct Name {
    NodeId node;
    uint64_t serial;
  };
  const SourceTree& tree_;
  std::vector<Name> names_;
};

}  // namespace fsi
