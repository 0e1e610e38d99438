#include "librecorder/virtual/spare_areas.h"

#include <algorithm>

#include "librecorder/scsi/media_size.h"

namespace rec::virt {

namespace {
/// The steps that spare areas come in.
uint32_t step_of(const Disc& disc) { return disc.capacity >= media_size::kBdR ? 8192 : 32; }

/// The share of a whole disc that a single layer's figure is.
uint32_t share(const Disc& disc, uint64_t of_single_layer) {
  const uint64_t exact = disc.capacity * of_single_layer / media_size::kBdR;
  const uint64_t step = step_of(disc);
  return static_cast<uint32_t>(std::max(exact / step * step, uint64_t{32}));
}
}  // namespace

SpareSizes spare_sizes(const Disc& disc) {
  return {share(disc, 131'072), share(disc, media_size::kBdR - media_size::kBdRe), share(disc, 6'422'528)};
}

std::vector<FormattableCapacity> spare_choices(const Disc& disc, FormatType type) {
  const SpareSizes sizes = spare_sizes(disc);
  std::vector<FormattableCapacity> list;
  for (const uint32_t spare : {sizes.usual, sizes.largest, sizes.smallest})
    list.push_back({disc.capacity - spare, static_cast<uint8_t>(static_cast<uint8_t>(type) << 2), 0});
  return list;
}

bool is_spare_choice(const Disc& disc, uint32_t blocks) {
  const SpareSizes sizes = spare_sizes(disc);
  const uint32_t spare = disc.capacity - std::min(blocks, disc.capacity);
  return spare == sizes.smallest || spare == sizes.usual || spare == sizes.largest;
}

std::optional<uint32_t> capacity_with_spares(const Disc& disc, uint32_t blocks) {
  const SpareSizes sizes = spare_sizes(disc);
  if (blocks == 0 || blocks > disc.capacity - sizes.smallest) return {};
  const uint32_t left = disc.capacity - blocks;
  return disc.capacity - std::min(sizes.largest, std::max(sizes.smallest, left / step_of(disc) * step_of(disc)));
}

Bytes bd_structure(const Disc& disc, const char* kind, uint8_t format) {
  Bytes bytes;
  switch (format) {
    case kBdDiscInformation: {
      append(bytes, DiscStructureHeader{4096 + 2, 0});
      BdDiscInformation di;
      std::copy_n("DI", sizeof di.identifier, di.identifier);
      di.format = 1;
      di.layers = disc.type->layers;
      di.used_bytes = sizeof di;
      std::copy_n(kind, sizeof di.disc_type, di.disc_type);
      std::copy_n(disc.type->maker.data(), std::min(disc.type->maker.size(), sizeof di.manufacturer), di.manufacturer);
      std::copy_n("V01", sizeof di.media_type, di.media_type);
      append(bytes, di);
      bytes.resize(4096 + sizeof(DiscStructureHeader));
      break;
    }
    case kBdSpare: {
      if (!disc.format.spares) refuse_cdb(7);
      const uint32_t clusters = (disc.spare_sectors ? disc.spare_sectors : disc.capacity - disc.format.blocks) / 32;
      append(bytes, DiscStructureHeader{sizeof(BdSpareInformation) + 2, 0});
      append(bytes, BdSpareInformation{0, clusters, clusters});  // no bad spot was ever met
      break;
    }
    case kStructureList: {
      std::vector<StructureListEntry> list{{kBdDiscInformation, StructureListEntry::kReadable, 4100}};
      if (disc.format.spares) list.push_back({kBdSpare, StructureListEntry::kReadable, sizeof(BdSpareInformation) + 4});
      list.push_back({kWriteProtection, StructureListEntry::kReadable, 8});
      list.push_back({kStructureList, StructureListEntry::kReadable, 4 + (list.size() + 1) * sizeof(StructureListEntry)});
      append(bytes, DiscStructureHeader{static_cast<uint16_t>(2 + list.size() * sizeof(StructureListEntry)), 0});
      for (const auto& entry : list) append(bytes, entry);
      break;
    }
    default: refuse_cdb(7);
  }
  return bytes;
}

}  // namespace rec::virt
