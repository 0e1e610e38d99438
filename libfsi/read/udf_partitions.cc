#include "libfsi/read/udf_partitions.h"

#include <algorithm>
#include <cstring>

namespace fsi {

std::span<const std::byte> UdfBlocks::block(uint64_t number) {
  if (number >= count()) return {};
  const uint64_t sector = sector_of(number);
  if (size_ <= kSectorSize) {
    const auto bytes = sectors_.cached(sector);
    return bytes.empty() ? bytes : bytes.subspan(number * size_ % kSectorSize, size_);
  }
  joined_.resize(size_);
  for (uint64_t i = 0; i < size_ / kSectorSize; ++i) {
    const auto bytes = sectors_.cached(sector + i);
    if (bytes.empty()) return {};
    std::memcpy(joined_.data() + i * kSectorSize, bytes.data(), kSectorSize);
  }
  return joined_;
}

bool UdfBlocks::read(uint64_t first_byte, std::span<std::byte> out) {
  if (first_byte % kSectorSize == 0 && out.size() % kSectorSize == 0) return sectors_.read(first_byte / kSectorSize, out);
  const uint64_t first = first_byte / kSectorSize;
  const size_t inside = first_byte % kSectorSize;
  whole_.resize(sectors_for(inside + out.size()) * kSectorSize);
  const bool good = sectors_.read(first, whole_);
  std::memcpy(out.data(), whole_.data() + inside, out.size());
  return good;
}

std::optional<BlockRun> UdfMap::find(uint64_t block, UdfBlocks& blocks, bool in_mirror) const {
  switch (kind) {
    case Kind::physical:
      if (block >= length) return std::nullopt;
      return BlockRun{start + block, length - block};
    case Kind::sparable: {
      if (block >= length) return std::nullopt;
      const uint64_t inside = block % packet;
      const uint64_t run = std::min(packet - inside, length - block);
      const auto it = std::ranges::lower_bound(spared, block - inside, {}, [](const auto& s) { return uint64_t{s.first}; });
      if (it != spared.end() && it->first == block - inside) return BlockRun{it->second + inside, run};
      return BlockRun{start + block, run};
    }
    case Kind::virtual_: {
      if (block >= entries) return std::nullopt;
      const auto run = table.run_at(block * sizeof(Le32));
      std::array<std::byte, sizeof(Le32)> bytes{};
      // An entry lies in one piece: extents are whole blocks but for the last.
      if (!run || run->kind != DataExtent::Kind::recorded || run->bytes < bytes.size()) return std::nullopt;
      const auto sector = blocks.block(run->first / blocks.size());
      const size_t at = run->first % blocks.size();
      Le32 entry;
      if (at + sizeof entry <= sector.size()) {
        std::memcpy(&entry, sector.data() + at, sizeof entry);
      } else {
        if (!blocks.read(run->first, bytes)) return std::nullopt;
        std::memcpy(&entry, bytes.data(), sizeof entry);
      }
      if (entry == disc::kUnmappedBlock || entry >= length) return std::nullopt;
      return BlockRun{start + entry, 1};
    }
    case Kind::metadata: {
      const auto run = (in_mirror ? mirror : file).run_at(block * blocks.size());
      if (!run || run->kind != DataExtent::Kind::recorded || run->bytes < blocks.size()) return std::nullopt;
      return BlockRun{run->first / blocks.size(), run->bytes / blocks.size()};
    }
    case Kind::unknown: break;
  }
  return std::nullopt;
}

uint64_t UdfMap::blocks(uint32_t block_size) const {
  if (kind == Kind::virtual_) return entries;
  if (kind == Kind::metadata) return std::max(file.bytes(), mirror.bytes()) / block_size;
  return length;
}

std::string_view UdfMap::name() const {
  switch (kind) {
    case Kind::physical: return "physical partition";
    case Kind::virtual_: return "virtual partition";
    case Kind::sparable: return "sparable partition";
    case Kind::metadata: return "metadata partition";
    case Kind::unknown: break;
  }
  return "unknown partition";
}

UdfMap UdfMap::below() const {
  UdfMap map = *this;
  if (kind != Kind::sparable) map.kind = Kind::physical;
  return map;
}

}  // namespace fsi
