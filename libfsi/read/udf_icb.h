// File entries of UDF and the extents they lead to, read out of untrusted blocks. Knows no directories.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/read/udf_partitions.h"
#include "libfsi/read/udf_tag.h"
#include "libfsi/read/volume.h"

namespace fsi {

/// What a file entry or extended file entry says. Reused so that no memory is allocated.
struct UdfIcb {
  const UdfMap* map = nullptr;  ///< the partition it lies in
  uint32_t block = 0;           ///< there
  uint64_t at = 0;              ///< byte of the source
  uint32_t icb_blocks = 1;      ///< how many blocks of the source were looked at (strategy 4096: more)
  disc::FileType type = disc::FileType::unspecified;
  uint16_t flags = 0, links = 0, tag_serial = 0;
  uint32_t uid = 0, gid = 0, permissions = 0;
  uint64_t size = 0, blocks_recorded = 0, unique_id = 0;
  EntryTime accessed, modified, changed, created;
  std::optional<disc::LongAd> streams;  ///< ICB of the stream directory
  std::vector<std::byte> attributes, allocation;
  uint64_t allocation_at = 0;  ///< byte of the source where `allocation` lies

  bool embedded() const { return (flags & 7) == disc::kIcbEmbedded; }
};

/// A piece of a file as one allocation descriptor has it.
struct UdfRun {
  DataExtent extent;
  const UdfMap* map = nullptr;
  uint32_t block = 0;  ///< of the map's partition; where `extent` begins (embedded: the ICB's)
};

/// Of the extended attributes.
struct UdfAttributes {
  std::optional<std::pair<uint32_t, uint32_t>> device;  ///< major, minor
  EntryTime created;
};

/// Reads descriptors of a volume. One for each walk.
class UdfReader {
 public:
  UdfReader(const SectorSource& source, uint32_t block_size, const std::vector<UdfMap>& maps, std::optional<bool> third_edition,
            IssueLog& log, const ReadLimits& limits);

  UdfBlocks& blocks() { return blocks_; }
  IssueLog& log() { return log_; }
  const std::vector<UdfMap>& maps() const { return maps_; }
  /// Null when there is no such partition reference.
  const UdfMap* map(uint16_t reference) const { return reference < maps_.size() ? &maps_[reference] : nullptr; }

  struct Fetched {
    std::span<const std::byte> bytes;  ///< the block; empty when it could not be read or is something else
    uint64_t at = 0;                   ///< byte of the source
    TagFaults faults = 0;              ///< reported already
  };
  /// The descriptor in a block, one of `kinds`; `from`: byte of what leads there. Faults are reported. From the mirror where a metadata
  /// partition's block is bad.
  Fetched fetch(const UdfMap& map, uint32_t block, std::initializer_list<disc::TagId> kinds, const char* name, std::string_view path,
                uint64_t from);

  /// False when there is no file entry, which is reported.
  bool read_icb(const UdfMap& map, uint32_t block, std::string_view path, UdfIcb& icb, uint64_t from);
  /// The file's data in order, `icb.size` bytes at most, and checks it against what the entry says. `chained` hears of
  /// the sectors of allocation extent descriptors.
  void read_runs(const UdfIcb& icb, std::string_view path, std::vector<UdfRun>& runs, const std::function<void(SectorRange)>& chained);
  UdfAttributes read_attributes(const UdfIcb& icb, std::string_view path);

  void fault(const char* what, uint64_t byte, const char* clause, std::string_view path, const std::string& detail = {},
             Severity severity = Severity::error);
  /// The same where something cannot be read.
  void lost(const char* what, uint64_t byte, const char* clause, std::string_view path, const std::string& detail = {});
  /// Blocks that a legal volume has once each: false when they are used up, which is reported once.
  bool charge(uint64_t blocks, uint64_t byte, std::string_view path);

 private:
  bool take_entry(const Fetched& found, const UdfMap& map, uint32_t block, std::string_view path, UdfIcb& icb);
  struct Sum {
    uint64_t bytes = 0, body = 0, recorded = 0;
    bool ragged = false, recorded_tail = false;
  };
  bool add_run(const UdfIcb& icb, const UdfMap* map, uint32_t type, uint64_t length, uint32_t block, std::string_view path,
               std::vector<UdfRun>& runs, Sum& sum);

  CarefulReader sectors_;
  UdfBlocks blocks_;
  const std::vector<UdfMap>& maps_;
  std::optional<bool> third_edition_;
  IssueLog& log_;
  const ReadLimits& limits_;
  uint64_t budget_;
  bool exhausted_ = false;
  std::vector<std::byte> chain_;
};

/// The extents of runs, neighbours joined.
void join_runs(const std::vector<UdfRun>& runs, std::vector<DataExtent>& extents);

}  // namespace fsi
