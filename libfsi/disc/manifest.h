// The dictionary of the manifest of discpress: how a disc proves itself. Version 1.
//
// Locator: one sector at session start + 31, found by its magic anywhere in sectors 16..31 after the
// session start. It is an ordinary sector of the image, covered by chunk digest 0.
// Manifest: whole chunks (32 sectors) at the end of the image:
//   ManifestHeader | digests, one a chunk | sector marks, one bit a sector | troubles | sector sums | zeros | copy | zeros |
//   closing sectors
// Closing sectors are those that a file system wants at the very end of the volume (UDF's last anchor). Readers of
// the manifest need not know them: they are bytes like the zeros, covered by body_digest.
// Chunks are counted from the session start. The chunks of the manifest itself have no digest in the
// table (it ends before them); the manifest's own integrity is body_digest over everything behind the
// header, and header_digest over the header with header_digest taken as zeros.
// root is the digest over the table of digests; it stands for the whole image.
// A digest takes digest_size() bytes. Marks: bit (s % 8) of byte (s / 8) is 1 when sector s (from the
// session start) holds data that was not what the source promised (padded, cut, unreadable).
// Troubles: TroubleRecord, then its path (UTF-8 as in the tree, absolute, no terminator), unaligned,
// one after the other; as many as fit in trouble_bytes. trouble_count counts all, trouble_recorded
// those that fitted. All sizes are known at layout: a trouble changes no address.
// Sector sums, directly behind the troubles: SectorSumsHeader, a bit for each chunk (as the marks), and for each chunk with
// a 1, in order, a sum of each of its 32 sectors: the first sum_bytes of the sector's digest. Where a chunk holds more than
// the middle of one file, its digest alone would accuse what lies beside the damage. Readers must do without them: older
// images have none. Their own digest is in their header; body_digest covers them too.
// Copy, in whole sectors: all that is before the first sum of a sector once more, and a digest of each kSumsPiece bytes of the
// sums, cut into ManifestCopySectors each of which proves itself, so that a scratch across the table of digests takes nothing
// away. The header in it has body_digest zero and a header_digest of its own. Readers find the sectors by their magic; older
// images have none.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "libfsi/base/digest.h"
#include "libfsi/base/sectors.h"
#include "libfsi/base/wire.h"

