#include "libfsi/iso9660/directory_region.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>

#include "libfsi/base/record_sink.h"

namespace fsi {

/// The records of one directory, in order. While measuring no address is known and all are zero.
class DirectoryRegion::Walk {
 public:
  Walk(const DirectoryRegion& region, uint32_t directory, bool addresses, RecordComposer& composer)
      : region_(region),
        hierarchy_(region.hierarchy_),
        index_(directory),
        directory_(hierarchy_.directories()[directory]),
        addresses_(addresses),
        composer_(composer) {
    if (addresses) {
      const Placement& own = region.placements_[directory];
      place_.area = static_cast<Lba>(region.range.first + own.offset + own.data_sectors);
    }
  }

  /// Goes to a cursor. The continuation area goes on at `continuation`.
  void seek(const Cursor& cursor, uint64_t continuation) {
    cursor_ = cursor;
    place_.position = continuation;
  }
  bool at_end() const { return cursor_.slot == 2 + directory_.entry_count; }
  const Cursor& cursor() const { return cursor_; }
  /// Bytes of the continuation area that are used up to here.
  uint64_t continuation_position() const { return place_.position; }

  /// Composes the record at the cursor and moves on.
  void step() {
    if (cursor_.slot < 2)
      compose_dot();
    else
      compose_entry();
  }

 private:
  // "." and ".."
  void compose_dot() {
    const bool self = cursor_.slot == 0;
    RecordSubject subject;
    subject.role = self ? index_ == 0 ? RecordRole::root_self : RecordRole::self : RecordRole::parent;
    uint32_t attributes = self ? index_ : directory_.parent;
    if (!self && directory_.moved) {
      subject.role = RecordRole::moved_parent;
      attributes = hierarchy_.origin(directory_);
      subject.link = lba(attributes);
    }
    subject.node = &hierarchy_.node(hierarchy_.directories()[attributes].node);
    Identifier identifier;
    hierarchy_.identifier(directory_.node, subject.role, identifier);
    composer_.compose(directory_record(self ? index_ : directory_.parent, *subject.node), identifier.view(), subject, place_);
    ++cursor_.slot;
  }

  void compose_entry() {
    const Hierarchy::Entry entry = hierarchy_.entry(directory_, cursor_.slot - 2, cursor_.subdirectories);
    const Node& node = hierarchy_.node(entry.id);
    RecordSubject subject{entry.role, &node, hierarchy_.node_name(entry.id), 0};
    Identifier identifier;
    hierarchy_.identifier(entry.id, entry.role, identifier);
    if (entry.role == RecordRole::placeholder) {
      subject.link = lba(entry.directory);
      compose(file_record(node, empty_lba(), 0), identifier, subject);
    } else if (entry.directory != kNone) {
      compose(directory_record(entry.directory, node), identifier, subject);
      ++cursor_.subdirectories;
    } else if (node.kind == NodeKind::file) {
      compose_section(node, identifier, subject);
    } else {
      compose(file_record(node, empty_lba(), 0), identifier, subject);
    }
  }

  void compose(const RecordFields& fields, const Identifier& identifier, const RecordSubject& subject) {
    composer_.compose(fields, identifier.view(), subject, place_);
    ++cursor_.slot;
  }

  // 6.5.1: a file has as many records as sections; all but the last say that another follows. Their system use fields
  // are the same and share one continuation.
  void compose_section(const Node& node, const Identifier& identifier, const RecordSubject& subject) {
    const uint64_t size = hierarchy_.tree().contents[node.content].size;
    const uint64_t begin = cursor_.section * disc::kMaxSectionBytes;
    const uint64_t bytes = std::min(size - begin, disc::kMaxSectionBytes);
    const Lba first = !addresses_ ? 0
                      : size == 0 ? empty_lba()
                                  : static_cast<Lba>(region_.layout_.content_lba[node.content] + begin / kSectorSize);
    RecordFields fields = file_record(node, first, bytes);
    const bool last = begin + bytes == size;
    if (last) {
      compose(fields, identifier, subject);
      cursor_.section = 0;
      return;
    }
    fields.flags |= disc::kMultiExtent;
    ContinuationPlace same = place_;
    composer_.compose(fields, identifier.view(), subject, same);
    ++cursor_.section;
  }

