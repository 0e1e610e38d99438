// The second copy inside a manifest (disc/manifest.h): what it proves of a manifest that is damaged itself. Knows nothing of
// what the bytes mean.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

/// The sectors of a manifest as far as they can be read; the others are zeros.
struct ManifestSectors {
  std::vector<std::byte> bytes{};
  std::vector<SectorRange> unreadable{};  ///< counted from the first of them
};

/// What of the range lies behind the end of the source cannot be read. Throws Error{interrupted}.
ManifestSectors read_manifest_sectors(const SectorSource& source, SectorRange range);

class ManifestCopy {
 public:
  /// Finds the sectors of the copy that prove themselves. `body`, all sectors of a manifest, outlives this.
  ManifestCopy(std::span<const std::byte> body, DigestKind kind);

  /// The header, when its sector of the copy is good. Its digest is right; its sizes are not looked at.
  std::optional<disc::ManifestHeader> header() const;

  struct Repair {
    std::vector<std::byte> bytes{};          ///< those before the first sum: of the copy where it is good, else of the body
    std::vector<SectorRange> not_proven{};   ///< of these bytes (the unit is one byte): not in the copy
    std::vector<std::byte> pieces{};         ///< the digests of pieces of the sums; zeros where the copy is not good
    std::vector<SectorRange> differing{};    ///< sectors of the body that are not what the copy says
    std::vector<SectorRange> copy_damage{};  ///< sectors of the body where the copy should be and is not
  };
  /// `root`: of the header that is believed. `size`: bytes before the first sum, no more than the body has. No copy at all is
  /// a Repair in which nothing is proven.
  Repair repair(std::span<const unsigned char> root, uint64_t size) const;

 private:
  struct Part {
    uint64_t index, sector;  // of the copy; where in the body
  };
  disc::ManifestCopySector at(const Part& part) const;

  const std::span<const std::byte> body_;
  std::vector<Part> parts_;  // as they lie
};

}  // namespace fsi
