#include "libfsi/iso9660/hierarchy.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "libfsi/base/error.h"
#include "libfsi/names/unique_names.h"

namespace fsi {

namespace {
constexpr unsigned kDeepestLevel = 8;       // 6.8.2.1, the root being level 1
constexpr uint32_t kHighestParent = 65535;  // 9.4.4: parents have 16-bit numbers
}  // namespace

Hierarchy::Hierarchy(const SourceTree& tree, const Dialect& dialect, bool relocate_deep)
    : tree_(tree), dialect_(dialect), relocate_deep_(relocate_deep) {}

void Hierarchy::prepare() {
  if (relocate_deep_) find_deep_directories();
  root_ = tree_.nodes[kRoot];
  if (!moved_.empty()) choose_relocation_name();
  arrange_entries();
  number_directories();
}

// The relocation directory lies at level 2, what is moved into it at level 3.
void Hierarchy::find_deep_directories() {
  std::vector<uint8_t> level(tree_.nodes.size());
  level[kRoot] = 1;
  for (NodeId id = 1; id < tree_.nodes.size(); ++id) {
    const Node& node = tree_.nodes[id];
    if (node.kind != NodeKind::directory) continue;
    level[id] = static_cast<uint8_t>(level[node.parent] + 1);
    if (level[id] <= kDeepestLevel) continue;
    level[id] = 3;
    moved_.push_back({.node = id});
  }
}

void Hierarchy::choose_relocation_name() {
  for (const char* name : {"rr_moved", ".rr_moved"}) {  // the two names that readers know
    const auto children = tree_.children(tree_.nodes[kRoot]);
    if (std::any_of(children.begin(), children.end(), [&](const Node& child) { return tree_.str(child.name) == name; })) continue;
    relocation_name_ = name;
    relocation_ = tree_.nodes[kRoot];
    relocation_.child_count = static_cast<uint32_t>(moved_.size());
    relocation_.mode = 0755;
    relocation_.hidden = false;
    relocation_.links = 2;  // its subdirectories are counted where they belong
    ++root_.links;
    relocation_.link_leader = static_cast<NodeId>(tree_.nodes.size());
    return;
  }
  throw Error(ErrorKind::usage, "/rr_moved", "relocating deep directories",
              "the tree has entries named rr_moved and .rr_moved of its own; rename one, or leave deep directories where they are");
}

// Every directory's names, in parallel. Relocation adds an entry to the root and a directory to the tree; both lists
// come after the slots of the tree's nodes.
void Hierarchy::arrange_entries() {
  const auto nodes = static_cast<uint32_t>(tree_.nodes.size());
  const uint32_t root_count = tree_.nodes[kRoot].child_count;
  order_.assign(nodes + size_t{1} + (moved_.empty() ? 0 : root_count + 1 + moved_.size()), kNone);
  Serials serials;
  std::mutex serials_lock;
  tbb::parallel_for(tbb::blocked_range<NodeId>(0, nodes, 1024), [&](const tbb::blocked_range<NodeId>& range) {
    UniqueNames names(dialect_.names());
    std::vector<NameRequest> requests;
    Serials own;
    for (NodeId id = range.begin(); id < range.end(); ++id) {
      const Node& directory = tree_.nodes[id];
      if (directory.kind != NodeKind::directory || (id == kRoot && !moved_.empty())) continue;
      requests.clear();
      for (uint32_t i = 0; i < directory.child_count; ++i) {
        const NodeId child = directory.first_child + i;
        const Node& node = tree_.nodes[child];
        if (dialect_.shows(node)) requests.push_back({tree_.str(node.name), child, node.kind == NodeKind::directory});
      }
      if (!requests.empty()) names.arrange(requests, {order_.data() + directory.first_child, requests.size()}, own);
    }
    if (own.empty()) return;
    const std::lock_guard lock(serials_lock);
    serials.insert(serials.end(), own.begin(), own.end());
  });
  if (!moved_.empty()) {
    std::vector<NodeId> ids;
    for (uint32_t i = 0; i < root_count; ++i)
      if (dialect_.shows(tree_.nodes[tree_.nodes[kRoot].first_child + i])) ids.push_back(tree_.nodes[kRoot].first_child + i);
    ids.push_back(nodes);  // last, so that it gives way
    arrange_special(ids, nodes + 1, serials);
    ids.clear();
    for (const Moved& moved : moved_) ids.push_back(moved.node);
    Serials of_moved;
    arrange_special(ids, nodes + 1 + root_count + 1, of_moved);
    for (const auto& [id, serial] : of_moved) const_cast<Moved*>(moved_at(id))->serial = serial;
  }
  if (!serials.empty()) serials_.resize(nodes + size_t{1});
  for (const auto& [id, serial] : serials) serials_[id] = serial;
}

void Hierarchy::arrange_special(std::span<const NodeId> ids, uint32_t first, Serials& serials) {
  UniqueNames names(dialect_.names());
  std::vector<NameRequest> requests;
  for (const NodeId id : ids) requests.push_back({node_name(id), id, node(id).kind == NodeKind::directory});
  names.arrange(requests, {order_.data() + first, requests.size()}, serials);
}

void Hierarchy::add_directory(NodeId id, uint32_t parent) {
  const auto nodes = static_cast<NodeId>(tree_.nodes.size());
  Directory directory{.node = id, .parent = parent, .first_entry = node(id).first_child};
  directory.relocation = id == nodes;
  directory.moved = !directories_.empty() && directories_[parent].relocation;
  uint32_t most = node(id).child_count;
  if (!moved_.empty() && id == kRoot) {
    directory.first_entry = nodes + 1;
    ++most;
  } else if (directory.relocation) {
    directory.first_entry = nodes + 1 + tree_.nodes[kRoot].child_count + 1;
  }
  while (directory.entry_count < most && order_[directory.first_entry + directory.entry_count] != kNone) ++directory.entry_count;
  directories_.push_back(directory);
}

// Breadth first, in the order of the records: that is the order of 6.9.1.
void Hierarchy::number_directories() {
  add_directory(kRoot, 0);
  for (uint32_t i = 0; i < directories_.size(); ++i) {
    directories_[i].first_subdirectory = static_cast<uint32_t>(directories_.size());
    const bool relocation = directories_[i].relocation;
    for (uint32_t n = 0; n < directories_[i].entry_count; ++n) {
      const NodeId id = order_[directories_[i].first_entry + n];
      if (node(id).kind != NodeKind::directory) continue;
      if (!relocation && is_moved(id)) {
        const_cast<Moved*>(moved_at(id))->origin = i;
        continue;
      }
      if (i >= kHighestParent)
        throw Error(ErrorKind::limit, printable(path(directories_[i])), "numbering the directories of " + dialect_.name(),
                    "a directory after the 65,535th cannot have subdirectories there; have fewer directories, leave " + dialect_.name() +
                        " out, or use UDF alone (--fs udf)");
      if (relocation) const_cast<Moved*>(moved_at(id))->directory = static_cast<uint32_t>(directories_.size());
      add_directory(id, i);
    }
  }
}

const Hierarchy::Moved* Hierarchy::moved_at(NodeId id) const {
  const auto at = std::lower_bound(moved_.begin(), moved_.end(), id, [](const Moved& moved, NodeId wanted) { return moved.node < wanted; });
  return at != moved_.end() && at->node == id ? &*at : nullptr;
}

uint32_t Hierarchy::origin(const Directory& moved) const { return moved_at(moved.node)->origin; }

std::vector<uint32_t> Hierarchy::disc_order() const {
  std::vector<uint32_t> order(directories_.size());
  std::iota(order.begin(), order.end(), 0);
  if (moved_.empty()) return order;
  // How often a directory's path was broken by relocation, the most first. Origins have lower nodes: they are done before.
  std::vector<uint32_t> by_node(order.begin() + 1, order.end()), breaks(directories_.size());
  std::sort(by_node.begin(), by_node.end(), [&](uint32_t a, uint32_t b) { return directories_[a].node < directories_[b].node; });
  for (const uint32_t i : by_node) {
    const Directory& directory = directories_[i];
    breaks[i] = directory.relocation ? UINT32_MAX : directory.moved ? breaks[origin(directory)] + 1 : breaks[directory.parent];
  }
  std::stable_sort(order.begin() + 1, order.end(), [&](uint32_t a, uint32_t b) { return breaks[a] > breaks[b]; });
  return order;
}

Hierarchy::Entry Hierarchy::entry(const Directory& directory, uint32_t n, uint32_t subdirectories) const {
  Entry entry{.id = order_[directory.first_entry + n]};
  if (node(entry.id).kind != NodeKind::directory) return entry;
  if (directory.relocation) {
    entry.role = RecordRole::moved;
  } else if (entry.id == tree_.nodes.size()) {
    entry.role = RecordRole::relocation;
  } else if (!moved_.empty()) {
    if (const Moved* moved = moved_at(entry.id)) return {entry.id, moved->directory, RecordRole::placeholder};
  }
  entry.directory = directory.first_subdirectory + subdirectories;
  return entry;
}

void Hierarchy::make_identifier(NodeId id, bool as_directory, uint32_t serial, Identifier& out) const {
  dialect_.names().make(node_name(id), as_directory, serial, out);
  if (!as_directory) dialect_.finish_file_identifier(out);
}

void Hierarchy::identifier(NodeId id, RecordRole role, Identifier& out) const {
  switch (role) {
    case RecordRole::root_self:
    case RecordRole::self: out.clear(); return out.push('\0');
    case RecordRole::parent:
    case RecordRole::moved_parent: out.clear(); return out.push('\1');
    case RecordRole::moved: return make_identifier(id, true, moved_at(id)->serial, out);
    case RecordRole::child:
    case RecordRole::placeholder:
    case RecordRole::relocation: return make_identifier(id, node(id).kind == NodeKind::directory, serial(id), out);
  }
}

void Hierarchy::identifier(const Directory& directory, Identifier& out) const {
  const RecordRole role = directory.node == kRoot ? RecordRole::self : directory.moved ? RecordRole::moved : RecordRole::child;
  identifier(directory.node, role, out);
}

void Hierarchy::recorded_name(NodeId id, Identifier& out) const {
  dialect_.names().make(node_name(id), node(id).kind == NodeKind::directory, serial(id), out);
}

std::string Hierarchy::path(const Directory& directory) const {
  return directory.node < tree_.nodes.size() ? tree_.path(directory.node) : "/" + relocation_name_;
}

}  // namespace fsi
