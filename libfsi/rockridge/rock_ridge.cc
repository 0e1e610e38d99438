#include "libfsi/rockridge/rock_ridge.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "libfsi/disc/susp.h"
#include "libfsi/disc/times.h"
#include "libfsi/rockridge/symlink.h"

namespace fsi {

namespace {

constexpr std::string_view kId110 = "RRIP_1991A", kId112 = "IEEE_P1282";
constexpr std::string_view kDescriptor = "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS";
constexpr std::string_view kSource = "SEE THE IEEE P1281 AND P1282 DRAFT STANDARDS FOR THE SPECIFICATIONS";

// A whole NM holds 250 bytes. Linux drops the piece that would make a name of 254 bytes: with this second
// piece it still shows the first 253 of longer names.
constexpr size_t kNamePieces[] = {250, 3, 250};
constexpr size_t kLongestLinuxName = 253;

uint32_t file_type(NodeKind kind) {
  switch (kind) {
    case NodeKind::directory: return S_IFDIR;
    case NodeKind::file: return S_IFREG;
    case NodeKind::symlink: return S_IFLNK;
    case NodeKind::char_device: return S_IFCHR;
    case NodeKind::block_device: return S_IFBLK;
    case NodeKind::fifo: return S_IFIFO;
    case NodeKind::socket: return S_IFSOCK;
  }
  return 0;
}

bool is_device(const Node& node) { return node.kind == NodeKind::char_device || node.kind == NodeKind::block_device; }

class RockRidge : public SystemUse {
 public:
  RockRidge(const SourceTree& tree, RockRidgeVersion version) : tree_(tree), version_(version) {}

  void append(const RecordSubject& subject, SystemUseEntries& entries) const override {
    const Node& node = *subject.node;
    if (subject.role == RecordRole::root_self) entries.add<disc::SuspSP>();
    append_attributes(node, entries);
    append_times(node, entries);
    switch (subject.role) {
      case RecordRole::root_self: return append_reference(entries);
      case RecordRole::self:
      case RecordRole::parent: return;
      case RecordRole::moved_parent: entries.add<disc::RripPL>().extent = subject.link; return;
      case RecordRole::placeholder: entries.add<disc::RripCL>().extent = subject.link; break;
      case RecordRole::relocation:
      case RecordRole::moved: entries.add<disc::RripRE>(); break;
      case RecordRole::child:
        if (is_device(node)) append_device(node, entries);
        break;
    }
    append_name(subject.name, entries);
    if (node.kind == NodeKind::symlink) append_symlink(tree_.str(node.target), entries);
  }

  void for_each_loss(const Node& node, std::string_view name, const std::function<void(std::string_view)>& loss) const override {
    if (name.size() > kLongestLinuxName) loss("name: Linux shows the first 253 bytes of it through Rock Ridge");
    if (is_device(node) && minor(node.device) > 255) loss("device number: Linux misreads minor numbers above 255 through Rock Ridge");
  }

 private:
  void append_attributes(const Node& node, SystemUseEntries& entries) const {
    auto& px = entries.add<disc::RripPX>();
    px.mode = file_type(node.kind) | node.mode;
    px.links = node.links;
    px.uid = node.uid;
    px.gid = node.gid;
    px.serial = uint64_t{node.link_leader} + 1;  // 0 is no inode number
    if (version_ == RockRidgeVersion::v1_12) return;
    px.header.length = disc::kPxLength110;
    entries.drop(sizeof px - disc::kPxLength110);
  }

  static void append_times(const Node& node, SystemUseEntries& entries) {
    auto& tf = entries.add<disc::RripTF>();
    const uint64_t modify = disc::short_time_bytes(node.mtime);
    disc::set_short_time(tf.modify, modify);
    disc::set_short_time(tf.access, node.atime == node.mtime ? modify : disc::short_time_bytes(node.atime));
    disc::set_short_time(tf.attributes, node.ctime == node.mtime ? modify : disc::short_time_bytes(node.ctime));
  }

  // The standard's two halves of one 64-bit dev_t, as xorriso and libarchive read them. Linux takes a low half above 255 with a high
  // half of 0 for major << 8 | minor, which is the same for the device numbers in use.
  static void append_device(const Node& node, SystemUseEntries& entries) {
    auto& pn = entries.add<disc::RripPN>();
    pn.high = node.device >> 32;
    pn.low = node.device & 0xFFFFFFFF;
  }

  static void append_name(std::string_view name, SystemUseEntries& entries) {
    for (const size_t longest : kNamePieces) {
      const std::string_view piece = name.substr(0, longest);
      name.remove_prefix(piece.size());
      append_name_piece(piece, !name.empty(), entries);
      if (name.empty()) return;
    }
    while (!name.empty()) {
      const std::string_view piece = name.substr(0, kNamePieces[0]);
      name.remove_prefix(piece.size());
      append_name_piece(piece, !name.empty(), entries);
    }
  }
  static void append_name_piece(std::string_view piece, bool continues, SystemUseEntries& entries) {
    auto& nm = entries.add<disc::RripNM>();
    nm.header.length = sizeof nm + piece.size();
    nm.flags = continues ? disc::kNameContinue : 0;
    entries.add_text(piece);
  }

  void append_reference(SystemUseEntries& entries) const {
    const std::string_view id = version_ == RockRidgeVersion::v1_12 ? kId112 : kId110;
    auto& er = entries.add<disc::SuspER>();
    er.header.length = sizeof er + id.size() + kDescriptor.size() + kSource.size();
    er.identifier_length = id.size();
    er.descriptor_length = kDescriptor.size();
    er.source_length = kSource.size();
    entries.add_text(id);
    entries.add_text(kDescriptor);
    entries.add_text(kSource);
  }

  const SourceTree& tree_;
  const RockRidgeVersion version_;
};

}  // namespace

std::unique_ptr<const SystemUse> make_rock_ridge(const SourceTree& tree, RockRidgeVersion version) {
  return std::make_unique<RockRidge>(tree, version);
}

}  // namespace fsi
