#include "libfsi/source/freeze.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "libfsi/base/error.h"

namespace fsi {

using draft::Aside;
using draft::Directory;
using draft::Entry;
using draft::HostDir;

namespace {

struct Identity {
  uint64_t device, inode;
  bool operator==(const Identity&) const = default;
};
struct IdentityHash {
  size_t operator()(const Identity& id) const { return (id.inode * 0x9E3779B97F4A7C15u) ^ (id.device * 0xC2B2AE3D27D4EB4Fu); }
};

class Freezer {
 public:
  Freezer(draft::Draft& draft, const ScanOptions& options, Time now) : draft_(draft), options_(options), now_(cut(now)) {}

  SourceTree run() {
    count();
    const Entry root = draft_.root;
    emplace(root, kRoot, nullptr);
    for (size_t d = 0; d < directories_.size(); ++d) children(d);
    close_links();
    date_implied();
    tree_.descriptors = std::move(draft_.descriptors);
    tree_.blobs = std::move(draft_.blobs);
    tree_.callbacks = std::move(draft_.callbacks);
    tree_.left_attributes = draft_.left_attributes;
    return std::move(tree_);
  }

 private:
  struct Holder {
    Directory* directory;
    NodeId node;
  };

  // All directories breadth-first, and the exact number of everything, so that no array is ever
  // moved while it grows.
  void count() {
    uint64_t nodes = 1, text = 0, files = 0, streams = 0, stream_bytes = 0;
    const auto count_streams = [&](const Entry& entry) {
      const draft::StreamList* list = draft::streams_of(entry);
      if (!list) return;
      streams += list->size();
      for (const draft::StreamText& stream : *list) text += stream.name.size(), stream_bytes += stream.bytes.size();
    };
    count_streams(draft_.root);
    directories_.push_back({&draft_.root_directory(), kRoot});
    for (size_t d = 0; d < directories_.size(); ++d) {
      Directory& directory = *directories_[d].directory;
      directory.seal();
      nodes += directory.entries.size();
      for (const Entry& entry : directory.entries) {
        text += entry.name_length;
        files += entry.kind == NodeKind::file;
        if (entry.kind == NodeKind::symlink) text += std::strlen(entry.value().target);
        if (entry.kind == NodeKind::directory) directories_.push_back({entry.value().directory, kNone});
        if (entry.is(draft::kAside) && entry.aside->host_name) text += std::strlen(entry.aside->host_name);
        count_streams(entry);
      }
      if (nodes >= kNone)
        throw Error(ErrorKind::limit, "", "counting the source", "it has more than 4294967294 items; make several images");
    }
    tree_.nodes.reserve(nodes);
    tree_.contents.reserve(files);
    tree_.text.reserve(text);
    tree_.streams.reserve(streams);
    tree_.stream_bytes.reserve(stream_bytes);
  }

  void children(size_t d) {
    const Holder holder = directories_[d];
    draft::EntryArray entries = std::move(holder.directory->entries);
    tree_.nodes[holder.node].first_child = static_cast<NodeId>(tree_.nodes.size());
    tree_.nodes[holder.node].child_count = static_cast<uint32_t>(entries.size());
    constexpr size_t kGiveBack = 16 * 1024;
    for (size_t i = 0; i < entries.size(); ++i) {
      emplace(entries[i], holder.node, holder.directory->host);
      if ((i + 1) % kGiveBack == 0) entries.release_front(i + 1);
    }
  }

  Time cut(Time time) const {
    if (options_.time) time = *options_.time;
    return options_.source_date_epoch ? std::min(time, *options_.source_date_epoch) : time;
  }

  void emplace(const Entry& entry, NodeId parent, const HostDir* host) {
    const auto id = static_cast<NodeId>(tree_.nodes.size());
    Node& node = tree_.nodes.emplace_back();
    node.name = keep(entry.text());
    node.parent = parent;
    node.kind = entry.kind;
    node.hidden = entry.is(draft::kHidden);
    node.mode =
        options_.mode && entry.kind != NodeKind::symlink ? options_.mode->apply(entry.mode, entry.kind == NodeKind::directory) : entry.mode;
    node.uid = options_.uid.value_or(entry.uid);
    node.gid = options_.gid.value_or(entry.gid);
    node.mtime = cut(entry.mtime);
    node.atime = options_.source_date_epoch ? node.mtime : options_.time.value_or(entry.atime);
    node.ctime = options_.source_date_epoch ? node.mtime : options_.time.value_or(entry.ctime);
    node.link_leader = id;

    if (entry.kind == NodeKind::directory) {
      add_streams(entry, id);
      node.links = 2;
      if (id != kRoot) {
        directories_[++entered_].node = id;
        ++tree_.nodes[parent].links;
      }
      if (entry.is(draft::kImplied)) implied_.push_back(id);
      return;
    }
    if (entry.is(draft::kAside) && entry.aside->hard_linked && follow_leader(node, id, *entry.aside)) return;
    add_streams(entry, id);
    const draft::Payload& value = entry.value();
    if (entry.kind == NodeKind::symlink) {
      node.target = keep(value.target);
    } else if (entry.kind == NodeKind::file) {
      node.content = static_cast<ContentId>(tree_.contents.size());
      add_content(entry, node, id, host);
    } else {
      node.device = value.number;
    }
  }

