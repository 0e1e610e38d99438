#include "libfsi/read/udf_volume.h"

#include <algorithm>
#include <cstring>

#include "libfsi/read/udf_maps.h"
#include "libfsi/read/udf_sequence.h"
#include "libfsi/read/udf_tag.h"
#include "libfsi/read/udf_text.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint32_t kMostIntegrityBlocks = 4096;

class IntegrityReader {
 public:
  IntegrityReader(CarefulReader& sectors, UdfVolume& volume, IssueLog& log)
      : blocks_(sectors, volume.block_size), volume_(volume), log_(log) {}

  void run(ExtentAd extent) {
    const uint64_t first = uint64_t{extent.location} * blocks_.size();
    while (extent.length > 0 && left_ > 0 && !ended_) {
      next_ = {};
      read_extent(extent);
      extent = next_;
    }
    if (!seen_ && !damaged_)
      // A volume with a virtual allocation table keeps in it what matters.
      fault("there is no logical volume integrity descriptor", first, "ECMA-167 3/10.10", {},
            volume_.integrity ? Severity::note : Severity::error);
  }

 private:
  void fault(const char* what, uint64_t byte, const char* clause, const std::string& detail, Severity severity = Severity::error) {
    log_.report(what, [&] { return Issue{.severity = severity, .where = {byte / kSectorSize, 1}, .clause = clause, .detail = detail}; });
  }

  void read_extent(const ExtentAd& extent) {
    const uint64_t first = extent.location, count = std::min<uint64_t>(extent.length / blocks_.size(), left_);
    if (first + count > blocks_.count())
      fault("the integrity sequence lies beyond the end", volume_.descriptor_at, "ECMA-167 3/10.6.12", {});
    if (first >= blocks_.count()) {
      left_ = 0;
      return;
    }
    add_structure(volume_.structures, first * blocks_.size(), std::min(count, blocks_.count() - first) * blocks_.size(),
                  "UDF logical volume integrity sequence");
    if (count == 0) left_ = 0;
    for (uint64_t i = 0; i < count && !ended_; ++i, --left_) {
      const auto bytes = blocks_.block(first + i);
      Tag tag;
      if (bytes.empty() || !load(bytes, 0, tag)) continue;
      // 3/8.8.2: an unrecorded block ends it as well.
      if (tag.identifier == 0) break;
      const bool terminator = tag.identifier == static_cast<uint16_t>(TagId::terminating);
      const auto block = static_cast<uint32_t>(first + i);
      const TagFaults faults = check_tag(bytes, terminator ? TagId::terminating : TagId::integrity, block, volume_.third_edition);
      report_tag(faults, bytes, {"logical volume integrity descriptor", {}, blocks_.sector_of(block), block, false}, log_);
      damaged_ |= damaged(faults);
      if (terminator) {
        ended_ = true;
      } else if (!damaged(faults)) {
        take(bytes, block);
      }
    }
  }

  void take(std::span<const std::byte> bytes, uint64_t block) {
    LogicalVolumeIntegrityDescriptor d;
    if (!load(bytes, 0, d)) return;
    seen_ = true;
    const uint64_t at = block * blocks_.size();
    next_ = d.next;
    if (d.type != kIntegrityClosed)
      fault("the volume was not closed by its writer", at, "ECMA-167 3/10.10.3", "the integrity type is " + std::to_string(d.type),
            Severity::warning);
    UdfIntegrity integrity;
    integrity.at = at;
    integrity.next_unique_id = d.next_unique_id.get();
    const uint64_t use_at = sizeof d + 8 * uint64_t{d.partition_count};
    if (use_at + d.implementation_use_length > bytes.size())
      fault("the implementation use of the integrity descriptor leads out of its block", at, "ECMA-167 3/10.10.7",
            std::to_string(d.implementation_use_length) + " bytes behind " + std::to_string(d.partition_count) + " partitions");
    IntegrityUse use;
    if (use_at < bytes.size() && d.implementation_use_length >= sizeof use && load(bytes, use_at, use)) {
      integrity.counted = true;
      integrity.files = use.files;
      integrity.directories = use.directories;
    } else if (d.implementation_use_length < sizeof use) {
      fault("the integrity descriptor has no implementation use", at, "UDF 2.2.6.4", "Linux refuses such a volume", Severity::warning);
    }
    if (d.partition_count != volume_.maps.size())
      fault("the integrity descriptor counts other partitions than the volume has", at, "ECMA-167 3/10.10.6",
            std::to_string(d.partition_count) + " instead of " + std::to_string(volume_.maps.size()), Severity::warning);
    // The table is newer than this where there is one.
    if (!volume_.integrity || volume_.integrity->at % blocks_.size() == 0) volume_.integrity = integrity;
  }

