#include "libfsi/base/try_read.h"

#include "libfsi/base/error.h"

namespace fsi {

bool try_read(const SectorSource& source, SectorRange range, std::span<std::byte> out) {
  if (range.first > source.sectors() || range.count > source.sectors() - range.first) return false;
  try {
    source.read(range, out);
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return false;
  }
}

void append(std::vector<SectorRange>& ranges, SectorRange range) {
  if (!ranges.empty() && ranges.back().end() == range.first)
    ranges.back().count += range.count;
  else
    ranges.push_back(range);
}

}  // namespace fsi
