#include "libfsi/check/sector_sums.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

using namespace disc;

bool Manifest::sector_matches(uint64_t chunk, uint64_t i, std::span<const std::byte> bytes) const {
  const size_t size = sector_sum_bytes(kind);
  const auto expected = sector_sums.subspan(static_cast<size_t>(chunks_with_sums.rank(chunk) * kChunkSectors + i) * size, size);
  return std::memcmp(digest_of(kind, bytes).data(), expected.data(), size) == 0;
}

uint64_t Manifest::narrow(uint64_t chunk, SectorRange where, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable,
                          std::vector<SectorRange>& different) const {
  const auto append = [&](SectorRange range) {
    if (!different.empty() && different.back().end() == range.first)
      different.back().count += range.count;
    else
      different.push_back(range);
  };
  if (!has_sector_sums(chunk)) {
    if (!unreadable.empty()) return 0;
    append(where);
    return where.count;
  }
  uint64_t compared = 0, wrong = 0;
  for (uint64_t i = 0; i < where.count; ++i) {
    const uint64_t at = where.first + i;
    if (std::ranges::any_of(unreadable, [&](const SectorRange& range) { return at >= range.first && at < range.end(); })) continue;
    ++compared;
    if (sector_matches(chunk, i, bytes.subspan(i * kSectorSize, kSectorSize))) continue;
    ++wrong;
    append({at, 1});
  }
  if (wrong == 0 && unreadable.empty()) append(where);  // a sum is short: once in 2^32 times it is right by chance
  return compared;
}

namespace {

// The chunks, counted among those with sums, whose sums do not fit the digests of the pieces.
std::vector<SectorRange> lost_in(std::span<const std::byte> sums, std::span<const std::byte> pieces, DigestKind kind) {
  const size_t size = digest_size(kind), chunks = kSumsPiece / (kChunkSectors * sector_sum_bytes(kind));
  std::vector<SectorRange> lost;
  for (size_t i = 0; i * kSumsPiece < sums.size(); ++i) {
    const Digest digest = digest_of(kind, sums.subspan(i * kSumsPiece, std::min<size_t>(kSumsPiece, sums.size() - i * kSumsPiece)));
    if ((i + 1) * size <= pieces.size() && std::memcmp(digest.data(), pieces.data() + i * size, size) == 0) continue;
    if (!lost.empty() && lost.back().end() == i * chunks)
      lost.back().count += chunks;
    else
      lost.push_back({i * chunks, chunks});
  }
  return lost;
}

}  // namespace

bool take_sector_sums(std::span<const std::byte> bytes, Manifest& m, std::span<const std::byte> pieces) {
  SectorSumsHeader header;
  if (!load(bytes, 0, header) || std::memcmp(header.magic, kSectorSumsMagic, sizeof kSectorSumsMagic) != 0) {
    // What was never there is zeros.
    const auto magic = bytes.first(std::min(bytes.size(), sizeof kSectorSumsMagic));
    return std::ranges::all_of(magic, [](std::byte b) { return b == std::byte{0}; });
  }
  const uint64_t each = kChunkSectors * sector_sum_bytes(m.kind), bits = (m.chunk_count + 7) / 8, room = bytes.size() - sizeof header;
  if (header.sum_bytes != sector_sum_bytes(m.kind) || bits > room || header.chunk_count > m.chunk_count ||
      header.chunk_count > (room - bits) / each)
    return false;
  const auto payload = bytes.subspan(sizeof header, bits + header.chunk_count * each);
  const bool whole = std::memcmp(digest_of(m.kind, payload).data(), header.digest, sizeof header.digest) == 0;
  if (!whole && pieces.empty()) return false;
  RankedBits with_sums(payload.first(bits));
  if (with_sums.count() != header.chunk_count) return false;
  m.chunks_with_sums = std::move(with_sums);
  m.sector_sums = payload.subspan(bits);
  if (!whole) m.lost_sums = lost_in(m.sector_sums, pieces, m.kind);
  return whole;
}

bool known_to_the_sector(const Manifest& manifest, SectorRange range) {
  const uint64_t first = (range.first - manifest.base) / kChunkSectors, last = (range.end() - 1 - manifest.base) / kChunkSectors;
  for (uint64_t chunk = first; chunk <= last; ++chunk)
    if (!manifest.has_sector_sums(chunk)) return false;
  return true;
}

bool right_before_end(const SectorSource& source, const Manifest& manifest, uint64_t lba, size_t keep) {
  const uint64_t at = lba - manifest.base;
  if (!manifest.has_sector_sums(at / kChunkSectors)) return false;
  std::vector<std::byte> sector(kSectorSize);
  try {
    source.read({lba, 1}, sector);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable) throw;
    return false;
  }
  std::fill(sector.begin() + static_cast<ptrdiff_t>(keep), sector.end(), std::byte{0});
  return manifest.sector_matches(at / kChunkSectors, at % kChunkSectors, sector);
}

uint64_t not_compared(const Manifest& manifest, std::span<const SectorRange> unreadable) {
  const uint64_t covered = manifest.chunk_count * kChunkSectors;
  uint64_t sectors = 0, chunk_before = UINT64_MAX;
  for (const SectorRange& lost : unreadable) {
    const uint64_t end = std::min(lost.end() - manifest.base, covered);
    for (uint64_t at = lost.first - manifest.base; at < end;) {
      const uint64_t chunk = at / kChunkSectors, upto = std::min(end, (chunk + 1) * kChunkSectors);
      if (manifest.has_digest(chunk) && !manifest.has_sector_sums(chunk)) {
        if (chunk != chunk_before) sectors += std::min<uint64_t>(kChunkSectors, manifest.image_sectors - chunk * kChunkSectors);
        sectors -= upto - at;
      }
      chunk_before = chunk;
      at = upto;
    }
  }
  return sectors;
}

}  // namespace fsi