  UdfBlocks blocks_;
  UdfVolume& volume_;
  IssueLog& log_;
  uint64_t left_ = kMostIntegrityBlocks;
  bool seen_ = false, damaged_ = false, ended_ = false;
  ExtentAd next_;
};

// 4/14.3: the space tables of a partition lie where its descriptor says.
void announce_space_tables(const UdfSequence& sequence, UdfVolume& volume) {
  static constexpr const char* kNames[] = {"UDF unallocated space table", "UDF unallocated space bitmap", "UDF partition integrity table",
                                           "UDF freed space table", "UDF freed space bitmap"};
  for (const auto& [number, d] : sequence.partitions)
    for (size_t i = 0; i < std::size(kNames); ++i) {
      ShortAd ad;
      std::memcpy(static_cast<void*>(&ad), d.contents_use + i * sizeof ad, sizeof ad);
      const uint32_t length = ad.length & kExtentLengthMask;
      if (length > 0 && ad.block < d.length)
        add_structure(volume.structures, (uint64_t{d.starting_location} + ad.block) * volume.block_size, length, kNames[i]);
    }
}

}  // namespace

std::shared_ptr<const UdfVolume> read_udf_volume(const SectorSource& source, uint64_t session_start, uint64_t volume_sectors, IssueLog& log,
                                                 const ReadLimits& limits) {
  CarefulReader sectors(source, log);
  auto volume = std::make_shared<UdfVolume>();
  const auto anchor = find_udf(source, session_start, volume_sectors, volume->structures, log);
  if (!anchor) return nullptr;
  const auto fault = [&](const char* what, uint64_t byte, const char* clause, const std::string& detail,
                         Severity severity = Severity::error) {
    log.report(what, [&] { return Issue{.severity = severity, .where = {byte / kSectorSize, 1}, .clause = clause, .detail = detail}; });
  };
  volume->block_size = anchor->block_size;
  volume->third_edition = anchor->third_edition;
  const UdfSequence main = read_udf_sequence(sectors, *anchor, true, volume->structures, log);
  const UdfSequence reserve = read_udf_sequence(sectors, *anchor, false, volume->structures, log);
  compare_sequences(main, reserve, log);
  if (!main.complete() && !reserve.complete()) {
    fault("no volume descriptor sequence has a logical volume and its partition", anchor->block * anchor->block_size, "ECMA-167 3/8.4.2",
          "UDF is not read");
    return nullptr;
  }
  const UdfSequence& sequence = main.complete() ? main : reserve;
  volume->descriptor_at = sequence.logical_at;

  LogicalVolumeDescriptor logical;
  if (!load(sequence.logical, 0, logical)) return nullptr;
  if (logical.block_size != anchor->block_size) {
    fault("the logical block size is not that of the anchors", volume->descriptor_at, "ECMA-167 3/10.6.5",
          std::to_string(logical.block_size) + " and " + std::to_string(anchor->block_size) + " bytes: UDF is not read");
    return nullptr;
  }
  volume->volume_id = cs0_text_of(logical.identifier.text());
  if (std::string_view(logical.domain.identifier, kUdfDomain.size()) == kUdfDomain)
    volume->revision = static_cast<uint16_t>(logical.domain.suffix[0] | logical.domain.suffix[1] << 8);
  else
    fault("the domain of the logical volume is not UDF", volume->descriptor_at, "UDF 2.2.4.3", "read as if it were", Severity::warning);
  if (volume->third_edition && volume->revision != 0 && *volume->third_edition != (volume->revision >= 0x0200))
    fault("the recognition sequence is not that of the revision", volume->descriptor_at, "UDF 2.1.7",
          std::string(*volume->third_edition ? "NSR03" : "NSR02") + " and revision " + udf_revision_text(volume->revision),
          Severity::warning);
  volume->file_set = logical.file_set;
  read_udf_maps(source, sequence, *volume, log, limits);
  announce_space_tables(sequence, *volume);
  IntegrityReader(sectors, *volume, log).run(logical.integrity_sequence);
  return volume;
}

}  // namespace fsi
