// One directory record (ECMA-119 9.1) with its identifier and system use field, and what of that is
// continued elsewhere. The same code measures and writes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "libfsi/disc/iso9660.h"
#include "libfsi/iso9660/dialect.h"

namespace fsi {

/// What a record says besides its identifier and system use.
struct RecordFields {
  Lba extent = 0;
  uint32_t data_length = 0;
  Time time = 0;
  uint8_t flags = 0;
};

/// The continuation area of a directory (SUSP 5.1): where the next byte of it goes.
struct ContinuationPlace {
  Lba area = 0;           ///< where the area begins; 0 while measuring
  uint64_t position = 0;  ///< bytes from there
};

/// Composes records one after another. Keeps its buffers; not for two threads at a time.
class RecordComposer {
 public:
  explicit RecordComposer(const SystemUse* system_use) : system_use_(system_use) {}

  /// Composes a record of `fields`, `identifier` and the system use of `subject`. What does not fit into the record goes to the
  /// continuation area, from `place` on, and `place` moves behind it; every piece lies inside one block, as Linux demands. Throws
  /// Error{limit} when that takes more pieces than readers follow.
  void compose(const RecordFields& fields, std::string_view identifier, const RecordSubject& subject, ContinuationPlace& place);

  std::span<const std::byte> record() const { return {record_.data(), length_}; }
  /// The piece or pieces in the continuation area with the zeros between them, empty when there are none.
  std::span<const std::byte> continuation() const { return continuation_; }
  uint64_t continuation_begin() const { return continuation_begin_; }

 private:
  size_t split_system_use(size_t at, ContinuationPlace& place);

  const SystemUse* system_use_;
  SystemUseEntries entries_;
  std::array<std::byte, 256> record_;
  size_t length_ = 0;
  std::vector<std::byte> continuation_;
  uint64_t continuation_begin_ = 0;
};

}  // namespace fsi
