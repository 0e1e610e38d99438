#include "libfsi/read/udf_sequence.h"

#include <algorithm>
#include <cstring>

#include "libfsi/read/udf_partitions.h"
#include "libfsi/read/udf_tag.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint32_t kMostBlocks = 1024, kMostPointers = 16;
constexpr size_t kLongest = 8192;  // of a logical volume descriptor

class SequenceReader {
 public:
  SequenceReader(CarefulReader& sectors, const UdfAnchor& anchor, const char* name, NamedSectors& structures, IssueLog& log)
      : blocks_(sectors, anchor.block_size), third_edition_(anchor.third_edition), structures_(structures), log_(log) {
    result_.name = name;
  }

  UdfSequence run(ExtentAd extent) {
    result_.at = uint64_t{extent.location} * blocks_.size();
    for (uint32_t pointers = 0; pointers <= kMostPointers && extent.length > 0 && !terminated_; ++pointers) {
      next_.reset();
      read_extent(extent);
      if (!next_) break;
      extent = *next_;
    }
    // An unrecorded block ends it as well, and zeros are how those look in an image.
    if (!terminated_)
      fault("a volume descriptor sequence has no terminating descriptor", result_.at, "ECMA-167 3/8.4.2", result_.name, Severity::warning);
    return std::move(result_);
  }

 private:
  void fault(const char* what, uint64_t byte, const char* clause, const std::string& detail, Severity severity = Severity::error) {
    log_.report(what, [&] { return Issue{.severity = severity, .where = {byte / kSectorSize, 1}, .clause = clause, .detail = detail}; });
  }

  void read_extent(const ExtentAd& extent) {
    const uint64_t first = extent.location, count = std::min<uint64_t>(extent.length / blocks_.size(), left_);
    if (first + count > blocks_.count())
      fault("a volume descriptor sequence lies beyond the end", result_.at, "ECMA-167 3/8.4.2",
            std::string(result_.name) + ": block " + std::to_string(first) + ", " + std::to_string(extent.length) + " bytes");
    if (first >= blocks_.count()) return;
    add_structure(structures_, first * blocks_.size(), std::min(count, blocks_.count() - first) * blocks_.size(),
                  std::string("UDF ") + result_.name);
    for (uint64_t i = 0; i < count && !terminated_; ++i, --left_) {
      const auto bytes = blocks_.block(first + i);
      Tag tag;
      if (bytes.empty() || !load(bytes, 0, tag)) continue;
      if (tag.identifier == 0 && std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; })) break;
      take(first + i, bytes, tag);
      if (next_) break;
    }
  }

  void take(uint64_t block, std::span<const std::byte> bytes, const Tag& tag) {
    const auto id = static_cast<TagId>(tag.identifier.get());
    std::vector<std::byte> longer;
    LogicalVolumeDescriptor logical;
    if (id == TagId::logical_volume && load(bytes, 0, logical) && sizeof logical + uint64_t{logical.map_table_length} > bytes.size()) {
      // It may be longer than a block.
      longer.resize(std::min<uint64_t>(
          (sizeof logical + uint64_t{logical.map_table_length} + blocks_.size() - 1) / blocks_.size() * blocks_.size(), kLongest));
      blocks_.read(block * blocks_.size(), longer);
      bytes = longer;
    }
    const bool known = id >= TagId::primary_volume && id <= TagId::terminating && id != TagId::anchor;
    const TagFaults faults = known ? check_tag(bytes, id, static_cast<uint32_t>(block), third_edition_) : kTagKind;
    report_tag(faults, bytes, {result_.name, {}, blocks_.sector_of(block), static_cast<uint32_t>(block), false}, log_);
    if (damaged(faults)) return;
    // 3/8.4.3: of several the one with the highest number counts.
    switch (id) {
      case TagId::primary_volume: {
        PrimaryVolumeDescriptor d;
        if (load(bytes, 0, d) && (!result_.primary || d.sequence_number >= result_.primary->sequence_number)) result_.primary = d;
        break;
      }
      case TagId::partition: {
        PartitionDescriptor d;
        if (!load(bytes, 0, d)) break;
        const auto [it, is_new] = result_.partitions.emplace(d.number.get(), d);
        if (!is_new && d.sequence_number >= it->second.sequence_number) it->second = d;
        break;
      }
      case TagId::logical_volume: {
        LogicalVolumeDescriptor before;
        if (!result_.logical.empty() && load(result_.logical, 0, before) && load(bytes, 0, logical) &&
            logical.sequence_number < before.sequence_number)
          break;
        result_.logical.assign(bytes.begin(), bytes.end());
        result_.logical_at = block * blocks_.size();
        break;
      }
      case TagId::volume_pointer: {
        VolumeDescriptorPointer d;
        if (load(bytes, 0, d)) next_ = d.next_sequence;
        break;
      }
      case TagId::terminating: terminated_ = true; break;
      default: break;
    }
  }

  UdfBlocks blocks_;
  const std::optional<bool> third_edition_;
  NamedSectors& structures_;
  IssueLog& log_;
  UdfSequence result_;
  uint64_t left_ = kMostBlocks;
  bool terminated_ = false;
  std::optional<ExtentAd> next_;
};

