// A tree made by a test and an image made of it without the rest of mkimage: addresses are handed out
// in the simplest way, everything is rendered, file contents come from memory.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"
#include "libfsi/iso9660/iso9660.h"
#include "libfsi/joliet/joliet.h"

namespace fsi::test {

/// A tree of names; frozen into a SourceTree in its order (breadth first, sorted by name bytes).
class TreeBuilder {
 public:
  struct Item {
    NodeKind kind = NodeKind::directory;
    uint16_t mode = 0755;
    uint32_t uid = 0, gid = 0;
    Time mtime = 1'000'000'000 * kSecond;
    uint64_t size = 0;  // of a file; its bytes come from `data`, zeros behind them
    std::string data;   // of a file; the target of a symlink
    uint64_t device = 0;
    std::string leader;  // path of another item of the same inode
    std::map<std::string, std::unique_ptr<Item>> children;
    NodeId id = kNone;
  };

  Item& directory(const std::string& path) { return at(path); }
  Item& file(const std::string& path, std::string data = {}) {
    Item& item = at(path);
    item.kind = NodeKind::file;
    item.mode = 0644;
    item.size = data.size();
    item.data = std::move(data);
    return item;
  }
  Item& symlink(const std::string& path, std::string target) {
    Item& item = at(path);
    item.kind = NodeKind::symlink;
    item.mode = 0777;
    item.data = std::move(target);
    return item;
  }
  Item& device(const std::string& path, uint64_t number) {
    Item& item = at(path);
    item.kind = NodeKind::char_device;
    item.device = number;
    return item;
  }
  /// A further name of the inode that has `leader`'s path, which must come first in the tree.
  Item& link(const std::string& path, const std::string& leader) {
    const Item& other = at(leader);
    Item& item = at(path);
    item.kind = other.kind;
    item.mode = other.mode;
    item.leader = leader;
    return item;
  }

  SourceTree freeze() {
    SourceTree tree;
    std::vector<Item*> items{&root_};
    tree.nodes.emplace_back();
    tree.nodes[0].link_leader = 0;
    std::map<NodeId, uint32_t> links;
    for (NodeId id = 0; id < items.size(); ++id) {
      Item& item = *items[id];
      item.id = id;
      Node node = tree.nodes[id];
      node.kind = item.kind;
      node.mode = item.mode;
      node.uid = item.uid;
      node.gid = item.gid;
      node.mtime = node.atime = node.ctime = item.mtime;
      node.link_leader = id;
      if (!item.leader.empty()) {
        const Item& leader = at(item.leader);
        node.link_leader = leader.id;
        node.content = tree.nodes[leader.id].content;
        links[leader.id] += links[leader.id] == 0 ? 2 : 1;
      } else if (item.kind == NodeKind::file) {
        node.content = static_cast<ContentId>(tree.contents.size());
        Content content;
        content.size = item.size;
        content.first_node = id;
        content.origin = OriginKind::memory;
        content.place = static_cast<uint32_t>(tree.blobs.size());
        const auto bytes = std::as_bytes(std::span(item.data));
        tree.blobs.push_back(std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end()));
        tree.contents.push_back(content);
      } else if (item.kind == NodeKind::symlink) {
        node.target = text(tree, item.data);
      } else if (item.kind == NodeKind::directory) {
        node.first_child = static_cast<uint32_t>(items.size());
        node.child_count = static_cast<uint32_t>(item.children.size());
        node.links = 2;
        for (auto& [name, child] : item.children) {
          items.push_back(child.get());
          if (child->kind == NodeKind::directory) ++node.links;
          Node next;
          next.name = text(tree, name);
          next.parent = id;
          tree.nodes.push_back(next);
        }
      } else {
        node.device = item.device;
      }
      tree.nodes[id] = node;
    }
    for (Node& node : tree.nodes)
      if (const auto at = links.find(node.link_leader); at != links.end()) node.links = at->second;
    return tree;
  }

