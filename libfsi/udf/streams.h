// Named streams (ECMA-167 4/9.2, UDF 3.3.5): for each node that has some a stream directory, with an identifier and an ICB
// for each of them, one group of blocks after the other. They are small and belong to UDF alone, so they lie in
// their ICBs where they fit, whatever the rest of the image does.
//
//   group:  ICB of the stream directory, its identifiers where they are too many for it, ICBs of the streams
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "libfsi/names/cs0.h"
#include "libfsi/names/unique_names.h"
#include "libfsi/udf/form.h"
#include "libfsi/udf/icb.h"
#include "libfsi/udf/overflow.h"

namespace fsi::udf {

class Streams {
 public:
  Streams(const SourceTree& tree, const Form& form, Overflow& overflow) : tree_(tree), form_(form), overflow_(overflow) {}

  /// Finds every block, from `first_block` on; returns the first behind them. Adds to the overflow.
  uint64_t prepare(uint64_t first_block);

  /// What the ICB of a node says of its streams.
  struct Summary {
    uint64_t directory_block = 0;
    uint64_t bytes = 0;  ///< of all its streams
  };
  std::optional<Summary> of(NodeId leader) const;

  /// The node that the streams belong to: what its ICB says, and where it is.
  struct Owner {
    IcbFacts facts;
    uint64_t block = 0;
  };
  /// Fills `out`, which is zero, with blocks of groups from `first` on. Thread-safe.
  void render(uint64_t first, std::span<std::byte> out, const std::function<Owner(NodeId)>& owner) const;

  /// Streams whose names are not recorded as they are: index in the tree and recorded name, in order.
  void for_each_changed(const std::function<void(size_t index, std::string_view recorded)>& changed) const;

 private:
  struct Group {
    NodeId node = 0;
    uint32_t stream = 0;  // the first in the tree's list
    uint32_t count = 0;
    uint32_t first_block = 0;
    uint64_t identifiers = 0;  // bytes of the stream directory
    uint64_t bytes = 0;
  };
  uint64_t identifier_blocks(const Group& group) const;
  uint64_t blocks(const Group& group) const { return 1 + identifier_blocks(group) + group.count; }
  void name(const Group& group);
  void make(size_t index, Identifier& out) const;
  void render_group(const Group& group, const Owner& owner, uint64_t first, std::span<std::byte> out) const;
  std::vector<std::byte> identifiers(const Group& group, const Owner& owner) const;

  const SourceTree& tree_;
  const Form& form_;
  Overflow& overflow_;
  Cs0Names shape_;
  std::vector<Group> groups_;      // by node and by block
  std::vector<uint32_t> changed_;  // indices of streams, in order
  Serials serials_;                // of streams, by index
};

}  // namespace fsi::udf
