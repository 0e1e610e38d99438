// TreeBuilder: describes what is to be in the image, from directories, files and archives of the
// host and from items a program makes, and freezes it into a SourceTree. Knows nothing of formats.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/progress.h"
#include "libfsi/source/scan_options.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// What an item made by a program is like. Times that are not given: mtime is when the builder was
/// made, the others are the mtime.
struct Attributes {
  std::optional<uint16_t> mode = std::nullopt;  ///< 07777 bits; default 0755 for directories, 0777 for symlinks, else 0644
  uint32_t uid = 0, gid = 0;
  std::optional<Time> mtime = std::nullopt, atime = std::nullopt, ctime = std::nullopt;
  bool hidden = false;
};

/// What is known of an item before the tree is frozen; the rules of ScanOptions are not applied yet.
struct ItemInfo {
  NodeKind kind = NodeKind::file;
  uint64_t size = 0;  ///< of a file, in bytes
  Attributes attributes;
};

/// Not thread-safe; the scan inside is parallel. Sources are looked at when they are added. Every
/// method may throw Error; after that the builder can only be destroyed.
///
/// Paths of the image are bytes, with '/' between names; a leading '/' and doubled ones mean nothing,
/// "." and ".." are refused. Directories that are missing on the way to an item are made: mode 0755,
/// owner 0:0, as new as the newest thing in them. Directories merge, whoever brings them, and the
/// first that really brings one gives its attributes. Two sources for any other path, or a path that
/// leads through something that is not a directory, are Error{usage} naming both.
class TreeBuilder {
 public:
  /// Calls of `progress` come from any thread, one at a time; those of `warn` from the caller's in finish().
  explicit TreeBuilder(ScanOptions options, std::stop_token stop = {}, Progress progress = {});
  ~TreeBuilder();
  TreeBuilder(const TreeBuilder&) = delete;

  /// One SOURCE of the command line:
  ///   DIRECTORY    its contents go into the root
  ///   FILE         goes into the root under its own name; a link named here is followed
  ///   ARCHIVE      a file whose name ends like one (.tar .tgz .tar.zst .zip .7z .cpio .iso .udf ...): its
  ///                contents go into the root
  ///   -            the same for an archive on standard input
  ///   PATH=SOURCE  a directory: its contents go into PATH; a file, archive or not: it becomes PATH;
  ///                with a '/' at the end of PATH a file goes into PATH, the contents of an archive too
  /// The first '=' divides. `\=` stands for '=' and `\\` for a backslash; any other backslash for itself.
  void add_source(std::string_view argument);

  /// Merges the contents of a directory of the host into the directory `at`.
  void add_directory(const std::string& host_dir, std::string_view at = "/");
  /// Whatever is at `host_path` (not a directory) becomes `at`; a symbolic link is followed.
  void add_file(const std::string& host_path, std::string_view at);
  /// Merges the contents of an archive into the directory `at`: tar in every compression, zip, 7z,
  /// cpio, known by content. "-" is standard input. Errors: see archive.h. A file-system image is read by
  /// ScanOptions::open_image: its contents stay in it, what cannot be read is told by finish().
  void add_archive(const std::string& host_path, std::string_view at = "/");
  /// The same from a descriptor, which is duplicated; `name` is for messages. It need not be seekable.
  void add_archive(int fd, const std::string& name, std::string_view at = "/");

  void add_memory(std::string_view path, std::vector<std::byte> bytes, const Attributes& attributes = {});
  /// The callback is called from many threads, until the last copy of the tree is gone. What it
  /// throws is a failed read of the file, told like one.
  void add_callback(std::string_view path, uint64_t size, ReadCallback read, const Attributes& attributes = {});
  /// `size` bytes from `offset` of a seekable descriptor, which is duplicated.
  void add_descriptor(std::string_view path, int fd, uint64_t offset, uint64_t size, const Attributes& attributes = {});
  /// Makes the directory or, when it exists, changes its attributes; "/" is the root.
  void add_directory_item(std::string_view path, const Attributes& attributes = {});
  void add_symlink(std::string_view path, std::string_view target, const Attributes& attributes = {});
  /// `kind`: char_device, block_device (with `device` a makedev() number), fifo or socket.
  void add_device(std::string_view path, NodeKind kind, uint64_t device, const Attributes& attributes = {});
  /// One more name for the file, link or device at `existing`.
  void add_hard_link(std::string_view path, std::string_view existing);

  /// One more named stream of the file or directory at `path`. Throws Error{usage} when it has one of that name, or when the
  /// name is empty or has a '/' or a NUL byte.
  void add_stream(std::string_view path, std::string_view name, std::span<const std::byte> bytes);

  /// Takes an item out again, a directory with all that is in it. False when there is none.
  bool remove(std::string_view path);
  bool exists(std::string_view path) const;
  std::optional<ItemInfo> find(std::string_view path) const;
  /// Names in a directory, sorted by bytes; empty for anything else.
  std::vector<std::string> list(std::string_view path) const;
  /// False when there is none.
  bool set_hidden(std::string_view path, bool hidden);

  /// Freezes. First everything that could not be read is told, in source order, through `warn`; unless
  /// skip_unreadable holds and nothing named itself was missing, Error{source} then says how many.
  /// May be called once.
  SourceTree finish(const Warn& warn = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fsi
