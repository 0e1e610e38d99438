// UDF as a format writer: volume descriptors, ICBs and directories over the one tree and the one layout,
// alone or beside ISO 9660 (a bridge), in which case both name the same file extents.
#pragma once

#include <memory>
#include <string>

#include "libfsi/layout/layout.h"
#include "libfsi/layout/recorded_names.h"
#include "libfsi/layout/volume.h"

namespace fsi {

/// The first revisions that hold named streams, real-time files, a metadata partition.
inline constexpr unsigned kFirstWithStreams = 0x0200, kFirstWithRealTime = 0x0201, kFirstWithMetadataPartition = 0x0250;

struct UdfOptions {
  unsigned revision = 0x0201;      ///< 0x0102, 0x0150, 0x0200, 0x0201, 0x0250 or 0x0260
  uint64_t vrs_at = 16;            ///< sector of BEA01 from the session start: directly behind the ISO 9660 set terminator
  bool embed = false;              ///< small files and directories lie inside of their ICBs; for UDF alone, as Layout::holder
  bool end_is_taken = false;       ///< the last sectors belong to another (a backup GPT): the second anchor lies 256 before the last
  bool duplicate_metadata = true;  ///< 2.50 and up: the mirror has its own copy of the metadata
};

/// Whether there is a revision of that number (0x0201 is 2.01).
bool is_udf_revision(unsigned revision);
/// "2.01" for 0x0201.
std::string udf_revision_text(unsigned revision);

/// UDF shows the tree as directories and names.
class UdfWriter : public FormatWriter, public RecordedNames {};

/// `tree`, `volume` and `layout` must outlive the writer; the layout is read only by render().
/// Throws Error{usage} for a revision that does not exist and for a volume id that the logical volume descriptor cannot hold. prepare()
/// throws Error{limit} for more than UDF can address and, when the volume is strict, for the first name that would have to change.
std::unique_ptr<UdfWriter> make_udf(const SourceTree& tree, const Volume& volume, const Layout& layout, const UdfOptions& options);

}  // namespace fsi
