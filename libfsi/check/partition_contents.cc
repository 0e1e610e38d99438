#include "libfsi/check/partition_contents.h"

#include <algorithm>
#include <string_view>

#include "libfsi/disc/fat.h"
#include "libfsi/read/careful.h"

namespace fsi {

using namespace disc;

namespace {

class ContentsCheck {
 public:
  ContentsCheck(const PartitionTables& tables, const std::vector<BootImage>& images, const SectorSource& source, bool own, IssueLog& log)
      : tables_(tables), images_(images), own_(own), reader_(source, log), log_(log) {}

  void run() {
    if (!tables_.has_mbr) return;
    check_boot_code();
    for (const DiskPartition& partition : tables_.partitions)
      if (partition.efi) check_efi(partition);
  }

 private:
  void fault(const char* what, const char* clause, Lba at, const char* name, std::string detail) {
    log_.report(what, [&] {
      return Issue{.where = {at, 1}, .paths = {{.path = name, .is_structure = true}}, .clause = clause, .detail = std::move(detail)};
    });
  }

  static std::string position_text(uint64_t block) {
    return "block " + std::to_string(block) + " (LBA " + std::to_string(block / kBlocksPerSector) +
           (block % kBlocksPerSector ? " and " + std::to_string(block % kBlocksPerSector) + " blocks)" : ")");
  }

  // Boot code that we know says at byte 432 where it goes on.
  void check_boot_code() {
    const std::string_view code(reinterpret_cast<const char*>(tables_.mbr.code), kBootPositionOffset);
    const bool isolinux = code.find("isolinux.bin missing or corrupt") != code.npos;
    const bool grub2 = code.find("GRUB ") != code.npos;
    Le64 position;
    if ((!isolinux && !grub2) || !load(bytes_of(tables_.mbr), kBootPositionOffset, position)) return;
    const uint64_t skipped = grub2 ? kBlocksPerSector : 0;  // GRUB's own part for discs
    std::string there;
    for (const BootImage& image : images_) {
      if (!image.is_bios() || image.emulated()) continue;
      if (position == uint64_t{image.lba} * kBlocksPerSector + skipped) return;
      there += (there.empty() ? "" : ", ") + position_text(uint64_t{image.lba} * kBlocksPerSector + skipped);
    }
    fault("the boot code of the master boot record loads no boot image", isolinux ? "isolinux, isohybrid" : "GRUB 2, boot_hybrid.img", 0,
          "master boot record",
          "it loads from " + position_text(position) + "; " +
              (there.empty() ? "there is no BIOS image without emulation" : "the boot images lead to " + there));
  }

  void check_efi(const DiskPartition& partition) {
    const char* table = partition.in_gpt ? "GUID partition table" : "master boot record";
    bool is_image = false;
    for (const BootImage& image : images_) {
      if (!image.is_efi()) continue;
      const uint64_t at = uint64_t{image.lba} * kBlocksPerSector;
      is_image |= at == partition.first;
      if (at != partition.first && at >= partition.first && at < partition.end())
        return fault("an EFI system partition does not begin where its boot image does", "UEFI 13.3.2", partition.record, table,
                     partition.name() + "; " + image.name() + " begins at " + position_text(at));
    }
    if (own_ && !is_image)
      return fault("an EFI system partition does not begin where its boot image does", "UEFI 13.3.2", partition.record, table,
                   partition.name() + " is no UEFI image of the boot catalog");
    const uint64_t from = partition.first / kBlocksPerSector, offset = partition.first % kBlocksPerSector * kDiskBlock;
    std::vector<std::byte> bytes(2 * kSectorSize);
    reader_.read(from, bytes);
    const auto start = std::span(bytes).subspan(offset, kDiskBlock);
    if (const std::string why = why_not_fat(start); !why.empty())
      return fault("an EFI system partition is no FAT file system", "UEFI 13.3.1", static_cast<Lba>(from), table,
                   partition.name() + ": " + why);
    if (const auto size = size_of_fat(start); *size > partition.count * kDiskBlock)
      fault("an EFI system partition is smaller than its file system", "UEFI 13.3.1", partition.record, table,
            partition.name() + ": its FAT file system takes " + std::to_string(*size / kDiskBlock) + " blocks");
  }

  const PartitionTables& tables_;
  const std::vector<BootImage>& images_;
  const bool own_;
  CarefulReader reader_;
  IssueLog& log_;
};

}  // namespace

void check_partition_contents(const PartitionTables& tables, const std::vector<BootImage>& images, const SectorSource& source, bool own,
                              IssueLog& log) {
  ContentsCheck(tables, images, source, own, log).run();
}

}  // namespace fsi
