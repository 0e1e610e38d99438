// What does not fit into its ICB although the tree holds it: the components of long symbolic links and the bytes of large
// named streams, a block or more each, among the file data, since a metadata partition is for metadata alone.
#pragma once

#include <vector>

#include "libfsi/layout/layout.h"
#include "libfsi/udf/allocation.h"
#include "libfsi/udf/form.h"

namespace fsi::udf {

class Overflow : public Region {
 public:
  Overflow(const SourceTree& tree, const Layout& layout, const Form& form) : tree_(tree), layout_(layout), form_(form) {
    zone = Zone::metadata;
  }
  /// All links in rising order, with the bytes of their components; then all streams, by their index in the tree.
  void add_link(NodeId id, uint64_t bytes) { add(id, bytes); }
  void add_stream(size_t index) { add(kStreams + index, tree_.streams[index].bytes); }

  /// Where the data is that was added. Addresses are known.
  AllocationRun link(NodeId id) const { return run(id); }
  AllocationRun stream(size_t index) const { return run(kStreams + index); }

  std::string what() const override { return "UDF symbolic links and named streams"; }
  uint64_t measure() override { return sectors_; }
  void render(uint64_t first, std::span<std::byte> out) const override;

 private:
  static constexpr uint64_t kStreams = uint64_t{1} << 32;
  struct Item {
    uint64_t key = 0;    // a node, or a stream behind kStreams
    uint64_t first = 0;  // sector of the region
    uint64_t bytes = 0;
  };
  void add(uint64_t key, uint64_t bytes);
  AllocationRun run(uint64_t key) const;

  const SourceTree& tree_;
  const Layout& layout_;
  const Form& form_;
  std::vector<Item> items_;  // by key and by sector
  uint64_t sectors_ = 0;
};

}  // namespace fsi::udf
