// What a revision of UDF means for the bytes. All that the rooms' files need to know of the options.
#pragma once

#include <cstdint>

#include "libfsi/disc/udf.h"
#include "libfsi/layout/layout.h"
#include "libfsi/udf/udf.h"

namespace fsi::udf {

// Where the fixed parts of the volume lie, in sectors from the session start.
inline constexpr uint64_t kMainSequenceAt = 32;
inline constexpr uint64_t kSequenceSectors = 16;  // the least that ECMA-167 3/8.4.2.2 allows
inline constexpr uint64_t kIntegrityAt = 64;
inline constexpr uint64_t kIntegritySectors = 4;  // 8 KiB, UDF 2.2.4.7
inline constexpr uint64_t kPartitionAt = 288;     // one BD cluster, two DVD ECC blocks; as Windows and Nero have it
/// Metadata file: behind its own ICB, aligned as its allocation unit is.
inline constexpr uint32_t kMetadataFileAt = disc::kMetadataUnit;

struct Form {
  explicit Form(const UdfOptions& options)
      : revision(static_cast<uint16_t>(options.revision)),
        tag_version(revision >= 0x0200 ? 3 : 2),
        extended(revision >= kFirstWithStreams),
        real_time(revision >= kFirstWithRealTime),
        metadata_partition(revision >= kFirstWithMetadataPartition),
        duplicate(metadata_partition && options.duplicate_metadata),
        embed(options.embed),
        anchor_from_end(options.end_is_taken ? disc::kAnchorSector + 1 : 1) {}

  uint16_t revision;
  uint16_t tag_version;
  bool extended;             ///< extended file entries instead of file entries, and with them named streams
  bool real_time;            ///< files of type 249
  bool metadata_partition;   ///< ICBs and directories lie in a metadata partition
  bool duplicate;            ///< which is there twice
  bool embed;                ///< small files and directories lie inside of their ICBs
  uint64_t anchor_from_end;  ///< the second anchor: N or N - 256, as a distance from the image's end

  size_t entry_bytes() const { return extended ? sizeof(disc::ExtendedFileEntry) : sizeof(disc::FileEntry); }
  /// Partition reference of ICBs. That of file data is always 0.
  uint16_t icb_partition() const { return metadata_partition ? 1 : 0; }
  /// Long descriptors where file data does not lie in the partition of the ICB.
  size_t file_ad_bytes() const { return metadata_partition ? sizeof(disc::LongAd) : sizeof(disc::ShortAd); }
  /// Who can read it: 2.60 adds nothing to a read-only volume, and Linux before 6.2 refuses the number.
  uint16_t min_read_revision() const { return revision > 0x0250 ? 0x0250 : revision; }
};

}  // namespace fsi::udf