  RecordFields directory_record(uint32_t directory, const Node& node) const {
    const Extent extent = addresses_ ? region_.extent(directory) : Extent{};
    return {extent.first, static_cast<uint32_t>(extent.bytes), node.mtime, flags(node, disc::kDirectory)};
  }
  RecordFields file_record(const Node& node, Lba first, uint64_t bytes) const {
    return {first, static_cast<uint32_t>(bytes), node.mtime, flags(node, 0)};
  }
  static uint8_t flags(const Node& node, uint8_t kind) { return node.hidden ? kind | disc::kHidden : kind; }
  Lba lba(uint32_t directory) const { return addresses_ ? region_.extent(directory).first : 0; }
  Lba empty_lba() const { return addresses_ ? region_.layout_.empty_lba : 0; }

  const DirectoryRegion& region_;
  const Hierarchy& hierarchy_;
  const uint32_t index_;
  const Hierarchy::Directory& directory_;
  const bool addresses_;
  RecordComposer& composer_;
  Cursor cursor_;
  ContinuationPlace place_;
};

namespace {
// 6.8.1.1: a record ends in the sector in which it begins.
uint64_t place_record(uint64_t position, size_t length) {
  return position % kSectorSize + length > kSectorSize ? sectors_for(position) * kSectorSize : position;
}
}  // namespace

uint64_t DirectoryRegion::measure() {
  const size_t count = hierarchy_.directories().size();
  placements_ = std::vector<Placement>(count);
  const auto measure_some = [&](const tbb::blocked_range<uint32_t>& some) {
    RecordComposer composer(hierarchy_.dialect().system_use());
    for (uint32_t i = some.begin(); i < some.end(); ++i) placements_[i] = measure_directory(i, composer);
  };
  const tbb::blocked_range<uint32_t> all(0, static_cast<uint32_t>(count), 64);
  try {
    tbb::parallel_for(all, measure_some);
  } catch (const Error&) {
    measure_some(all);  // so that the error told is the first, not the first to arrive
    throw;
  }
  uint64_t total = 0;
  disc_order_ = hierarchy_.disc_order();
  for (const uint32_t i : disc_order_) {
    Placement& placement = placements_[i];
    placement.offset = Le32(total).get();  // throws when it does not fit
    total = placement.end();
  }
  return total;
}

DirectoryRegion::Placement DirectoryRegion::measure_directory(uint32_t directory, RecordComposer& composer) const {
  const Hierarchy::Directory& self = hierarchy_.directories()[directory];
  Walk walk(*this, directory, false, composer);
  Track track;
  uint64_t position = 0;
  while (!walk.at_end()) {
    const Cursor cursor = walk.cursor();
    try {
      walk.step();
    } catch (const Error& error) {
      std::string where = hierarchy_.path(self);
      if (cursor.slot >= 2)
        where += (where == "/" ? "" : "/") + std::string(hierarchy_.node_name(hierarchy_.entries(self)[cursor.slot - 2]));
      throw Error(error.kind(), printable(where), error.doing() + " in " + hierarchy_.dialect().name(), error.why());
    }
    const uint64_t at = place_record(position, composer.record().size());
    if (at % (kCheckpointSectors * kSectorSize) == 0 && at > 0) track.checkpoints.push_back(cursor);
    position = at + composer.record().size();
    if (!composer.continuation().empty() && (track.continuations.empty() || track.continuations.back().slot != cursor.slot))
      track.continuations.push_back({cursor.slot, composer.continuation_begin()});
  }
  const uint64_t sectors = sectors_for(position);
  if (sectors * kSectorSize > UINT32_MAX)
    throw Error(ErrorKind::limit, printable(hierarchy_.path(self)), "measuring its directory in " + hierarchy_.dialect().name(),
                "it takes 4 GiB and more, which has no place in a directory record; spread its entries over several directories");
  Placement placement;
  placement.data_sectors = static_cast<uint32_t>(sectors);
  placement.continuation_sectors = Le32(sectors_for(walk.continuation_position())).get();
  if (!track.checkpoints.empty() || !track.continuations.empty()) placement.track = std::make_unique<const Track>(std::move(track));
  return placement;
}

void DirectoryRegion::render(uint64_t first, std::span<std::byte> out) const {
  const uint64_t end = first + out.size() / kSectorSize;
  RecordComposer composer(hierarchy_.dialect().system_use());
  const auto behind = std::upper_bound(disc_order_.begin(), disc_order_.end(), first,
                                       [&](uint64_t sector, uint32_t directory) { return sector < placements_[directory].offset; });
  // Calls `draw` for the part of [begin, begin + count) that is wanted, in sectors from `begin`.
  const auto wanted = [&](uint64_t begin, uint64_t count, auto&& draw) {
    const uint64_t from = std::max(first, begin), to = std::min(end, begin + count);
    if (from < to) draw(SectorRange{from - begin, to - from}, out.subspan((from - first) * kSectorSize, (to - from) * kSectorSize));
  };
  for (auto at = behind - 1; at != disc_order_.end() && placements_[*at].offset < end; ++at) {
    const uint32_t i = *at;
    const Placement& placement = placements_[i];
    wanted(placement.offset, placement.data_sectors,
           [&](SectorRange sectors, std::span<std::byte> part) { render_data(i, sectors, part, composer); });
    wanted(uint64_t{placement.offset} + placement.data_sectors, placement.continuation_sectors,
           [&](SectorRange sectors, std::span<std::byte> part) { render_continuations(i, sectors, part, composer); });
  }
}

void DirectoryRegion::render_data(uint32_t directory, SectorRange wanted, std::span<std::byte> out, RecordComposer& composer) const {
  Walk walk(*this, directory, true, composer);
  const Track* track = placements_[directory].track.get();
  uint64_t position = 0;
  if (track) {
    Cursor cursor;
    const uint64_t checkpoint = wanted.first / kCheckpointSectors;
    if (checkpoint > 0) {
      cursor = track->checkpoints[checkpoint - 1];
      position = checkpoint * kCheckpointSectors * kSectorSize;
    }
    const auto next = std::lower_bound(track->continuations.begin(), track->continuations.end(), cursor.slot,
                                       [](const Continuation& c, uint32_t slot) { return c.slot < slot; });
    walk.seek(cursor, next == track->continuations.end() ? 0 : next->begin);
  }
  const uint64_t begin = wanted.first * kSectorSize, end = wanted.end() * kSectorSize;
  while (!walk.at_end()) {
    walk.step();
    position = place_record(position, composer.record().size());
    if (position >= end) break;
    if (position >= begin) std::memcpy(out.data() + (position - begin), composer.record().data(), composer.record().size());
    position += composer.record().size();
  }
}

void DirectoryRegion::render_continuations(uint32_t directory, SectorRange wanted, std::span<std::byte> out,
                                           RecordComposer& composer) const {
  const std::vector<Continuation>& all = placements_[directory].track->continuations;
  const uint64_t begin = wanted.first * kSectorSize, end = wanted.end() * kSectorSize;
  auto at = std::upper_bound(all.begin(), all.end(), begin, [](uint64_t position, const Continuation& c) { return position < c.begin; });
  if (at != all.begin()) --at;  // it may reach into what is wanted
  Walk walk(*this, directory, true, composer);
  for (; at != all.end() && at->begin < end; ++at) {
    walk.seek({.slot = at->slot}, at->begin);
    walk.step();
    RecordSink sink(out, begin);
    sink.skip(at->begin);
    sink.put(composer.continuation());
  }
}

Extent DirectoryRegion::extent(uint32_t directory) const {
  const Placement& placement = placements_[directory];
  return {static_cast<Lba>(range.first + placement.offset), uint64_t{placement.data_sectors} * kSectorSize};
}

void DirectoryRegion::describe(std::vector<std::pair<std::string, SectorRange>>& parts) const {
  for (const uint32_t i : disc_order_)
    parts.emplace_back(hierarchy_.path(hierarchy_.directories()[i]),
                       SectorRange{placements_[i].offset, placements_[i].end() - placements_[i].offset});
}

}  // namespace fsi
