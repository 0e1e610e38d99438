#include "libfsi/read/locator.h"

#include <array>
#include <cstring>

#include "libfsi/base/digest.h"
#include "libfsi/base/try_read.h"
#include "libfsi/disc/iso9660.h"

namespace fsi {

using namespace disc;

LocatorSearch find_locator(const SectorSource& source, uint64_t base, ManifestLocator& locator, uint64_t& at) {
  LocatorSearch result = LocatorSearch::none;
  std::array<std::byte, kSectorSize> sector;
  for (uint64_t s = base + kFirstDescriptor; s <= base + kLocatorSector && s < source.sectors(); ++s) {
    if (!try_read(source, {s, 1}, sector)) continue;
    ManifestLocator l;
    if (!load(std::span<const std::byte>(sector), 0, l) || std::memcmp(l.magic, kLocatorMagic, sizeof kLocatorMagic) != 0) continue;
    at = s;
    const Digest digest = digest_of(DigestKind::sha256, bytes_of(l).first(offsetof(ManifestLocator, digest)));
    if (std::memcmp(digest.data(), l.digest, sizeof l.digest) != 0) {
      result = LocatorSearch::damaged;
      continue;
    }
    locator = l;
    return LocatorSearch::found;
  }
  return result;
}

}  // namespace fsi
