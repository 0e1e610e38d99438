// What a program that opens a file of an image would see: its bytes, decompressed where they are compressed.
#pragma once

#include "libfsi/read/data.h"

namespace fsi {

/// Immutable: any number of threads may read.
class EntryContent {
 public:
  EntryContent() = default;
  /// Copies what it needs of the entry.
  explicit EntryContent(const TreeEntry& entry);

  uint64_t size() const { return compressed_ ? compressed_->size : size_; }
  /// The recorded bytes are the bytes of the file.
  bool plain() const { return !compressed_; }
  const FileData& data() const { return data_; }
  /// Fills `out` with the bytes from `offset` on; returns how many there are before the end. Throws as FileData::read()
  /// does, Error{corrupt} for compressed data that is not right or not of a known kind.
  size_t read(const SectorSource& source, uint64_t offset, std::span<std::byte> out) const;

 private:
  void read_block(const SectorSource& source, uint64_t block, std::span<std::byte> out) const;
  FileData data_;
  uint64_t size_ = 0;
  std::optional<Compressed> compressed_;
};

/// The makedev() number of a device: Rock Ridge may have all of it in the low half (RRIP 4.1.2).
uint64_t device_number(const TreeEntry& entry);

}  // namespace fsi
