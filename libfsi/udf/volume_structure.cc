#include "libfsi/udf/volume_structure.h"

#include <cstdio>

#include "libfsi/base/digest.h"
#include "libfsi/names/cs0.h"
#include "libfsi/udf/timestamp.h"

namespace fsi::udf {

namespace {

using disc::TagId;

template <class Record>
std::vector<std::byte> sealed(Record& record, TagId id, const Form& form) {
  disc::seal_descriptor(record, id, form.tag_version, 0);
  const auto bytes = bytes_of(record);
  return {bytes.begin(), bytes.end()};
}

template <class Record>
void append(std::vector<std::byte>& out, const Record& record) {
  const auto bytes = bytes_of(record);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// The same descriptor lies in several places; only its tag tells them apart.
void put_at(std::span<const std::byte> descriptor, uint64_t location, std::span<std::byte> sector) {
  std::memcpy(sector.data(), descriptor.data(), descriptor.size());
  disc::Tag tag;
  std::memcpy(&tag, descriptor.data(), sizeof tag);
  tag.location = location;
  tag.checksum = disc::checksum_of(tag);
  std::memcpy(sector.data(), &tag, sizeof tag);
}

disc::ExtentAd extent_of(const Region& region) {
  disc::ExtentAd extent;
  extent.length = region.range.count * kSectorSize;
  extent.location = region.range.first;
  return extent;
}

// BEA01, NSR02 or NSR03, TEA01.
class RecognitionRegion : public Region {
 public:
  RecognitionRegion(uint64_t at, bool third_edition) : third_edition_(third_edition) {
    zone = Zone::fixed;
    fixed_at = at;
  }
  std::string what() const override { return "UDF volume recognition sequence"; }
  uint64_t measure() override { return 3; }
  void render(uint64_t first, std::span<std::byte> out) const override {
    for (uint64_t s = 0; s < out.size() / kSectorSize; ++s) {
      const auto& identifier = first + s == 0 ? disc::kBea01 : first + s == 2 ? disc::kTea01 : third_edition_ ? disc::kNsr03 : disc::kNsr02;
      disc::VolumeStructureDescriptor descriptor;
      std::memcpy(descriptor.identifier, identifier, sizeof descriptor.identifier);
      std::memcpy(out.data() + s * kSectorSize, &descriptor, sizeof descriptor);
    }
  }

 private:
  const bool third_edition_;
};

}  // namespace

class SequenceRegion : public Region {
 public:
  SequenceRegion(const VolumeStructure& owner, bool main) : owner_(owner), main_(main) {
    zone = main ? Zone::fixed : Zone::closing;
    fixed_at = main ? kMainSequenceAt : owner.form_.anchor_from_end + kSequenceSectors;
  }
  std::string what() const override { return main_ ? "UDF main volume descriptor sequence" : "UDF reserve volume descriptor sequence"; }
  uint64_t measure() override { return kSequenceSectors; }
  void render(uint64_t first, std::span<std::byte> out) const override {
    for (uint64_t s = 0; s < out.size() / kSectorSize; ++s) {
      const auto descriptor = owner_.descriptor(first + s);
      if (!descriptor.empty()) put_at(descriptor, range.first + first + s, out.subspan(s * kSectorSize, kSectorSize));
    }
  }

 private:
  const VolumeStructure& owner_;
  const bool main_;
};

class IntegrityRegion : public Region {
 public:
  explicit IntegrityRegion(const VolumeStructure& owner) : owner_(owner) {
    zone = Zone::fixed;
    fixed_at = kIntegrityAt;
  }
  std::string what() const override { return "UDF logical volume integrity sequence"; }
  uint64_t measure() override { return kIntegritySectors; }
  void render(uint64_t first, std::span<std::byte> out) const override {
    for (uint64_t s = 0; s < out.size() / kSectorSize; ++s) {
      disc::TerminatingDescriptor terminator;
      if (first + s == 0) put_at(owner_.integrity(), range.first, out.first(kSectorSize));
      if (first + s == 1)
        put_at(sealed(terminator, TagId::terminating, owner_.form_), range.first + 1, out.subspan(s * kSectorSize, kSectorSize));
    }
  }

