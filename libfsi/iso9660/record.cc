#include "libfsi/iso9660/record.h"

#include <new>

#include "libfsi/disc/susp.h"
#include "libfsi/disc/times.h"

namespace fsi {

namespace {

constexpr size_t kLongestRecord = 254;  // 9.1.1: a byte; records have even lengths
constexpr unsigned kMostPieces = 31;    // Linux gives up a record's system use after as many continuations

// Length of the longest run of whole entries at the start of `entries` that fits into `room`.
size_t whole_entries(std::span<const std::byte> entries, size_t room) {
  size_t taken = 0;
  while (taken < entries.size()) {
    const auto next = std::to_integer<size_t>(entries[taken + 2]);
    if (taken + next > room) break;
    taken += next;
  }
  return taken;
}

}  // namespace

void RecordComposer::compose(const RecordFields& fields, std::string_view identifier, const RecordSubject& subject,
                             ContinuationPlace& place) {
  const size_t at = sizeof(disc::DirectoryRecord);
  const size_t unpadded = at + identifier.size();
  const size_t end = unpadded + unpadded % 2;  // 9.1.12
  if (end > kLongestRecord) throw Error(ErrorKind::limit, "", "composing its directory record", "its identifier is too long");
  std::memcpy(record_.data() + at, identifier.data(), identifier.size());
  record_[unpadded] = std::byte{0};
  length_ = end;
  continuation_.clear();
  if (system_use_) {
    entries_.clear();
    system_use_->append(subject, entries_);
    if (entries_.size() <= kLongestRecord - end) {
      std::memcpy(record_.data() + end, entries_.bytes().data(), entries_.size());
      length_ = end + entries_.size();
    } else {
      length_ = split_system_use(end, place);
    }
    if (length_ % 2) record_[length_++] = std::byte{0};
  }
  auto& record = *new (record_.data()) disc::DirectoryRecord;
  record.length = length_;
  record.extent = fields.extent;
  record.data_length = fields.data_length;
  disc::set_short_time(record.time, disc::short_time_bytes(fields.time));
  record.flags = fields.flags;
  record.identifier_length = identifier.size();
}

size_t RecordComposer::split_system_use(size_t at, ContinuationPlace& place) {
  if (at + sizeof(disc::SuspCE) > kLongestRecord)
    throw Error(ErrorKind::limit, "", "composing its directory record", "its identifier leaves no room for Rock Ridge");
  std::span<const std::byte> rest = entries_.bytes();
  // Where the entry lies that points at the next piece; the record's last one first (FreeBSD wants it last).
  const size_t head = whole_entries(rest, kLongestRecord - at - sizeof(disc::SuspCE));
  std::memcpy(record_.data() + at, rest.data(), head);
  std::byte* link = record_.data() + at + head;
  size_t link_offset = 0;  // in continuation_, from the second piece on
  rest = rest.subspan(head);

  if (rest.size() > kSectorSize - place.position % kSectorSize) place.position = sectors_for(place.position) * kSectorSize;
  continuation_begin_ = place.position;
  for (unsigned pieces = 1; !rest.empty(); ++pieces) {
    if (pieces > kMostPieces)
      throw Error(ErrorKind::limit, "", "composing its directory record",
                  "its link target is so long that it takes more continuation areas than readers follow; shorten or exclude it");
    const size_t room = kSectorSize - place.position % kSectorSize;
    const bool last = rest.size() <= room;
    const size_t taken = last ? rest.size() : whole_entries(rest, room - sizeof(disc::SuspCE));
    disc::SuspCE ce;
    ce.extent = place.area + place.position / kSectorSize;
    ce.offset = place.position % kSectorSize;
    ce.length = taken + (last ? 0 : sizeof ce);
    const size_t begin = place.position - continuation_begin_;
    continuation_.resize(begin + taken + (last ? 0 : sizeof ce));
    std::memcpy(pieces == 1 ? link : continuation_.data() + link_offset, &ce, sizeof ce);
    std::memcpy(continuation_.data() + begin, rest.data(), taken);
    link_offset = begin + taken;
    rest = rest.subspan(taken);
    place.position = last ? place.position + taken : sectors_for(place.position + 1) * kSectorSize;
  }
  return at + head + sizeof(disc::SuspCE);
}

}  // namespace fsi
