// The path table of a hierarchy (ECMA-119 6.9, 9.4), in both byte orders, rendered on demand.
#pragma once

#include <vector>

#include "libfsi/base/record_sink.h"
#include "libfsi/iso9660/directory_region.h"

namespace fsi {

/// What both orders share.
class PathTable {
 public:
  PathTable(const Hierarchy& hierarchy, const DirectoryRegion& directories) : hierarchy_(hierarchy), directories_(directories) {}
  /// Measures; the hierarchy is prepared.
  void prepare();
  uint64_t bytes() const { return bytes_; }
  const Hierarchy& hierarchy() const { return hierarchy_; }
  /// Emits the records from the last one that begins at or before `first` to the first that begins at or after `end`. The sink's
  /// position is the table's.
  template <class Record>
  void emit(uint64_t first, uint64_t end, RecordSink& sink) const;

 private:
  static constexpr uint32_t kCheckpointRecords = 256;
  const Hierarchy& hierarchy_;
  const DirectoryRegion& directories_;
  std::vector<uint64_t> checkpoints_;  // position of every kCheckpointRecords-th record
  uint64_t bytes_ = 0;
};

/// Type L or type M.
class PathTableRegion : public Region {
 public:
  PathTableRegion(const PathTable& table, bool big_endian) : table_(table), big_endian_(big_endian) {}
  std::string what() const override { return table_.hierarchy().dialect().name() + " path table " + (big_endian_ ? "M" : "L"); }
  uint64_t measure() override { return sectors_for(table_.bytes()); }
  void render(uint64_t first, std::span<std::byte> out) const override;

 private:
  const PathTable& table_;
  const bool big_endian_;
};

}  // namespace fsi
