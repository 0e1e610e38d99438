#include "libfsi/hybrid/hybrid.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/base/words.h"
#include "libfsi/disc/eltorito.h"

namespace fsi {

namespace {

constexpr uint64_t kBlocksPerSector = kSectorSize / disc::kDiskBlock;
// What an image is to a partitioner: nobody's to write, hide or mount by itself (UEFI 2.10 table 5.7 and Microsoft's bits for basic data).
constexpr uint64_t kRequired = uint64_t{1} << 0, kReadOnly = uint64_t{1} << 60, kHiddenPart = uint64_t{1} << 62,
                   kNoDriveLetter = uint64_t{1} << 63;
constexpr uint8_t kTypeIso9660 = 0xCD;

[[noreturn]] void usage(const std::string& what, const std::string& why) { throw Error(ErrorKind::usage, "--hybrid", what, why); }

// Cylinders, heads and sectors as BIOSes translate them: 255 heads, 63 sectors; what does not fit is all ones.
disc::ChsAddress chs_of(uint64_t block) {
  const uint64_t cylinder = block / (255 * 63);
  if (cylinder > 1023) return {{0xFE, 0xFF, 0xFF}};
  const uint64_t head = block / 63 % 255, sector = block % 63 + 1;
  return {{static_cast<unsigned char>(head), static_cast<unsigned char>(sector | (cylinder >> 2 & 0xC0)),
           static_cast<unsigned char>(cylinder)}};
}

disc::MbrPartition partition_of(uint8_t status, uint8_t type, uint64_t first, uint64_t count) {
  disc::MbrPartition partition;
  partition.status = status;
  partition.type = type;
  partition.first_lba = first;
  partition.count = std::min<uint64_t>(count, UINT32_MAX);
  partition.first = chs_of(first);
  partition.last = chs_of(first + count - 1);
  return partition;
}

}  // namespace

HybridOptions parse_hybrid(std::string_view text) {
  HybridOptions options;
  for (const std::string& word : split_words(text)) {
    if (word == "gpt")
      options.gpt = true;
    else if (word == "mbr" || word == "mbr=")
      usage("reading the option",
            "mbr= needs the file with the boot code: isohdpfx.bin of isolinux (Debian: /usr/lib/ISOLINUX/isohdpfx.bin) or "
            "boot_hybrid.img of GRUB 2 (/usr/lib/grub/i386-pc/boot_hybrid.img)");
    else if (word.starts_with("mbr="))
      options.mbr_file = word.substr(4);
    else
      usage("reading the option", "\"" + printable(word) + "\" is not one of mbr=FILE, gpt");
  }
  return options;
}

Hybrid::Hybrid(const Volume& volume, const Layout& layout, const HybridOptions& options, Images images)
    : volume_(volume), layout_(layout), options_(options), ask_images_(std::move(images)), area_(*this), backup_(*this) {
  if (!options_.mbr_file.empty()) code_ = read_boot_code(options_.mbr_file);
}

void Hybrid::prepare() {
  const std::string what = "making the image start from a disk";
  images_ = ask_images_();
  const auto efi = std::find_if(images_.begin(), images_.end(), [](const HybridImage& i) { return i.platform == disc::kPlatformEfi; });
  if (!code_ && efi == images_.end())
    usage(
        what,
        "a GUID partition table alone starts nothing: add an EFI boot image (--boot …,platform=efi or --efi-dir), or mbr=FILE for a BIOS");
  if (!code_) return;

  const auto bios =
      std::find_if(images_.begin(), images_.end(), [](const HybridImage& i) { return i.platform == disc::kPlatformX86 && !i.emulated; });
  if (bios == images_.end()) usage(what, code_->file + " needs a BIOS boot image without emulation to load: add --boot PATH");
  bios_ = &*bios;
  if (code_->kind == BootCodeKind::grub2 && !bios->grub2)
    usage(what, "GRUB's boot code loads " + bios->name + ", which must know where it lies: add the words info-table,grub2 to its --boot");
  if (code_->kind == BootCodeKind::isolinux) {
    // isolinux.bin says at byte 64 that it can be started so (doc/isolinux.txt, "ISOHYBRID").
    Le32 mark;
    std::byte bytes[sizeof mark]{};
    const bool long_enough = bios->bytes >= disc::kBootInfoEnd + sizeof mark;
    if (long_enough) bios->read(disc::kBootInfoEnd, bytes);
    if (!long_enough || !bios->info_table || !load(bytes, 0, mark) || mark != 0x7078C0FB)
      usage(what, "isolinux's boot code loads only isolinux.bin with its boot-info table, and " + bios->name +
                      (bios->info_table ? " is none" : " gets no table: add the word info-table to its --boot"));
  }
}

std::vector<Region*> Hybrid::regions() {
  std::vector<Region*> regions{&area_, &padding_};
  if (options_.gpt) regions.push_back(&backup_);
  return regions;
}

Hybrid::Blocks Hybrid::blocks_of(const Extent& extent) const {
  return {(extent.first - uint64_t{layout_.session_start}) * kBlocksPerSector, extent.sectors() * kBlocksPerSector};
}

uint64_t Hybrid::disk_blocks() const { return layout_.sectors() * kBlocksPerSector; }

std::vector<Hybrid::Blocks> Hybrid::efi_blocks() const {
  std::vector<Blocks> found;
  for (const HybridImage& image : images_)
    if (image.platform == disc::kPlatformEfi) found.push_back(blocks_of(image.where()));
  std::sort(found.begin(), found.end(), [](const Blocks& a, const Blocks& b) { return a.first < b.first; });
  found.erase(std::unique(found.begin(), found.end(), [](const Blocks& a, const Blocks& b) { return a.first == b.first; }), found.end());
  return found;
}

// The same volume gets the same identifiers, another volume others.
std::string Hybrid::seed(std::string_view what) const {
  std::string text = "discpress ";
  text.append(what).append("\n").append(volume_.volume_id).append("\n").append(std::to_string(volume_.created));
  return text.append("\n").append(std::to_string(layout_.sectors()));
}

disc::MasterBootRecord Hybrid::boot_record() const {
  disc::MasterBootRecord record;
  if (code_) {
    std::copy(code_->bytes.begin(), code_->bytes.end(), record.code);
    const Le64 position = code_->position(blocks_of(bios_->where()).first);
    std::memcpy(record.code + disc::kBootPositionOffset, &position, sizeof position);
  }
  const disc::Guid random = guid_of(seed("boot record"));
  record.signature = random.time_low.get();

  const uint64_t blocks = disk_blocks();
  if (options_.gpt) {
    record.partitions[0] = partition_of(0, disc::kTypeProtective, 1, blocks - 1);  // UEFI 2.10 table 5.4
    // Some BIOSes start only a disk with an active partition; one of type "empty" disturbs nobody else.
    if (code_) record.partitions[1] = partition_of(disc::kActive, disc::kTypeEmpty, 0, 1);
    return record;
  }
  // Without a GUID partition table: one partition over all of it. When an EFI system partition lies inside, edk2 wants no other that
  // overlaps, so the outer one is of type "empty" then.
  const std::vector<Blocks> efi = efi_blocks();
  const bool isolinux = code_ && code_->kind == BootCodeKind::isolinux;
  const uint64_t first = isolinux ? 0 : 1;
  const uint8_t type = !efi.empty() ? disc::kTypeEmpty : isolinux ? disc::kTypeHiddenNtfs : kTypeIso9660;
  record.partitions[0] = partition_of(disc::kActive, type, first, blocks - first);
  for (size_t i = 0; i < efi.size() && i + 1 < std::size(record.partitions); ++i)
    record.partitions[i + 1] = partition_of(0, disc::kTypeEfi, efi[i].first, efi[i].count);
  return record;
}

// EFI system partitions, and what lies between them: the volume, and what a partitioner must not take for free.
Gpt Hybrid::gpt() const {
  const uint64_t blocks = disk_blocks(), end = blocks - kGptBackupBlocks;
  std::vector<GptPartition> partitions;
  auto add = [&](const disc::Guid& type, uint64_t first, uint64_t last, uint64_t attributes, std::string name) {
    if (first >= last) return;
    const disc::Guid unique = guid_of(seed("partition " + std::to_string(partitions.size())));
    partitions.push_back({type, unique, first, last - first, attributes, std::move(name)});
  };
  uint64_t next = kGptFirstUsable;
  auto add_gap = [&](uint64_t last) {
    const bool volume = next == kGptFirstUsable;
    add(disc::kBasicData, next, last, kRequired | kReadOnly | (volume ? 0 : kHiddenPart | kNoDriveLetter),
        volume ? "ISO9660" : "ISO9660 rest");
  };
  for (const Blocks& efi : efi_blocks()) {
    if (partitions.size() + 3 > disc::kGptEntries) break;
    add_gap(efi.first);
    add(disc::kEfiSystemPartition, efi.first, efi.first + efi.count, 0, "EFI system");
    next = efi.first + efi.count;
  }
  add_gap(end);
  return make_gpt(blocks, guid_of(seed("disk")), partitions);
}

Hybrid::SystemArea::SystemArea(const Hybrid& owner) : owner_(owner) { zone = Zone::fixed; }

std::string Hybrid::SystemArea::what() const {
  return std::string("system area: master boot record") + (owner_.options_.gpt ? ", GUID partition table" : "");
}

void Hybrid::SystemArea::render(uint64_t first, std::span<std::byte> out) const {
  std::vector<std::byte> area(disc::kFirstDescriptor * kSectorSize);
  const disc::MasterBootRecord record = owner_.boot_record();
  std::memcpy(area.data(), &record, sizeof record);
  if (owner_.options_.gpt) {
    const Gpt gpt = owner_.gpt();
    std::copy(gpt.primary.begin(), gpt.primary.end(), area.begin() + disc::kDiskBlock);
  }
  std::memcpy(out.data(), area.data() + first * kSectorSize, out.size());
}

Hybrid::Backup::Backup(const Hybrid& owner) : owner_(owner) {
  zone = Zone::closing;
  fixed_at = (kGptBackupBlocks + kBlocksPerSector - 1) / kBlocksPerSector;
}

void Hybrid::Backup::render(uint64_t first, std::span<std::byte> out) const {
  const std::vector<std::byte> backup = owner_.gpt().backup;
  std::vector<std::byte> area(fixed_at * kSectorSize);
  std::copy(backup.begin(), backup.end(), area.end() - static_cast<ptrdiff_t>(backup.size()));
  std::memcpy(out.data(), area.data() + first * kSectorSize, out.size());
}

}  // namespace fsi