// All but the tag, which tells where the copy lies.
bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && std::equal(a.begin() + sizeof(Tag), a.end(), b.begin() + sizeof(Tag));
}

}  // namespace

UdfSequence read_udf_sequence(CarefulReader& sectors, const UdfAnchor& anchor, bool main, NamedSectors& structures, IssueLog& log) {
  SequenceReader reader(sectors, anchor, main ? "main volume descriptor sequence" : "reserve volume descriptor sequence", structures, log);
  return reader.run(main ? anchor.descriptor.main_sequence : anchor.descriptor.reserve_sequence);
}

void compare_sequences(const UdfSequence& main, const UdfSequence& reserve, IssueLog& log) {
  const auto differ = [&](bool is, const char* which, Severity severity = Severity::error) {
    if (is) return;
    log.report("the main and the reserve volume descriptor sequence differ", [&] {
      // At least 16 sectors (UDF 2.2.3.2).
      return Issue{.severity = severity, .where = {reserve.at / kSectorSize, 16}, .clause = "ECMA-167 3/8.4.2.2", .detail = which};
    });
  };
  // genisoimage makes a volume set identifier of the time, and asks for the time twice.
  if (main.primary && reserve.primary)
    differ(same(bytes_of(*main.primary), bytes_of(*reserve.primary)), "primary volume descriptor", Severity::warning);
  // One that is missing in either was damaged there, which has been said, or is said here.
  differ(main.primary.has_value() == reserve.primary.has_value(), "only one has a primary volume descriptor");
  differ(main.logical.empty() == reserve.logical.empty(), "only one has a logical volume descriptor");
  if (!main.logical.empty() && !reserve.logical.empty()) {
    LogicalVolumeDescriptor a, b;
    const bool equal =
        load(main.logical, 0, a) && load(reserve.logical, 0, b) && a.map_table_length == b.map_table_length &&
        same(std::span(main.logical).first(std::min<uint64_t>(main.logical.size(), sizeof a + uint64_t{a.map_table_length})),
             std::span(reserve.logical).first(std::min<uint64_t>(reserve.logical.size(), sizeof b + uint64_t{b.map_table_length})));
    differ(equal, "logical volume descriptor");
  }
  differ(main.partitions.size() == reserve.partitions.size(), "they have different partition descriptors");
  for (const auto& [number, d] : main.partitions)
    if (const auto it = reserve.partitions.find(number); it != reserve.partitions.end())
      differ(same(bytes_of(d), bytes_of(it->second)), "partition descriptor");
}

}  // namespace fsi