 private:
  Item& at(const std::string& path) {
    Item* item = &root_;
    for (size_t i = 1; i < path.size();) {
      const size_t slash = std::min(path.find('/', i), path.size());
      std::unique_ptr<Item>& child = item->children[path.substr(i, slash - i)];
      if (!child) child = std::make_unique<Item>();
      item = child.get();
      i = slash + 1;
    }
    return *item;
  }
  static TextRef text(SourceTree& tree, const std::string& text) {
    const TextRef ref{static_cast<uint32_t>(tree.text.size()), static_cast<uint32_t>(text.size())};
    tree.text.insert(tree.text.end(), text.begin(), text.end());
    return ref;
  }
  Item root_;
};

/// ISO 9660 and Joliet over a tree, laid out from `session_start`.
class TestImage {
 public:
  explicit TestImage(SourceTree source, Volume of = volume(), bool joliet = true, Lba session_start = 0)
      : tree(std::move(source)), volume_(std::move(of)) {
    uint64_t at = 16;
    formats.push_back(make_iso9660(tree, volume_, layout, at, at + 1));
    at += volume_.iso_level == 4 ? 2 : 1;
    if (joliet) formats.push_back(make_joliet(tree, volume_, layout, at++));
    terminator_ = make_set_terminator(at);
    for (auto& format : formats) {
      format->prepare();
      for (Region* region : format->regions()) regions.push_back(region);
    }
    regions.push_back(terminator_.get());
    uint64_t next = session_start + at + 1;
    layout.session_start = session_start;
    for (Region* region : regions) {
      const uint64_t sectors = region->measure();
      if (region->zone == Zone::fixed) {
        region->range = {session_start + region->fixed_at, sectors};
      } else {
        region->range = {next, sectors};
        next += sectors;
      }
    }
    layout.data.first = next;
    layout.empty_lba = static_cast<Lba>(next);
    for (const Content& content : tree.contents) {
      layout.content_lba.push_back(static_cast<Lba>(next));
      next += sectors_for(content.size);
    }
    layout.data.count = next - layout.data.first;
    layout.end = next;
  }

  static Volume volume() {
    Volume volume;
    volume.volume_id = "TEST_VOLUME";
    volume.system_id = "LINUX";
    volume.application = "DISCPRESS";
    return volume;
  }

  /// The region's bytes, in windows of `step` sectors.
  static std::vector<std::byte> render(const Region& region, uint64_t step) {
    std::vector<std::byte> bytes(region.range.count * kSectorSize);
    for (uint64_t at = 0; at < region.range.count; at += step) {
      const uint64_t count = std::min(step, region.range.count - at);
      region.render(at, {bytes.data() + at * kSectorSize, count * kSectorSize});
    }
    return bytes;
  }

  /// Writes all of it to a (sparse) file.
  void write(const std::string& path, uint64_t step = 512) const {
    const Fd fd = open_file(path, O_CREAT | O_TRUNC | O_RDWR, "creating");
    ASSERT_EQ(ftruncate(fd.get(), static_cast<off_t>(layout.end * kSectorSize)), 0);
    for (const Region* region : regions) write_at(fd.get(), region->range.first * kSectorSize, render(*region, step), path);
    for (size_t i = 0; i < tree.contents.size(); ++i)
      if (tree.contents[i].origin == OriginKind::memory)
        write_at(fd.get(), uint64_t{layout.content_lba[i]} * kSectorSize, *tree.blobs[tree.contents[i].place], path);
  }

  const Region* region(const std::string& what) const {
    for (const Region* region : regions)
      if (region->what() == what) return region;
    return nullptr;
  }

  SourceTree tree;
  Layout layout;
  std::vector<std::unique_ptr<HierarchyWriter>> formats;
  std::vector<Region*> regions;

 private:
  Volume volume_;
  std::unique_ptr<Region> terminator_;
};

}  // namespace fsi::test
