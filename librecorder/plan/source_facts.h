// What the first sectors of a stream tell about the whole: how long its volume is and for which session it was made.
// Pure: bytes in, facts out. A volume descriptor is read by position only; it may be hostile, so what does not hold
// together counts as not told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "libfsi/base/sectors.h"

namespace rec {

/// How much of a stream source_facts() wants to see: the anchor of UDF lies in sector 256.
inline constexpr size_t kPeekSectors = 512;

struct SourceFacts {
  std::string name;
  /// Length in bytes when it is known from outside: a file has one.
  std::optional<uint64_t> bytes;
  /// ECMA-119 8.4.8: sectors of the volume, exactly.
  std::optional<uint64_t> volume_sectors;
  /// ECMA-167 (UDF without ISO 9660): sectors up to the end of the partition; the volume may have a few more.
  std::optional<uint64_t> volume_at_least;
  /// Where the root directory and the path table lie. They are absolute, so they tell the session the image was made for.
  std::optional<fsi::Lba> root_directory, path_table;
  /// The first bytes look like sectors of 2352 bytes, headers and all.
  bool raw_sectors = false;
};

/// `head`: the first kPeekSectors of the stream, or all of it when it is shorter.
SourceFacts source_facts(std::string name, std::optional<uint64_t> bytes, std::span<const std::byte> head);

/// How far behind SourceFacts::volume_at_least the anchors of a volume are looked for: N - 256 and N.
inline constexpr size_t kBehindPartition = 512;

/// Where a volume of UDF ends: behind the last anchor in `behind`, the sectors from `first` on, that is one of those in `head`
/// (ECMA-167 3/8.4.2.1: one lies in the last sector). Empty when there is none.
std::optional<uint64_t> end_by_anchor(std::span<const std::byte> head, uint64_t first, std::span<const std::byte> behind);

}  // namespace rec
