// The tree while it is being described: directories of compact entries, merged, changed and at last
// frozen. Internal to this room; knows nothing of how things got here. Not thread-safe, except that
// different threads may fill different directories out of different pools.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/source/tree.h"

namespace fsi::draft {

/// A directory of the host that was scanned, by its way from a path as the user gave it.
struct HostDir {
  const HostDir* parent;  ///< null: `name` is that path
  const char* name;
  uint64_t device, inode;  ///< of follow_links: to see loops
  mutable uint32_t id;     ///< in SourceTree::host_directories, kNone until frozen
};

std::string path_of(const HostDir& host);
std::string path_of(const HostDir& host, std::string_view name);

struct Directory;

/// What an entry stands for, by its kind.
union Payload {
  uint64_t number;     ///< file: size; device: makedev() number
  const char* target;  ///< symlink
  Directory* directory;
};

struct StreamText {
  std::string_view name, bytes;  ///< in an arena
};
using StreamList = std::vector<StreamText>;  ///< sorted by name, names unique

/// What few entries have: everything not found by scanning the directory it lies in.
struct Aside {
  Payload payload{};
  uint64_t device = 0, inode = 0;       ///< identity when hard_linked
  uint64_t offset = 0;                  ///< descriptor
  const HostDir* host = nullptr;        ///< host_file: where it is opened from; null: the directory's own
  const char* host_name = nullptr;      ///< host_file: its name there; null: the entry's own
  const StreamList* streams = nullptr;  ///< null: none
  uint32_t place = kNone;               ///< descriptor, memory, callback: index into the tables
  uint32_t source = kNone;              ///< index into Draft::sources; kNone: the directory's own host
  OriginKind origin = OriginKind::host_file;
  bool hard_linked = false;
};

enum EntryFlag : uint8_t {
  kRemoved = 1,  ///< taken out again; stays in its place until the tree is frozen
  kImplied = 2,  ///< a directory nobody asked for by itself: the way to a graft
  kAside = 4,    ///< `aside` is the live member
  kFollow = 8,   ///< host file to be opened through symbolic links
  kHidden = 16,
};

struct Entry {
  const char* name;  ///< NUL-terminated, in an arena
  union {
    Payload payload;
    Aside* aside;
  };
  Time mtime, atime, ctime;
  uint32_t uid, gid;
  uint16_t mode, name_length;
  NodeKind kind;
  uint8_t flags;

  Entry() : name(""), payload{}, mtime(0), atime(0), ctime(0), uid(0), gid(0), mode(0), name_length(0), kind(NodeKind::file), flags(0) {}
  std::string_view text() const { return {name, name_length}; }
  bool is(EntryFlag flag) const { return flags & flag; }
  const Payload& value() const { return is(kAside) ? aside->payload : payload; }
  Payload& value() { return is(kAside) ? aside->payload : payload; }
};
static_assert(sizeof(Entry) == 56, "a million entries should stay near 56 MB");

/// A fixed number of entries. Large ones live in pages of their own, which can be given back from
/// the front while the tree is frozen, so that the draft and the tree are never both in memory whole.
class EntryArray {
 public:
  EntryArray() = default;
  explicit EntryArray(size_t count);
  EntryArray(EntryArray&& other) noexcept { swap(other); }
  EntryArray& operator=(EntryArray&& other) noexcept {
    swap(other);
    return *this;
  }
  ~EntryArray();

  size_t size() const { return size_; }
  Entry& operator[](size_t i) { return data_[i]; }
  Entry* begin() { return data_; }
  Entry* end() { return data_ + size_; }
  const Entry* begin() const { return data_; }
  const Entry* end() const { return data_ + size_; }
  /// The first `count` entries are done with: their memory may go, their addresses stay.
  void release_front(size_t count);

 private:
  void swap(EntryArray& other) noexcept;
  bool mapped() const;
  Entry* data_ = nullptr;
  size_t size_ = 0;
};

struct Directory {
  EntryArray entries;             ///< sorted by name bytes, names unique
  const HostDir* host = nullptr;  ///< where `entries` without an Aside were scanned
  /// Entries that came one by one. A name is live at most once in the two together.
  std::unique_ptr<std::map<std::string_view, Entry>> added;

  Entry* find(std::string_view name);
  bool empty() const { return entries.size() == 0 && !added; }
  /// `entry.name` lives in an arena and is not live here yet.
  Entry& add(const Entry& entry);
  /// Makes one sorted array without the removed of the two.
  void seal();
};

/// Text and records that live as long as the draft. One per thread while scanning.
class Pool {
 public:
  const char* keep(std::string_view text);  ///< NUL-terminated copy
  std::deque<Directory> directories;
  std::deque<HostDir> hosts;
  std::deque<Aside> asides;
  std::deque<StreamList> streams;

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t room_ = 0;
  char* next_ = nullptr;
};

/// A value for something that has an Aside: made when it has none.
Aside& aside_of(Entry& entry, Pool& pool);

/// Components of a path of the image; empty ones are dropped. Throws Error{usage} on "." and ".."
/// and on a component of more than 65,535 bytes.
std::vector<std::string_view> components_of(std::string_view path);
/// The same path with one '/' before each component; "/" for the root.
std::string clean_path(std::string_view path);

class Draft {
 public:
  Draft();

  Entry root;
  Directory& root_directory() { return *root.value().directory; }
  std::vector<std::string> sources;  ///< how to call what an entry came from, in order

  // The tables of the tree to come.
  std::vector<std::shared_ptr<Fd>> descriptors;
  std::vector<std::shared_ptr<const std::vector<std::byte>>> blobs;
  std::vector<ReadCallback> callbacks;
  LeftAttributes left_attributes;

  Pool& pool() { return *pools_.front(); }
  void adopt(std::unique_ptr<Pool> pool) { pools_.push_back(std::move(pool)); }
  uint32_t add_source(std::string name);

  /// Null when there is none.
  Entry* find(std::string_view path);
  /// The directory that is to hold the last of `components`, made with everything on the way to it.
  /// Throws Error{usage} when the way leads through something that is not a directory.
  Directory& make_parents(const std::vector<std::string_view>& components, const std::string& source);
  /// The directory at `path` itself, made when it is not there.
  Entry& make_directory(std::string_view path, const std::string& source);
  /// Puts an entry (its name is replaced by the path's last component). Directories merge. Throws
  /// Error{usage} when something else has that path already.
  Entry& put(std::string_view path, Entry entry, const std::string& source);

  /// The Aside of the thing at `path`, which exists and is not a directory, complete with where its
  /// data is: the entry can then be copied to any other place.
  Aside& with_origin(std::string_view path);
  /// Takes the thing at `path`, with all below it, out again. False when it is not there or is the root.
  bool erase(std::string_view path);

  /// Merges `from` into `into`, both directories; `path` is theirs, for messages. The first source that
  /// really had a directory gives its attributes.
  void merge(Entry& into, Entry& from, const std::string& path, uint32_t source);

  /// Where an entry of `holder` came from, for messages.
  std::string origin_of(const Directory& holder, const Entry& entry) const;

 private:
  Entry new_directory(std::string_view name);
  Entry* find(const std::vector<std::string_view>& components, Directory*& holder);
  std::vector<std::unique_ptr<Pool>> pools_;
};

/// Takes over the attributes with the streams, not the name and the value.
void copy_attributes(Entry& to, const Entry& from, Pool& pool);
/// Null when it has none.
inline const StreamList* streams_of(const Entry& entry) { return entry.is(kAside) ? entry.aside->streams : nullptr; }

}  // namespace fsi::draft