 private:
  const VolumeStructure& owner_;
};

class AnchorRegion : public Region {
 public:
  AnchorRegion(const VolumeStructure& owner, Zone where, uint64_t at) : owner_(owner) {
    zone = where;
    fixed_at = at;
  }
  std::string what() const override { return "UDF anchor"; }
  uint64_t measure() override { return 1; }
  void render(uint64_t, std::span<std::byte> out) const override {
    disc::AnchorVolumeDescriptorPointer anchor;
    anchor.main_sequence = extent_of(*owner_.main_);
    anchor.reserve_sequence = extent_of(*owner_.reserve_);
    put_at(sealed(anchor, TagId::anchor, owner_.form_), range.first, out);
  }

 private:
  const VolumeStructure& owner_;
};

VolumeStructure::VolumeStructure(const Volume& volume, const Layout& layout, const Form& form, const FileSet& files, uint64_t vrs_at,
                                 const Region* mirror_icb)
    : volume_(volume), layout_(layout), form_(form), files_(files), mirror_icb_(mirror_icb) {
  regions_.push_back(std::make_unique<RecognitionRegion>(vrs_at, form.tag_version == 3));
  main_ = regions_.emplace_back(std::make_unique<SequenceRegion>(*this, true)).get();
  integrity_ = regions_.emplace_back(std::make_unique<IntegrityRegion>(*this)).get();
  regions_.push_back(std::make_unique<AnchorRegion>(*this, Zone::fixed, disc::kAnchorSector));
  reserve_ = regions_.emplace_back(std::make_unique<SequenceRegion>(*this, false)).get();
  regions_.push_back(std::make_unique<AnchorRegion>(*this, Zone::closing, form.anchor_from_end));
}

VolumeStructure::~VolumeStructure() = default;

std::vector<Region*> VolumeStructure::regions() const {
  std::vector<Region*> regions;
  for (const auto& region : regions_) regions.push_back(region.get());
  return regions;
}

uint64_t VolumeStructure::partition_blocks() const {
  return (mirror_icb_ ? mirror_icb_->range.end() : layout_.data.end()) - partition_start();
}

// The first 16 characters make the volume's identity (UDF 2.2.2.5), which is what blkid shows as its UUID: the time in
// hexadecimal digits, then digits that differ between volumes made in the same second.
std::string VolumeStructure::volume_set_id() const {
  const std::string seed = volume_.volume_id + '\0' + volume_.publisher + '\0' + std::to_string(volume_.created) + '\0' +
                           std::to_string(files_.files()) + '\0' + std::to_string(files_.directories()) + '\0' +
                           std::to_string(layout_.sectors());
  const Digest digest = digest_of(DigestKind::xxh3, std::as_bytes(std::span(seed)));
  char time[9];
  std::snprintf(time, sizeof time, "%08x", static_cast<unsigned>(volume_.created / kSecond));
  return time + hex(std::span(digest).first(4)) + (volume_.volume_set_id.empty() ? volume_.volume_id : volume_.volume_set_id);
}

// Descriptor `index` of the main sequence, and of the reserve sequence, which is its copy; empty where there is none.
std::vector<std::byte> VolumeStructure::descriptor(uint64_t index) const {
  const auto number = static_cast<uint32_t>(index);
  switch (index) {
    case 0: {
      disc::PrimaryVolumeDescriptor d;
      d.sequence_number = number;
      d.volume_identifier.set(cs0_text(volume_.volume_id, decltype(d.volume_identifier)::kMost));
      d.volume_set_identifier.set(cs0_text(volume_set_id(), decltype(d.volume_set_identifier)::kMost));
      d.descriptor_charset = d.explanatory_charset = disc::cs0_charspec();
      d.application = disc::Regid(disc::kDeveloper);
      d.recorded = timestamp(volume_.created);
      d.implementation = disc::implementation_regid();
      return sealed(d, TagId::primary_volume, form_);
    }
    case 1: {
      disc::LvInformation information;
      information.charset = disc::cs0_charspec();
      information.identifier.set(cs0_text(volume_.volume_id, decltype(information.identifier)::kMost));
      information.implementation = disc::implementation_regid();
      disc::ImplementationUseVolumeDescriptor d;
      d.sequence_number = number;
      d.implementation = disc::udf_regid(disc::kLvInfo, form_.revision);
      std::memcpy(d.implementation_use, &information, sizeof information);
      return sealed(d, TagId::implementation_use, form_);
    }
    case 2: {
      disc::PartitionDescriptor d;
      d.sequence_number = number;
      d.contents = disc::Regid(form_.tag_version == 3 ? "+NSR03" : "+NSR02");
      d.starting_location = partition_start();
      d.length = partition_blocks();
      d.implementation = disc::implementation_regid();
      return sealed(d, TagId::partition, form_);
    }
    case 3: return logical_volume(number);
    case 4: {
      disc::UnallocatedSpaceDescriptor d;
      d.sequence_number = number;
      return sealed(d, TagId::unallocated_space, form_);
    }
    case 5: {
      disc::TerminatingDescriptor d;
      return sealed(d, TagId::terminating, form_);
    }
    default: return {};
  }
}

std::vector<std::byte> VolumeStructure::logical_volume(uint32_t sequence_number) const {
  disc::LogicalVolumeDescriptor d;
  d.sequence_number = sequence_number;
  d.descriptor_charset = disc::cs0_charspec();
  d.identifier.set(cs0_text(volume_.volume_id, decltype(d.identifier)::kMost));
  d.domain = disc::domain_regid(form_.revision);
  d.file_set.length = 2 * kSectorSize;  // with its terminator
  d.file_set.location.partition = form_.icb_partition();
  d.map_count = form_.metadata_partition ? 2 : 1;
  d.map_table_length = sizeof(disc::PartitionMap1) + (form_.metadata_partition ? sizeof(disc::MetadataPartitionMap) : 0);
  d.implementation = disc::implementation_regid();
  d.integrity_sequence = extent_of(*integrity_);

  std::vector<std::byte> bytes;
  append(bytes, d);
  append(bytes, disc::PartitionMap1{});
  if (form_.metadata_partition) {
    disc::MetadataPartitionMap map;
    map.identifier = disc::udf_regid(disc::kMetadataPartition, form_.revision);
    map.main_icb = 0;
    map.mirror_icb = mirror_icb_->range.first - partition_start();
    map.flags = form_.duplicate ? disc::kDuplicateMetadata : 0;
    append(bytes, map);
  }
  disc::seal_descriptor(bytes, TagId::logical_volume, form_.tag_version, 0);
  return bytes;
}

std::vector<std::byte> VolumeStructure::integrity() const {
  std::vector<Le32> free, size;
  free.emplace_back(0u);
  size.emplace_back(partition_blocks());
  if (form_.metadata_partition) {
    free.emplace_back(0u);
    size.emplace_back(files_.blocks());
  }
  disc::IntegrityUse use;
  use.implementation = disc::implementation_regid();
  use.files = files_.files();
  use.directories = files_.directories();
  use.min_read_revision = form_.min_read_revision();
  use.min_write_revision = form_.revision;
  use.max_write_revision = form_.revision;

  disc::LogicalVolumeIntegrityDescriptor d;
  d.recorded = timestamp(volume_.modified);
  d.next_unique_id = files_.next_unique_id();
  d.partition_count = free.size();
  d.implementation_use_length = sizeof use;
  std::vector<std::byte> bytes;
  append(bytes, d);
  for (const Le32& blocks : free) append(bytes, blocks);
  for (const Le32& blocks : size) append(bytes, blocks);
  append(bytes, use);
  disc::seal_descriptor(bytes, TagId::integrity, form_.tag_version, 0);
  return bytes;
}

}  // namespace fsi::udf
