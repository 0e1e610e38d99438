#include "librecorder/plan/source_facts.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "libfsi/base/wire.h"

namespace rec {

using fsi::kSectorSize;
using fsi::load;

namespace {
constexpr size_t kFirstDescriptor = 16;  // ECMA-119 6.2.1, ECMA-167 2/8.3: the system area is 16 sectors
constexpr size_t kMostDescriptors = 64;

std::string_view text(std::span<const std::byte> head, size_t at, size_t length) {
  if (at > head.size() || head.size() - at < length) return {};
  return {reinterpret_cast<const char*>(head.data() + at), length};
}

void look_for_iso9660(SourceFacts& facts, std::span<const std::byte> head) {
  for (size_t sector = kFirstDescriptor; sector < kFirstDescriptor + kMostDescriptors; ++sector) {
    const size_t at = sector * kSectorSize;
    if (text(head, at + 1, 5) != "CD001") return;
    const auto type = std::to_integer<uint8_t>(head[at]);
    if (type == 255) return;
    if (type != 1) continue;
    fsi::Both32 space, root;
    fsi::Both16 block;
    fsi::Le32 table;
    // ECMA-119 8.4: bytes 81-88, 129-132, 141-144, and the extent of the root's record at 157-190.
    if (!load(head, at + 80, space) || !load(head, at + 128, block) || !load(head, at + 140, table) || !load(head, at + 158, root)) return;
    if (!space.agree() || !block.agree() || space.little() == 0) return;
    const uint16_t block_size = block.little();
    if (block_size != 512 && block_size != 1024 && block_size != kSectorSize) return;
    facts.volume_sectors = fsi::sectors_for(uint64_t{space.little()} * block_size);
    if (root.agree() && root.little() != 0)
      facts.root_directory = static_cast<fsi::Lba>(uint64_t{root.little()} * block_size / kSectorSize);
    if (table.get() != 0) facts.path_table = static_cast<fsi::Lba>(uint64_t{table.get()} * block_size / kSectorSize);
    return;
  }
}

bool has_nsr(std::span<const std::byte> head) {
  for (size_t sector = kFirstDescriptor; sector < kFirstDescriptor + kMostDescriptors; ++sector) {
    const auto id = text(head, sector * kSectorSize + 1, 5);
    if (id == "NSR02" || id == "NSR03") return true;
    if (id != "BEA01" && id != "CD001" && id != "BOOT2" && id != "CDW02") return false;
  }
  return false;
}

void look_for_udf(SourceFacts& facts, std::span<const std::byte> head) {
  if (!has_nsr(head)) return;
  const auto tag_at = [&](size_t sector) -> uint16_t {
    fsi::Le16 tag;
    return load(head, sector * kSectorSize, tag) ? tag.get() : 0;
  };
  // ECMA-167 3/10.2: anchor at 256, tag 2; main volume descriptor sequence: length at 16, location at 20.
  fsi::Le32 length, location;
  constexpr size_t kAnchor = 256 * kSectorSize;
  if (tag_at(256) != 2 || !load(head, kAnchor + 16, length) || !load(head, kAnchor + 20, location)) return;
  const uint64_t count = std::min<uint64_t>(length.get() / kSectorSize, kMostDescriptors);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t sector = uint64_t{location.get()} + i;
    if (sector >= kPeekSectors) return;
    const uint16_t tag = tag_at(static_cast<size_t>(sector));
    if (tag == 8) return;
    fsi::Le32 start, sectors;
    // 3/10.5, tag 5: partition starting location at 188, length at 192.
    if (tag != 5 || !load(head, static_cast<size_t>(sector) * kSectorSize + 188, start) ||
        !load(head, static_cast<size_t>(sector) * kSectorSize + 192, sectors))
      continue;
    facts.volume_at_least = uint64_t{start.get()} + sectors.get();
  }
}
}  // namespace

std::optional<uint64_t> end_by_anchor(std::span<const std::byte> head, uint64_t first, std::span<const std::byte> behind) {
  constexpr size_t kAnchor = 256 * kSectorSize, kExtents = 16, kExtentBytes = 16;  // 3/10.2: both sequences, at 16
  if (head.size() < kAnchor + kSectorSize) return std::nullopt;
  for (uint64_t i = behind.size() / kSectorSize; i-- > 0;) {
    const size_t at = static_cast<size_t>(i) * kSectorSize;
    fsi::Le16 tag;
    fsi::Le32 location;  // 3/7.2.8: at 12
    if (!load(behind, at, tag) || !load(behind, at + 12, location) || tag != 2 || location != first + i) continue;
    // One of an older volume that lay here leads elsewhere.
    if (std::ranges::equal(behind.subspan(at + kExtents, kExtentBytes), head.subspan(kAnchor + kExtents, kExtentBytes)))
      return first + i + 1;
  }
  return std::nullopt;
}

SourceFacts source_facts(std::string name, std::optional<uint64_t> bytes, std::span<const std::byte> head) {
  SourceFacts facts;
  facts.name = std::move(name);
  facts.bytes = bytes;
  constexpr std::string_view kSync("\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00", 12);  // ECMA-130 14
  facts.raw_sectors = text(head, 0, kSync.size()) == kSync;
  look_for_iso9660(facts, head);
  if (!facts.volume_sectors) look_for_udf(facts, head);
  // A stream that has ended already is as long as what was seen; if its volume is all there, that is what counts.
  const bool ended = !bytes && head.size() < kPeekSectors * kSectorSize;
  if (ended && !(facts.volume_sectors && *facts.volume_sectors * kSectorSize <= head.size())) facts.bytes = head.size();
  return facts;
}

}  // namespace rec
