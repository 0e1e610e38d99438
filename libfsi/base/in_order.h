// What wants the sectors of a pass in ascending order, because its sum is a serial one.
#pragma once

#include <span>

#include "libfsi/base/sectors.h"

namespace fsi {

class InOrder {
 public:
  virtual ~InOrder() = default;
  /// Sectors `range` with their bytes; ranges follow each other without gap or overlap. What is in `unreadable`
  /// (ascending, inside of `range`) is not known: those bytes mean nothing. One thread at a time.
  virtual void take(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) = 0;
};

}  // namespace fsi
