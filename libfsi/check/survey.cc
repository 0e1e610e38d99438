#include "libfsi/check/survey.h"

#include <algorithm>

namespace fsi {

namespace {

class Surveyor final : public Visitor {
 public:
  explicit Surveyor(SectorRange range) : range_(range), data_(range.count), metadata_(range.count) {}

  void entry(const TreeEntry& entry) override {
    for (const DataExtent& extent : entry.extents) mark(entry.kind == EntryKind::directory ? metadata_ : data_, extent.range());
  }
  void stream(std::string_view, const TreeEntry& stream) override { entry(stream); }
  void structure(SectorRange range, std::string_view) override { mark(metadata_, range); }

  SurveyCell count(SectorRange cell) const {
    SurveyCell out{.range = cell};
    for (uint64_t i = cell.first - range_.first, end = i + cell.count; i < end; ++i) {
      if (metadata_[i])
        ++out.metadata;
      else if (data_[i])
        ++out.data;
    }
    return out;
  }

 private:
  void mark(std::vector<bool>& bits, SectorRange sectors) {
    const uint64_t from = std::max(sectors.first, range_.first), to = std::min(sectors.end(), range_.end());
    if (from < to)
      std::fill(bits.begin() + static_cast<std::ptrdiff_t>(from - range_.first),
                bits.begin() + static_cast<std::ptrdiff_t>(to - range_.first), true);
  }
  const SectorRange range_;
  std::vector<bool> data_, metadata_;
};

}  // namespace

std::vector<SurveyCell> survey(const VolumeRead& volume, const std::vector<NamedRange>& known, SectorRange range, size_t cells,
                               const std::stop_token& stop) {
  std::vector<SurveyCell> out;
  if (range.count == 0 || cells == 0) return out;
  Surveyor surveyor(range);
  for (const NamedRange& named : known) surveyor.structure(named.range, named.name);
  IssueLog ignored(0);  // what is wrong with the trees is said once, by check_structure
  for (const auto& tree : volume.trees) tree->walk(surveyor, ignored, stop);
  const uint64_t size = (range.count + cells - 1) / cells;
  for (uint64_t at = range.first; at < range.end(); at += size) out.push_back(surveyor.count({at, std::min(size, range.end() - at)}));
  return out;
}

}  // namespace fsi
