#include "libfsi/image/manifest_writer.h"

#include <algorithm>
#include <cstring>

#include "libfsi/disc/manifest.h"

namespace fsi {

using disc::kChunkBytes;
using disc::kChunkSectors;
static_assert(kImageUnit == kChunkSectors);

ManifestWriter::ManifestWriter(const SourceTree& tree, const Layout& layout, DigestKind kind)
    : tree_(tree), layout_(layout), kind_(kind), locator_(*this), body_(*this), sum_bytes_(disc::sector_sum_bytes(kind)) {}

ManifestWriter::Locator::Locator(const ManifestWriter& owner) : owner_(owner) {
  zone = Zone::fixed;
  fixed_at = disc::kLocatorSector;
}

void ManifestWriter::Locator::render(uint64_t, std::span<std::byte> out) const {
  disc::ManifestLocator locator;
  std::memcpy(locator.magic, disc::kLocatorMagic, sizeof locator.magic);
  locator.version = 1;
  locator.digest_kind = static_cast<uint32_t>(owner_.kind_);
  locator.session_start = owner_.layout_.session_start;
  locator.image_sectors = owner_.layout_.sectors();
  locator.manifest_first = owner_.covered_sectors();
  locator.manifest_sectors = owner_.body_.range.count;
  const Digest digest = digest_of(DigestKind::sha256, bytes_of(locator).first(offsetof(disc::ManifestLocator, digest)));
  std::memcpy(locator.digest, digest.data(), sizeof locator.digest);
  std::memcpy(out.data(), &locator, sizeof locator);
}

uint64_t ManifestWriter::Body::measure_behind(uint64_t sectors_before, uint64_t closing) {
  ManifestWriter& o = owner_;
  const uint64_t chunks = sectors_before / kChunkSectors;
  o.marks_offset_ = sizeof(disc::ManifestHeader) + chunks * digest_size(o.kind_);
  o.marks_bytes_ = sectors_before / 8;  // 32 sectors are 4 bytes exactly
  o.trouble_offset_ = o.marks_offset_ + o.marks_bytes_;
  o.sums_offset_ = o.trouble_offset_ + disc::kTroubleBytes;
  o.choose_chunks_with_sums(chunks);
  const uint64_t sums_end = o.sums_at_ + o.with_sums_.count() * kChunkSectors * o.sum_bytes_;
  const auto copy = disc::ManifestCopyPlace::behind(o.sums_at_, sums_end);
  const uint64_t bytes = copy.at + copy.sectors(o.kind_) * kSectorSize;
  o.closing_ = closing;
  const uint64_t sectors = (bytes + closing * kSectorSize + kChunkBytes - 1) / kChunkBytes * kChunkSectors;
  o.bytes_.assign(sectors * kSectorSize, std::byte{});
  return sectors;
}

// All but those that lie inside of one file, for the last sector of a file may hold zeros behind its end.
void ManifestWriter::choose_chunks_with_sums(uint64_t chunks) {
  sum_bits_.assign((chunks + 7) / 8, std::byte{});
  for (uint64_t chunk = 0; chunk < chunks; ++chunk) sum_bits_[chunk / 8] |= std::byte{1} << (chunk % 8);
  for (const ContentId id : layout_.data_order) {
    const Extent extent = layout_.extent(tree_, id);
    const uint64_t first = extent.first - layout_.session_start, end = first + extent.bytes / kSectorSize;
    for (uint64_t chunk = (first + kChunkSectors - 1) / kChunkSectors; chunk < end / kChunkSectors; ++chunk)
      sum_bits_[chunk / 8] &= ~(std::byte{1} << (chunk % 8));
  }
  with_sums_ = RankedBits(sum_bits_);
  sums_at_ = sums_offset_ + sizeof(disc::SectorSumsHeader) + sum_bits_.size();
}

void ManifestWriter::Body::render(uint64_t first, std::span<std::byte> out) const {
  std::memcpy(out.data(), owner_.bytes_.data() + first * kSectorSize, out.size());
}

void ManifestWriter::Body::describe(std::vector<std::pair<std::string, SectorRange>>& parts) const {
  if (owner_.closing_) parts.emplace_back(what(), SectorRange{0, range.count - owner_.closing_});
}

void ManifestWriter::digest_chunks(uint64_t first, std::span<const std::byte> bytes) {
  const size_t size = digest_size(kind_);
  std::byte* slot = bytes_.data() + sizeof(disc::ManifestHeader) + first / kChunkSectors * size;
  for (uint64_t chunk = first / kChunkSectors; !bytes.empty(); bytes = bytes.subspan(kChunkBytes), slot += size, ++chunk) {
    std::memcpy(slot, digest_of(kind_, bytes.first(kChunkBytes)).data(), size);
    if (!with_sums_.contains(chunk)) continue;
    std::byte* const sums = sums_of(chunk);
    for (size_t i = 0; i < kChunkSectors; ++i)
      std::memcpy(sums + i * sum_bytes_, digest_of(kind_, bytes.subspan(i * kSectorSize, kSectorSize)).data(), sum_bytes_);
  }
}

void ManifestWriter::seal(std::span<const Drift> drifts) {
  disc::ManifestHeader header;
  // Marks: every sector of a file that was not as promised, since nobody can say which of its bytes belong together.
  std::fill_n(bytes_.begin() + static_cast<ptrdiff_t>(marks_offset_), marks_bytes_ + disc::kTroubleBytes, std::byte{});
  uint64_t used = 0;
  uint32_t recorded = 0;
  for (const Drift& drift : drifts) {
    const Extent extent = layout_.extent(tree_, drift.content);
    for (uint64_t s = extent.first - layout_.session_start, end = s + extent.sectors(); s < end; ++s)
      bytes_[marks_offset_ + s / 8] |= std::byte{1} << (s % 8);

    const std::string path = tree_.path(tree_.contents[drift.content].first_node);
    disc::TroubleRecord record;
    if (path.size() > UINT16_MAX || used + sizeof record + path.size() > disc::kTroubleBytes) continue;
    record.kind = static_cast<uint8_t>(drift.kind);
    record.path_bytes = path.size();
    record.error = static_cast<uint32_t>(drift.error);
    record.promised = drift.promised;
    record.found = drift.found;
    std::byte* at = bytes_.data() + trouble_offset_ + used;
    std::memcpy(at, &record, sizeof record);
    std::memcpy(at + sizeof record, path.data(), path.size());
    used += sizeof record + path.size();
    ++recorded;
  }

  header.digest_kind = static_cast<uint32_t>(kind_);
  header.session_start = layout_.session_start;
  header.image_sectors = layout_.sectors();
  header.manifest_first = covered_sectors();
  header.manifest_sectors = body_.range.count;
  header.chunk_count = covered_sectors() / kChunkSectors;
  header.marks_offset = marks_offset_;
  header.marks_bytes = marks_bytes_;
  header.trouble_offset = trouble_offset_;
  header.trouble_bytes = disc::kTroubleBytes;
  header.trouble_recorded = recorded;
  header.trouble_count = drifts.size();
  // What must be the last of the image lies in the manifest's own sectors, so that its digest covers them too.
  for (const Region* region : layout_.regions)
    if (region->zone == Zone::closing)
      region->render(0,
                     std::span(bytes_).subspan((region->range.first - body_.range.first) * kSectorSize, region->range.count * kSectorSize));
  const uint64_t bits_at = sums_offset_ + sizeof(disc::SectorSumsHeader),
                 sums_end = sums_at_ + with_sums_.count() * kChunkSectors * sum_bytes_;
  std::ranges::copy(sum_bits_, bytes_.begin() + static_cast<ptrdiff_t>(bits_at));
  disc::seal_sector_sums(kind_, with_sums_.count(), std::span(bytes_).subspan(sums_offset_, sums_end - sums_offset_));
  disc::seal_manifest(header, bytes_, disc::ManifestCopyPlace::behind(sums_at_, sums_end));
}

}  // namespace fsi
