#include "libfsi/check/boot_images.h"

#include <algorithm>

#include "libfsi/base/wire.h"
#include "libfsi/disc/fat.h"
#include "libfsi/disc/mbr.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint64_t kFloppyBytes[] = {0, 1200 * 1024, 1440 * 1024, 2880 * 1024};  // by BootMedia
// VirtualBox's BIOS loads no more, and there is no more room below 640 KiB.
constexpr uint16_t kMostBiosBlocks = 1024;
// Boot programs with a table are some ten to some hundred kilobytes; this bounds what a lying length makes us read.
constexpr uint64_t kMostSummed = 64 << 20;
// GRUB's second stage is loaded to this segment; so its list of blocks, which ends with the first 512 bytes, is known.
constexpr uint64_t kGrub2Segment = 2558;
constexpr uint16_t kGrub2LoadedAt = 0x0820;

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

BootImages::BootImages(const VolumeRead& volume, const SectorSource& source, uint64_t session_start, IssueLog& log)
    : session_start_(session_start), log_(log), reader_(source, log) {
  for (const Lba lba : volume.boot_catalogs) {
    auto images = read_boot_catalog(source, lba, log);
    images_.insert(images_.end(), images.begin(), images.end());
  }
  for (const BootImage& image : images_) places_.push_back({.lba = image.lba});
  std::ranges::sort(places_, {}, &Place::lba);
  places_.erase(std::unique(places_.begin(), places_.end(), [](const Place& a, const Place& b) { return a.lba == b.lba; }), places_.end());
}

void BootImages::see(const TreeEntry& entry) {
  if (places_.empty()) return;
  bool first = true;
  for (const DataExtent& extent : entry.extents) {
    const SectorRange range = extent.range();
    for (auto it = std::ranges::lower_bound(places_, range.first, {}, &Place::lba); it != places_.end() && it->lba < range.end(); ++it) {
      if (entry.kind == EntryKind::file && first && uint64_t{it->lba} * kSectorSize == extent.first) {
        if (!it->file.empty()) continue;
        it->file = entry.path;
        it->bytes = entry.size;
      } else if (it->around.empty()) {
        it->around = (entry.kind == EntryKind::directory ? "directory records of " : "") + std::string(entry.path);
      }
    }
    first = false;
  }
}

const BootImages::Place& BootImages::place_of(const BootImage& image) const {
  return *std::ranges::lower_bound(places_, image.lba, {}, &Place::lba);
}

void BootImages::fault_of_entry(const char* what, const char* clause, const BootImage& image, std::string detail, Severity severity) {
  log_.report(what, [&] {
    Issue issue{.severity = severity, .where = {image.record, 1}, .clause = clause, .detail = image.name() + ": " + std::move(detail)};
    issue.paths.push_back({.path = "boot catalog", .is_structure = true});
    if (const Place& place = place_of(image); !place.file.empty())
      issue.paths.push_back({.path = place.file, .bytes = place.bytes, .size = place.bytes});
    return issue;
  });
}

void BootImages::fault_of_image(const char* what, const char* clause, const BootImage& image, std::string detail, Severity severity) {
  log_.report(what, [&] {
    Issue issue{.severity = severity, .where = {image.lba, 1}, .clause = clause, .detail = std::move(detail)};
    if (const Place& place = place_of(image); !place.file.empty())
      issue.paths.push_back({.path = place.file, .bytes = std::min<uint64_t>(place.bytes, kSectorSize), .size = place.bytes});
    else
      issue.paths.push_back({.path = "boot image of " + image.name(), .is_structure = true});
    return issue;
  });
}

void BootImages::check(const std::vector<NamedRange>& known) {
  for (const BootImage& image : images_) check_image(image, known);
  const auto bios = std::ranges::find_if(images_, [](const BootImage& i) { return i.bootable && i.is_bios(); });
  if (bios != images_.end() && std::ranges::none_of(images_, [](const BootImage& i) { return i.bootable && i.is_bios() && i.entry == 1; }))
    fault_of_entry("no BIOS entry is the default one", "El Torito 2.2", *bios, "most BIOSes look at the default entry alone",
                   Severity::warning);
}