namespace fsi::disc {

inline constexpr char kLocatorMagic[16] = {'D', 'I', 'S', 'C', 'P', 'R', 'E', 'S', 'S', ' ', 'L', 'O', 'C', 'A', 'T', 'E'};
inline constexpr char kManifestMagic[16] = {'D', 'I', 'S', 'C', 'P', 'R', 'E', 'S', 'S', ' ', 'M', 'A', 'N', 'I', 'F', '1'};
inline constexpr uint32_t kLocatorSector = 31;
inline constexpr uint32_t kChunkSectors = 32;
inline constexpr uint32_t kChunkBytes = kChunkSectors * kSectorSize;
inline constexpr uint32_t kTroubleBytes = 8192;
inline constexpr char kSectorSumsMagic[16] = {'D', 'I', 'S', 'C', 'P', 'R', 'E', 'S', 'S', ' ', 'S', 'E', 'C', 'T', 'O', 'R'};

struct ManifestLocator {
  char magic[16]{};            // 0   kLocatorMagic
  Le32 version;                // 16  1
  Le32 digest_kind;            // 20  DigestKind
  Le64 session_start;          // 24  absolute LBA of the image's first sector
  Le64 image_sectors;          // 32  the whole image, manifest included
  Le64 manifest_first;         // 40  in sectors from the session start; a multiple of 32
  Le64 manifest_sectors;       // 48
  unsigned char zero[8]{};     // 56
  unsigned char digest[32]{};  // 64  SHA-256 of bytes 0..63
};
static_assert(sizeof(ManifestLocator) == 96 && alignof(ManifestLocator) == 1);

struct ManifestHeader {
  char magic[16]{};                   // 0    kManifestMagic
  Le32 version;                       // 16   1
  Le32 digest_kind;                   // 20   1 XXH3-128, 2 SHA-256
  Le32 chunk_sectors;                 // 24   32
  Le32 header_bytes;                  // 28   sizeof(ManifestHeader)
  Le64 session_start;                 // 32
  Le64 image_sectors;                 // 40
  Le64 manifest_first;                // 48
  Le64 manifest_sectors;              // 56
  Le64 chunk_count;                   // 64   manifest_first / 32
  Le64 marks_offset;                  // 72   bytes from the manifest's start
  Le64 marks_bytes;                   // 80   one bit for each sector before the manifest
  Le64 trouble_offset;                // 88
  Le32 trouble_bytes;                 // 96   room for troubles
  Le32 trouble_recorded;              // 100
  Le64 trouble_count;                 // 104
  unsigned char root[32]{};           // 112  digest of the digest table
  unsigned char body_digest[32]{};    // 144  digest of everything behind the header
  unsigned char header_digest[32]{};  // 176  digest of this header with this field zero
};
static_assert(sizeof(ManifestHeader) == 208 && alignof(ManifestHeader) == 1);

struct TroubleRecord {
  U8 kind;          // 0   DriftKind: 1 shrank, 2 grew, 3 vanished, 4 failed
  U8 zero;          // 1
  Le16 path_bytes;  // 2
  Le32 error;       // 4   errno where there is one
  Le64 promised;    // 8   bytes
  Le64 found;       // 16  bytes
};
static_assert(sizeof(TroubleRecord) == 24 && alignof(TroubleRecord) == 1);

struct SectorSumsHeader {
  char magic[16]{};            // 0   kSectorSumsMagic
  Le32 sum_bytes;              // 16  4 of XXH3-128, 8 of SHA-256
  Le32 zero;                   // 20
  Le64 chunk_count;            // 24  chunks with sums: the ones among the bits
  unsigned char digest[32]{};  // 32  of the bits and the sums
};
static_assert(sizeof(SectorSumsHeader) == 64 && alignof(SectorSumsHeader) == 1);

inline constexpr char kCopyMagic[16] = {'D', 'I', 'S', 'C', 'P', 'R', 'E', 'S', 'S', ' ', 'C', 'O', 'P', 'Y', ' ', '2'};
inline constexpr uint32_t kCopyPayload = 1984, kSumsPiece = 2048;

struct ManifestCopySector {
  char magic[16]{};                       // 0     kCopyMagic
  Le64 index;                             // 16    the payload is from byte index * kCopyPayload of what is copied
  unsigned char root[8]{};                // 24    the first bytes of the header's root: the copy of which manifest this is
  unsigned char payload[kCopyPayload]{};  // 32
  unsigned char digest[32]{};             // 2016  of bytes 0..2015
};
static_assert(sizeof(ManifestCopySector) == kSectorSize && alignof(ManifestCopySector) == 1);

/// Sectors of the copy of so many bytes.
constexpr uint64_t copy_sectors(uint64_t bytes) { return (bytes + kCopyPayload - 1) / kCopyPayload; }

/// Where in a manifest, in bytes, the sums of sectors lie (without header and bits), and the copy.
struct ManifestCopyPlace {
  uint64_t sums_at, sums_end, at;

  static ManifestCopyPlace behind(uint64_t sums_at, uint64_t sums_end) {
    return {sums_at, sums_end, (sums_end + kSectorSize - 1) / kSectorSize * kSectorSize};
  }
  uint64_t sectors(DigestKind kind) const {
    return copy_sectors(sums_at + (sums_end - sums_at + kSumsPiece - 1) / kSumsPiece * digest_size(kind));
  }
};

/// The digest of a header: with header_digest taken as zeros.
Digest header_digest(const ManifestHeader& header);
Digest copy_digest(const ManifestCopySector& sector, DigestKind kind);

/// `sums` has room for the header, then the bits and the sums: fills in the header.
void seal_sector_sums(DigestKind kind, uint64_t chunks_with_sums, std::span<std::byte> sums);

/// All of `manifest` is there but header and copy: fills in these. The fields of `header` that are the same for all manifests,
/// and its digests, are set here. `copy`: if there is to be one.
void seal_manifest(ManifestHeader header, std::span<std::byte> manifest, const std::optional<ManifestCopyPlace>& copy);

constexpr uint32_t sector_sum_bytes(DigestKind kind) { return kind == DigestKind::sha256 ? 8 : 4; }

}  // namespace fsi::disc
