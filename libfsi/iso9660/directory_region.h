// All directories of a hierarchy as one region: each one's records, and directly behind them, not counted in its
// data length, its continuation area. Nothing is kept but where to start for any sector.
#pragma once

#include <memory>
#include <vector>

#include "libfsi/iso9660/hierarchy.h"
#include "libfsi/iso9660/record.h"
#include "libfsi/layout/layout.h"

namespace fsi {

class DirectoryRegion : public Region {
 public:
  DirectoryRegion(const Hierarchy& hierarchy, const Layout& layout) : hierarchy_(hierarchy), layout_(layout) {}

  std::string what() const override { return hierarchy_.dialect().name() + " directories"; }
  uint64_t measure() override;
  void render(uint64_t first, std::span<std::byte> out) const override;
  void describe(std::vector<std::pair<std::string, SectorRange>>& parts) const override;

  /// Address and data length of a directory, by its index. Valid once addresses are known.
  Extent extent(uint32_t directory) const;

 private:
  /// Where a directory's records go on: 0 is ".", 1 is "..", 2 + n its n-th entry.
  struct Cursor {
    uint32_t slot = 0;
    uint32_t section = 0;         ///< of a file of several sections
    uint32_t subdirectories = 0;  ///< how many came before
  };
  struct Continuation {
    uint32_t slot;
    uint64_t begin;  ///< in the directory's continuation area
  };
  /// What a directory needs beyond its size to be rendered from the middle.
  struct Track {
    std::vector<Cursor> checkpoints;          ///< at every kCheckpointSectors-th sector but the first
    std::vector<Continuation> continuations;  ///< the slots that have one, in order of both
  };
  struct Placement {
    uint32_t offset = 0;  ///< sectors from the start of the region
    uint32_t data_sectors = 0;
    uint32_t continuation_sectors = 0;
    std::unique_ptr<const Track> track;  ///< none for most
    uint64_t end() const { return uint64_t{offset} + data_sectors + continuation_sectors; }
  };
  static constexpr uint32_t kCheckpointSectors = 16;

  /// Composes the record at a cursor: the step that measuring and writing share.
  class Walk;

  Placement measure_directory(uint32_t directory, RecordComposer& composer) const;
  void render_data(uint32_t directory, SectorRange wanted, std::span<std::byte> out, RecordComposer& composer) const;
  void render_continuations(uint32_t directory, SectorRange wanted, std::span<std::byte> out, RecordComposer& composer) const;

  const Hierarchy& hierarchy_;
  const Layout& layout_;
  std::vector<Placement> placements_;  // by directory
  std::vector<uint32_t> disc_order_;   // the directories as they lie on the disc
};

}  // namespace fsi
