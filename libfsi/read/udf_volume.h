// The volume structure of UDF (ECMA-167 parts 2 and 3) as a whole: found and checked once; the walks go on from here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libfsi/read/udf_anchor.h"
#include "libfsi/read/udf_partitions.h"
#include "libfsi/read/volume.h"

namespace fsi {

/// What the integrity descriptor, or a virtual allocation table, says of the volume.
struct UdfIntegrity {
  uint64_t at = 0;       ///< byte of the source
  bool counted = false;  ///< the two counts are there
  uint32_t files = 0, directories = 0;
  std::optional<uint64_t> next_unique_id;
};

struct UdfVolume {
  uint32_t block_size = kSectorSize;
  uint16_t revision = 0;              ///< of the domain: 0x0102 ...; 0 when it names none
  std::optional<bool> third_edition;  ///< NSR03; empty without recognition sequence
  std::string volume_id;              ///< of the logical volume, UTF-8
  std::vector<UdfMap> maps;           ///< by partition reference
  disc::LongAd file_set;
  uint64_t descriptor_at = 0;  ///< byte of the logical volume descriptor
  std::optional<UdfIntegrity> integrity;
  NamedSectors structures;  ///< anchors, sequences, tables, metadata file entries
};

/// Null when there is no UDF that can be read; why is reported where one is promised. Addresses are absolute sectors of
/// `source`. `volume_sectors`: where something else says that the volume ends, or 0.
std::shared_ptr<const UdfVolume> read_udf_volume(const SectorSource& source, uint64_t session_start, uint64_t volume_sectors, IssueLog& log,
                                                 const ReadLimits& limits);

}  // namespace fsi
