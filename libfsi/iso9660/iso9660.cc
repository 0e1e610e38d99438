#include "libfsi/iso9660/iso9660.h"

#include "libfsi/base/record_sink.h"
#include "libfsi/iso9660/hierarchy_writer.h"
#include "libfsi/iso9660/volume_texts.h"
#include "libfsi/names/iso9660_names.h"
#include "libfsi/rockridge/checksum_attributes.h"
#include "libfsi/rockridge/rock_ridge.h"

namespace fsi {

namespace {

// ISO 9660:1999 has 207 characters; a record with Rock Ridge needs 14 of them to say where the rest of it is.
constexpr size_t kLongest1999 = 207, kLongest1999RockRidge = 193;

class Iso9660Dialect : public Dialect {
 public:
  Iso9660Dialect(const SourceTree& tree, const Volume& volume, const Layout& layout, const Region* checksums)
      : versions_(volume.iso_level < 4) {
    if (volume.rock_ridge) rock_ridge_ = make_rock_ridge(tree, RockRidgeVersion::v1_12);
    if (rock_ridge_ && checksums) rock_ridge_ = make_checksum_attributes(std::move(rock_ridge_), tree, layout, *checksums);
    if (versions_)
      names_ = std::make_unique<Iso9660Names>(volume.iso_level);
    else
      names_ = std::make_unique<Iso9660LongNames>(volume.rock_ridge ? kLongest1999RockRidge : kLongest1999);
  }
  std::string name() const override { return "ISO 9660"; }
  const NameShape& names() const override { return *names_; }
  bool shows(const Node& node) const override { return rock_ridge_ || node.kind == NodeKind::directory || node.kind == NodeKind::file; }
  // 7.5.1: both separators and the version are always there. 1999 has neither rule.
  void finish_file_identifier(Identifier& name) const override {
    if (!versions_) return;
    if (name.view().find('.') == std::string_view::npos) name.push('.');
    name.append(";1");
  }
  const SystemUse* system_use() const override { return rock_ridge_.get(); }

 private:
  bool versions_;
  std::unique_ptr<const SystemUse> rock_ridge_;
  std::unique_ptr<const NameShape> names_;
};

class Iso9660Writer : public DialectWriter {
 public:
  Iso9660Writer(const SourceTree& tree, const Volume& volume, const Layout& layout, uint64_t descriptor_at, uint64_t enhanced_at,
                const Region* checksums)
      : DialectWriter(tree, volume, layout, std::make_unique<const Iso9660Dialect>(tree, volume, layout, checksums)) {
    check_volume_texts(volume);
    add_descriptor("ISO 9660 primary volume descriptor", descriptor_at, [this](disc::VolumeDescriptor& descriptor) {
      descriptor.header.type = static_cast<uint8_t>(disc::DescriptorType::primary);
      fill_texts(descriptor);
    });
    if (volume.iso_level < 4) return;
    add_descriptor("ISO 9660:1999 enhanced volume descriptor", enhanced_at, [this](disc::VolumeDescriptor& descriptor) {
      descriptor.header.type = static_cast<uint8_t>(disc::DescriptorType::supplementary);
      descriptor.header.version = 2;
      descriptor.file_structure_version = 2;
      fill_texts(descriptor);
    });
  }

  void prepare() override {
    if (volume_.iso_level < 3) refuse_large_files();
    DialectWriter::prepare();
    if (volume_.strict && !volume_.rock_ridge) refuse_changed_names();
  }

 private:
  void fill_texts(disc::VolumeDescriptor& descriptor) const {
    descriptor.system_id.set(volume_.system_id);
    descriptor.volume_id.set(volume_.volume_id);
    descriptor.volume_set_id.set(volume_.volume_set_id);
    descriptor.publisher_id.set(volume_.publisher);
    descriptor.preparer_id.set(volume_.preparer);
    descriptor.application_id.set(volume_.application);
    // As other writers leave it: implantisomd5 takes only a field of spaces for a free one.
    std::memset(descriptor.application_use, ' ', sizeof descriptor.application_use);
  }

  void refuse_large_files() const {
    for (const Content& content : tree_.contents)
      if (content.size > disc::kMaxSectionBytes)
        throw Error(
            ErrorKind::limit, printable(tree_.path(content.first_node)),
            "recording it in ISO 9660 level " + std::to_string(volume_.iso_level),
            "it has " + std::to_string(content.size) + " bytes, a file of 4 GiB and more takes level 3 (--iso-level 3) or UDF (--udf)");
  }
};

class SetTerminatorRegion : public Region {
 public:
  explicit SetTerminatorRegion(uint64_t at) {
    zone = Zone::fixed;
    fixed_at = at;
  }
  std::string what() const override { return "ISO 9660 volume descriptor set terminator"; }
  uint64_t measure() override { return 1; }
  void render(uint64_t first, std::span<std::byte> out) const override {
    RecordSink sink(out, first * kSectorSize);
    sink.put_record(disc::SetTerminator{});
  }
};

}  // namespace

std::unique_ptr<HierarchyWriter> make_iso9660(const SourceTree& tree, const Volume& volume, const Layout& layout, uint64_t descriptor_at,
                                              uint64_t enhanced_at, const Region* checksums) {
  return std::make_unique<Iso9660Writer>(tree, volume, layout, descriptor_at, enhanced_at, checksums);
}

std::unique_ptr<Region> make_set_terminator(uint64_t descriptor_at) { return std::make_unique<SetTerminatorRegion>(descriptor_at); }

}  // namespace fsi
