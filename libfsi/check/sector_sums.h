// The sums of single sectors in a manifest (disc/manifest.h): what they tell beyond the digests, which stand for 32 sectors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "libfsi/check/manifest_reader.h"

namespace fsi {

/// Takes the sums of sectors at the beginning of `bytes`, which lie in the body of `manifest`. False: they are damaged. An
/// older manifest has none, which is no fault. `pieces`: of damaged ones, the digests that their copy has of each part, to take
/// those that are right; empty when there are none, or when header and bits cannot be believed.
bool take_sector_sums(std::span<const std::byte> bytes, Manifest& manifest, std::span<const std::byte> pieces = {});

/// Whether every chunk that the range touches has sums of its sectors.
bool known_to_the_sector(const Manifest& manifest, SectorRange range);

/// Whether the sector of the source is right when zeros stand behind its first `keep` bytes; false where that cannot be told.
bool right_before_end(const SectorSource& source, const Manifest& manifest, uint64_t lba, size_t keep);

/// How many sectors of the source could be read and not compared: those beside unreadable ones under one digest without sums.
uint64_t not_compared(const Manifest& manifest, std::span<const SectorRange> unreadable);

}  // namespace fsi
