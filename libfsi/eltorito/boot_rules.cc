#include "libfsi/eltorito/boot_rules.h"

#include "libfsi/base/error.h"
#include "libfsi/disc/eltorito.h"
#include "libfsi/disc/fat.h"
#include "libfsi/disc/mbr.h"

namespace fsi {

namespace {

struct Floppy {
  uint64_t bytes;
  disc::BootMedia media;
};
constexpr Floppy kFloppies[] = {{1200 * 1024, disc::kFloppy1200}, {1440 * 1024, disc::kFloppy1440}, {2880 * 1024, disc::kFloppy2880}};

// What INT 13h can address: 1024 cylinders, 255 heads, 63 sectors.
constexpr uint64_t kMaxHardDiskBlocks = uint64_t{1024} * 255 * 63;
// A BIOS loads below 640 KiB, and VirtualBox's refuses more than this (formats.md 2.1).
constexpr uint64_t kMaxBiosBlocks = 1024;

[[noreturn]] void fail(const std::string& where, const std::string& why) {
  throw Error(ErrorKind::usage, where, "making it bootable", why);
}

const Floppy* floppy_of(uint64_t bytes) {
  for (const Floppy& floppy : kFloppies)
    if (floppy.bytes == bytes) return &floppy;
  return nullptr;
}

bool may_be_floppy(const BootEntry& entry) {
  return entry.emulation == Emulation::floppy || (entry.emulation == Emulation::automatic && entry.is_x86() && !entry.load_size &&
                                                  !entry.load_segment && !entry.info_table && !entry.grub2);
}

// El Torito 2.2: the image holds a master boot record with a single partition.
uint8_t hard_disk_type(uint64_t bytes, std::span<const std::byte> start, const std::string& where) {
  disc::MasterBootRecord mbr;
  if (!load(start, 0, mbr) || mbr.key_55 != 0x55 || mbr.key_aa != 0xAA)
    fail(where, "hard disk emulation needs an image that begins with a master boot record; use emulation=none or floppy");
  if (bytes / disc::kDiskBlock > kMaxHardDiskBlocks)
    fail(where, "it is too large for hard disk emulation: a BIOS addresses at most " +
                    std::to_string(kMaxHardDiskBlocks * disc::kDiskBlock) + " bytes");
  const disc::MbrPartition* only = nullptr;
  for (const disc::MbrPartition& partition : mbr.partitions) {
    if (partition.type == disc::kTypeEmpty) continue;
    if (only) fail(where, "hard disk emulation allows one partition in the image, and it has several");
    only = &partition;
  }
  if (!only) fail(where, "hard disk emulation needs a partition in the image, and it has none");
  if ((uint64_t{only->first_lba} + only->count) * disc::kDiskBlock > bytes)
    fail(where, "it is cut off: its partition reaches past its end (" + std::to_string(bytes) + " bytes)");
  return only->type;
}

uint16_t no_emulation_size(const BootEntry& entry, uint64_t bytes, const std::string& where) {
  if (entry.load_size) return *entry.load_size;
  const uint64_t blocks = (bytes + disc::kVirtualSector - 1) / disc::kVirtualSector;
  if (!entry.is_x86()) return static_cast<uint16_t>(blocks > 0xFFFF ? 0 : blocks);
  if (entry.info_table || entry.grub2) return kSectorSize / disc::kVirtualSector;
  const uint64_t whole = sectors_for(bytes) * (kSectorSize / disc::kVirtualSector);
  if (whole > kMaxBiosBlocks)
    fail(where, "it is too large for a BIOS to load whole (" + std::to_string(bytes) +
                    " bytes, at most 524288); add info-table if it loads the rest itself, as isolinux and GRUB do, or say load-size=N");
  return static_cast<uint16_t>(whole);
}

void check_boot_information(const BootEntry& entry, uint64_t bytes, const std::string& where) {
  if (entry.info_table && bytes < disc::kBootInfoEnd)
    fail(where, "it is too small for a boot-info table (64 bytes); is it the right file?");
  if (entry.grub2 && bytes < disc::kGrub2Offset + sizeof(disc::Grub2BootInfo))
    fail(where, "it is too small to be a boot image of GRUB 2; is it the right file?");
  if (entry.info_table && bytes > kMaxPatchedImage)
    fail(where, "it is too large for a boot-info table (at most " + std::to_string(kMaxPatchedImage) + " bytes); is it the right file?");
}

}  // namespace

CatalogLine choose_line(const BootEntry& entry, uint64_t bytes, std::span<const std::byte> start, const std::string& where) {
  if (bytes == 0) fail(where, "it is empty");
  CatalogLine line;
  line.platform = entry.platform;
  line.load_segment = entry.load_segment;
  line.id = entry.id;
  if (may_be_floppy(entry)) {
    const Floppy* floppy = floppy_of(bytes);
    if (floppy) {
      line.media = floppy->media;
      line.sector_count = 1;
      return line;
    }
    if (entry.emulation == Emulation::floppy)
      fail(where, "its size (" + std::to_string(bytes) + " bytes) is no floppy's: 1228800, 1474560 or 2949120" +
                      (bytes > kFloppies[2].bytes ? "; too large for any, use emulation=hd or none" : ""));
  }
  if (entry.emulation == Emulation::hard_disk) {
    line.media = disc::kHardDisk;
    line.system_type = hard_disk_type(bytes, start, where);
    line.sector_count = 1;
    return line;
  }
  check_boot_information(entry, bytes, where);
  line.media = disc::kNoEmulation;
  line.sector_count = no_emulation_size(entry, bytes, where);
  return line;
}

std::string doubt_about(const BootEntry& entry, const CatalogLine& line, uint64_t bytes, std::span<const std::byte> start,
                        const std::string& where) {
  if (entry.is_efi() && line.media == disc::kNoEmulation) {
    if (const std::string why = disc::why_not_fat(start); !why.empty())
      return where + " is no FAT file system (" + why + "), and UEFI starts nothing else; is it the right file? Or use --efi-dir";
    if (const uint64_t whole = *disc::size_of_fat(start); whole > bytes)
      return where + " is cut off: its FAT file system takes " + std::to_string(whole) + " bytes, there are " + std::to_string(bytes);
  }
  const uint64_t blocks = sectors_for(bytes) * (kSectorSize / disc::kVirtualSector);
  if (line.media == disc::kNoEmulation && line.sector_count > blocks)
    return where + " has " + std::to_string(blocks) + " blocks of 512 bytes, and firmware is told to load " +
           std::to_string(line.sector_count) + "; it will load what follows on the disc too";
  return {};
}

}  // namespace fsi
