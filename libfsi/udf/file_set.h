// The file set: its descriptor, every ICB and every directory, in one run of blocks that begins at block 0 of the
// partition that holds ICBs. Nothing is kept of it but where each directory lies.
//
//   0  file set descriptor    1  terminator    2  ICB of the root
//   3  for each directory, in the order of the tree: its file identifiers, then the ICBs of its children
//      then allocation extent descriptors of files with more extents than an ICB holds
//      then named streams (streams.h)
//
// An ICB's block is arithmetic: hard links take none, all other nodes one each, in the order of the tree.
#pragma once

#include <vector>

#include "libfsi/layout/layout.h"
#include "libfsi/layout/volume.h"
#include "libfsi/udf/allocation.h"
#include "libfsi/udf/form.h"
#include "libfsi/udf/icb.h"
#include "libfsi/udf/node_names.h"
#include "libfsi/udf/overflow.h"
#include "libfsi/udf/ranked_bits.h"
#include "libfsi/udf/streams.h"

namespace fsi::udf {

class FileSet {
 public:
  /// All must outlive the file set; the layout and the places of `overflow` are read by render() alone.
  FileSet(const SourceTree& tree, const Volume& volume, const Layout& layout, const Form& form, const NodeNames& names, Overflow& overflow);

  /// Finds every block; fills `overflow`. Parallel inside. The names are prepared.
  void prepare();

  uint64_t blocks() const { return blocks_; }
  /// Fills `out`, which is zero, with the blocks from `first` on. Thread-safe.
  void render(const ReadContent& read, uint64_t first, std::span<std::byte> out) const;

  /// Whether the content lies in the ICB of its file, and in which block.
  bool holds(ContentId id) const;
  uint64_t block_holding(ContentId id) const { return icb_block(tree_.contents[id].first_node); }

  uint64_t directories() const { return directories_.size(); }
  /// File identifiers that are no directory's.
  uint64_t files() const { return tree_.nodes.size() - directories_.size(); }
  /// Identifiers that name the node (ECMA-167 4/14.9.6): a directory's own and those of its subdirectories' parents; that of
  /// the parent of a stream directory.
  uint64_t links(NodeId id) const;
  const Streams& streams() const { return streams_; }
  static constexpr uint64_t kMostLinks = UINT16_MAX;
  uint64_t next_unique_id() const { return disc::kFirstUniqueId + tree_.nodes.size(); }

 private:
  struct Directory {
    NodeId node = 0;
    uint32_t first_block = 0;  // of its file identifiers, then of its children's ICBs
    uint64_t bytes = 0;        // of its file identifiers
  };
  // Where in the file identifiers of a large directory one can begin: the child whose identifier holds the byte
  // kMarkBytes * (k + 1), and how far before that byte it begins.
  struct Mark {
    uint32_t child = 0;
    uint32_t back = 0;
  };
  struct Marks {
    uint32_t directory = 0;
    std::vector<Mark> marks;
  };
  struct Chained {
    NodeId node = 0;
    uint32_t first_block = 0;
  };

  void find_owners();
  void measure_directories();
  void place_directories();
  void place_chains();

  NodeId leader(NodeId id) const { return tree_.nodes[id].link_leader == kNone ? id : tree_.nodes[id].link_leader; }
  uint64_t unique_id(NodeId id) const { return id == kRoot ? 0 : id + disc::kFirstUniqueId; }
  uint64_t identifier_bytes(NodeId id) const;
  bool embedded(const Directory& directory) const { return form_.embed && directory.bytes <= icb_room(form_); }
  uint64_t identifier_blocks(const Directory& directory) const { return embedded(directory) ? 0 : sectors_for(directory.bytes); }
  uint64_t first_icb_block(const Directory& directory) const { return directory.first_block + identifier_blocks(directory); }
  uint64_t icb_block(NodeId id) const;
  AllocationRun file_run(const Node& node) const;
  uint64_t chain_block(NodeId id) const;

  void render_descriptor(std::span<std::byte> block) const;
  void render_terminator(std::span<std::byte> block) const;
  void render_identifiers(uint32_t directory, uint64_t from, std::span<std::byte> out, uint64_t location, bool one_location) const;
  void render_children(const ReadContent& read, const Directory& directory, uint64_t first, std::span<std::byte> out) const;
  IcbFacts facts_of(NodeId id) const;
  void render_icb(const ReadContent& read, NodeId id, uint64_t block_number, std::span<std::byte> block) const;
  size_t put_directory(NodeId id, uint64_t block_number, IcbFacts& facts, std::span<std::byte> room) const;
  size_t put_file(const ReadContent& read, NodeId id, IcbFacts& facts, std::span<std::byte> room) const;
  size_t put_symlink(NodeId id, IcbFacts& facts, std::span<std::byte> room) const;
  void render_chain(uint64_t block_number, std::span<std::byte> block) const;

  const SourceTree& tree_;
  const Volume& volume_;
  const Layout& layout_;
  const Form form_;
  const NodeNames& names_;
  Overflow& overflow_;
  Streams streams_;

  RankedBits owners_;  // nodes with an ICB of their own: all but the root and hard links
  RankedBits is_directory_;
  std::vector<Directory> directories_;  // by node and by block
  std::vector<Marks> marks_;            // by directory
  std::vector<Chained> chained_;        // by node and by block
  uint64_t sections_end_ = 0;           // first block behind the directories
  uint64_t chains_end_ = 0;             // first block behind the allocation extents
  uint64_t blocks_ = 0;
};

}  // namespace fsi::udf