void BootImages::check_image(const BootImage& image, const std::vector<NamedRange>& known) {
  if (image.lba >= reader_.sectors())
    return fault_of_entry("a boot image lies beyond the end", "El Torito 2.2", image,
                          "there are " + std::to_string(reader_.sectors()) + " sectors");
  const Place& place = place_of(image);
  std::string around = place.file.empty() ? place.around : std::string();
  for (const NamedRange& named : known)
    if (place.file.empty() && around.empty() && named.name != "boot image" && image.lba >= named.range.first &&
        image.lba < named.range.end())
      around = named.name;
  if (!around.empty())
    return fault_of_entry("a boot entry points into something else", "El Torito 2.2", image, "that is where " + around + " lies");
  check_load_size(image, place);
  if (place.file.empty()) check_not_empty(image);
  if (image.emulated()) return check_emulation(image, place);
  if (image.is_efi()) return check_efi(image, place);
  check_info_table(image, place);
}

void BootImages::check_load_size(const BootImage& image, const Place& place) {
  const std::string asked = std::to_string(image.load_blocks) + " blocks of 512 bytes";
  if (image.is_bios() && image.bootable && !image.emulated()) {
    if (image.load_blocks == 0) return fault_of_entry("a BIOS entry loads nothing", "El Torito 2.2", image, "its load size is 0");
    if (image.load_blocks > kMostBiosBlocks)
      fault_of_entry("a BIOS entry loads more than BIOSes can", "El Torito 2.2", image, asked + ", at most 1024", Severity::warning);
  }
  if (image.load_blocks == 0) return;
  if (image.lba + image.sectors() > reader_.sectors())
    fault_of_entry("a boot entry loads more than there is", "El Torito 2.2", image,
                   asked + " reach beyond the end at LBA " + std::to_string(reader_.sectors()));
  else if (!place.file.empty() && image.sectors() > std::max<uint64_t>(1, sectors_for(place.bytes)))
    fault_of_entry("a boot entry loads more than its image", "El Torito 2.2", image,
                   asked + ", the image has " + std::to_string(place.bytes) + " bytes", Severity::warning);
}

// An image that is in no tree can only be judged by its bytes.
void BootImages::check_not_empty(const BootImage& image) {
  const auto bytes = start_of(image, 1);
  if (!bytes.empty() && all_zero(bytes))
    fault_of_entry("nothing lies where a boot entry points", "El Torito 2.2", image, "no file of any tree, and nothing but zeros");
}

void BootImages::check_emulation(const BootImage& image, const Place& place) {
  if (image.media < kHardDisk) {
    const uint64_t needed = kFloppyBytes[image.media];
    if (!place.file.empty() && place.bytes != needed)
      fault_of_entry("a floppy image has not the size of its emulation", "El Torito 2.2", image,
                     std::to_string(place.bytes) + " bytes instead of " + std::to_string(needed));
    else if ((image.lba + sectors_for(needed)) > reader_.sectors())
      fault_of_entry("a floppy image is cut off", "El Torito 2.2", image, std::to_string(needed) + " bytes reach beyond the end");
    if (image.load_blocks != 1)
      fault_of_entry("an emulated drive is not booted from its boot sector", "El Torito 2.2", image,
                     "load size " + std::to_string(image.load_blocks) + " instead of 1", Severity::warning);
    return;
  }
  if (image.media != kHardDisk) return;
  MasterBootRecord record;
  if (const auto bytes = start_of(image, 1); bytes.empty() || !load(bytes, 0, record)) return;
  if (record.key_55 != 0x55 || record.key_aa != 0xAA)
    return fault_of_image("the image of an emulated hard disk has no master boot record", "El Torito 2.2", image,
                          "its first sector does not end with 55 AA");
  const MbrPartition* only = nullptr;
  for (const MbrPartition& partition : record.partitions)
    if (partition.type != kTypeEmpty) only = only ? nullptr : &partition;
  if (!only)
    return fault_of_image("the image of an emulated hard disk has not one partition", "El Torito 2.2", image, "none, or several",
                          Severity::warning);
  if (only->type != image.system_type)
    fault_of_entry("the system type of a boot entry is not that of its hard disk", "El Torito 2.2", image,
                   "type " + std::to_string(image.system_type) + ", the image's partition has " + std::to_string(only->type));
  const uint64_t end = (uint64_t{only->first_lba} + only->count) * kDiskBlock;
  if (!place.file.empty() && end > place.bytes)
    fault_of_image("the image of an emulated hard disk is cut off", "El Torito 2.2", image,
                   "its partition ends at byte " + std::to_string(end) + " of " + std::to_string(place.bytes));
}

