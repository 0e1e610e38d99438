// The locator of the manifest (disc/manifest.h): a sector near the start that says how long the image was made.
#pragma once

#include "libfsi/base/sectors.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

enum class LocatorSearch : uint8_t { none, damaged, found };

/// Looks in sectors 16 to 31 from `base`. `at`: where one was found, damaged or not. What cannot be read holds none.
LocatorSearch find_locator(const SectorSource& source, uint64_t base, disc::ManifestLocator& locator, uint64_t& at);

}  // namespace fsi
