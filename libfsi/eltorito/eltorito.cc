#include "libfsi/eltorito/eltorito.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/disc/eltorito.h"
#include "libfsi/eltorito/boot_rules.h"

namespace fsi {

namespace {

// A BIOS looks at the default entry alone (SeaBIOS, VirtualBox), UEFI at all of them.
std::vector<BootEntry> in_catalog_order(std::vector<BootEntry> entries) {
  const auto bios = std::find_if(entries.begin(), entries.end(), [](const BootEntry& e) { return e.is_x86(); });
  if (bios != entries.end()) std::rotate(entries.begin(), bios, bios + 1);
  return entries;
}

uint64_t whole_sectors(uint64_t bytes) { return sectors_for(bytes) * kSectorSize; }

uint64_t bytes_of_catalog(const BootOptions& boot) {
  std::vector<CatalogLine> lines;
  for (const BootEntry& entry : in_catalog_order(boot.entries)) {
    lines.emplace_back();
    lines.back().platform = entry.platform;
    lines.back().id = entry.id;
  }
  return whole_sectors(catalog_bytes(lines));
}

template <class T>
std::vector<std::byte> to_bytes(const T& record) {
  const auto bytes = bytes_of(record);
  return {bytes.begin(), bytes.end()};
}

// The image as it will be on the disc, for its own checksum: with what lies over it so far.
uint32_t sum_of_words(const BootFile& image, const std::vector<Patch>& over) {
  uint32_t sum = 0;
  std::vector<std::byte> chunk(64 * 1024);
  for (uint64_t at = disc::kBootInfoEnd; at < image.bytes(); at += chunk.size()) {
    const uint64_t count = std::min<uint64_t>(chunk.size(), image.bytes() - at);
    std::fill(chunk.begin(), chunk.end(), std::byte{});
    image.read(at, std::span(chunk).first(count));
    for (const Patch& patch : over) lay_over(std::span(chunk).first(count), at, patch.bytes, patch.offset);
    for (size_t i = 0; i < count; i += sizeof(Le32)) {
      Le32 word;
      if (load(chunk, i, word)) sum += word;
    }
  }
  return sum;
}

}  // namespace

struct CatalogFile::Bytes {
  std::vector<std::byte> bytes;  // whole sectors
  bool made = false;
};

CatalogFile::CatalogFile(const BootOptions& boot) : bytes_(bytes_of_catalog(boot)), made_(std::make_shared<Bytes>()) {
  made_->bytes.resize(bytes_);
}

ReadCallback CatalogFile::reader() const {
  return [catalog = made_](uint64_t offset, std::span<std::byte> out) -> size_t {
    if (!catalog->made) throw Error(ErrorKind::failed, "boot catalog", "reading it", "its addresses are not known yet");
    if (offset >= catalog->bytes.size()) return 0;
    const size_t count = std::min<size_t>(out.size(), catalog->bytes.size() - offset);
    std::memcpy(out.data(), catalog->bytes.data() + offset, count);
    return count;
  };
}

void own_boot_contents(SourceTree& tree, const BootOptions& boot) {
  std::vector<std::string> paths;
  for (const BootEntry& entry : boot.entries)
    if (!entry.of_host && (entry.info_table || entry.grub2)) paths.push_back(entry.image);
  for (const std::string& path : paths) {
    const NodeId leader = tree.nodes[find_boot_file(tree, path)].link_leader;
    const ContentId shared = tree.nodes[leader].content;
    auto shares = [&](const Node& node) { return node.kind == NodeKind::file && node.content == shared; };
    if (std::all_of(tree.nodes.begin(), tree.nodes.end(), [&](const Node& node) { return !shares(node) || node.link_leader == leader; }))
      continue;
    const auto own = static_cast<ContentId>(tree.contents.size());
    Content copy = tree.contents[shared];
    copy.first_node = leader;
    tree.contents.push_back(copy);
    for (Node& node : tree.nodes)
      if (shares(node) && node.link_leader == leader) node.content = own;
    for (NodeId id = 0; id < tree.nodes.size(); ++id)
      if (shares(tree.nodes[id])) {
        tree.contents[shared].first_node = id;
        break;
      }
  }
}

ElTorito::ElTorito(const SourceTree& tree, const Layout& layout, BootOptions boot, const CatalogFile* catalog)
    : tree_(tree), layout_(layout), boot_(std::move(boot)), record_(*this), hidden_(*this), visible_(catalog != nullptr) {
  boot_.entries = in_catalog_order(std::move(boot_.entries));
  catalog_ = catalog ? catalog->made_ : CatalogFile(boot_).made_;
}

BootFile ElTorito::image_of(const BootEntry& entry) {
  if (!entry.of_host) return BootFile(tree_, tree_.nodes[find_boot_file(tree_, entry.image)].content);
  for (const Entry& earlier : entries_)  // one image may boot in several ways
    if (earlier.asked.of_host && earlier.asked.image == entry.image && earlier.asked.descriptor == entry.descriptor) return earlier.image;
  HostImage& host = hosts_.emplace_back(entry);
  const bool partition = boot_.partition_align != 0 && entry.is_efi();
  host.zone = partition ? Zone::tail : Zone::boot;
  if (partition) host.align = boot_.partition_align;
  return BootFile(host);
}

void ElTorito::prepare() {
  for (const BootEntry& entry : boot_.entries) {
    const BootFile image = image_of(entry);
    std::vector<std::byte> start;
    if (entry.emulation == Emulation::hard_disk || entry.is_efi()) {
      start.resize(std::min<uint64_t>(image.bytes(), disc::kVirtualSector));
      image.read(0, start);
    }
    entries_.push_back({entry, image, choose_line(entry, image.bytes(), start, image.name())});
    if (std::string doubt = doubt_about(entry, entries_.back().line, image.bytes(), start, image.name()); !doubt.empty())
      notes_.push_back(std::move(doubt));
    want(entry, image);
  }
  if (catalog_->bytes.size() > kSectorSize)
    notes_.push_back("the boot catalog is larger than a sector, and firmware reads only the first: entries at its end may not be seen");
}

void ElTorito::want(const BootEntry& entry, const BootFile& image) {
  if (!entry.info_table && !entry.grub2) return;
  auto same = std::find_if(wanted_.begin(), wanted_.end(), [&](const Wanted& w) { return w.image == image; });
  if (same == wanted_.end()) same = wanted_.insert(same, Wanted{image, false, false});
  same->info_table |= entry.info_table;
  same->grub2 |= entry.grub2;
}

std::vector<Region*> ElTorito::regions() {
  std::vector<Region*> regions{&record_};
  if (!visible_) regions.push_back(&hidden_);
  for (HostImage& host : hosts_) regions.push_back(&host);
  return regions;
}

std::vector<Patch> ElTorito::patches_of(const Wanted& wanted) const {
  const BootFile& image = wanted.image;
  const Lba at = image.extent(layout_).first;
  std::vector<Patch> patches;
  if (wanted.grub2) {
    const disc::Grub2BootInfo position = uint64_t{at} * (kSectorSize / disc::kVirtualSector) + disc::kGrub2Blocks;
    patches.push_back({image.content(), disc::kGrub2Offset, to_bytes(position)});
  }
  if (wanted.info_table) {
    disc::BootInfoTable table;
    table.primary_descriptor = uint64_t{layout_.session_start} + disc::kFirstDescriptor;
    table.image_sector = at;
    table.image_bytes = image.bytes();
    table.checksum = sum_of_words(image, patches);
    patches.push_back({image.content(), disc::kBootInfoOffset, to_bytes(table)});
  }
  return patches;
}

std::vector<Patch> ElTorito::freeze() {
  std::vector<CatalogLine> lines;
  for (Entry& entry : entries_) {
    entry.line.image = entry.image.extent(layout_).first;
    lines.push_back(entry.line);
  }
  const std::vector<std::byte> bytes = make_catalog(lines);
  std::copy(bytes.begin(), bytes.end(), catalog_->bytes.begin());
  catalog_->made = true;

  std::vector<Patch> in_tree;
  for (const Wanted& wanted : wanted_) {
    std::vector<Patch> patches = patches_of(wanted);
    if (HostImage* host = wanted.image.host())
      host->set_patches(std::move(patches));
    else
      std::move(patches.begin(), patches.end(), std::back_inserter(in_tree));
  }
  return in_tree;
}

Lba ElTorito::catalog_sector() const {
  if (!visible_) return static_cast<Lba>(hidden_.range.first);
  return layout_.content_lba[tree_.nodes[find_boot_file(tree_, boot_.catalog_path)].content];
}

ElTorito::BootRecord::BootRecord(const ElTorito& owner) : owner_(owner) {
  zone = Zone::fixed;
  fixed_at = disc::kBootRecordSector;
}

void ElTorito::BootRecord::render(uint64_t, std::span<std::byte> out) const {
  disc::BootRecord record;
  record.system_id.set(disc::kElTorito);
  record.catalog = owner_.catalog_sector();
  std::memcpy(out.data(), &record, sizeof record);
}

uint64_t ElTorito::Catalog::measure() { return sectors_for(owner_.catalog_->bytes.size()); }

void ElTorito::Catalog::render(uint64_t first, std::span<std::byte> out) const {
  std::memcpy(out.data(), owner_.catalog_->bytes.data() + first * kSectorSize, out.size());
}

}  // namespace fsi
