#include "libfsi/check/damage.h"

#include <algorithm>
#include <unordered_set>

#include "libfsi/read/iso_tree.h"

namespace fsi {

namespace {

class DamageVisitor final : public Visitor {
 public:
  DamageVisitor(std::vector<RangeHits>& hits, size_t keep, RightBefore right_before)
      : hits_(hits), keep_(keep), right_before_(std::move(right_before)) {}

  void next_tree(std::string_view name) {
    tree_ = name;
    best_ = !begun_;
    begun_ = true;
  }

  void entry(const TreeEntry& entry) override {
    uint64_t at = 0;  // byte of the file
    for (const DataExtent& extent : entry.extents) {
      const SectorRange range = extent.range();
      for (size_t i = first_hit(range); i < hits_.size() && hits_[i].range.first < range.end(); ++i) {
        // The same data under another tree's name is no news.
        if (entry.kind != EntryKind::directory && !is_news(extent.first)) continue;
        const uint64_t from = std::max(extent.first, hits_[i].range.first * kSectorSize);
        uint64_t to = std::min(extent.first + extent.bytes, hits_[i].range.end() * kSectorSize);
        // Zeros fill the last sector; a file is whole when only they are not.
        const size_t tail = to % kSectorSize;
        if (tail != 0 && right_before_ && right_before_(to / kSectorSize, tail)) {
          to = std::max(from, to - tail);
          if (to == from) {
            add(hits_[i],
                {.path = std::string(entry.path), .is_structure = true, .padding = true, .first_byte = entry.size, .size = entry.size});
            continue;
          }
        }
        PathHit hit{.path = {}, .first_byte = at + from - extent.first, .bytes = to - from, .size = entry.size};
        if (entry.kind == EntryKind::directory) {
          hit.path = "directory records of " + std::string(entry.path) + " (" + std::string(tree_) + ")";
          hit.is_structure = true;
        } else {
          hit.path = entry.path;
        }
        add(hits_[i], std::move(hit));
      }
      at += extent.bytes;
    }
  }

  void stream(std::string_view name, const TreeEntry& stream) override {
    TreeEntry named = stream;
    const std::string path = std::string(stream.path) + " (stream " + std::string(name) + ")";
    named.path = path;
    entry(named);
  }

  void structure(SectorRange range, std::string_view what) override {
    for (size_t i = first_hit(range); i < hits_.size() && hits_[i].range.first < range.end(); ++i)
      name(hits_[i], std::string(what) + (tree_.empty() ? "" : " (" + std::string(tree_) + ")"));
  }

 private:
  size_t first_hit(SectorRange range) const {
    const auto it = std::ranges::upper_bound(hits_, range.first, {}, [](const RangeHits& h) { return h.range.end(); });
    return static_cast<size_t>(it - hits_.begin());
  }
  bool is_news(uint64_t first) {
    if (best_) return hit_files_.insert(first), true;
    return !hit_files_.contains(first);
  }
  void name(RangeHits& hits, const std::string& structure) {
    if (std::ranges::none_of(hits.paths, [&](const PathHit& p) { return p.is_structure && p.path == structure; }))
      add(hits, {.path = structure, .is_structure = true});
  }
  void add(RangeHits& hits, PathHit hit) {
    if (hits.paths.size() < keep_)
      hits.paths.push_back(std::move(hit));
    else
      ++hits.more;
  }

  std::vector<RangeHits>& hits_;
  size_t keep_;
  RightBefore right_before_;
  std::string_view tree_;
  bool begun_ = false, best_ = false;
  std::unordered_set<uint64_t> hit_files_;  // first bytes of the extents that the best tree named
};

}  // namespace

std::vector<RangeHits> map_to_paths(const VolumeRead& volume, std::vector<SectorRange> ranges, const std::vector<NamedRange>& known,
                                    size_t keep, std::stop_token stop, RightBefore right_before) {
  std::vector<RangeHits> hits;
  for (const SectorRange& range : ranges) hits.push_back({.range = range});
  if (hits.empty()) return hits;
  DamageVisitor visitor(hits, keep, std::move(right_before));
  for (const NamedRange& named : known) visitor.structure(named.range, named.name);
  IssueLog ignored(0);  // what is wrong with the trees is said once, by check_structure
  for (const auto& tree : volume.trees) {
    visitor.next_tree(tree->name());
    tree->walk(visitor, ignored, stop);
  }
  return hits;
}

}  // namespace fsi
