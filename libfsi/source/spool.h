// One anonymous temporary file for data that has no other place to be read from again: members of
// compressed archives. It never has a name that could be left behind. Not thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"

namespace fsi {

class Spool {
 public:
  /// `directory`: where; empty: $TMPDIR, else /tmp. Nothing is made before the first use.
  explicit Spool(std::string directory) : directory_(std::move(directory)) {}

  /// Throws Error{no_space} that names the directory, need and free, unless `bytes` more fit into the
  /// file system. `what`: what they are, for the message.
  void need(uint64_t bytes, const std::string& what);

  /// Begins a run of bytes and returns its offset: on a 4 KiB boundary when `large`, so that it can be
  /// cloned into an image.
  uint64_t begin(bool large);
  /// Writes at `offset` of the file; gaps are holes. Throws Error{no_space} like need().
  void write(uint64_t offset, std::span<const std::byte> bytes, const std::string& what);
  /// Ends the run: the file reaches to `end` at least.
  void end(uint64_t end);

  /// Makes everything readable through descriptor(). Nothing to do when nothing was stored.
  void flush();
  const std::shared_ptr<Fd>& descriptor();

 private:
  void open();
  uint64_t free_bytes() const;
  Error no_room(uint64_t bytes, const std::string& what) const;
  void store(uint64_t offset, std::span<const std::byte> bytes, const std::string& what);

  std::string directory_;
  std::shared_ptr<Fd> fd_;
  uint64_t end_ = 0;                // of all runs
  uint64_t granted_ = 0;            // bytes that need() found room for and has not given away
  std::vector<std::byte> waiting_;  // small runs gather here before they are written
  uint64_t waiting_at_ = 0;
};

}  // namespace fsi
