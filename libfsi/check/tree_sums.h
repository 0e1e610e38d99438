// The sum of every file of a tree, for lists that md5sum and its kin read: rides on the pass over the sectors.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libfsi/base/file_sums.h"
#include "libfsi/read/volume.h"

namespace fsi {

class TreeSums {
 public:
  /// `tree` and `source` outlive it. Throws Error(interrupted).
  TreeSums(const FileSystemReader& tree, const SectorSource& source, SumKind kind, std::stop_token stop);

  InOrder* in_order() { return &sums_; }
  SumKind kind() const { return sums_.kind(); }

  /// After the pass: every file in the order of the tree; `sum` is empty when it could not be read whole.
  void for_each(const std::function<void(std::string_view path, const std::optional<Sum>& sum)>& file) const;

 private:
  /// Files that lie at the same place share a sum.
  struct Place {
    uint64_t first = 0, bytes = 0;
    uint64_t runs = 0;  ///< a hash of where all of it lies
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& place) const { return place.first * 0x9E3779B97F4A7C15 ^ place.bytes * 31 ^ place.runs; }
  };
  static Place place_of(const TreeEntry& entry);
  /// Reads a file once more that no pass in ascending order can sum.
  std::optional<Sum> read_alone(const TreeEntry& entry, uint64_t& budget) const;

  const FileSystemReader& tree_;
  const SectorSource& source_;
  const std::stop_token stop_;
  FileSums sums_;
  std::unordered_map<Place, size_t, PlaceHash> numbers_;  // in sums_
};

}  // namespace fsi
