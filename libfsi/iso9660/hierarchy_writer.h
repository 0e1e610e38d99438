// The regions of one hierarchy: its volume descriptor, path tables and directories. ISO 9660 and Joliet differ in the
// dialect, and in the texts of their descriptor.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "libfsi/iso9660/directory_region.h"
#include "libfsi/iso9660/iso9660.h"
#include "libfsi/iso9660/path_table.h"

namespace fsi {

/// A primary or supplementary volume descriptor (8.4, 8.5): what is not about a hierarchy is filled in by `fill`.
class DescriptorRegion : public Region {
 public:
  using Fill = std::function<void(disc::VolumeDescriptor&)>;
  DescriptorRegion(std::string what, uint64_t at, Fill fill) : what_(std::move(what)), fill_(std::move(fill)) {
    zone = Zone::fixed;
    fixed_at = at;
  }
  std::string what() const override { return what_; }
  uint64_t measure() override { return 1; }
  void render(uint64_t first, std::span<std::byte> out) const override;

 private:
  std::string what_;
  Fill fill_;
};

class DialectWriter : public HierarchyWriter {
 public:
  DialectWriter(const SourceTree& tree, const Volume& volume, const Layout& layout, std::unique_ptr<const Dialect> dialect);

  void prepare() override;
  std::vector<Region*> regions() override;

  std::string format_name() const override { return dialect_->name(); }
  std::string name_in_format(NodeId id) const override;
  void for_each_changed(const Changed& changed) const override;
  void for_each_loss(const Loss& loss) const override;
  std::vector<std::string> notes() const override { return notes_; }

 protected:
  /// Adds a volume descriptor; `fill` gets one in which all that is known of the hierarchy, and the dates, are set.
  void add_descriptor(std::string what, uint64_t at, DescriptorRegion::Fill fill);
  void add_note(std::string note) { notes_.push_back(std::move(note)); }
  /// Throws Error{limit} for a name that would have to change.
  void refuse_changed_names() const;

  const SourceTree& tree_;
  const Volume& volume_;
  const Layout& layout_;

 private:
  void fill_descriptor(disc::VolumeDescriptor& descriptor) const;

  std::unique_ptr<const Dialect> dialect_;
  Hierarchy hierarchy_;
  DirectoryRegion directories_;
  PathTable path_table_;
  PathTableRegion path_table_l_, path_table_m_;
  std::vector<std::unique_ptr<DescriptorRegion>> descriptors_;
  std::vector<std::string> notes_;
};

}  // namespace fsi
