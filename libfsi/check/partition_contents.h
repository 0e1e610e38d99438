// Partitions against what lies in them, and boot code against what it loads: a disk has to start from the boot images that a
// disc starts from.
#pragma once

#include <vector>

#include "libfsi/check/boot_catalog.h"
#include "libfsi/check/partition_tables.h"

namespace fsi {

/// `own`: made by discpress, whose EFI system partitions are boot images always.
void check_partition_contents(const PartitionTables& tables, const std::vector<BootImage>& images, const SectorSource& source, bool own,
                              IssueLog& log);

}  // namespace fsi
