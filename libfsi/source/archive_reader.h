// libarchive behind an interface that throws: one archive, its members in order, their data in
// blocks. Knows nothing of the tree. Internal to this room. Not thread-safe.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>

#include "libfsi/base/error.h"
#include "libfsi/source/gzip.h"

struct archive;
struct archive_entry;

namespace fsi {

class ArchiveReader {
 public:
  /// `fd` stays the caller's and is read from its position on; `seekable` when it is a regular file that
  /// stands at its beginning. Throws Error{corrupt} when it is not an archive.
  ArchiveReader(int fd, bool seekable, std::string name);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;

  /// The next member, null at the end. Valid until the next call. `warning` is set to what libarchive
  /// says of a member it can read all the same, else emptied. Throws Error{corrupt}.
  ::archive_entry* next(std::string& warning);
  struct Block {
    uint64_t offset = 0;  ///< in the member
    std::span<const std::byte> bytes;
  };
  /// The next block of the member's data; false at its end. Throws Error{corrupt} naming `member`.
  bool next_block(Block& block, const std::string& member);
  /// After the last member: reads what a compressed stream still has, up to its checksum.
  void finish();

  /// ARCHIVE_FORMAT_BASE_MASK part of the format; known after the first next().
  int format() const;
  /// Neither compressed nor a stream: position() then is one in the file.
  bool plain() const;
  /// Bytes consumed so far: where the data of a member, or the block just given, begins.
  uint64_t position() const;

  Error corrupt(const std::string& doing, const std::string& why) const { return {ErrorKind::corrupt, name_, doing, why}; }
  Error encrypted(const std::string& member) const;

 private:
  static ssize_t read_stream_block(::archive* a, void* self, const void** block);
  void rethrow();
  bool has_encrypted() const;
  std::string said() const;
  Error not_an_archive() const;

  struct Free {
    void operator()(::archive* a) const;
  };
  std::string name_;
  std::unique_ptr<GzipStream> stream_;  // null when libarchive reads the descriptor itself
  std::exception_ptr thrown_;           // below libarchive, on its way through it
  std::unique_ptr<::archive, Free> archive_;
};

/// libarchive turns names into the character set of the thread's locale. While this lives it leaves
/// UTF-8 alone, whatever the user's locale is; other threads are not touched.
class Utf8Names {
 public:
  Utf8Names();
  ~Utf8Names();
  Utf8Names(const Utf8Names&) = delete;

 private:
  void* locale_;
  void* before_ = nullptr;
};

}  // namespace fsi
