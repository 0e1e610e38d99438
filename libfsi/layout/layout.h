// Regions become extents: the one place that hands out addresses. Knows no format.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// Where in the volume a region goes. Zones follow each other in this order.
enum class Zone : uint8_t {
  fixed,     ///< at a given LBA relative to the session start
  metadata,  ///< path tables, directories: directly after the fixed part, in order of request
  boot,      ///< boot catalog and boot images that are not in the tree
  data,      ///< (used by the layout for file contents)
  tail,      ///< after the data, in order of request
  last,      ///< at the end, on a kImageUnit boundary; its size may depend on all that lies before
  closing,   ///< at a given distance from the end: inside of the last region, which carries these sectors, if there is one
};

/// Fills `out` with the bytes of a content from `offset` on; they lie inside its promised size. What is not there becomes zeros.
using ReadContent = std::function<void(ContentId id, uint64_t offset, std::span<std::byte> out)>;

/// A piece of the image that is rendered on demand: descriptors, a path table, all directories of a
/// hierarchy. It never keeps its bytes.
class Region {
 public:
  virtual ~Region() = default;
  /// For the map: "ISO 9660 primary volume descriptor".
  virtual std::string what() const = 0;
  /// Its size in sectors. Called once, before any address is known, in parallel with other regions'
  /// (may itself run in parallel inside); may keep what render() needs to find its way.
  virtual uint64_t measure() = 0;
  /// Zone::last only: its size, once it is known how many sectors (from the session start) lie before it. Its end
  /// is the end of the image; its last `closing` sectors belong to the regions of Zone::closing.
  virtual uint64_t measure_behind(uint64_t sectors_before, uint64_t closing) {
    (void)sectors_before;
    return measure() + closing;
  }
  /// Fills `out`, which is zero, with the sectors [first, first + out.size()/2048) counted from the
  /// region's own start. Called after every address is known; const and thread-safe.
  virtual void render(uint64_t first, std::span<std::byte> out) const = 0;
  /// The same for a region that holds file data of its own: FormatWriter::holds().
  virtual void render_with(const ReadContent& read, uint64_t first, std::span<std::byte> out) const {
    (void)read;
    render(first, out);
  }
  /// Finer lines for --map, in sectors relative to the region: name and range. Default: none.
  virtual void describe(std::vector<std::pair<std::string, SectorRange>>& parts) const { (void)parts; }

  Zone zone = Zone::metadata;
  uint64_t fixed_at = 0;  ///< Zone::fixed: relative to the session start. Zone::closing: from its first sector to the image's end
  uint32_t align = 1;     ///< sectors
  SectorRange range;      ///< handed out by assign_extents; absolute
};

/// A format (ISO 9660, Joliet, later UDF) over the one tree and the one layout.
class FormatWriter {
 public:
  virtual ~FormatWriter() = default;
  /// Names and orders: all that can be known without sizes. Parallel inside.
  virtual void prepare() = 0;
  /// The regions it wants, owned by the writer, alive as long as it.
  virtual std::vector<Region*> regions() = 0;
  /// Whether it keeps this content inside of its own regions, so that no extent is needed if it is Layout::holder.
  virtual bool holds(ContentId id) const {
    (void)id;
    return false;
  }
  /// Where: the one sector with a content that it holds. Its regions have their addresses.
  virtual Lba held_at(ContentId id) const {
    (void)id;
    return 0;
  }
};

/// Every address of the image. Filled by assign_extents, then frozen.
struct Layout {
  Lba session_start = 0;
  bool packed = false;                   ///< set before: files follow each other without a gap, whatever kAlignedExtentBytes says
  const FormatWriter* holder = nullptr;  ///< set before: a format that is alone, and may hold contents itself
  std::vector<Region*> regions;          ///< sorted by range.first
  std::vector<ContentId> data_order;     ///< contents with an extent, by address
  std::vector<Lba> content_lba;          ///< by ContentId; of an empty content: empty_lba; of a held one: the sector it is in
  Lba empty_lba = 0;                     ///< where empty files are said to lie: the start of the data zone
  SectorRange data;
  uint64_t end = 0;  ///< first LBA after the image (absolute)
  uint64_t sectors() const { return end - session_start; }

  Extent extent(const SourceTree& tree, ContentId id) const { return {content_lba[id], tree.contents[id].size}; }
};

/// Extents of this many bytes and more start on a 4 KiB boundary, always, so that they can share
/// blocks with their source on a reflink file system and bytes never depend on the host.
inline constexpr uint64_t kAlignedExtentBytes = 64 * 1024;

/// An image is a multiple of this many sectors: one BD cluster, two DVD ECC blocks. Real-time files (UDF 6.11.1) start on such
/// a boundary, and no other file lies in their last unit.
inline constexpr uint64_t kImageUnit = 32;

/// Measures all regions but those of Zone::last, in parallel. sizes[i] belongs to regions[i], in sectors.
std::vector<uint64_t> measure_regions(std::span<Region* const> regions);

/// Hands out every address. Serial and deterministic. Throws Error{limit} when the volume would pass
/// 2^32 sectors.
void assign_extents(const SourceTree& tree, std::span<Region* const> regions, std::span<const uint64_t> sizes, Lba session_start,
                    Layout& layout);

}  // namespace fsi
