#include "libfsi/udf/udf.h"

#include <algorithm>
#include <array>

#include "libfsi/base/error.h"
#include "libfsi/names/cs0.h"
#include "libfsi/udf/file_set.h"
#include "libfsi/udf/link_target.h"
#include "libfsi/udf/metadata_partition.h"
#include "libfsi/udf/node_names.h"
#include "libfsi/udf/overflow.h"
#include "libfsi/udf/timestamp.h"
#include "libfsi/udf/volume_structure.h"

namespace fsi {

namespace {

constexpr std::array<unsigned, 6> kRevisions{0x0102, 0x0150, 0x0200, 0x0201, 0x0250, 0x0260};

const UdfOptions& checked(const UdfOptions& options) {
  if (!is_udf_revision(options.revision))
    throw Error(ErrorKind::usage, udf_revision_text(options.revision), "choosing the revision of UDF",
                "there is none of that number; choose 1.02, 1.50, 2.00, 2.01, 2.50 or 2.60");
  return options;
}

// The name that readers show must be whole; the primary volume descriptor's, which nobody shows, may be cut.
void check_volume_id(const std::string& id) {
  constexpr size_t kMost = decltype(disc::LogicalVolumeDescriptor::identifier)::kMost;
  if (cs0_text(id, SIZE_MAX).size() > kMost)
    throw Error(ErrorKind::usage, "volume id \"" + printable(id) + "\"", "recording it in UDF",
                "UDF holds " + std::to_string(kMost - 1) + " ASCII characters there, or " + std::to_string((kMost - 1) / 2) +
                    " of others; use a shorter one");
}

std::string plural(uint64_t count, const char* one, const char* many) { return std::to_string(count) + " " + (count == 1 ? one : many); }

class Udf : public UdfWriter {
 public:
  Udf(const SourceTree& tree, const Volume& volume, const Layout& layout, const UdfOptions& options)
      : tree_(tree),
        volume_(volume),
        form_(checked(options)),
        names_(tree),
        overflow_(tree, layout, form_),
        files_(tree, volume, layout, form_, names_, overflow_),
        file_set_(files_, form_.metadata_partition ? Role::metadata_file : Role::plain),
        mirror_copy_(files_, Role::mirror_copy),
        metadata_icb_(volume, layout, form_, file_set_, false),
        mirror_icb_(volume, layout, form_, form_.duplicate ? mirror_copy_ : file_set_, true),
        structure_(volume, layout, form_, files_, options.vrs_at, form_.metadata_partition ? &mirror_icb_ : nullptr) {
    check_volume_id(volume.volume_id);
  }

  void prepare() override {
    names_.prepare();
    if (volume_.strict && !names_.changed().empty()) refuse(names_.changed().front());
    files_.prepare();
    if (volume_.strict)
      files_.streams().for_each_changed([&](size_t index, std::string_view recorded) { refuse_stream(tree_.streams[index], recorded); });
  }

  std::vector<Region*> regions() override {
    std::vector<Region*> regions{&file_set_, &overflow_};
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

  [[noreturn]] void refuse_stream(const Stream& stream, std::string_view recorded) const {
    throw Error(ErrorKind::limit, printable(tree_.path(stream.node)), "recording its stream " + printable(tree_.str(stream.name)),
                "its name would have to change to \"" + printable(recorded) + "\"; rename it, or do without --strict");
  }

  const SourceTree& tree_;
  const Volume& volume_;
  const udf::Form form_;
  udf::NodeNames names_;
  udf::Overflow overflow_;
  udf::FileSet files_;
  udf::FileSetRegion file_set_, mirror_copy_;
  udf::MetadataIcbRegion metadata_icb_, mirror_icb_;
  udf::VolumeStructure structure_;
};

void Udf::for_each_loss(const Loss& loss) const {
  size_t stream = 0;
  std::vector<std::pair<size_t, std::string>> renamed;  // streams
  files_.streams().for_each_changed([&](size_t index, std::string_view recorded) { renamed.emplace_back(index, recorded); });
  auto next_renamed = renamed.begin();
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
    if (const uint64_t links = files_.links(id); links > udf::FileSet::kMostLinks)
      loss(id, "number of links: " + std::to_string(links) + ", recorded as " + std::to_string(udf::FileSet::kMostLinks));
    const size_t first_stream = stream;
    while (stream < tree_.streams.size() && tree_.streams[stream].node == id) ++stream;
    if (stream > first_stream && !form_.extended)
      loss(id, plural(stream - first_stream, "named stream", "named streams") + ": not recorded, UDF has them from revision 2.00 on");
    for (; next_renamed != renamed.end() && next_renamed->first < stream; ++next_renamed)
      loss(id, "named stream " + printable(tree_.str(tree_.streams[next_renamed->first].name)) + ": recorded as " +
                   printable(next_renamed->second));
  }
}

std::vector<std::string> Udf::notes() const {
  std::vector<std::string> notes;
  if (const auto& changed = names_.changed(); !changed.empty())
    notes.push_back(plural(changed.size(), "name is", "names are") + " not recorded as in the source (" +
                    printable(tree_.path(changed.front())) + " becomes " + printable(names_.display(changed.front())) +
                    (changed.size() > 1 ? ", ..." : "") + "); --names lists them, --strict refuses them");
  const LeftAttributes& left = tree_.left_attributes;
  if (left.user)
    notes.push_back(plural(left.user, "extended attribute is", "extended attributes are") + " not recorded; " +
                    (form_.extended ? "--xattrs makes them named streams" : "UDF has named streams for them from revision 2.00 on"));
  if (left.other)
    notes.push_back(plural(left.other, "access control list or capability", "access control lists and capabilities") +
                    " cannot be recorded: UDF has no form for them that others would understand");
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

std::string udf_revision_text(unsigned revision) {
  char number[16];
  std::snprintf(number, sizeof number, "%x.%02x", revision >> 8, revision & 0xFF);
  return number;
}

std::unique_ptr<UdfWriter> make_udf(const SourceTree& tree, const Volume& volume, const Layout& layout, const UdfOptions& options) {
  return std::make_unique<Udf>(tree, volume, layout, options);
}

}  // namespace fsi
