#include "libfsi/check/partition_tables.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "libfsi/base/digest.h"
#include "libfsi/read/careful.h"

namespace fsi {

using namespace disc;

namespace {

constexpr const char* kMbrName = "master boot record";
constexpr const char* kGptName = "GUID partition table";
constexpr uint64_t kMostEntryBytes = 1 << 20;

uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::string hex_number(uint32_t number) {
  const Be32 bytes = number;
  return "0x" + hex(bytes_of(bytes));
}

bool equal(const Guid& a, const Guid& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

struct GptHalf {
  GptHeader header;
  std::vector<std::byte> entries{};
};

class TableReader {
 public:
  TableReader(const SectorSource& source, IssueLog& log) : reader_(source, log), log_(log), blocks_(source.sectors() * kBlocksPerSector) {}

  PartitionTables run() {
    if (blocks_ == 0) return {};
    const auto sector = reader_.cached(0);
    if (sector.empty() || !load(sector, 0, tables_.mbr) || tables_.mbr.key_55 != 0x55 || tables_.mbr.key_aa != 0xAA) return {};
    tables_.has_mbr = true;
    read_gpt();
    read_mbr();
    return std::move(tables_);
  }

 private:
  void fault(const char* what, const char* name, const char* clause, uint64_t block, std::string detail,
             Severity severity = Severity::error) {
    log_.report(what, [&] {
      return Issue{.severity = severity,
                   .where = {block / kBlocksPerSector, 1},
                   .paths = {{.path = name, .is_structure = true}},
                   .clause = clause,
                   .detail = std::move(detail)};
    });
  }

  // ---- master boot record ----

  void read_mbr() {
    std::vector<DiskPartition> used;
    const MbrPartition* protective = nullptr;
    for (unsigned i = 0; i < std::size(tables_.mbr.partitions); ++i) {
      const MbrPartition& p = tables_.mbr.partitions[i];
      if (p.count == 0) continue;
      const std::string name = "partition " + std::to_string(i + 1);
      if (p.status != 0 && p.status != kActive)
        fault("the status of a partition is neither active nor not", kMbrName, "UEFI 5.2.1", 0, name + ": " + std::to_string(p.status));
      if (p.type == kTypeProtective) {
        protective = &p;
        continue;
      }
      const DiskPartition partition{.number = i + 1, .first = p.first_lba, .count = p.count, .efi = p.type == kTypeEfi};
      if (partition.end() > blocks_)
        fault("a partition reaches beyond the end", kMbrName, "UEFI 5.2.1", 0,
              partition.name() + ", there are " + std::to_string(blocks_) + " blocks");
      else
        tables_.partitions.push_back(partition);
      // One of type "empty" around another disturbs nobody: that is how isohybrid nests them.
      if (p.type != kTypeEmpty) used.push_back(partition);
    }
    check_overlaps(used, kMbrName, "UEFI 5.2.1");
    if (protective)
      check_protective(*protective);
    else if (gpt_seen_)
      // isohybrid does without.
      fault("a GUID partition table has no protective partition", kMbrName, "UEFI 5.2.3", 0,
            "firmware takes the disk for one of MBR partitions", Severity::warning);
  }

  void check_protective(const MbrPartition& p) {
    if (!gpt_seen_)
      return fault("a protective partition protects nothing", kMbrName, "UEFI 5.2.3", 0,
                   "there is no GUID partition table in block 1 or the last one");
    if (p.first_lba != 1)
      fault("the protective partition does not begin with block 1", kMbrName, "UEFI 5.2.3", 0,
            "it begins with block " + std::to_string(p.first_lba) + ": edk2 ignores the GUID partition table then");
    if (p.count != UINT32_MAX && gpt_end_ != 0 && uint64_t{p.first_lba} + p.count != std::min<uint64_t>(gpt_end_, UINT32_MAX))
      fault("the protective partition does not cover the disk", kMbrName, "UEFI 5.2.3", 0,
            std::to_string(p.count) + " blocks, the GUID partition table ends before block " + std::to_string(gpt_end_), Severity::warning);
  }

  void check_overlaps(std::vector<DiskPartition> partitions, const char* table, const char* clause) {
    std::ranges::sort(partitions, {}, &DiskPartition::first);
    for (size_t i = 1; i < partitions.size(); ++i)
      if (partitions[i].first < partitions[i - 1].end())
        fault("partitions overlap", table, clause, uint64_t{partitions[i].record} * kBlocksPerSector,
              partitions[i - 1].name() + " and " + partitions[i].name(), Severity::warning);
  }

  // ---- GUID partition table ----

  bool read_blocks(uint64_t first, std::span<std::byte> out) {
    const uint64_t from = first / kBlocksPerSector, end = (first * kDiskBlock + out.size() + kSectorSize - 1) / kSectorSize;
    if (end > reader_.sectors()) return false;
    std::vector<std::byte> sectors((end - from) * kSectorSize);
    if (!reader_.read(from, sectors)) return false;
    std::memcpy(out.data(), sectors.data() + first % kBlocksPerSector * kDiskBlock, out.size());
    return true;
  }

  std::optional<std::vector<std::byte>> header_block(uint64_t block) {
    std::vector<std::byte> bytes(kDiskBlock);
    if (!read_blocks(block, bytes) || std::memcmp(bytes.data(), "EFI PART", 8) != 0) return std::nullopt;
    return bytes;
  }

  // A header and its entries when both can be believed.
  std::optional<GptHalf> read_half(uint64_t block, const char* which) {
    const auto bytes = header_block(block);
    GptHalf half;
    if (!bytes || !load(*bytes, 0, half.header)) return std::nullopt;
    GptHeader& header = half.header;
    auto complain = [&](const char* what, const std::string& detail) {
      fault(what, kGptName, "UEFI 5.3.2", block, std::string(which) + ": " + detail);
      return std::nullopt;
    };
    if (header.header_size < sizeof header || header.header_size > kDiskBlock)
      return complain("the header of a GUID partition table is damaged", "its size is " + std::to_string(header.header_size));
    std::vector<std::byte> blank(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(header.header_size));
    std::fill_n(blank.begin() + offsetof(GptHeader, header_crc32), 4, std::byte{0});
    if (crc_of(blank) != header.header_crc32)
      return complain("the CRC of a GUID partition table's header is wrong",
                      hex_number(header.header_crc32) + " recorded, " + hex_number(crc_of(blank)) + " computed");
    if (header.my_lba != block)
      complain("the header of a GUID partition table does not know where it is",
               "block " + std::to_string(header.my_lba) + " instead of " + std::to_string(block));
    const uint64_t size = uint64_t{header.entry_count} * header.entry_size;
    if (header.entry_size < sizeof(GptEntry) || size > kMostEntryBytes)
      return complain("the entries of a GUID partition table cannot be read",
                      std::to_string(header.entry_count) + " of " + std::to_string(header.entry_size) + " bytes");
    half.entries.resize(size);
    if (header.entries_lba >= blocks_ || !read_blocks(header.entries_lba, half.entries))
      return complain("the entries of a GUID partition table cannot be read", "they begin at block " + std::to_string(header.entries_lba));
    if (crc_of(half.entries) != header.entries_crc32)
      return complain("the CRC of a GUID partition table's entries is wrong",
                      hex_number(header.entries_crc32) + " recorded, " + hex_number(crc_of(half.entries)) + " computed");
    if (header.first_usable_lba > header.last_usable_lba || header.last_usable_lba >= blocks_)
      complain("the usable blocks of a GUID partition table are none",
               std::to_string(header.first_usable_lba) + ".." + std::to_string(header.last_usable_lba) + " of " + std::to_string(blocks_));
    return half;
  }

  void read_gpt() {
    const bool at_start = header_block(1).has_value(), at_end = blocks_ > 2 && header_block(blocks_ - 1).has_value();
    gpt_seen_ = at_start || at_end;
    if (!gpt_seen_) return;
    const auto primary = at_start ? read_half(1, "primary") : std::nullopt;
    if (!at_start) fault("the primary GUID partition table is missing", kGptName, "UEFI 5.3.2", 1, "its backup is in the last block");
    const uint64_t backup_at = primary ? primary->header.alternate_lba.get() : blocks_ - 1;
    std::optional<GptHalf> backup;
    if (backup_at <= 1 || backup_at >= blocks_ || !header_block(backup_at))
      fault("the backup of the GUID partition table is missing", kGptName, "UEFI 5.3.2", primary ? 1 : backup_at,
            "no header in block " + std::to_string(backup_at) + " of " + std::to_string(blocks_));
    else
      backup = read_half(backup_at, "backup");
    if (primary && backup) compare_halves(*primary, *backup, backup_at);
    if (const auto& half = primary ? primary : backup) {
      tables_.has_gpt = true;
      gpt_end_ = (primary ? backup_at : blocks_ - 1) + 1;
      read_entries(*half);
    }
  }

  void compare_halves(const GptHalf& primary, const GptHalf& backup, uint64_t backup_at) {
    auto differ = [&](const char* field) {
      fault("the GUID partition table and its backup differ", kGptName, "UEFI 5.3.2", backup_at, field);
    };
    if (backup.header.alternate_lba != 1) differ("the backup does not lead back to block 1");
    if (!equal(primary.header.disk_guid, backup.header.disk_guid)) differ("disk GUID");
    if (primary.header.first_usable_lba != backup.header.first_usable_lba ||
        primary.header.last_usable_lba != backup.header.last_usable_lba)
      differ("usable blocks");
    if (primary.entries != backup.entries) differ("entries");
  }

  void read_entries(const GptHalf& half) {
    std::vector<DiskPartition> used;
    for (unsigned i = 0; i < half.header.entry_count; ++i) {
      GptEntry entry;
      const size_t at = size_t{i} * half.header.entry_size;
      if (!load(half.entries, at, entry) || equal(entry.type, Guid{})) continue;
      const uint64_t block = half.header.entries_lba + at / kDiskBlock;
      const std::string range = std::to_string(entry.first_lba) + ".." + std::to_string(entry.last_lba);
      if (entry.first_lba > entry.last_lba) {
        fault("a partition ends before it begins", kGptName, "UEFI 5.3.3", block,
              "partition " + std::to_string(i + 1) + ": blocks " + range);
        continue;
      }
      const DiskPartition partition{.number = i + 1,
                                    .first = entry.first_lba,
                                    .count = entry.last_lba - entry.first_lba + 1,
                                    .efi = equal(entry.type, kEfiSystemPartition),
                                    .record = static_cast<Lba>(block / kBlocksPerSector),
                                    .in_gpt = true};
      if (entry.last_lba >= blocks_) {
        fault("a partition reaches beyond the end", kGptName, "UEFI 5.3.3", block,
              partition.name() + ", there are " + std::to_string(blocks_) + " blocks");
        continue;
      }
      if (entry.first_lba < half.header.first_usable_lba || entry.last_lba > half.header.last_usable_lba)
        // isohybrid lets one begin with block 0, which is all of the volume.
        fault("a partition lies outside the usable blocks", kGptName, "UEFI 5.3.3", block,
              partition.name() + ", usable are " + std::to_string(half.header.first_usable_lba) + ".." +
                  std::to_string(half.header.last_usable_lba),
              Severity::warning);
      used.push_back(partition);
    }
    check_overlaps(used, kGptName, "UEFI 5.3.3");
    tables_.partitions.insert(tables_.partitions.end(), used.begin(), used.end());
  }

  CarefulReader reader_;
  IssueLog& log_;
  const uint64_t blocks_;
  PartitionTables tables_;
  bool gpt_seen_ = false;
  uint64_t gpt_end_ = 0;  // the block behind the backup
};

}  // namespace

std::string DiskPartition::name() const {
  return std::string(in_gpt ? "GPT" : "MBR") + " partition " + std::to_string(number) + " (blocks " + std::to_string(first) + ".." +
         std::to_string(end() - 1) + ")";
}

PartitionTables read_partition_tables(const SectorSource& source, IssueLog& log) { return TableReader(source, log).run(); }

}  // namespace fsi
