// Addresses on a disc and the thing that has sectors: an image being made, an image file and
// a disc in a drive are all a SectorSource.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fsi {

inline constexpr uint32_t kSectorSize = 2048;

/// A logical block address, in sectors of 2048 bytes from the start of the volume space.
using Lba = uint32_t;

constexpr uint64_t sectors_for(uint64_t bytes) { return bytes / kSectorSize + (bytes % kSectorSize != 0); }

/// `count` sectors from `first`. 64-bit so that sums never wrap.
struct SectorRange {
  uint64_t first = 0;
  uint64_t count = 0;
  constexpr uint64_t end() const { return first + count; }
  friend constexpr bool operator==(const SectorRange&, const SectorRange&) = default;
};

/// Where a run of bytes lies: whole sectors, the last one partly used.
struct Extent {
  Lba first = 0;
  uint64_t bytes = 0;
  constexpr uint64_t sectors() const { return sectors_for(bytes); }
  constexpr SectorRange range() const { return {first, sectors()}; }
  friend constexpr bool operator==(const Extent&, const Extent&) = default;
};

/// Anything that has sectors. `read` is const, thread-safe and repeatable.
class SectorSource {
 public:
  virtual ~SectorSource() = default;
  /// Number of sectors that can be read, from 0.
  virtual uint64_t sectors() const = 0;
  /// Fills `out`, which is exactly range.count * 2048 bytes. The range lies inside sectors().
  /// Throws Error when the sectors cannot be read; `out` is then unspecified.
  virtual void read(SectorRange range, std::span<std::byte> out) const = 0;
  /// What to call it in a message: a path or a drive.
  virtual std::string name() const = 0;
};

}  // namespace fsi