void BootImages::check_efi(const BootImage& image, const Place& place) {
  const auto bytes = start_of(image, 1);
  if (bytes.empty()) return;
  if (const std::string why = why_not_fat(bytes); !why.empty())
    return fault_of_image("a UEFI boot image is no FAT file system", "UEFI 13.3.2.1", image, image.name() + ": " + why);
  const uint64_t size = *size_of_fat(bytes), room = (reader_.sectors() - image.lba) * kSectorSize;
  if (size > (place.file.empty() ? room : place.bytes))
    fault_of_image("a UEFI boot image is cut off", "UEFI 13.3.2.1", image,
                   image.name() + ": its FAT file system takes " + std::to_string(size) + " bytes, there are " +
                       std::to_string(place.file.empty() ? room : place.bytes));
}

// The boot-info table is there when it looks like one: two of its four numbers are right. What GRUB wants is there when the image
// has such a table and GRUB's mark.
void BootImages::check_info_table(const BootImage& image, const Place& place) {
  const auto bytes = start_of(image, 2);
  BootInfoTable table;
  if (bytes.empty() || !load(bytes, kBootInfoOffset, table)) return;
  const uint64_t descriptor = session_start_ + kFirstDescriptor, room = (reader_.sectors() - image.lba) * kSectorSize;
  const uint64_t length = place.file.empty() ? uint64_t{table.image_bytes} : place.bytes;
  const bool summable = length >= kBootInfoEnd && length <= std::min(room, kMostSummed);
  const bool descriptor_fits = table.primary_descriptor == descriptor, sector_fits = table.image_sector == image.lba;
  const bool length_fits = !place.file.empty() && table.image_bytes == length;
  if (descriptor_fits + sector_fits + length_fits < 2) {
    // Only then is the sum worth its work.
    if (descriptor_fits + sector_fits + length_fits == 0 || !summable || table.checksum != sum_of_words(image, length)) return;
  }
  const char* what = "the boot-info table of a boot image is wrong";
  const char* clause = "genisoimage(8), boot information table";
  auto compare = [&](const char* field, uint64_t found, uint64_t right) {
    if (found != right)
      fault_of_image(what, clause, image, std::string(field) + " is " + std::to_string(found) + " instead of " + std::to_string(right));
  };
  compare("sector of the primary volume descriptor", table.primary_descriptor, descriptor);
  if (table.image_sector == 0)
    // isolinux.bin comes with a table that lacks only this, and then asks the BIOS.
    fault_of_image("nobody told a boot image where it lies", clause, image, "its boot-info table has no sector", Severity::warning);
  else
    compare("sector of the image", table.image_sector, image.lba);
  if (!place.file.empty()) compare("length", table.image_bytes, length);
  if (place.file.empty() && !summable)
    fault_of_image(what, clause, image, "length is " + std::to_string(length) + ", up to the end there are " + std::to_string(room));
  if (summable) compare("checksum", table.checksum, sum_of_words(image, length));

  Le16 segment;
  Grub2BootInfo position;
  if (!load(bytes, kGrub2Segment, segment) || segment != kGrub2LoadedAt || !load(bytes, kGrub2Offset, position)) return;
  const uint64_t right = uint64_t{image.lba} * (kSectorSize / kVirtualSector) + kGrub2Blocks;
  // 1 and 2 are what it has before anybody told it: then only discs boot.
  if (position > 2 && position != right)
    fault_of_image("the position that GRUB 2 has of its own image is wrong", "GRUB 2, boot image for discs", image,
                   "block " + std::to_string(position) + " instead of " + std::to_string(right));
}

// The little-endian words behind the table; what is missing of the last one counts as zeros.
uint32_t BootImages::sum_of_words(const BootImage& image, uint64_t bytes) {
  constexpr uint64_t kBlock = 64 * kSectorSize;
  uint32_t sum = 0;
  std::vector<std::byte> block;
  for (uint64_t at = 0; at < bytes; at += kBlock) {
    const auto now = static_cast<size_t>(std::min(kBlock, bytes - at));
    block.resize(sectors_for(now) * kSectorSize);
    reader_.read(image.lba + at / kSectorSize, block);
    std::fill(block.begin() + static_cast<std::ptrdiff_t>(now), block.end(), std::byte{0});
    for (size_t i = at == 0 ? kBootInfoEnd : 0; i < now; i += 4) {
      Le32 word;
      if (load(block, i, word)) sum += word;
    }
  }
  return sum;
}

std::vector<std::byte> BootImages::start_of(const BootImage& image, size_t sectors) {
  std::vector<std::byte> bytes(std::min<uint64_t>(sectors, reader_.sectors() - image.lba) * kSectorSize);
  if (!reader_.read(image.lba, bytes)) bytes.clear();
  return bytes;
}

}  // namespace fsi
