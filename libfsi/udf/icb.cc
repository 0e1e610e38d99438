#include "libfsi/udf/icb.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cassert>

#include "libfsi/udf/timestamp.h"

namespace fsi::udf {

namespace {

constexpr size_t kDeviceAttributeBytes = sizeof(disc::AttributeHeader) + sizeof(disc::DeviceSpecification);

// What file entries and extended file entries have in common.
template <class Entry>
void put_entry(const IcbFacts& facts, size_t attributes, size_t allocation, Entry& entry) {
  entry.icb.file_type = static_cast<uint8_t>(facts.type);
  entry.icb.flags = facts.flags;
  entry.uid = facts.uid;
  entry.gid = facts.gid;
  entry.permissions = facts.permissions;
  entry.link_count = facts.links;
  entry.information_length = facts.bytes;
  entry.blocks_recorded = facts.blocks;
  entry.modification_time = timestamp(facts.mtime);
  entry.access_time = facts.atime == facts.mtime ? entry.modification_time : timestamp(facts.atime);
  entry.attribute_time = facts.ctime == facts.mtime ? entry.modification_time : timestamp(facts.ctime);
  static constexpr disc::Regid kImplementation = disc::implementation_regid();
  entry.implementation = kImplementation;
  entry.unique_id = facts.unique_id;
  entry.attributes_length = attributes;
  entry.allocation_length = allocation;
}

void put_device(uint64_t device, uint16_t tag_version, uint32_t location, std::span<std::byte> out) {
  disc::AttributeHeader header;
  disc::seal_descriptor(header, disc::TagId::attribute_header, tag_version, location);
  disc::DeviceSpecification specification;
  specification.major = major(device);
  specification.minor = minor(device);
  specification.implementation = disc::implementation_regid();
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &specification, sizeof specification);
}

}  // namespace

size_t icb_room(const Form& form, bool device) { return kSectorSize - form.entry_bytes() - (device ? kDeviceAttributeBytes : 0); }

void put_icb(const Form& form, const IcbFacts& facts, std::span<const std::byte> allocation, uint32_t location,
             std::span<std::byte> block) {
  assert(allocation.size() <= icb_room(form, facts.device.has_value()));
  const size_t attributes = facts.device ? kDeviceAttributeBytes : 0;
  if (form.extended) {
    disc::ExtendedFileEntry entry;
    put_entry(facts, attributes, allocation.size(), entry);
    entry.object_size = facts.bytes + facts.stream_bytes;
    entry.stream_directory = facts.streams;
    // No source tells when it was made; it cannot have been after any of the others.
    const Time created = std::min({facts.mtime, facts.atime, facts.ctime});
    entry.creation_time = created == facts.mtime ? entry.modification_time : timestamp(created);
    std::memcpy(block.data(), &entry, sizeof entry);
  } else {
    disc::FileEntry entry;
    put_entry(facts, attributes, allocation.size(), entry);
    std::memcpy(block.data(), &entry, sizeof entry);
  }
  size_t used = form.entry_bytes();
  if (facts.device) put_device(*facts.device, form.tag_version, location, block.subspan(used));
  used += attributes;
  if (!allocation.empty() && allocation.data() != block.data() + used)
    std::memcpy(block.data() + used, allocation.data(), allocation.size());
  used += allocation.size();
  disc::seal_descriptor(block.first(used), form.extended ? disc::TagId::extended_file_entry : disc::TagId::file_entry, form.tag_version,
                        location);
}

uint32_t permissions_of(unsigned mode) {
  uint32_t permissions = 0;
  for (const unsigned shift : {0u, 1u, 2u}) {  // others, group, owner
    const unsigned bits = mode >> 3 * shift & 7;
    uint32_t five = 0;
    if (bits & 1) five |= disc::kMayExecute;
    if (bits & 2) five |= disc::kMayWrite | disc::kMayChangeAttributes | disc::kMayDelete;
    if (bits & 4) five |= disc::kMayRead;
    permissions |= five << 5 * shift;
  }
  return permissions;
}

uint16_t icb_flags_of(unsigned mode) {
  uint16_t flags = 0;
  if (mode & S_ISUID) flags |= disc::kIcbSetuid;
  if (mode & S_ISGID) flags |= disc::kIcbSetgid;
  if (mode & S_ISVTX) flags |= disc::kIcbSticky;
  return flags;
}

}  // namespace fsi::udf
