#include "libfsi/udf/file_set.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <mutex>

#include "libfsi/base/error.h"
#include "libfsi/base/record_sink.h"
#include "libfsi/udf/file_identifier.h"
#include "libfsi/udf/link_target.h"
#include "libfsi/udf/timestamp.h"

namespace fsi::udf {

namespace {

constexpr uint64_t kDescriptorBlock = 0, kTerminatorBlock = 1, kRootBlock = 2, kFirstSection = 3;
constexpr uint64_t kMarkBytes = 64 * 1024;

}  // namespace

FileSet::FileSet(const SourceTree& tree, const Volume& volume, const Layout& layout, const Form& form, const NodeNames& names,
                 Overflow& overflow)
    : tree_(tree), volume_(volume), layout_(layout), form_(form), names_(names), overflow_(overflow), streams_(tree, form, overflow) {}

void FileSet::prepare() {
  find_owners();
  measure_directories();
  place_directories();
  place_chains();
  chains_end_ = blocks_;
  blocks_ = streams_.prepare(chains_end_);
  if (blocks_ > UINT32_MAX)
    throw Error(ErrorKind::limit, "", "laying out the UDF directories", "they would pass 2^32 blocks; split the source");
}

// ---- Finding every block ----

void FileSet::find_owners() {
  const uint64_t nodes = tree_.nodes.size();
  if (nodes > UINT32_MAX - disc::kFirstUniqueId)
    throw Error(ErrorKind::limit, "", "numbering the files for UDF", "there are more than 2^32 of them; split the source");
  owners_ = is_directory_ = RankedBits(nodes);
  for (NodeId id = 0; id < nodes; ++id) {
    if (id != kRoot && leader(id) == id) owners_.set(id);
    if (tree_.nodes[id].kind == NodeKind::directory) {
      is_directory_.set(id);
      directories_.push_back({id, 0, 0});
    }
  }
  owners_.freeze();
  is_directory_.freeze();
}

uint64_t FileSet::identifier_bytes(NodeId id) const { return file_identifier_bytes(names_.size(id)); }

void FileSet::measure_directories() {
  std::mutex mutex;
  tbb::parallel_for(tbb::blocked_range<size_t>(0, directories_.size(), 64), [&](const tbb::blocked_range<size_t>& part) {
    for (size_t d = part.begin(); d < part.end(); ++d) {
      const Node& node = tree_.nodes[directories_[d].node];
      std::vector<Mark> marks;
      uint64_t position = kParentBytes;
      for (uint32_t child = 0; child < node.child_count; ++child) {
        const uint64_t end = position + identifier_bytes(node.first_child + child);
        if (const uint64_t mark = (marks.size() + 1) * kMarkBytes; mark < end)
          marks.push_back({child, static_cast<uint32_t>(mark - position)});
        position = end;
      }
      directories_[d].bytes = position;
      if (marks.empty()) continue;
      const std::lock_guard lock(mutex);
      marks_.push_back({static_cast<uint32_t>(d), std::move(marks)});
    }
  });
  std::sort(marks_.begin(), marks_.end(), [](const Marks& a, const Marks& b) { return a.directory < b.directory; });
}

void FileSet::place_directories() {
  uint64_t block = kFirstSection;
  for (Directory& directory : directories_) {
    directory.first_block = static_cast<uint32_t>(std::min<uint64_t>(block, UINT32_MAX));  // prepare() refuses what is beyond
    const Node& node = tree_.nodes[directory.node];
    block += identifier_blocks(directory);
    if (node.child_count) block += owners_.rank(uint64_t{node.first_child} + node.child_count) - owners_.rank(node.first_child);
  }
  sections_end_ = blocks_ = block;
}

void FileSet::place_chains() {
  const size_t room = icb_room(form_);
  for (NodeId id = 0; id < tree_.nodes.size(); ++id) {
    if (leader(id) != id) continue;
    const Node& node = tree_.nodes[id];
    if (node.kind == NodeKind::file) {
      AllocationRun run;
      run.bytes = tree_.contents[node.content].size;
      run.long_form = form_.metadata_partition;
      const uint64_t extents = AllocationChain(run, room).extents();
      if (!extents) continue;
      chained_.push_back({id, static_cast<uint32_t>(std::min<uint64_t>(blocks_, UINT32_MAX))});
      blocks_ += extents;
    } else if (node.kind == NodeKind::symlink && 7 * uint64_t{node.target.length} > room) {  // 7: the most that "x/" can grow to, and more
      const std::string components = link_components(tree_.str(node.target));
      if (components.size() > room) overflow_.add_link(id, components.size());
    }
  }
}

uint64_t FileSet::icb_block(NodeId id) const {
  id = leader(id);
  if (id == kRoot) return kRootBlock;
  const NodeId parent = tree_.nodes[id].parent;
  const Directory& directory = directories_[is_directory_.rank(parent)];
  return first_icb_block(directory) + owners_.rank(id) - owners_.rank(tree_.nodes[parent].first_child);
}

uint64_t FileSet::chain_block(NodeId id) const {
  const auto at =
      std::lower_bound(chained_.begin(), chained_.end(), id, [](const Chained& one, NodeId wanted) { return one.node < wanted; });
  return at != chained_.end() && at->node == id ? at->first_block : 0;
}

AllocationRun FileSet::file_run(const Node& node) const {
  AllocationRun run;
  run.block = layout_.content_lba[node.content] - layout_.session_start - kPartitionAt;
  run.bytes = tree_.contents[node.content].size;
  run.long_form = form_.metadata_partition;
  return run;
}

// ---- Rendering ----

bool FileSet::holds(ContentId id) const {
  const Content& content = tree_.contents[id];
  return form_.embed && content.size && content.size <= icb_room(form_) && content.first_node != kNone && !content.real_time;
}

void FileSet::render(const ReadContent& read, uint64_t first, std::span<std::byte> out) const {
  const uint64_t end = first + out.size() / kSectorSize;
  const auto blocks = [&](uint64_t from, uint64_t to) { return out.subspan((from - first) * kSectorSize, (to - from) * kSectorSize); };
  uint64_t block = first;
  for (; block < std::min(end, kFirstSection); ++block) {
    if (block == kDescriptorBlock) render_descriptor(blocks(block, block + 1));
    if (block == kTerminatorBlock) render_terminator(blocks(block, block + 1));
    if (block == kRootBlock) render_icb(read, kRoot, block, blocks(block, block + 1));
  }
  if (block < std::min(end, sections_end_)) {
    auto at = std::upper_bound(directories_.begin(), directories_.end(), block,
                               [](uint64_t wanted, const Directory& directory) { return wanted < directory.first_block; });
    for (--at; block < std::min(end, sections_end_); ++at) {
      const uint64_t section_end = at + 1 != directories_.end() ? (at + 1)->first_block : sections_end_;
      const uint64_t children = first_icb_block(*at);
      if (block < std::min(end, children)) {
        const uint64_t to = std::min(end, children);
        render_identifiers(static_cast<uint32_t>(at - directories_.begin()), (block - at->first_block) * kSectorSize, blocks(block, to),
                           at->first_block, false);
        block = to;
      }
      if (block < std::min(end, section_end)) {
        const uint64_t to = std::min(end, section_end);
        render_children(read, *at, block, blocks(block, to));
        block = to;
      }
    }
  }
  for (; block < std::min(end, chains_end_); ++block) render_chain(block, blocks(block, block + 1));
  if (block < std::min(end, blocks_))
    streams_.render(block, blocks(block, std::min(end, blocks_)), [&](NodeId id) { return Streams::Owner{facts_of(id), icb_block(id)}; });
}

void FileSet::render_descriptor(std::span<std::byte> block) const {
  disc::FileSetDescriptor set;
  set.recorded = timestamp(volume_.created);
  set.volume_charset = set.charset = disc::cs0_charspec();
  set.volume_identifier.set(cs0_text(volume_.volume_id, decltype(set.volume_identifier)::kMost));
  set.identifier.set(cs0_text(volume_.volume_id, decltype(set.identifier)::kMost));
  set.root = icb_address(form_, kRootBlock, 0);
  set.domain = disc::domain_regid(form_.revision);
  disc::seal_descriptor(set, disc::TagId::file_set, form_.tag_version, kDescriptorBlock);
  std::memcpy(block.data(), &set, sizeof set);
}

void FileSet::render_terminator(std::span<std::byte> block) const {
  disc::TerminatingDescriptor terminator;
  disc::seal_descriptor(terminator, disc::TagId::terminating, form_.tag_version, kTerminatorBlock);
  std::memcpy(block.data(), &terminator, sizeof terminator);
}

// The bytes [from, from + out.size()) of a directory's file identifiers. `location`: the block where the identifiers
// begin, or where all of them are.
void FileSet::render_identifiers(uint32_t directory, uint64_t from, std::span<std::byte> out, uint64_t location, bool one_location) const {
  const NodeId id = directories_[directory].node;
  const Node& node = tree_.nodes[id];
  RecordSink sink(out, from);
  std::array<std::byte, kMostFileIdentifierBytes> record;
  const auto put = [&](uint8_t characteristics, const disc::LongAd& icb, std::string_view name) {
    const auto whole = std::span(record).first(file_identifier_bytes(name.size()));
    put_file_identifier(form_, characteristics, icb, name, one_location ? location : location + sink.position() / kSectorSize, whole);
    sink.put(whole);
  };

  uint32_t child = 0;
  const auto large =
      std::lower_bound(marks_.begin(), marks_.end(), directory, [](const Marks& m, uint32_t wanted) { return m.directory < wanted; });
  if (from >= kMarkBytes && large != marks_.end() && large->directory == directory) {
    const uint64_t k = std::min<uint64_t>(from / kMarkBytes, large->marks.size());
    child = large->marks[k - 1].child;
    sink.skip(k * kMarkBytes - large->marks[k - 1].back);
  } else {
    put(disc::kFidDirectory | disc::kFidParent, icb_address(form_, icb_block(node.parent), unique_id(node.parent)), {});
  }

  const uint64_t end = from + out.size();
  uint64_t own_block = first_icb_block(directories_[directory]);
  if (child < node.child_count) own_block += owners_.rank(node.first_child + child) - owners_.rank(node.first_child);
  Identifier name;
  for (; child < node.child_count && sink.position() < end; ++child) {
    const NodeId member = node.first_child + child;
    const bool owner = owners_.test(member);
    const uint64_t block = owner ? own_block++ : icb_block(member);
    names_.make(member, name);
    const uint64_t bytes = file_identifier_bytes(name.size());
    if (sink.position() + bytes <= from) {
      sink.skip(bytes);
      continue;
    }
    const auto characteristics =
        static_cast<uint8_t>((is_directory_.test(member) ? disc::kFidDirectory : 0) | (tree_.nodes[member].hidden ? disc::kFidHidden : 0));
    put(characteristics, icb_address(form_, block, unique_id(member)), name.view());
  }
}

// The ICBs of a directory's children from block `first` on.
void FileSet::render_children(const ReadContent& read, const Directory& directory, uint64_t first, std::span<std::byte> out) const {
  const Node& node = tree_.nodes[directory.node];
  const uint64_t base = first_icb_block(directory);
  const uint32_t wanted = owners_.rank(node.first_child) + static_cast<uint32_t>(first - base);
  // The child with that rank: the last one with no more members below it.
  NodeId low = node.first_child, high = node.first_child + node.child_count;
  while (high - low > 1) {
    const NodeId middle = low + (high - low) / 2;
    (owners_.rank(middle) <= wanted ? low : high) = middle;
  }
  for (NodeId id = low; !out.empty(); ++id) {
    if (!owners_.test(id)) continue;
    render_icb(read, id, first++, out.first(kSectorSize));
    out = out.subspan(kSectorSize);
  }
}

uint64_t FileSet::links(NodeId id) const {
  const Node& node = tree_.nodes[id];
  return (node.kind == NodeKind::directory ? node.links - 1 : node.links) + (streams_.of(leader(id)) ? 1 : 0);
}

// What ICBs of all types say. A node's streams say the same of themselves.
IcbFacts FileSet::facts_of(NodeId id) const {
  const Node& node = tree_.nodes[id];
  IcbFacts facts;
  facts.uid = node.uid;
  facts.gid = node.gid;
  facts.permissions = permissions_of(node.mode);
  facts.unique_id = unique_id(id);
  facts.mtime = node.mtime;
  facts.atime = node.atime;
  facts.ctime = node.ctime;
  return facts;
}

void FileSet::render_icb(const ReadContent& read, NodeId id, uint64_t block_number, std::span<std::byte> block) const {
  const Node& node = tree_.nodes[id];
  IcbFacts facts = facts_of(id);
  facts.flags = icb_flags_of(node.mode);
  facts.links = static_cast<uint16_t>(std::min(links(id), kMostLinks));
  if (const auto streams = streams_.of(id)) {
    facts.stream_bytes = streams->bytes;
    facts.streams = icb_address(form_, streams->directory_block, unique_id(id));
  }
  const size_t space = icb_room(form_);
  const auto room = block.subspan(kSectorSize - space);
  size_t used = 0;
  switch (node.kind) {
    case NodeKind::directory: used = put_directory(id, block_number, facts, room); break;
    case NodeKind::file: used = put_file(read, id, facts, room); break;
    case NodeKind::symlink: used = put_symlink(id, facts, room); break;
    case NodeKind::char_device:
    case NodeKind::block_device:
      facts.type = node.kind == NodeKind::char_device ? disc::FileType::char_device : disc::FileType::block_device;
      facts.device = node.device;
      break;
    case NodeKind::fifo: facts.type = disc::FileType::fifo; break;
    case NodeKind::socket: facts.type = disc::FileType::socket; break;
  }
  put_icb(form_, facts, room.first(used), static_cast<uint32_t>(block_number), block);
}

size_t FileSet::put_directory(NodeId id, uint64_t block_number, IcbFacts& facts, std::span<std::byte> room) const {
  const uint32_t ordinal = is_directory_.rank(id);
  const Directory& directory = directories_[ordinal];
  facts.type = disc::FileType::directory;
  facts.bytes = directory.bytes;
  if (embedded(directory)) {
    facts.flags |= disc::kIcbEmbedded;
    render_identifiers(ordinal, 0, room.first(directory.bytes), block_number, true);
    return directory.bytes;
  }
  facts.blocks = sectors_for(directory.bytes);
  AllocationRun run;
  run.block = directory.first_block;
  run.bytes = directory.bytes;
  return AllocationChain(run, room.size()).put_in_icb(room, 0, 0);
}

size_t FileSet::put_file(const ReadContent& read, NodeId id, IcbFacts& facts, std::span<std::byte> room) const {
  const ContentId content = tree_.nodes[id].content;
  facts.type = tree_.nodes[id].real_time && form_.real_time ? disc::FileType::real_time : disc::FileType::bytes;
  if (holds(content)) {
    facts.flags |= disc::kIcbArchive | disc::kIcbEmbedded;
    facts.bytes = tree_.contents[content].size;
    read(content, 0, room.first(facts.bytes));
    return facts.bytes;
  }
  const AllocationRun run = file_run(tree_.nodes[id]);
  facts.flags |= disc::kIcbArchive | (run.long_form ? disc::kIcbLongAds : disc::kIcbShortAds);
  facts.bytes = run.bytes;
  facts.blocks = sectors_for(run.bytes);
  return AllocationChain(run, room.size()).put_in_icb(room, chain_block(id), form_.icb_partition());
}

size_t FileSet::put_symlink(NodeId id, IcbFacts& facts, std::span<std::byte> room) const {
  const std::string components = link_components(tree_.str(tree_.nodes[id].target));
  facts.type = disc::FileType::symlink;
  facts.bytes = components.size();
  if (components.size() <= room.size()) {
    facts.flags |= disc::kIcbEmbedded;
    std::memcpy(room.data(), components.data(), components.size());
    return components.size();
  }
  const AllocationRun run = overflow_.link(id);
  facts.flags |= run.long_form ? disc::kIcbLongAds : disc::kIcbShortAds;
  facts.blocks = sectors_for(run.bytes);
  return AllocationChain(run, room.size()).put_in_icb(room, 0, 0);
}

void FileSet::render_chain(uint64_t block_number, std::span<std::byte> block) const {
  auto at = std::upper_bound(chained_.begin(), chained_.end(), block_number,
                             [](uint64_t wanted, const Chained& one) { return wanted < one.first_block; });
  --at;
  AllocationChain(file_run(tree_.nodes[at->node]), icb_room(form_))
      .put_extent(block_number - at->first_block, block, at->first_block, form_.icb_partition(), form_.tag_version);
}

}  // namespace fsi::udf
