#include "libfsi/joliet/joliet.h"

#include "libfsi/iso9660/hierarchy_writer.h"
#include "libfsi/names/joliet_names.h"

namespace fsi {

namespace {

class JolietDialect : public Dialect {
 public:
  explicit JolietDialect(unsigned longest_name) : names_(longest_name) {}
  std::string name() const override { return "Joliet"; }
  // No ";1" at the end of names: xorriso and genisoimage write none, every reader does without.
  const NameShape& names() const override { return names_; }
  bool shows(const Node& node) const override { return node.kind == NodeKind::directory || node.kind == NodeKind::file; }

 private:
  JolietNames names_;
};

class JolietWriter : public DialectWriter {
 public:
  JolietWriter(const SourceTree& tree, const Volume& volume, const Layout& layout, uint64_t descriptor_at, unsigned longest_name)
      : DialectWriter(tree, volume, layout, std::make_unique<const JolietDialect>(longest_name)) {
    add_descriptor("Joliet supplementary volume descriptor", descriptor_at, [this](disc::VolumeDescriptor& descriptor) {
      descriptor.header.type = static_cast<uint8_t>(disc::DescriptorType::supplementary);
      descriptor.escape_sequences.set({disc::kJolietLevel3, sizeof disc::kJolietLevel3});
      set(descriptor.system_id, volume_.system_id);
      set(descriptor.volume_id, volume_.volume_id);
      set(descriptor.volume_set_id, volume_.volume_set_id);
      set(descriptor.publisher_id, volume_.publisher);
      set(descriptor.preparer_id, volume_.preparer);
      set(descriptor.application_id, volume_.application);
      set(descriptor.copyright_file_id, {});
      set(descriptor.abstract_file_id, {});
      set(descriptor.bibliographic_file_id, {});
    });
    note_cut("volume id", volume.volume_id, 16);
    note_cut("system id", volume.system_id, 16);
    note_cut("volume set id", volume.volume_set_id, 64);
    note_cut("publisher", volume.publisher, 64);
    note_cut("preparer", volume.preparer, 64);
    note_cut("application", volume.application, 64);
  }

  void prepare() override {
    DialectWriter::prepare();
    if (volume_.strict) refuse_changed_names();
  }

 private:
  // Filled with U+0020; the odd byte at the end of a 37-byte field is zero.
  template <size_t N>
  static void set(disc::TextField<N>& field, std::string_view text) {
    std::string ucs2 = ucs2_text(text, N / 2);
    while (ucs2.size() + 2 <= N) ucs2.append({'\0', ' '});
    ucs2.resize(N);
    field.set(ucs2);
  }

  void note_cut(const char* what, std::string_view text, size_t most) {
    bool cut = false;
    ucs2_text(text, most, &cut);
    if (cut)
      add_note("the " + std::string(what) + " \"" + printable(text) + "\" is cut to " + std::to_string(most) + " characters in Joliet");
  }
};

}  // namespace

std::unique_ptr<HierarchyWriter> make_joliet(const SourceTree& tree, const Volume& volume, const Layout& layout, uint64_t descriptor_at,
                                             unsigned longest_name) {
  return std::make_unique<JolietWriter>(tree, volume, layout, descriptor_at, longest_name);
}

}  // namespace fsi
