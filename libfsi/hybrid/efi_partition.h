// An EFI system partition made of a folder: a FAT file system written by mtools, not by us. The same folder gives the same
// bytes.
#pragma once

#include <memory>
#include <string>

#include "libfsi/base/file.h"
#include "libfsi/base/progress.h"
#include "libfsi/source/scan_options.h"

namespace fsi {

struct EfiPartitionOptions {
  std::string directory;  ///< of the host; symbolic links in it are followed, since FAT has none
  Time time = 0;          ///< of everything in it, from 1980 on
  uint32_t serial = 0;    ///< the volume's
  Warn warn;              ///< for what cannot be read in the folder
  ScanOptions scan;       ///< excludes, threads and spool_dir hold here too
};

/// A file without a name that holds the partition. Runs mformat, mmd and mcopy. Throws Error{usage} when the folder holds
/// what FAT cannot (a device, two names that differ in case only), Error{failed} when mtools is not installed or
/// complains, Error{source} or {no_space} as they come.
std::shared_ptr<Fd> make_efi_partition(const EfiPartitionOptions& options);

/// How the FAT file system is shaped for a tree: pure arithmetic.
struct FatShape {
  uint64_t sectors = 0;  ///< of 512 bytes, all of it
  unsigned sectors_per_cluster = 0;
  unsigned root_sectors = 0;  ///< FAT12 and FAT16
  bool fat32 = false;
};
/// Throws Error{limit} when it would pass what FAT32 holds, or a file 4 GiB.
FatShape shape_fat(const SourceTree& tree);

}  // namespace fsi
