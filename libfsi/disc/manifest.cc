#include "libfsi/disc/manifest.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace fsi::disc {

namespace {

void set(unsigned char (&field)[32], const Digest& digest) { std::memcpy(field, digest.data(), sizeof field); }

void write_copy(ManifestHeader header, std::span<std::byte> manifest, const ManifestCopyPlace& place) {
  const auto kind = static_cast<DigestKind>(header.digest_kind.get());
  set(header.body_digest, {});
  set(header.header_digest, header_digest(header));
  std::vector<std::byte> all(place.sectors(kind) * kCopyPayload);
  std::ranges::copy(manifest.first(place.sums_at), all.begin());
  std::ranges::copy(bytes_of(header), all.begin());
  std::byte* out = all.data() + place.sums_at;
  for (uint64_t at = place.sums_at; at < place.sums_end; at += kSumsPiece, out += digest_size(kind)) {
    const auto piece = manifest.subspan(at, std::min<uint64_t>(kSumsPiece, place.sums_end - at));
    std::memcpy(out, digest_of(kind, piece).data(), digest_size(kind));
  }
  ManifestCopySector sector;
  std::memcpy(sector.magic, kCopyMagic, sizeof sector.magic);
  std::memcpy(sector.root, header.root, sizeof sector.root);
  for (uint64_t index = 0; index * kCopyPayload < all.size(); ++index) {
    sector.index = index;
    std::memcpy(sector.payload, all.data() + index * kCopyPayload, kCopyPayload);
    set(sector.digest, copy_digest(sector, kind));
    std::ranges::copy(bytes_of(sector), manifest.begin() + static_cast<ptrdiff_t>(place.at + index * kSectorSize));
  }
}

}  // namespace

Digest header_digest(const ManifestHeader& header) {
  ManifestHeader blank = header;
  set(blank.header_digest, {});
  return digest_of(static_cast<DigestKind>(header.digest_kind.get()), bytes_of(blank));
}

Digest copy_digest(const ManifestCopySector& sector, DigestKind kind) {
  return digest_of(kind, bytes_of(sector).first(offsetof(ManifestCopySector, digest)));
}

void seal_sector_sums(DigestKind kind, uint64_t chunks_with_sums, std::span<std::byte> sums) {
  SectorSumsHeader header;
  std::memcpy(header.magic, kSectorSumsMagic, sizeof header.magic);
  header.sum_bytes = sector_sum_bytes(kind);
  header.chunk_count = chunks_with_sums;
  set(header.digest, digest_of(kind, sums.subspan(sizeof header)));
  std::ranges::copy(bytes_of(header), sums.begin());
}

void seal_manifest(ManifestHeader header, std::span<std::byte> manifest, const std::optional<ManifestCopyPlace>& copy) {
  const auto kind = static_cast<DigestKind>(header.digest_kind.get());
  std::memcpy(header.magic, kManifestMagic, sizeof header.magic);
  header.version = 1;
  header.chunk_sectors = kChunkSectors;
  header.header_bytes = sizeof header;
  const std::span<const std::byte> body = manifest.subspan(sizeof header);
  set(header.root, digest_of(kind, body.first(header.chunk_count * digest_size(kind))));
  // Each digest covers what was filled in before it: the copy, all behind the header, the header.
  if (copy) write_copy(header, manifest, *copy);
  set(header.body_digest, digest_of(kind, body));
  set(header.header_digest, header_digest(header));
  std::ranges::copy(bytes_of(header), manifest.begin());
}

}  // namespace fsi::disc
