#include "libfsi/check/manifest_copy.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/try_read.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint64_t kPatience = 128;  // failures; then what fails is given up in whole chunks

}  // namespace

ManifestSectors read_manifest_sectors(const SectorSource& source, SectorRange range) {
  ManifestSectors m;
  m.bytes.resize(range.count * kSectorSize);
  const std::span<std::byte> all(m.bytes);
  const uint64_t there = std::min(range.count, source.sectors() - std::min(range.first, source.sectors()));
  const bool whole = try_read(source, {range.first, there}, all.first(there * kSectorSize));
  uint64_t failures = 0;
  for (uint64_t at = 0; !whole && at < there; at += kChunkSectors) {
    const uint64_t count = std::min<uint64_t>(kChunkSectors, there - at);
    if (try_read(source, {range.first + at, count}, all.subspan(at * kSectorSize, count * kSectorSize))) continue;
    for (uint64_t i = at; i < at + count; ++i) {
      const auto sector = all.subspan(i * kSectorSize, kSectorSize);
      if (failures < kPatience && try_read(source, {range.first + i, 1}, sector)) continue;
      ++failures;
      std::ranges::fill(sector, std::byte{0});
      append(m.unreadable, {i, 1});
    }
  }
  if (there < range.count) append(m.unreadable, {there, range.count - there});
  return m;
}

ManifestCopy::ManifestCopy(std::span<const std::byte> body, DigestKind kind) : body_(body) {
  for (uint64_t sector = 0; sector < body.size() / kSectorSize; ++sector) {
    if (std::memcmp(body.data() + sector * kSectorSize, kCopyMagic, sizeof kCopyMagic) != 0) continue;
    Part part{0, sector};
    const ManifestCopySector found = at(part);
    if (std::memcmp(copy_digest(found, kind).data(), found.digest, sizeof found.digest) != 0) continue;
    part.index = found.index;
    parts_.push_back(part);
  }
}

ManifestCopySector ManifestCopy::at(const Part& part) const {
  ManifestCopySector sector;
  std::memcpy(&sector, body_.data() + part.sector * kSectorSize, sizeof sector);
  return sector;
}

std::optional<ManifestHeader> ManifestCopy::header() const {
  for (const Part& part : parts_) {
    if (part.index != 0) continue;
    ManifestHeader header;
    std::memcpy(&header, at(part).payload, sizeof header);
    if (std::memcmp(header_digest(header).data(), header.header_digest, sizeof header.header_digest) == 0) return header;
  }
  return std::nullopt;
}

ManifestCopy::Repair ManifestCopy::repair(std::span<const unsigned char> root, uint64_t size) const {
  Repair r;
  r.bytes.assign(body_.begin(), body_.begin() + static_cast<ptrdiff_t>(size));
  uint64_t count = copy_sectors(size);
  const auto is_of_this = [&](const Part& part) {
    return part.index < body_.size() / kSectorSize && std::memcmp(at(part).root, root.data(), sizeof ManifestCopySector{}.root) == 0;
  };
  for (const Part& part : parts_)
    if (is_of_this(part)) count = std::max(count, part.index + 1);
  std::vector<std::byte> copied(count * kCopyPayload);
  std::vector<bool> proven(count);
  std::optional<uint64_t> first;  // sector of the body
  for (const Part& part : parts_) {
    if (!is_of_this(part)) continue;
    const ManifestCopySector sector = at(part);
    if (!first && part.sector >= part.index) first = part.sector - part.index;
    proven[part.index] = true;
    // The header of the copy is another one: it does not stand for what it was copied from.
    const uint64_t from = part.index * kCopyPayload, skip = part.index == 0 ? sizeof(ManifestHeader) : 0;
    std::ranges::copy(std::as_bytes(std::span(sector.payload)), copied.begin() + static_cast<ptrdiff_t>(from));
    const uint64_t length = std::min<uint64_t>(kCopyPayload, size - std::min(from, size));
    for (uint64_t i = skip; i < length; ++i) {
      const auto good = static_cast<std::byte>(sector.payload[i]);
      if (r.bytes[from + i] == good) continue;
      r.bytes[from + i] = good;
      const uint64_t differs = (from + i) / kSectorSize;
      if (r.differing.empty() || r.differing.back().end() <= differs) append(r.differing, {differs, 1});
    }
  }
  for (uint64_t index = 0; index < count; ++index) {
    if (proven[index]) continue;
    append(r.not_proven, {index * kCopyPayload, kCopyPayload});
    if (first && *first + index < body_.size() / kSectorSize) append(r.copy_damage, {*first + index, 1});
  }
  if (first) r.pieces.assign(copied.begin() + static_cast<ptrdiff_t>(size), copied.end());
  return r;
}

}  // namespace fsi
