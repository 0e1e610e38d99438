#include "libfsi/read/udf_directory.h"

#include <algorithm>

namespace fsi {

using namespace disc;

namespace {
constexpr size_t kChunk = 64 * 1024;
}

UdfDirectory::UdfDirectory(UdfReader& reader, const std::vector<UdfRun>& runs, std::string_view path, std::optional<bool> third_edition)
    : reader_(reader), runs_(runs), path_(path), third_edition_(third_edition) {
  for (const UdfRun& run : runs) {
    // Nothing that can be read follows a piece that is lost.
    if (run.extent.kind == DataExtent::Kind::lost) break;
    starts_.push_back(end_);
    end_ += run.extent.bytes;
  }
}

const UdfRun& UdfDirectory::run_at(uint64_t offset, uint64_t& inside) {
  const auto it = std::ranges::upper_bound(starts_, offset) - 1;
  inside = offset - *it;
  return runs_[static_cast<size_t>(it - starts_.begin())];
}

// Makes `bytes` at the position available; false when the directory ends before.
bool UdfDirectory::fill(size_t bytes) {
  if (buffer_.size() - at_ >= bytes) return true;
  if (end_ - position() < bytes) return false;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(at_));
  base_ += at_;
  at_ = 0;
  while (buffer_.size() < bytes) {
    uint64_t inside = 0;
    const uint64_t offset = base_ + buffer_.size();
    const UdfRun& run = run_at(offset, inside);
    uint64_t count = std::min<uint64_t>(kChunk, run.extent.bytes - inside);
    uint64_t first = run.extent.first + inside;
    if (in_mirror_ && run.map->mirror.bytes() > 0 && run.extent.kind == DataExtent::Kind::recorded) {
      const uint64_t size = reader_.blocks().size();
      const auto there = run.map->find(run.block + inside / size, reader_.blocks(), true);
      if (!there) return false;
      first = there->first * size + inside % size;
      count = std::min(count, there->count * size - inside % size);
    }
    if (!reader_.charge(count / reader_.blocks().size(), first, path_)) return false;
    const size_t had = buffer_.size();
    buffer_.resize(had + count);
    if (run.extent.kind == DataExtent::Kind::recorded) reader_.blocks().read(first, std::span(buffer_).subspan(had));
  }
  return true;
}

TagFaults UdfDirectory::look(UdfIdentifier& identifier, size_t& length) {
  uint64_t inside = 0;
  const UdfRun& run = run_at(position(), inside);
  identifier.block = run.block + static_cast<uint32_t>(inside / reader_.blocks().size());
  // Inside of a file entry all of it is one block.
  if (run.extent.kind == DataExtent::Kind::recorded) identifier.at = run.extent.first + inside;
  if (!load(rest(), 0, identifier.fixed)) return kTagKind;
  const size_t used = sizeof identifier.fixed + identifier.fixed.implementation_use_length + identifier.fixed.identifier_length;
  length = (used + 3) / 4 * 4;
  if (!fill(length)) {
    length = 0;
    reader_.lost("a file identifier leads out of its directory", identifier.at, "ECMA-167 4/14.4", path_, std::to_string(used) + " bytes");
    return kTagChecksum;
  }
  const auto bytes = rest().first(length);
  identifier.name = {reinterpret_cast<const char*>(bytes.data()) + sizeof identifier.fixed + identifier.fixed.implementation_use_length,
                     identifier.fixed.identifier_length};
  return check_tag(bytes, TagId::file_identifier, identifier.block, third_edition_);
}

bool UdfDirectory::next(UdfIdentifier& identifier) {
  for (;;) {
    const uint64_t left = end_ - position();
    if (left < sizeof identifier.fixed || !fill(sizeof identifier.fixed)) {
      if (left > 0 && left < sizeof identifier.fixed && fill(left) &&
          !std::ranges::all_of(rest().first(left), [](std::byte b) { return b == std::byte{0}; }))
        reader_.lost("a directory ends in the midst of a file identifier", identifier.at, "ECMA-167 4/14.4", path_);
      return false;
    }
    size_t length = 0;
    const TagFaults faults = look(identifier, length);
    uint64_t inside = 0;
    if (fsi::damaged(faults) && !in_mirror_ && run_at(position(), inside).map->mirror.bytes() > 0) {
      // Once more from here out of the other copy.
      report_tag(faults, rest(), {"file identifier", path_, identifier.at / kSectorSize, identifier.block, true}, reader_.log(), false);
      in_mirror_ = true;
      base_ += at_;
      at_ = 0;
      buffer_.clear();
      continue;
    }
    if (length > 0)
      report_tag(faults, rest(), {"file identifier", path_, identifier.at / kSectorSize, identifier.block, true}, reader_.log());
    if (faults & (kTagKind | kTagChecksum)) {
      damaged_ = true;
      if (!resynchronize()) return false;
      continue;
    }
    at_ += length;
    return true;
  }
}

// To the next thing that looks like a file identifier.
bool UdfDirectory::resynchronize() {
  Tag tag;
  do {
    at_ += 4;
    if (!fill(sizeof tag)) return false;
    if (!load(rest(), 0, tag)) return false;
  } while (tag.identifier != static_cast<uint16_t>(TagId::file_identifier) || tag.checksum != checksum_of(tag));
  return true;
}

}  // namespace fsi
