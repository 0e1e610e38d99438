#include "libfsi/layout/layout.h"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "libfsi/base/error.h"

namespace fsi {

std::vector<uint64_t> measure_regions(std::span<Region* const> regions) {
  std::vector<uint64_t> sizes(regions.size());
  tbb::parallel_for(size_t{0}, regions.size(), [&](size_t i) {
    if (regions[i]->zone != Zone::last) sizes[i] = regions[i]->measure();
  });
  return sizes;
}

namespace {

constexpr uint64_t round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

// Hands out addresses one after the other, counted from the session start.
class Cursor {
 public:
  uint64_t take(uint64_t sectors, uint64_t align) {
    const uint64_t at = round_up(next_, align);
    reach(at + sectors);
    return at;
  }
  void reach(uint64_t end) { next_ = std::max(next_, end); }
  uint64_t next() const { return next_; }

 private:
  uint64_t next_ = 0;
};

void check_apart(std::vector<Region*> fixed) {
  std::sort(fixed.begin(), fixed.end(), [](auto* a, auto* b) { return a->range.first < b->range.first; });
  for (size_t i = 1; i < fixed.size(); ++i)
    if (fixed[i - 1]->range.end() > fixed[i]->range.first)
      throw Error(ErrorKind::limit, fixed[i - 1]->what(), "laying out the volume descriptors",
                  "it reaches into \"" + fixed[i]->what() + "\" at sector " + std::to_string(fixed[i]->fixed_at));
}

}  // namespace

void assign_extents(const SourceTree& tree, std::span<Region* const> regions, std::span<const uint64_t> sizes, Lba session_start,
                    Layout& layout) {
  layout.session_start = session_start;
  layout.regions.assign(regions.begin(), regions.end());
  Cursor cursor;
  auto place_zone = [&](Zone zone) {
    for (size_t i = 0; i < regions.size(); ++i) {
      Region& region = *regions[i];
      if (region.zone != zone) continue;
      if (zone == Zone::fixed) {
        region.range = {session_start + region.fixed_at, sizes[i]};
        cursor.reach(region.fixed_at + sizes[i]);
      } else {
        region.range = {session_start + cursor.take(sizes[i], region.align), sizes[i]};
      }
    }
  };

  place_zone(Zone::fixed);
  std::vector<Region*> fixed;
  std::copy_if(regions.begin(), regions.end(), std::back_inserter(fixed), [](Region* r) { return r->zone == Zone::fixed; });
  check_apart(std::move(fixed));
  place_zone(Zone::metadata);
  place_zone(Zone::boot);

  // File data in the order of the tree: a directory's files lie together. Addresses of the session are
  // what must be even for a clone, since the session is what becomes a file.
  layout.data.first = session_start + cursor.next();
  layout.empty_lba = static_cast<Lba>(layout.data.first);
  layout.content_lba.assign(tree.contents.size(), layout.empty_lba);
  layout.data_order.clear();
  layout.data_order.reserve(tree.contents.size());
  constexpr uint64_t kVolumeLimit = uint64_t{1} << 32;
  for (ContentId id = 0; id < tree.contents.size(); ++id) {
    const uint64_t bytes = tree.contents[id].size;
    if (bytes == 0 || (layout.holder && layout.holder->holds(id))) continue;
    const bool real_time = tree.contents[id].real_time;
    const uint64_t align = real_time ? kImageUnit : bytes >= kAlignedExtentBytes && !layout.packed ? 2 : 1;
    const uint64_t at = session_start + cursor.take(sectors_for(bytes), align);
    if (real_time) cursor.take(0, kImageUnit);
    if (at + sectors_for(bytes) > kVolumeLimit)
      throw Error(ErrorKind::limit, printable(tree.path(tree.contents[id].first_node)), "laying out the image",
                  "the volume would pass 2^32 sectors (8 TiB), the most that a disc address can say; split the source");
    layout.content_lba[id] = static_cast<Lba>(at);
    layout.data_order.push_back(id);
  }
  layout.data.count = session_start + cursor.next() - layout.data.first;

  place_zone(Zone::tail);
  std::vector<Region*> closing;
  std::copy_if(regions.begin(), regions.end(), std::back_inserter(closing), [](Region* r) { return r->zone == Zone::closing; });
  uint64_t closing_sectors = 0;
  for (const Region* region : closing) closing_sectors = std::max(closing_sectors, region->fixed_at);
  bool carried = false;
  for (Region* region : regions) {
    if (region->zone != Zone::last) continue;
    if (carried) throw Error(ErrorKind::failed, region->what(), "laying out the image", "only one region can be the last");
    const uint64_t before = cursor.take(0, kImageUnit);
    const uint64_t count = round_up(region->measure_behind(before, closing_sectors), kImageUnit);
    region->range = {session_start + before, count};
    cursor.reach(before + count);
    carried = true;
  }
  if (!carried) cursor.take(closing_sectors, 1);
  layout.end = session_start + round_up(cursor.next(), kImageUnit);
  for (size_t i = 0; i < regions.size(); ++i)
    if (regions[i]->zone == Zone::closing) regions[i]->range = {layout.end - regions[i]->fixed_at, sizes[i]};
  check_apart(std::move(closing));
  if (layout.end > kVolumeLimit)
    throw Error(ErrorKind::limit, "", "laying out the image", "the volume would pass 2^32 sectors (8 TiB); split the source");
  if (layout.holder)
    for (ContentId id = 0; id < tree.contents.size(); ++id)
      if (layout.holder->holds(id)) layout.content_lba[id] = layout.holder->held_at(id);
  std::sort(layout.regions.begin(), layout.regions.end(), [](const Region* a, const Region* b) {
    return a->range.first != b->range.first ? a->range.first < b->range.first : a->range.count < b->range.count;
  });
}

}  // namespace fsi
