#include "libfsi/iso9660/hierarchy_writer.h"

#include "libfsi/base/record_sink.h"
#include "libfsi/disc/times.h"

namespace fsi {

void DescriptorRegion::render(uint64_t first, std::span<std::byte> out) const {
  disc::VolumeDescriptor descriptor;
  fill_(descriptor);
  RecordSink sink(out, first * kSectorSize);
  sink.put_record(descriptor);
}

DialectWriter::DialectWriter(const SourceTree& tree, const Volume& volume, const Layout& layout, std::unique_ptr<const Dialect> dialect)
    : tree_(tree),
      volume_(volume),
      layout_(layout),
      dialect_(std::move(dialect)),
      hierarchy_(tree, *dialect_, volume.relocate_deep && dialect_->system_use()),
      directories_(hierarchy_, layout),
      path_table_(hierarchy_, directories_),
      path_table_l_(path_table_, false),
      path_table_m_(path_table_, true) {}

void DialectWriter::prepare() {
  hierarchy_.prepare();
  path_table_.prepare();
}

std::vector<Region*> DialectWriter::regions() {
  std::vector<Region*> all;
  for (const auto& descriptor : descriptors_) all.push_back(descriptor.get());
  all.insert(all.end(), {&path_table_l_, &path_table_m_, &directories_});
  return all;
}

void DialectWriter::add_descriptor(std::string what, uint64_t at, DescriptorRegion::Fill fill) {
  descriptors_.push_back(std::make_unique<DescriptorRegion>(std::move(what), at, [this, fill](disc::VolumeDescriptor& descriptor) {
    fill_descriptor(descriptor);
    fill(descriptor);
  }));
}

void DialectWriter::fill_descriptor(disc::VolumeDescriptor& descriptor) const {
  descriptor.volume_space_size = layout_.end;
  descriptor.path_table_size = path_table_.bytes();
  descriptor.path_table_l = path_table_l_.range.first;
  descriptor.path_table_m = path_table_m_.range.first;
  const Extent root = directories_.extent(0);
  descriptor.root.length = sizeof descriptor.root + 1;
  descriptor.root.extent = root.first;
  descriptor.root.data_length = root.bytes;
  disc::set_short_time(descriptor.root.time, disc::short_time_bytes(tree_.nodes[kRoot].mtime));
  descriptor.root.flags = disc::kDirectory;
  descriptor.root.identifier_length = 1;
  descriptor.created = disc::long_time(volume_.created);
  descriptor.modified = disc::long_time(volume_.modified);
  descriptor.effective = disc::long_time(volume_.created);
}

std::string DialectWriter::name_in_format(NodeId id) const {
  if (id == kRoot || !dialect_->shows(tree_.nodes[id])) return {};
  Identifier recorded;
  hierarchy_.recorded_name(id, recorded);
  return dialect_->names().display(recorded.view());
}

void DialectWriter::for_each_changed(const Changed& changed) const {
  Identifier recorded;
  for (NodeId id = 1; id < tree_.nodes.size(); ++id) {
    if (!dialect_->shows(tree_.nodes[id])) {
      changed(id, {});
      continue;
    }
    hierarchy_.recorded_name(id, recorded);
    if (!dialect_->names().faithful(tree_.name(id), recorded.view())) changed(id, dialect_->names().display(recorded.view()));
  }
}

void DialectWriter::for_each_loss(const Loss& loss) const {
  for (NodeId id = 0; id < tree_.nodes.size(); ++id) {
    const Node& node = tree_.nodes[id];
    if (!dialect_->shows(node)) continue;
    const auto time = [&](const char* which, Time value) {
      if (!disc::fits_short_time(value))
        loss(id, std::string(which) + " time is outside of the years 1900 to 2155: recorded as the nearest one inside");
    };
    time("modification", node.mtime);
    if (dialect_->system_use()) {
      time("access", node.atime);
      time("change", node.ctime);
      dialect_->system_use()->for_each_loss(node, tree_.name(id), [&](std::string_view what) { loss(id, what); });
    }
  }
}

void DialectWriter::refuse_changed_names() const {
  NodeId first = kNone;
  size_t count = 0;
  std::string becomes;
  for_each_changed([&](NodeId id, std::string_view recorded) {
    if (recorded.empty()) return;  // left out whole, as the format is defined: no name was changed
    if (count++ == 0) {
      first = id;
      becomes = recorded;
    }
  });
  if (!count) return;
  throw Error(ErrorKind::limit, printable(tree_.path(first)), "recording its name in " + dialect_->name(),
              "it would have to become \"" + printable(becomes) + "\"" +
                  (count > 1 ? " (and " + std::to_string(count - 1) + " more names would change)" : "") + "; rename it, leave " +
                  dialect_->name() + " out, or do without --strict");
}

}  // namespace fsi
