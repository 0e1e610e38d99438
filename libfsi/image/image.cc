#include "libfsi/image/image.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "libfsi/image/slabs.h"

namespace fsi {

namespace {
constexpr uint64_t kDescriptorSector = 16;  // of the primary volume descriptor, when the sums of isomd5sum are in it
constexpr uint64_t kPieceSectors = 16 * kImageUnit;
}  // namespace

Image::Image(Parts parts) : parts_(std::move(parts)) {
  data_lba_.reserve(layout().data_order.size());
  for (const ContentId id : layout().data_order) data_lba_.push_back(layout().content_lba[id]);
  std::sort(parts_.patches.begin(), parts_.patches.end(),
            [](const Patch& a, const Patch& b) { return a.content != b.content ? a.content < b.content : a.offset < b.offset; });
}

std::span<const Patch> Image::patches_of(ContentId id) const {
  const auto [first, last] = std::equal_range(parts_.patches.begin(), parts_.patches.end(), Patch{id, 0, {}},
                                              [](const Patch& a, const Patch& b) { return a.content < b.content; });
  return {first, last};
}

Image::~Image() = default;

uint64_t Image::body_sectors() const {
  if (parts_.implants && parts_.implants->array()) return parts_.implants->array()->range.first - session_start();
  return parts_.manifest ? parts_.manifest->covered_sectors() : sectors();
}

std::vector<SectorRange> Image::late_sectors() const {
  std::vector<SectorRange> late;
  if (parts_.implants && parts_.implants->descriptor_is_late()) late.push_back({kDescriptorSector, 1});
  if (body_sectors() < sectors()) late.push_back({body_sectors(), sectors() - body_sectors()});
  return late;
}

// The first content in data_order that ends after `absolute`.
size_t Image::first_content_at(uint64_t absolute) const {
  auto it = std::upper_bound(data_lba_.begin(), data_lba_.end(), absolute);
  if (it == data_lba_.begin()) return 0;
  const auto before = static_cast<size_t>(it - data_lba_.begin()) - 1;
  const Extent extent = layout().extent(tree(), layout().data_order[before]);
  return extent.range().end() > absolute ? before : before + 1;
}

void Image::note(const Drift& drift) const {
  const std::lock_guard lock(drift_mutex_);
  drifts_.push_back(drift);
}

// Superblock and tree tag of libisofs cover what is rendered before them.
void Image::freeze_tags(SectorRange absolute, ContentReader& reader) const {
  if (!parts_.implants->needs_tags({absolute.first - session_start(), absolute.count})) return;
  std::call_once(tags_once_, [&] {
    parts_.implants->freeze_tags([&](SectorRange range, std::span<std::byte> out) {
      render_regions({range.first + session_start(), range.count}, out, reader);
    });
  });
}

void Image::render(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const {
  if (parts_.implants) freeze_tags(absolute, reader);
  const SectorRange data = layout().data;
  const bool only_data = absolute.first >= data.first && absolute.end() <= data.end();
  if (!only_data) render_regions(absolute, out, reader);
  if (absolute.first < data.end() && absolute.end() > data.first) render_files(absolute, out, reader);
  if (parts_.implants) parts_.implants->lay_over({absolute.first - session_start(), absolute.count}, out);
}

void Image::render_regions(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const {
  const ReadContent read = [&](ContentId id, uint64_t offset, std::span<std::byte> bytes) {
    if (const auto drift = reader.read(id, offset, bytes)) note(*drift);
  };
  std::fill(out.begin(), out.end(), std::byte{});
  for (const Region* region : layout().regions) {
    const uint64_t from = std::max(region->range.first, absolute.first);
    const uint64_t to = std::min(region->range.end(), absolute.end());
    if (from < to)
      region->render_with(read, from - region->range.first, out.subspan((from - absolute.first) * kSectorSize, (to - from) * kSectorSize));
  }
}

// Files fill their sectors; what no byte of a file fills (tails, a sector left out for alignment) is zero.
void Image::render_files(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const {
  const SectorRange data = layout().data;
  uint64_t zero_from = std::max(absolute.first, data.first);
  const uint64_t end = std::min(absolute.end(), data.end());
  auto at = [&](uint64_t sector) { return (sector - absolute.first) * kSectorSize; };
  auto zero = [&](uint64_t from_byte, uint64_t to_byte) { std::memset(out.data() + from_byte, 0, to_byte - from_byte); };

  for (size_t i = first_content_at(zero_from); i < data_lba_.size() && data_lba_[i] < end; ++i) {
    const ContentId id = layout().data_order[i];
    const Extent extent = layout().extent(tree(), id);
    const uint64_t from = std::max<uint64_t>(extent.first, zero_from);
    const uint64_t to = std::min(extent.range().end(), end);
    const uint64_t offset = (from - extent.first) * kSectorSize;
    const uint64_t bytes = std::min(extent.bytes - offset, (to - from) * kSectorSize);
    zero(at(zero_from), at(from));
    if (const auto drift = reader.read(id, offset, out.subspan(at(from), bytes))) note(*drift);
    if (!parts_.patches.empty())
      for (const Patch& patch : patches_of(id)) lay_over(out.subspan(at(from), bytes), offset, patch.bytes, patch.offset);
    zero(at(from) + bytes, at(to));
    zero_from = to;
  }
  zero(at(zero_from), at(end));
}

void Image::render_body(SectorRange range, std::span<std::byte> out, ContentReader& reader) const {
  assert(out.size() == range.count * kSectorSize);
  render({range.first + session_start(), range.count}, out, reader);
  if (parts_.manifest) parts_.manifest->digest_chunks(range.first, out);
}

FileSums& Image::content_sums(SumKind kind) const {
  for (const auto& sums : content_sums_)
    if (sums->kind() == kind) return *sums;
  FileSums& sums = *content_sums_.emplace_back(std::make_unique<FileSums>(kind));
  for (ContentId id = 0; id < tree().contents.size(); ++id) {
    // One that a format holds lies nowhere of its own: for_each_file_sum() reads it.
    const bool held = layout().holder && layout().holder->holds(id);
    const ByteRun run{(layout().content_lba[id] - uint64_t{session_start()}) * kSectorSize, held ? 0 : tree().contents[id].size};
    sums.add({&run, 1});
  }
  return sums;
}

std::unique_ptr<Tee> Image::in_order() const {
  if (sealed_) return nullptr;
  std::vector<InOrder*> takers;
  content_sums_.clear();
  if (parts_.implants) takers = parts_.implants->sums(body_sectors(), content_sums(SumKind::md5));
  for (const SumKind kind : parts_.sums)
    if (FileSums* const sums = &content_sums(kind); std::ranges::find(takers, sums) == takers.end()) takers.push_back(sums);
  return takers.empty() ? nullptr : std::make_unique<Tee>(std::move(takers));
}

void Image::for_each_file_sum(SumKind kind, const std::function<void(NodeId file, const Sum& sum)>& take) const {
  const FileSums& sums = content_sums(kind);
  ContentReader reader(tree());
  for (NodeId id = 0; id < tree().nodes.size(); ++id) {
    if (tree().nodes[id].kind != NodeKind::file) continue;
    const ContentId content = tree().nodes[id].content;
    if (layout().holder && layout().holder->holds(content)) {
      std::vector<std::byte> bytes(tree().contents[content].size);
      if (const auto drift = reader.read(content, 0, bytes)) note(*drift);
      RunningDigest digest(kind);
      digest.add(bytes);
      take(id, digest.finish());
    } else {
      take(id, sums.sum(content).value());
    }
  }
}

// Chunks that were digested before their sums were in them, or not at all.
void Image::digest_late_chunks() const {
  std::vector<std::byte> bytes(kPieceSectors * kSectorSize);
  ContentReader reader(tree());
  const auto digest = [&](uint64_t from, uint64_t to) {
    for (uint64_t at = from; at < to; at += kPieceSectors) {
      const uint64_t count = std::min(kPieceSectors, to - at);
      render_body({at, count}, std::span(bytes).first(count * kSectorSize), reader);
    }
  };
  if (parts_.implants->descriptor_is_late()) digest(0, kImageUnit);
  digest(body_sectors(), parts_.manifest->covered_sectors());
}

void Image::seal(const Implants::Read& written) const {
  // Nothing ever reads a file that was promised empty, so ask whether it still is.
  std::vector<ContentId> empty;
  for (ContentId id = 0; id < tree().contents.size(); ++id)
    if (tree().contents[id].size == 0) empty.push_back(id);
  tbb::parallel_for(tbb::blocked_range<size_t>(0, empty.size(), 512), [&](const tbb::blocked_range<size_t>& part) {
    ContentReader reader(tree());
    for (size_t i = part.begin(); i < part.end(); ++i)
      if (const auto drift = reader.check(empty[i])) note(*drift);
  });

  std::stable_sort(drifts_.begin(), drifts_.end(),
                   [](const Drift& a, const Drift& b) { return a.content != b.content ? a.content < b.content : a.kind < b.kind; });
  drifts_.erase(std::unique(drifts_.begin(), drifts_.end(), [](const Drift& a, const Drift& b) { return a.content == b.content; }),
                drifts_.end());
  if (parts_.implants) {
    ContentReader reader(tree());
    const Implants::Read again = [&](SectorRange range, std::span<std::byte> out) {
      render({range.first + session_start(), range.count}, out, reader);
    };
    parts_.implants->seal(written ? written : again, content_sums(SumKind::md5));
    if (parts_.manifest) digest_late_chunks();
  }
  if (parts_.manifest) parts_.manifest->seal(drifts_);
  sealed_ = true;
}

// Only the manifest depends on other bytes: whoever asks for it before a sink has rendered the image pays for the whole pass.
void Image::render_everything_once() const {
  std::call_once(rendered_once_, [&] {
    if (sealed_) return;
    SlabWork work(*this, threads(), {});
    if (const auto sums = in_order())
      work.run_in_order([&](const Slab& slab) { sums->hand(slab.range, slab.bytes); });
    else
      work.run([](const Slab&) {});
    seal();
  });
}

void Image::read(SectorRange range, std::span<std::byte> out) const {
  if (range.end() > sectors() || out.size() != range.count * kSectorSize)
    throw Error(ErrorKind::usage, name(), "reading sector " + std::to_string(range.first), "the range does not lie inside the image");
  for (const SectorRange& late : late_sectors())
    if (range.first < late.end() && range.end() > late.first) {
      render_everything_once();
      break;
    }
  ContentReader reader(tree());
  render({range.first + session_start(), range.count}, out, reader);
}

void Image::for_each_item(const std::function<void(const MapItem&)>& item) const {
  auto region_items = [&](const Region& region) {
    std::vector<std::pair<std::string, SectorRange>> parts;
    region.describe(parts);
    if (parts.empty()) parts.emplace_back(region.what(), SectorRange{0, region.range.count});
    for (auto& [what, range] : parts) item({{region.range.first + range.first, range.count}, std::move(what)});
  };
  bool files_done = false;
  auto files = [&] {
    files_done = true;
    for (const ContentId id : layout().data_order)
      item({layout().extent(tree(), id).range(), "file " + tree().path(tree().contents[id].first_node)});
  };
  for (const Region* region : layout().regions) {
    if (!files_done && region->range.first >= layout().data.end() && layout().data.count) files();
    if (region->range.count) region_items(*region);
  }
  if (!files_done) files();
}

MapItem Image::item_at(Lba lba) const {
  if (const size_t i = first_content_at(lba); i < data_lba_.size() && data_lba_[i] <= lba) {
    const ContentId id = layout().data_order[i];
    return {layout().extent(tree(), id).range(), "file " + tree().path(tree().contents[id].first_node)};
  }
  // From the end, since a region of Zone::closing lies inside of the one before it.
  for (auto at = layout().regions.rbegin(); at != layout().regions.rend(); ++at) {
    const Region* region = *at;
    if (lba < region->range.first || lba >= region->range.end()) continue;
    std::vector<std::pair<std::string, SectorRange>> parts;
    region->describe(parts);
    for (auto& [what, range] : parts)
      if (lba - region->range.first >= range.first && lba - region->range.first < range.end())
        return {{region->range.first + range.first, range.count}, std::move(what)};
    return {region->range, region->what()};
  }
  return {{lba, 1}, "unused"};
}

std::string Image::current_file(uint64_t sector) const {
  const uint64_t absolute = sector + session_start();
  const size_t i = first_content_at(absolute);
  if (i >= data_lba_.size() || data_lba_[i] > absolute) return {};
  return tree().path(tree().contents[layout().data_order[i]].first_node);
}

}  // namespace fsi
