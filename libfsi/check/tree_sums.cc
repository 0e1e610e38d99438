#include "libfsi/check/tree_sums.h"

#include <algorithm>

#include "libfsi/base/error.h"
#include "libfsi/base/progress.h"

namespace fsi {

namespace {

constexpr uint64_t kOverlap = 4;         // how often a byte may be summed on the way
constexpr uint64_t kPieceSectors = 512;  // what is read at a time of a file that is summed alone

class Each final : public Visitor {
 public:
  explicit Each(std::function<void(const TreeEntry&)> file) : file_(std::move(file)) {}
  void entry(const TreeEntry& entry) override {
    if (entry.kind == EntryKind::file && !entry.associated) file_(entry);
  }

 private:
  std::function<void(const TreeEntry&)> file_;
};

bool lost(const TreeEntry& entry) {
  return std::ranges::any_of(entry.extents, [](const DataExtent& e) { return e.kind == DataExtent::Kind::lost; });
}

}  // namespace

TreeSums::Place TreeSums::place_of(const TreeEntry& entry) {
  Place place{entry.extents.empty() ? 0 : entry.extents.front().first, entry.size, 14695981039346656037u};
  for (const DataExtent& extent : entry.extents)
    for (const uint64_t value : {extent.first, extent.bytes, static_cast<uint64_t>(extent.kind)})
      place.runs = (place.runs ^ value) * 1099511628211u;
  return place;
}

TreeSums::TreeSums(const FileSystemReader& tree, const SectorSource& source, SumKind kind, std::stop_token stop)
    : tree_(tree), source_(source), stop_(std::move(stop)), sums_(kind) {
  uint64_t budget = source.sectors() * kSectorSize * kOverlap;
  std::vector<ByteRun> runs;
  Each each([&](const TreeEntry& entry) {
    const Place place = place_of(entry);
    uint64_t recorded = 0;
    runs.clear();
    for (const DataExtent& extent : entry.extents) {
      runs.push_back({extent.first, extent.bytes, extent.kind != DataExtent::Kind::recorded});
      recorded += extent.bytes;
    }
    if (lost(entry) || recorded != entry.size || recorded > budget || numbers_.contains(place)) return;
    if (!sums_.add(runs)) return;
    budget -= recorded;
    numbers_.emplace(place, sums_.size() - 1);
  });
  IssueLog ignored(0);  // what is wrong with the tree is said by check_structure
  tree_.walk(each, ignored, stop_);
}

std::optional<Sum> TreeSums::read_alone(const TreeEntry& entry, uint64_t& budget) const {
  uint64_t recorded = 0;
  for (const DataExtent& extent : entry.extents) recorded += extent.bytes;
  if (lost(entry) || recorded != entry.size || recorded > budget) return std::nullopt;
  budget -= recorded;
  RunningDigest digest(sums_.kind());
  std::vector<std::byte> piece(kPieceSectors * kSectorSize);
  for (const DataExtent& extent : entry.extents)
    for (uint64_t done = 0; done < extent.bytes;) {
      check_stop(stop_);
      const uint64_t at = extent.first + done, skip = at % kSectorSize;
      const uint64_t bytes = std::min(extent.bytes - done, piece.size() - skip);
      const SectorRange sectors{at / kSectorSize, sectors_for(skip + bytes)};
      done += bytes;
      const auto out = std::span(piece).first(sectors.count * kSectorSize);
      if (extent.kind == DataExtent::Kind::zeros) {
        std::ranges::fill(out, std::byte{});
      } else {
        if (sectors.end() > source_.sectors()) return std::nullopt;
        try {
          source_.read(sectors, out);
        } catch (const Error& error) {
          if (error.kind() == ErrorKind::interrupted) throw;
          return std::nullopt;
        }
      }
      digest.add(out.subspan(skip, bytes));
    }
  return digest.finish();
}

void TreeSums::for_each(const std::function<void(std::string_view path, const std::optional<Sum>& sum)>& file) const {
  uint64_t budget = source_.sectors() * kSectorSize * kOverlap;
  Each each([&](const TreeEntry& entry) {
    if (const auto known = numbers_.find(place_of(entry)); known != numbers_.end())
      file(entry.path, sums_.sum(known->second));
    else
      file(entry.path, read_alone(entry, budget));
  });
  IssueLog ignored(0);
  tree_.walk(each, ignored, stop_);
}

}  // namespace fsi
