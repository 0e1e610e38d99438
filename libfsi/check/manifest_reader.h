// Reading the manifest of disc/manifest.h: where it is, whether it can be believed, what it says.
// Nothing in it is believed before its digests were checked and its sizes fit the source.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libfsi/base/digest.h"
#include "libfsi/base/ranked_bits.h"
#include "libfsi/base/sectors.h"
#include "libfsi/disc/manifest.h"
#include "libfsi/read/issue.h"

namespace fsi {

/// A file that was not as promised while the image was made.
struct Trouble {
  uint8_t kind = 0;       ///< 1 shrank, 2 grew, 3 vanished, 4 failed
  int error = 0;          ///< errno where there is one
  uint64_t promised = 0;  ///< bytes
  uint64_t found = 0;     ///< bytes
  std::string path{};
};

/// A manifest whose header is whole. All sectors in it are relative to `base`.
struct Manifest {
  DigestKind kind = DigestKind::none;
  uint64_t base = 0;  ///< sector of the source where the session starts
  uint64_t image_sectors = 0;
  uint64_t first = 0, sectors = 0;
  uint64_t chunk_count = 0;
  std::string root;                      ///< hex
  std::vector<std::byte> body{};         ///< header and all; empty when it could not be read
  bool table_whole = false;              ///< all digests can be believed
  bool body_whole = false;               ///< marks and troubles too
  std::vector<SectorRange> lost{};       ///< chunks without a digest that can be believed, ascending (the unit is one chunk)
  std::span<const std::byte> digests{};  ///< inside body
  std::span<const std::byte> marks{};
  RankedBits chunks_with_sums{};             ///< inside body; none when the sums of sectors are missing or damaged
  std::span<const std::byte> sector_sums{};  ///< of those chunks
  std::vector<SectorRange> lost_sums{};      ///< of these chunks, counted among those with sums, they cannot be believed
  std::vector<Trouble> troubles{};
  uint64_t trouble_count = 0;

  std::span<const std::byte> digest_of_chunk(uint64_t chunk) const {
    const size_t size = digest_size(kind);
    return digests.subspan(static_cast<size_t>(chunk) * size, size);
  }
  /// Whether there is a digest that can be believed.
  bool has_digest(uint64_t chunk) const { return chunk < chunk_count && !holds(lost, chunk); }
  bool has_digests() const { return lost.empty() ? table_whole : lost.size() > 1 || lost.front().count < chunk_count; }
  /// `bytes` are those of a chunk that has a digest. Thread-safe.
  bool matches(uint64_t chunk, std::span<const std::byte> bytes) const;
  /// Whether single sectors of this chunk can be told from each other.
  bool has_sector_sums(uint64_t chunk) const {
    return chunks_with_sums.contains(chunk) && has_digest(chunk) && (lost_sums.empty() || !holds(lost_sums, chunks_with_sums.rank(chunk)));
  }
  /// The chunk has sums of its sectors: whether those of sector `i` of it are the bytes. Thread-safe.
  bool sector_matches(uint64_t chunk, uint64_t i, std::span<const std::byte> bytes) const;
  /// Appends what is wrong in a chunk that does not match, at `where` in the source: the sectors that differ, or the whole of
  /// it where that cannot be told. Sectors that are `unreadable` do not count. Returns how many sectors were compared.
  uint64_t narrow(uint64_t chunk, SectorRange where, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable,
                  std::vector<SectorRange>& different) const;
  /// The manifest's own sectors in the source.
  SectorRange range() const { return {base + first, sectors}; }
  /// The same, counted from another sector of the source; the bytes are copied.
  Manifest at(uint64_t new_base) const;
  static bool holds(const std::vector<SectorRange>& ranges, uint64_t n) {
    return std::ranges::any_of(ranges, [&](const SectorRange& r) { return n >= r.first && n < r.end(); });
  }
  Manifest() = default;
  Manifest(Manifest&&) = default;  // body is kept by its heap block: the spans stay good
  Manifest& operator=(Manifest&&) = default;
};

struct FoundManifest {
  std::optional<Manifest> manifest{};          ///< the header is whole
  std::optional<uint64_t> promised_sectors{};  ///< what header or locator say the image has
};

/// What tells one image from another that begins with the same sectors: the digest of the header of its manifest, hex; empty when
/// there is none. Reads a few sectors.
std::string manifest_identity(const SectorSource& source, uint64_t base);

/// Whether a header is one of version 1 with a digest that is right; its sizes are not looked at. `why`: what is wrong.
bool whole_header(const disc::ManifestHeader& header, std::string& why);

/// Looks for the locator in sectors 16 to 31 from `base`, then, should it be missing or damaged, for the header
/// backwards from the end of the source. Issues: truncation, damage of the locator and of the manifest.
FoundManifest load_manifest(const SectorSource& source, uint64_t base, IssueLog& log);

}  // namespace fsi
