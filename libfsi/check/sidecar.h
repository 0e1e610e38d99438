// A manifest in a file of its own, for images and discs that carry none or whose own is not to be believed: the header, the
// digests and the sums of sectors of disc/manifest.h, covering every sector (the last chunk may be short; what it lacks has
// sums of zeros). A copy of the sectors of a manifest on a disc will do as well.
#pragma once

#include <vector>

#include "libfsi/check/manifest_reader.h"

namespace fsi {

/// `bytes`: the whole file. `name`: for messages. Throws Error{corrupt} when it is no manifest or a damaged one.
Manifest read_sidecar(std::vector<std::byte> bytes, const std::string& name);

/// What such a file is made of: the digest of each chunk, the sums of its sectors.
class SidecarTable {
 public:
  explicit SidecarTable(DigestKind kind, uint64_t chunks = 0);
  /// `bytes` are whole sectors, of the last chunk perhaps fewer than 32. Thread-safe for different chunks.
  void put(uint64_t chunk, std::span<const std::byte> bytes);
  /// The next chunk of a table that grows.
  void append(std::span<const std::byte> bytes);
  /// The file, for an image at `range` of its disc, all of which was put.
  std::vector<std::byte> file(SectorRange range) const;

 private:
  const DigestKind kind_;
  const size_t digest_bytes_, sum_bytes_;  // of a chunk
  std::vector<std::byte> digests_, sums_;
};

/// A SectorSource that digests what is read through it, to become such a file.
class DigestingSource final : public SectorSource {
 public:
  /// Chunks are counted from range.first.
  DigestingSource(const SectorSource& source, SectorRange range, DigestKind kind);

  uint64_t sectors() const override { return source_.sectors(); }
  std::string name() const override { return source_.name(); }
  /// Digests the chunks that lie in the range as a whole. Thread-safe.
  void read(SectorRange range, std::span<std::byte> out) const override;

  /// Every chunk was read.
  bool complete() const;
  /// The file. `session_start`: absolute sector where the image starts.
  std::vector<std::byte> sidecar() const;

 private:
  const SectorSource& source_;
  const SectorRange range_;
  const uint64_t chunks_;
  mutable SidecarTable table_;
  mutable std::vector<unsigned char> done_;  // not bool: threads write neighbours
};

/// Says where the manifest in an image and one from elsewhere contradict each other.
void report_disagreement(const Manifest& given, const Manifest& own, uint64_t session_start, IssueLog& log);

}  // namespace fsi
