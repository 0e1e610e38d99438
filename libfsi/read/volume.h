// What lies on a disc or in an image: its volume descriptors and the file systems they lead to.
// Readers never trust a length, never recurse, and go on after a fault: what they find wrong becomes an Issue.
// They know nothing of how an image is made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/disc/iso9660.h"
#include "libfsi/read/issue.h"

namespace fsi {

enum class EntryKind : uint8_t { directory, file, symlink, character_device, block_device, fifo, socket };

/// Seconds since 1970 in UTC; `known` is false where the format has no such time or left it empty.
struct EntryTime {
  int64_t seconds = 0;
  bool known = false;
  uint32_t nanoseconds = 0;  ///< to be added; below 10^9
};

/// A run of a file's bytes. In bytes, since a block may be smaller than a sector and data may lie inside of a file
/// entry: two runs may share a sector.
struct DataExtent {
  /// zeros: allocated or not, but never recorded. lost: the structures do not lead anywhere.
  enum class Kind : uint8_t { recorded, zeros, lost };
  uint64_t first = 0;  ///< byte of the source; 0 when not recorded
  uint64_t bytes = 0;
  Kind kind = Kind::recorded;
  static constexpr DataExtent of(const Extent& extent) { return {uint64_t{extent.first} * kSectorSize, extent.bytes}; }
  /// The sectors it touches; none when it is not recorded.
  constexpr SectorRange range() const {
    const uint64_t from = first / kSectorSize;
    return {from, kind == Kind::recorded && bytes > 0 ? sectors_for(first + bytes) - from : 0};
  }
  friend constexpr bool operator==(const DataExtent&, const DataExtent&) = default;
};

/// What POSIX knows of a file (Rock Ridge PX, UDF permissions).
struct PosixAttributes {
  uint32_t mode = 0;  ///< with the S_IFMT bits
  uint32_t links = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::optional<uint64_t> serial;  ///< the same for all names of one file: RRIP 1.12 file serial number; UDF: byte of its ICB
};

/// Data that is compressed in blocks (zisofs).
struct Compressed {
  uint64_t size = 0;  ///< bytes, uncompressed
  uint32_t header_bytes = 0;
  uint8_t block_log2 = 0;  ///< 0: in a way that is not known
};

/// One name in a tree. Valid only while it is being visited: the views point into the walk.
struct TreeEntry {
  std::string_view path;  ///< absolute, "/" is the root; bytes as recorded (Rock Ridge, ISO) or UTF-8 (Joliet, UDF)
  EntryKind kind = EntryKind::file;
  bool associated = false;  ///< ECMA-119 9.1.6: an associated file (a resource fork)
  uint32_t parent = 0;      ///< number of the directory that holds it
  uint32_t number = 0;      ///< directories only: its own number; 0 is the root
  bool hidden = false;      ///< the record asks readers not to show it
  bool relocated = false;   ///< directories only: RRIP 4.1.5, its records are elsewhere in the tree
  std::optional<PosixAttributes> posix;
  EntryTime created, modified, accessed, changed;
  uint64_t size = 0;                         ///< bytes, as they are recorded
  std::span<const DataExtent> extents;       ///< data in order; neighbours are joined
  std::string_view target;                   ///< symbolic links
  uint64_t device_high = 0, device_low = 0;  ///< devices
  std::string_view attributes;               ///< AAIP: see aaip.h
  Lba record = 0;                            ///< sector of the record that names it
  std::optional<uint64_t> unique_id;         ///< UDF: what the file entry says
  std::optional<Compressed> compressed;      ///< `extents` lead to compressed data
};

/// Receives a walk. Called from the walking thread only; may throw to end the walk.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void entry(const TreeEntry& entry) = 0;
  /// A named stream (UDF 2.00 and up) of the entry visited last; `stream.path` is that entry's.
  virtual void stream(std::string_view name, const TreeEntry& stream) { (void)name, (void)stream; }
  /// Sectors that hold neither file data nor the records of a directory: path tables, continuation areas, ...
  virtual void structure(SectorRange range, std::string_view what) { (void)range, (void)what; }
};

/// What a walk gives up at. The defaults hold every legal image we know of.
struct ReadLimits {
  uint64_t entries = uint64_t{1} << 32;
  uint32_t directories = 1u << 24;
  uint32_t depth = 1024;
  uint32_t path_bytes = 64 * 1024;
  uint32_t name_bytes = 1024;
  uint32_t target_bytes = 64 * 1024;
  uint32_t continuation_areas = 32;  ///< for one record; Linux gives up at 32 too
  uint32_t extents = 1u << 16;       ///< of one file
};

/// One tree of names. Keeps no tree in memory: a walk streams, memory grows with the number of directories only.
class FileSystemReader {
 public:
  virtual ~FileSystemReader() = default;
  /// "ISO 9660", "Rock Ridge", "Joliet", ...
  virtual std::string_view name() const = 0;
  /// Visits the root and everything below it, each directory before what it holds. Problems go to `log`.
  /// Throws Error(interrupted) when a stop is asked for, and what the visitor throws.
  virtual void walk(Visitor& visitor, IssueLog& log, std::stop_token stop = {}) const = 0;
};

/// A volume descriptor and where it was found.
struct DescriptorAt {
  Lba lba = 0;
  disc::VolumeDescriptor descriptor;
};

class IsoTree;
class UdfTree;

struct VolumeRead {
  std::optional<DescriptorAt> primary;
  std::vector<DescriptorAt> supplementary;  ///< Joliet, enhanced and unknown ones
  std::vector<Lba> boot_catalogs;
  SectorRange descriptors;   ///< from the first to the terminator
  bool has_udf = false;      ///< an NSR descriptor was seen
  bool raw_sectors = false;  ///< there is nothing, and it begins like sectors of 2352 bytes of a CD
  /// The ISO-shaped trees, the best one for naming things first: Rock Ridge, Joliet, enhanced, plain.
  std::vector<std::shared_ptr<const IsoTree>> iso_trees;
  std::vector<std::shared_ptr<const UdfTree>> udf_trees;  ///< at most one today
  /// All trees, the best one first: Rock Ridge, UDF, the other ISO-shaped ones.
  std::vector<std::shared_ptr<const FileSystemReader>> trees;

  std::string volume_id() const;
  /// Volume space size of the primary descriptor, 0 when there is none.
  uint64_t sectors() const { return primary ? primary->descriptor.volume_space_size.little() : 0; }
};

/// Why VolumeRead::raw_sectors cannot be read, and what to do.
inline constexpr std::string_view kRawSectors =
    "these are raw sectors of 2352 bytes; take the 2048 bytes of data out of each (bchunk does) and try again";

/// Reads the descriptors from `session_start` + 16. Addresses in them are absolute sectors of `source`.
/// `source` must outlive the volume. Throws only Error(interrupted).
VolumeRead read_volume(const SectorSource& source, uint64_t session_start, IssueLog& log, const ReadLimits& limits = {});

}  // namespace fsi
