// Several trees over one set of data: do they name the same files, with the same sizes, at the same places? What a format cannot
// show is no disagreement. Keeps a few numbers for each name, no names; a tree that disagrees is walked once more to name what.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "libfsi/read/volume.h"

namespace fsi {

class TreeAgreement {
 public:
  /// What comes now is of this tree of the volume; in the order of volume.trees.
  void next_tree(const FileSystemReader& tree);
  void add(const TreeEntry& entry);
  /// The first tree against each of the others. `own`: made by discpress, which hides nothing from a tree.
  void check(bool own, IssueLog& log, const std::stop_token& stop);

 private:
  friend class Disagreement;
  // Numbers that stand for an entry: of its path, of its kind and size, of where its data lie (0: nowhere that can be compared).
  struct Item {
    uint64_t path, size, place;
  };
  struct Tree {
    const FileSystemReader* reader;
    std::vector<Item> items{};
    bool relocates = false;
  };
  static Item item_of(const TreeEntry& entry);
  std::vector<Tree> trees_;
};

}  // namespace fsi
