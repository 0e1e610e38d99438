#include "libfsi/udf/udf.h"

#include <algorithm>
#include <array>

#include "libfsi/base/error.h"
#include "libfsi/names/cs0.h"
#include "libfsi/udf/file_set.h"
#include "libfsi/udf/link_target.h"
#include "libfsi/udf/long_targets.h"
#include "libfsi/udf/metadata_partition.h"
#include "libfsi/udf/node_names.h"
#include "libfsi/udf/timestamp.h"
#include "libfsi/udf/volume_structure.h"

namespace fsi {

namespace {

constexpr std::array<unsigned, 6> kRevisions{0x0102, 0x0150, 0x0200, 0x0201, 0x0250, 0x0260};

const UdfOptions& checked(const UdfOptions& options) {
  if (!is_udf_revision(options.revision)) {
    char number[16];
    std::snprintf(number, sizeof number, "%x.%02x", options.revision >> 8, options.revision & 0xFF);
    throw Error(ErrorKind::usage, number, "choosing the revision of UDF",
                "there is none of that number; choose 1.02, 1.50, 2.00, 2.01, 2.50 or 2.60");
  }
  return options;
}

class Udf : public UdfWriter {
 public:
  Udf(const SourceTree& tree, const Volume& volume, const Layout& layout, const UdfOptions& options)
      : tree_(tree),
        volume_(volume),
        form_(checked(options)),
        names_(tree),
        targets_(tree),
        files_(tree, volume, layout, form_, names_, targets_),
        file_set_(files_, form_.metadata_partition ? Role::metadata_file : Role::plain),
        mirror_copy_(files_, Role::mirror_copy),
        metadata_icb_(volume, layout, form_, file_set_, false),
        mirror_icb_(volume, layout, form_, form_.duplicate ? mirror_copy_ : file_set_, true),
        structure_(volume, layout, form_, files_, options.vrs_at, form_.metadata_partition ? &mirror_icb_ : nullptr) {}

  void prepare() override {
    names_.prepare();
    if (volume_.strict && !names_.changed().empty()) refuse(names_.changed().front());
    files_.prepare();
  }

  std::vector<Region*> regions() override {
    std::vector<Region*> regions{&file_set_, &targets_};
    if (form_.metadata_partition) {
      regions.push_back(&metadata_icb_);
      if (form_.duplicate) regions.push_back(&mirror_copy_);
      regions.push_back(&mirror_icb_);
    }
    const std::vector<Region*> structure = structure_.regions();
    regions.insert(regions.end(), structure.begin(), structure.end());
    return regions;
  }

  bool holds(ContentId id) const override { return files_.holds(id); }
  Lba held_at(ContentId id) const override { return static_cast<Lba>(file_set_.range.first + files_.block_holding(id)); }

  std::string format_name() const override { return "UDF"; }
  std::string name_in_format(NodeId id) const override { return id == kRoot ? std::string() : names_.display(id); }
  void for_each_changed(const Changed& changed) const override {
    for (const NodeId id : names_.changed()) changed(id, names_.display(id));
  }
  void for_each_loss(const Loss& loss) const override;
  std::vector<std::string> notes() const override;

 private:
  using Role = udf::FileSetRegion::Role;

  [[noreturn]] void refuse(NodeId id) const {
    throw Error(ErrorKind::limit, printable(tree_.path(id)), "recording its name in UDF",
                "it would have to change to \"" + printable(names_.display(id)) + "\"; rename it, or do without --strict");
  }

  const SourceTree& tree_;
  const Volume& volume_;
  const udf::Form form_;
  udf::NodeNames names_;
  udf::LongTargets targets_;
  udf::FileSet files_;
  udf::FileSetRegion file_set_, mirror_copy_;
  udf::MetadataIcbRegion metadata_icb_, mirror_icb_;
  udf::VolumeStructure structure_;
};

void Udf::for_each_loss(const Loss& loss) const {
  for (NodeId id = 0; id < tree_.nodes.size(); ++id) {
    const Node& node = tree_.nodes[id];
    for (const auto& [what, time] : {std::pair{"time of last change", node.mtime},
                                     {"time of last access", node.atime},
                                     {"time of last change of attributes", node.ctime}}) {
      if (time < udf::kEarliestTime) loss(id, std::string(what) + ": before the year 1, recorded as its beginning");
      if (time > udf::kLatestTime) loss(id, std::string(what) + ": after the year 9999, recorded as its end");
    }
    if (node.kind == NodeKind::symlink) {
      const std::string_view target = tree_.str(node.target);
      const std::string components = udf::link_components(target);
      const std::string recorded = udf::target_of_components(components);
      if (recorded != target) loss(id, "target of the link: recorded as " + printable(recorded));
      if (components.size() > kSectorSize)
        loss(id, "target of the link: Linux does not show a link that takes more than 2048 bytes in UDF");
    }
    if (const uint64_t links = udf::FileSet::links(node); links > udf::FileSet::kMostLinks)
      loss(id, "number of links: " + std::to_string(links) + ", recorded as " + std::to_string(udf::FileSet::kMostLinks));
  }
}

std::vector<std::string> Udf::notes() const {
  std::vector<std::string> notes;
  const auto check = [&](size_t most, const char* where) {
    bool cut = false;
    const std::string recorded = cs0_text(volume_.volume_id, most, &cut);
    if (cut) notes.push_back("the volume id is recorded as \"" + printable(cs0_to_utf8(recorded)) + "\" in the " + where);
  };
  check(decltype(disc::LogicalVolumeDescriptor::identifier)::kMost, "logical volume descriptor, which readers show");
  check(decltype(disc::PrimaryVolumeDescriptor::volume_identifier)::kMost, "primary volume descriptor");
  return notes;
}

}  // namespace

bool is_udf_revision(unsigned revision) { return std::find(kRevisions.begin(), kRevisions.end(), revision) != kRevisions.end(); }

std::unique_ptr<UdfWriter> make_udf(const SourceTree& tree, const Volume& volume, const Layout& layout, const UdfOptions& options) {
  return std::make_unique<Udf>(tree, volume, layout, options);
}

}  // namespace fsi