  void add_streams(const Entry& entry, NodeId id) {
    const draft::StreamList* list = draft::streams_of(entry);
    if (!list) return;
    for (const draft::StreamText& stream : *list) {
      const auto bytes = std::as_bytes(std::span(stream.bytes));
      tree_.streams.push_back({id, keep(stream.name), tree_.stream_bytes.size(), bytes.size()});
      tree_.stream_bytes.insert(tree_.stream_bytes.end(), bytes.begin(), bytes.end());
    }
  }

  // True when `node` is one more name of an inode that has one already. An inode number that was used
  // again for another kind of thing while we scanned is not a link.
  bool follow_leader(Node& node, NodeId id, const Aside& aside) {
    const auto [found, first] = leaders_.emplace(Identity{aside.device, aside.inode}, id);
    if (first) return false;
    const Node& leader = tree_.nodes[found->second];
    if (leader.kind != node.kind) return false;
    node.link_leader = found->second;
    node.device = leader.device;
    if (node.kind == NodeKind::file) node.content = leader.content;
    if (node.kind == NodeKind::symlink) node.target = leader.target;
    ++tree_.nodes[found->second].links;
    followers_.push_back(id);
    return true;
  }

  void close_links() {
    for (const NodeId id : followers_) tree_.nodes[id].links = tree_.nodes[tree_.nodes[id].link_leader].links;
  }

  void add_content(const Entry& entry, const Node& node, NodeId id, const HostDir* host) {
    Content& content = tree_.contents.emplace_back();
    content.size = entry.value().number;
    content.first_node = id;
    content.follow = entry.is(draft::kFollow);
    const Aside* aside = entry.is(draft::kAside) ? entry.aside : nullptr;
    if (aside && aside->origin != OriginKind::host_file) {
      content.origin = aside->origin;
      content.offset = aside->offset;
      content.place = aside->place;
      return;
    }
    content.name = aside && aside->host_name ? keep(aside->host_name) : node.name;
    content.place = id_of(aside && aside->host ? *aside->host : *host);
  }

  // Host directories get their numbers when the first file needs them, those above first.
  uint32_t id_of(const HostDir& host) {
    if (host.id != kNone) return host.id;
    std::vector<const HostDir*> way;
    for (const HostDir* at = &host; at && at->id == kNone; at = at->parent) way.push_back(at);
    for (auto at = way.rbegin(); at != way.rend(); ++at) {
      (*at)->id = static_cast<uint32_t>(tree_.host_directories.size());
      tree_.host_directories.push_back({(*at)->parent ? (*at)->parent->id : kNone, keep((*at)->name)});
    }
    return host.id;
  }

  TextRef keep(std::string_view text) {
    if (text.size() > UINT32_MAX - tree_.text.size())
      throw Error(ErrorKind::limit, "", "gathering names", "all names together are longer than 4 GiB; make several images");
    const TextRef ref{static_cast<uint32_t>(tree_.text.size()), static_cast<uint32_t>(text.size())};
    tree_.text.insert(tree_.text.end(), text.begin(), text.end());
    return ref;
  }

  // A directory that was made as the way to something is as new as the newest thing in it. Deeper
  // ones have higher ids and so are dated before those that hold them.
  void date_implied() {
    for (auto id = implied_.rbegin(); id != implied_.rend(); ++id) {
      Node& node = tree_.nodes[*id];
      Time newest = std::numeric_limits<Time>::min();
      for (const Node& child : tree_.children(node)) newest = std::max(newest, child.mtime);
      if (node.child_count == 0) newest = now_;
      node.mtime = node.atime = node.ctime = newest;
    }
  }

  draft::Draft& draft_;
  const ScanOptions& options_;
  const Time now_;
  SourceTree tree_;
  std::vector<Holder> directories_;
  size_t entered_ = 0;  // directories_[entered_] is the last that has its node
  std::vector<NodeId> implied_, followers_;
  std::unordered_map<Identity, NodeId, IdentityHash> leaders_;
};

}  // namespace

SourceTree freeze(draft::Draft& draft, const ScanOptions& options, Time now) { return Freezer(draft, options, now).run(); }

}  // namespace fsi
