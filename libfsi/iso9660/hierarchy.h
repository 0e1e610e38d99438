// The directory hierarchy of ECMA-119, once for ISO 9660 and Joliet: which directories there are, in the
// order of the path table, and what each holds, in the order of its records. No sizes and no addresses.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libfsi/iso9660/dialect.h"
#include "libfsi/source/tree.h"

namespace fsi {

class Hierarchy {
 public:
  /// A directory. Its number in the path table is its index + 1 (6.9.1: by level, then parent, then identifier), so that the
  /// subdirectories of one directory are consecutive and in the order of its records.
  struct Directory {
    NodeId node = kRoot;       ///< node() of it; the relocation directory has an id past the tree's
    uint32_t parent = 0;       ///< index; the root is its own parent
    uint32_t first_entry = 0;  ///< in entries()
    uint32_t entry_count = 0;
    uint32_t first_subdirectory = 0;
    bool moved = false;       ///< it was relocated
    bool relocation = false;  ///< it holds what was relocated
  };

  /// What a record of a directory names.
  struct Entry {
    NodeId id = kRoot;
    uint32_t directory = kNone;  ///< index of the directory it is, or of the one it stands for
    RecordRole role = RecordRole::child;
  };

  Hierarchy(const SourceTree& tree, const Dialect& dialect, bool relocate_deep);

  /// Parallel inside. Throws Error{limit}: see make_iso9660.
  void prepare();

  const SourceTree& tree() const { return tree_; }
  const Dialect& dialect() const { return dialect_; }
  const std::vector<Directory>& directories() const { return directories_; }
  /// The ids of a directory's entries, in the order of their records.
  std::span<const NodeId> entries(const Directory& directory) const {
    return {order_.data() + directory.first_entry, directory.entry_count};
  }
  /// The n-th of these, when `subdirectories` of those before it are directories of their own (not placeholders).
  Entry entry(const Directory& directory, uint32_t n, uint32_t subdirectories) const;

  const Node& node(NodeId id) const {
    if (id == kRoot) return root_;
    return id < tree_.nodes.size() ? tree_.nodes[id] : relocation_;
  }
  std::string_view node_name(NodeId id) const { return id < tree_.nodes.size() ? tree_.name(id) : relocation_name_; }
  /// The identifier of a record, or of a directory's path table record.
  void identifier(NodeId id, RecordRole role, Identifier& out) const;
  void identifier(const Directory& directory, Identifier& out) const;
  /// The name under which the node is recorded: the identifier without separators and version.
  void recorded_name(NodeId id, Identifier& out) const;

  /// A directory's path, for messages and the map.
  std::string path(const Directory& directory) const;
  /// Where a relocated directory came from.
  uint32_t origin(const Directory& moved) const;
  /// The order in which the directories should lie on the disc, as indexes. The path table's, but what was relocated comes before what it
  /// was relocated from: libarchive reads directories by address, and must know a relocated tree before its placeholder.
  std::vector<uint32_t> disc_order() const;

 private:
  struct Moved {  // a relocated directory
    NodeId node = kNone;
    uint32_t serial = 0;  // of its name in the relocation directory
    uint32_t directory = kNone;
    uint32_t origin = kNone;  // index of the directory that it was in
  };

  void find_deep_directories();
  void choose_relocation_name();
  void arrange_entries();
  void arrange_special(std::span<const NodeId> ids, uint32_t first, std::vector<std::pair<uint32_t, uint32_t>>& serials);
  void number_directories();
  void add_directory(NodeId id, uint32_t parent);
  bool is_moved(NodeId id) const { return !moved_.empty() && moved_at(id) != nullptr; }
  const Moved* moved_at(NodeId id) const;
  uint32_t serial(NodeId id) const { return serials_.empty() ? 0 : serials_[id]; }
  void make_identifier(NodeId id, bool as_directory, uint32_t serial, Identifier& out) const;

  const SourceTree& tree_;
  const Dialect& dialect_;
  const bool relocate_deep_;
  std::vector<NodeId> order_;      // by node slots: a directory's entries lie where its children lie in the tree
  std::vector<uint32_t> serials_;  // by node; empty when no names collide
  std::vector<Directory> directories_;
  std::vector<Moved> moved_;  // sorted by node
  Node root_;                 // the tree's, with one link more where rr_moved joins it
  Node relocation_;
  std::string relocation_name_;
};

}  // namespace fsi
