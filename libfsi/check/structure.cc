#include "libfsi/check/structure.h"

#include <algorithm>
#include <unordered_map>

#include "libfsi/base/error.h"
#include "libfsi/check/boot_images.h"
#include "libfsi/check/links.h"
#include "libfsi/check/partition_contents.h"
#include "libfsi/check/partition_tables.h"
#include "libfsi/check/path_table.h"
#include "libfsi/check/tree_agreement.h"
#include "libfsi/read/iso_tree.h"
#include "libfsi/read/udf_tree.h"

namespace fsi {

namespace {

// Bytes that belong to one thing. Kept small: there is one for each distinct extent of the volume.
struct Owned {
  uint64_t first;
  uint64_t end;
  friend auto operator<=>(const Owned&, const Owned&) = default;
};

class StructureVisitor final : public Visitor {
 public:
  StructureVisitor(uint64_t start, uint64_t source_end, uint64_t volume_end, bool truncated, BootImages& boot, TreeAgreement& agreement,
                   IssueLog& log)
      : start_(start),
        source_end_(source_end),
        volume_end_(volume_end),
        truncated_(truncated),
        boot_(boot),
        agreement_(agreement),
        log_(log) {}

  void next_tree(const FileSystemReader& tree, LinkCounts* links, const char* clause) {
    agreement_.next_tree(tree);
    links_ = links;
    clause_ = clause;
    first_tree_ = tree_++ == 0;
  }
  void entry(const TreeEntry& entry) override {
    if (first_tree_) {
      ++(entry.kind == EntryKind::directory ? facts.directories : facts.files);
      facts.files_before += std::ranges::any_of(entry.extents, [&](const DataExtent& e) {
        return e.kind == DataExtent::Kind::recorded && e.bytes > 0 && e.range().first < start_;
      });
    }
    if (links_) links_->add(entry);
    boot_.see(entry);
    agreement_.add(entry);
    own(entry);
  }
  void stream(std::string_view, const TreeEntry& stream) override { own(stream); }

  StructureFacts facts;
  std::vector<Owned> owned;

 private:
  void own(const TreeEntry& entry) {
    for (const DataExtent& extent : entry.extents) {
      const SectorRange range = extent.range();
      if (range.count == 0) continue;
      facts.data_end = std::max(facts.data_end, range.end());
      if (range.end() > source_end_) {
        if (!truncated_) fault("the data of a file lie beyond the end", entry, range);
        continue;
      }
      if (range.end() > volume_end_) fault("the data of a file lie outside the volume", entry, range);
      owned.push_back({extent.first, extent.first + extent.bytes});
    }
  }
  void fault(const char* what, const TreeEntry& entry, SectorRange range) {
    log_.report(what, [&] {
      return Issue{
          .where = range, .paths = {{.path = std::string(entry.path), .bytes = entry.size, .size = entry.size}}, .clause = clause_};
    });
  }
  const uint64_t start_, source_end_, volume_end_;
  const bool truncated_;
  BootImages& boot_;
  TreeAgreement& agreement_;
  IssueLog& log_;
  LinkCounts* links_ = nullptr;
  const char* clause_ = "";
  bool first_tree_ = false;
  int tree_ = 0;
};

constexpr uint64_t kMaxSection = disc::kMaxSectionBytes;

// Extents may be shared as a whole (hard links, equal contents, several trees); anything else is two owners of a sector.
void check_overlaps(const VolumeRead& volume, std::vector<Owned>& owned, const std::vector<NamedRange>& known, std::stop_token stop,
                    IssueLog& log) {
  std::ranges::sort(owned);
  owned.erase(std::unique(owned.begin(), owned.end()), owned.end());
  std::vector<SectorRange> shared;
  constexpr size_t kNamed = 32;
  uint64_t more = 0;
  uint64_t end = 0;
  Owned before{0, 0};
  for (const Owned& o : owned) {
    const bool is_part = o.first == before.first && before.end - before.first <= kMaxSection && o.end - o.first > kMaxSection;
    before = o;
    if (is_part) {
      // genisoimage shows only a part of a file that is too large for one section.
    } else if (o.first < end && shared.size() < kNamed)
      shared.push_back(DataExtent{o.first, std::min(end, o.end) - o.first}.range());
    else if (o.first < end)
      ++more;
    end = std::max(end, o.end);
  }
  if (shared.empty()) return;
  std::ranges::sort(shared, {}, &SectorRange::first);
  size_t kept = 0;
  for (const SectorRange& s : shared)
    if (kept > 0 && s.first <= shared[kept - 1].end())
      shared[kept - 1].count = std::max(shared[kept - 1].end(), s.end()) - shared[kept - 1].first;
    else
      shared[kept++] = s;
  shared.resize(kept);
  for (RangeHits& hits : map_to_paths(volume, shared, known, 16, std::move(stop)))
    log.report("extents overlap without being the same", [&] {
      return Issue{.where = hits.range,
                   .paths = std::move(hits.paths),
                   .more_paths = hits.more,
                   .clause = "ECMA-119 6.4",
                   .more = std::exchange(more, 0)};
    });
}

}  // namespace

StructureFacts check_structure(const VolumeRead& volume, const SectorSource& source, const std::vector<NamedRange>& known,
                               const StructureOptions& options, IssueLog& log) {
  // In a later session addresses are absolute and the size is not: only the source bounds it then.
  const uint64_t volume_end = options.session_start == 0 && volume.sectors() != 0 ? volume.sectors() : UINT64_MAX;
  BootImages boot(volume, source, options.session_start, log);
  TreeAgreement agreement;
  StructureVisitor visitor(options.session_start, source.sectors(), volume_end, options.truncated, boot, agreement, log);
  for (const auto& tree : volume.trees) {
    const auto* iso = dynamic_cast<const IsoTree*>(tree.get());
    if (!iso) {
      visitor.next_tree(*tree, nullptr, "ECMA-167 4/14.14");
      tree->walk(visitor, log, options.stop);
      continue;
    }
    LinkCounts links;
    std::vector<PhysicalDirectory> directories;
    visitor.next_tree(*iso, iso->rock_ridge() ? &links : nullptr, "ECMA-119 9.1.3");
    iso->walk(visitor, log, options.stop, &directories);
    check_path_tables(*iso, directories, log);
    if (iso->rock_ridge()) links.check(*iso, options.own, log, options.stop);
  }
  for (const auto& udf : volume.udf_trees) udf->check_mirror(log, options.stop);
  check_overlaps(volume, visitor.owned, known, options.stop, log);
  // Of a tree that is cut off nobody can say what it names.
  if (!options.truncated) agreement.check(options.own, log, options.stop);
  boot.check(known);
  // Firmware takes the whole disk, so that only its start can have tables.
  if (options.session_start == 0) check_partition_contents(read_partition_tables(source, log), boot.list(), source, options.own, log);
  return visitor.facts;
}

}  // namespace fsi
