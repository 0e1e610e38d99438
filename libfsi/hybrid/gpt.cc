#include "libfsi/hybrid/gpt.h"

#include <zlib.h>

#include <cassert>
#include <cstring>

#include "libfsi/base/digest.h"
#include "libfsi/disc/mbr.h"

namespace fsi {

namespace {

disc::GptEntry entry_of(const GptPartition& partition) {
  disc::GptEntry entry;
  entry.type = partition.type;
  entry.unique = partition.unique;
  entry.first_lba = partition.first;
  entry.last_lba = partition.first + partition.count - 1;
  entry.attributes = partition.attributes;
  for (size_t i = 0; i < partition.name.size() && i < std::size(entry.name); ++i)
    entry.name[i] = static_cast<unsigned char>(partition.name[i]);
  return entry;
}

disc::GptHeader header_of(uint64_t blocks, const disc::Guid& disk, std::span<const std::byte> entries, bool backup) {
  disc::GptHeader header;
  header.my_lba = backup ? blocks - 1 : 1;
  header.alternate_lba = backup ? 1 : blocks - 1;
  header.first_usable_lba = kGptFirstUsable;
  header.last_usable_lba = blocks - kGptBackupBlocks - 1;
  header.disk_guid = disk;
  header.entries_lba = backup ? blocks - kGptBackupBlocks : 2;
  header.entry_count = disc::kGptEntries;
  header.entries_crc32 = gpt_crc(entries);
  header.header_crc32 = gpt_crc(bytes_of(header));
  return header;
}

}  // namespace

Gpt make_gpt(uint64_t blocks, const disc::Guid& disk, std::span<const GptPartition> partitions) {
  assert(partitions.size() <= disc::kGptEntries);
  std::vector<std::byte> entries(disc::kGptEntryBlocks * disc::kDiskBlock);
  for (size_t i = 0; i < partitions.size(); ++i) {
    const disc::GptEntry entry = entry_of(partitions[i]);
    std::memcpy(entries.data() + i * sizeof entry, &entry, sizeof entry);
  }
  auto block_of = [&](bool backup) {
    const disc::GptHeader header = header_of(blocks, disk, entries, backup);
    std::vector<std::byte> block(disc::kDiskBlock);
    std::memcpy(block.data(), &header, sizeof header);
    return block;
  };
  Gpt gpt{block_of(false), entries};
  gpt.primary.insert(gpt.primary.end(), entries.begin(), entries.end());
  const auto last = block_of(true);
  gpt.backup.insert(gpt.backup.end(), last.begin(), last.end());
  return gpt;
}

disc::Guid guid_of(std::string_view seed) {
  const Digest digest = digest_of(DigestKind::sha256, std::as_bytes(std::span(seed)));
  disc::Guid guid;
  static_assert(sizeof guid <= sizeof digest);
  std::memcpy(&guid, digest.data(), sizeof guid);
  guid.time_high_and_version = (guid.time_high_and_version & 0x0FFFu) | 0x4000u;
  guid.rest[0] = static_cast<unsigned char>((guid.rest[0] & 0x3Fu) | 0x80u);
  return guid;
}

uint32_t gpt_crc(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace fsi
