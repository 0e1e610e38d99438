#include "librecorder/virtual/dvd_structure.h"

#include <algorithm>

namespace rec::virt {

namespace {
uint32_t layer0_sectors(const Disc& disc) { return disc.layer_break ? disc.layer_break : disc.capacity / 2; }

DvdPhysicalFormat physical(const Disc& disc, DvdBook book) {
  constexpr uint32_t kDataStart = 0x030000;
  const bool dual = disc.type->layers == 2;
  DvdPhysicalFormat f;
  f.book = book.type;
  f.size_rate = 0x0F;
  f.layers = (dual ? 0x20 | 0x10 : 0) | (disc.type->rewritable ? 0x04 : 0x02);
  f.data_start = kDataStart;
  f.layer0_end = dual ? kDataStart + layer0_sectors(disc) - 1 : 0;
  // Opposite track path: the second layer's sector numbers are the first's, inverted.
  f.data_end = dual ? 0xFFFFFF - kDataStart : kDataStart + disc.capacity - 1;
  std::copy_n(disc.type->maker.data(), std::min(disc.type->maker.size(), sizeof f.manufacturer), f.manufacturer);
  std::copy_n("V01", sizeof f.media_type, f.media_type);
  return f;
}
}  // namespace

Bytes dvd_structure(const Disc& disc, DvdBook book, uint8_t format) {
  Bytes bytes;
  const auto header = [&](size_t data) { append(bytes, DiscStructureHeader{static_cast<uint16_t>(data + 2), 0}); };
  const bool dual = disc.type->layers == 2;
  // DVD-R and -RW tell in format 10 what the control data of the lead-in will say.
  const bool recordable_minus = book.type >> 4 == 2 || book.type >> 4 == 3;
  switch (format) {
    case kDvdControlData:
      if (!recordable_minus) refuse_cdb(7);
      [[fallthrough]];
    case kDvdPhysical:
      header(sizeof(DvdPhysicalFormat));
      append(bytes, physical(disc, book));
      break;
    case kDvdAdip: {
      if (!book.adip) refuse_cdb(7);
      header(256);
      const DvdPhysicalFormat whole = physical(disc, book);
      const auto adip = fsi::bytes_of(whole).first(256);
      bytes.insert(bytes.end(), adip.begin(), adip.end());
      break;
    }
    case kLayerBoundary: {
      if (!dual) refuse_cdb(7);
      header(sizeof(LayerBoundary));
      append(bytes, LayerBoundary{disc.layer_break || !disc.blank() ? LayerBoundary::kFixed : 0u, {}, layer0_sectors(disc)});
      break;
    }
    case kStructureList: {
      std::vector<StructureListEntry> list{{kDvdPhysical, StructureListEntry::kReadable, sizeof(DvdPhysicalFormat) + 4}};
      if (recordable_minus) list.push_back({kDvdControlData, StructureListEntry::kReadable, sizeof(DvdPhysicalFormat) + 4});
      if (book.adip) list.push_back({kDvdAdip, StructureListEntry::kReadable, 260});
      if (dual) list.push_back({kLayerBoundary, StructureListEntry::kReadable | StructureListEntry::kSendable, sizeof(LayerBoundary) + 4});
      list.push_back({kWriteProtection, StructureListEntry::kReadable, 8});
      list.push_back({kStructureList, StructureListEntry::kReadable, 4 + (list.size() + 1) * sizeof(StructureListEntry)});
      header(list.size() * sizeof(StructureListEntry));
      for (const auto& entry : list) append(bytes, entry);
      break;
    }
    default: refuse_cdb(7);
  }
  return bytes;
}

void set_layer_break(Disc& disc, std::span<const std::byte> data) {
  if (disc.type->layers != 2) refuse_cdb(7);
  LayerBoundary wanted;
  if (data.size() != sizeof wanted || !fsi::load(data, 0, wanted)) refuse(5, 0x1A, 0x00);
  if (!disc.blank() || disc.layer_break) refuse(5, 0x2C, 0x00);
  if (wanted.layer0_sectors == 0 || wanted.layer0_sectors % 16 || wanted.layer0_sectors > disc.capacity / 2) refuse_parameter(8);
  disc.layer_break = wanted.layer0_sectors;
  // The second layer cannot reach further out than the first.
  disc.capacity = 2 * disc.layer_break;
}

}  // namespace rec::virt
