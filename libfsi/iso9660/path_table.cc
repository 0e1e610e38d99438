#include "libfsi/iso9660/path_table.h"

#include <algorithm>

namespace fsi {

namespace {
template <class Record>
void emit_record(const Hierarchy& hierarchy, uint32_t index, Lba extent, RecordSink& sink) {
  const Hierarchy::Directory& directory = hierarchy.directories()[index];
  Identifier identifier;
  hierarchy.identifier(directory, identifier);
  Record record;
  record.identifier_length = identifier.size();
  record.extent = extent;
  record.parent = directory.parent + 1;
  sink.put_record(record);
  sink.put(std::as_bytes(std::span(identifier.view())));
  sink.align(2);
}
}  // namespace

void PathTable::prepare() {
  RecordSink sink;
  checkpoints_.clear();
  for (uint32_t i = 0; i < hierarchy_.directories().size(); ++i) {
    if (i % kCheckpointRecords == 0) checkpoints_.push_back(sink.position());
    emit_record<disc::PathTableRecordL>(hierarchy_, i, 0, sink);
  }
  bytes_ = sink.position();
}

template <class Record>
void PathTable::emit(uint64_t first, uint64_t end, RecordSink& sink) const {
  const auto behind = std::upper_bound(checkpoints_.begin(), checkpoints_.end(), first);
  auto i = static_cast<uint32_t>(behind - checkpoints_.begin() - 1) * kCheckpointRecords;
  sink.skip(*(behind - 1));
  for (; i < hierarchy_.directories().size() && sink.position() < end; ++i)
    emit_record<Record>(hierarchy_, i, directories_.extent(i).first, sink);
}

void PathTableRegion::render(uint64_t first, std::span<std::byte> out) const {
  const uint64_t begin = first * kSectorSize;
  RecordSink sink(out, begin);
  if (big_endian_)
    table_.emit<disc::PathTableRecordM>(begin, begin + out.size(), sink);
  else
    table_.emit<disc::PathTableRecordL>(begin, begin + out.size(), sink);
}

}  // namespace fsi
