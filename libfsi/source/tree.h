// The frozen source tree: what is to be in the image, as flat arrays with ids, in an order that
// depends on names alone. Knows nothing of sectors and formats.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/file.h"

namespace fsi {

using NodeId = uint32_t;
using ContentId = uint32_t;
inline constexpr NodeId kRoot = 0;
inline constexpr uint32_t kNone = UINT32_MAX;

enum class NodeKind : uint8_t { directory, file, symlink, char_device, block_device, fifo, socket };

/// Microseconds since 1970-01-01 UTC, the finest step any format holds.
using Time = int64_t;
inline constexpr Time kSecond = 1'000'000;

/// A run of bytes in the tree's text arena.
struct TextRef {
  uint32_t offset = 0;
  uint32_t length = 0;
};

struct Node {
  TextRef name;  ///< empty for the root; any byte but '/' and NUL
  NodeId parent = kRoot;
  uint32_t first_child = 0;  ///< directory: its children are consecutive, sorted by name bytes
  uint32_t child_count = 0;
  NodeKind kind = NodeKind::file;
  bool hidden : 1 = false;
  bool real_time : 1 = false;  ///< file: read and written at a rate (UDF 2.01 and up)
  uint16_t mode = 0;           ///< 07777 bits
  uint32_t uid = 0, gid = 0;
  uint32_t links = 1;          ///< names of this inode inside the image; directory: 2 + subdirectories
  NodeId link_leader = kNone;  ///< first node (lowest id) of the same inode; itself when alone
  Time mtime = 0, atime = 0, ctime = 0;
  union {
    ContentId content;  ///< file
    TextRef target;     ///< symlink
    uint64_t device;    ///< devices: makedev() number
  };
  Node() : device(0) {}
};
static_assert(sizeof(Node) == 72, "a million nodes should stay near 70 MB");

enum class OriginKind : uint8_t { host_file, descriptor, memory, callback };

/// Where the bytes of a file come from. Hard links and equal contents share one Content.
struct Content {
  uint64_t size = 0;  ///< promised when the tree was frozen
  union {
    uint64_t offset;  ///< descriptor, memory: where they begin
    TextRef name;     ///< host_file: name inside that directory
  };
  uint32_t place = kNone;     ///< host_file: host directory; else index into its own table
  NodeId first_node = kNone;  ///< for messages and paths
  OriginKind origin = OriginKind::host_file;
  bool follow = false;     ///< host_file: open through symbolic links
  bool real_time = false;  ///< of a real-time file: contiguous on whole clusters, and never inside of metadata
  Content() : offset(0) {}
};
static_assert(sizeof(Content) == 32);

/// A directory of the host from which files are opened: `name` inside of `parent`, or, at the
/// top (parent == kNone), a path as the user gave it.
struct HostDirectory {
  uint32_t parent = kNone;
  TextRef name;
};

/// A named stream: bytes beside a file's or a directory's own, as an extended attribute of the host is.
struct Stream {
  NodeId node = kNone;  ///< of several names of an inode the first: Node::link_leader
  TextRef name;         ///< of an extended attribute: without the "user." of the host
  uint64_t offset = 0;  ///< in SourceTree::stream_bytes
  uint64_t bytes = 0;
};

/// Extended attributes that were seen and are not among the streams.
struct LeftAttributes {
  uint64_t user = 0;   ///< of users; only where they are not kept
  uint64_t other = 0;  ///< access control lists, capabilities, trusted ones: they mean something on this machine alone
  friend bool operator==(const LeftAttributes&, const LeftAttributes&) = default;
};

/// Fills `out` with bytes from `offset` on; returns how many there were. Thread-safe.
using ReadCallback = std::function<size_t(uint64_t offset, std::span<std::byte> out)>;

/// Immutable once made; safe to read from any number of threads. Nodes are in breadth-first
/// order: the root is 0, a directory's children are consecutive, deeper levels come later.
struct SourceTree {
  std::vector<Node> nodes;
  std::vector<Content> contents;  ///< in the order of their first node
  std::vector<char> text;         ///< names and link targets
  std::vector<HostDirectory> host_directories;
  std::vector<std::shared_ptr<Fd>> descriptors;
  std::vector<std::shared_ptr<const std::vector<std::byte>>> blobs;
  std::vector<ReadCallback> callbacks;
  std::vector<Stream> streams;  ///< sorted by node, then by name bytes
  std::vector<std::byte> stream_bytes;
  LeftAttributes left_attributes;

  std::string_view str(TextRef ref) const { return {text.data() + ref.offset, ref.length}; }
  std::string_view name(NodeId id) const { return str(nodes[id].name); }
  std::span<const Node> children(const Node& directory) const { return {nodes.data() + directory.first_child, directory.child_count}; }
  /// Path in the image, beginning with "/"; the root is "/".
  std::string path(NodeId id) const;
  /// The node at a path of the image ('/' at either end or doubled means nothing); kNone when there is none.
  NodeId find(std::string_view path) const;
  /// The path of the host (or a description) a content is read from.
  std::string origin_path(ContentId id) const;
  std::string host_path(uint32_t host_directory) const;
};

}  // namespace fsi
