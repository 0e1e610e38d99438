#include "libfsi/read/session_image.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/base/try_read.h"
#include "libfsi/disc/ecma167.h"
#include "libfsi/disc/iso9660.h"
#include "libfsi/read/locator.h"
#include "libfsi/read/udf_tag.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint64_t kAnchor = 256, kFarthestRoot = 65'536;  // sectors

using Sector = std::array<std::byte, kSectorSize>;

// Whether the sector begins with the "." of a directory that lies at `extent`.
bool is_directory_at(const Sector& sector, uint32_t extent) {
  DirectoryRecord dot;
  return load(std::span<const std::byte>(sector), 0, dot) && dot.length >= sizeof dot + 1 && dot.identifier_length == 1 &&
         (dot.flags & kDirectory) && sector[sizeof dot] == std::byte{0} && dot.extent.agree() && dot.extent.little() == extent;
}

uint64_t by_root_directory(const SectorSource& source) {
  Sector sector;
  VolumeDescriptor primary;
  if (!try_read(source, {kFirstDescriptor, 1}, sector) || !load(std::span<const std::byte>(sector), 0, primary) ||
      primary.header.type != static_cast<uint8_t>(DescriptorType::primary) || std::memcmp(primary.header.identifier, "CD001", 5) != 0 ||
      !primary.root.extent.agree())
    return 0;
  const uint32_t root = primary.root.extent.little();
  if (try_read(source, {root, 1}, sector) && is_directory_at(sector, root)) return 0;
  for (uint64_t at = kFirstDescriptor + 1; at < std::min<uint64_t>({source.sectors(), kFarthestRoot, root}); ++at)
    if (try_read(source, {at, 1}, sector) && is_directory_at(sector, root)) return root - at;
  return 0;
}

uint64_t by_anchor(const SectorSource& source) {
  Sector sector;
  Tag tag;
  if (!try_read(source, {kAnchor, 1}, sector) || !load(std::span<const std::byte>(sector), 0, tag) || tag.location <= kAnchor) return 0;
  return check_tag(sector, TagId::anchor, tag.location, std::nullopt) == 0 ? tag.location - kAnchor : 0;
}

}  // namespace

uint64_t made_for_sector(const SectorSource& source) {
  ManifestLocator locator;
  uint64_t at = 0;
  if (find_locator(source, 0, locator, at) == LocatorSearch::found)
    return locator.session_start <= UINT32_MAX ? locator.session_start.get() : 0;
  if (const uint64_t start = by_root_directory(source)) return start;
  return by_anchor(source);
}

void PlacedImage::read(SectorRange range, std::span<std::byte> out) const {
  if (range.first < start_)
    throw Error(ErrorKind::source, printable(name()), "reading LBA " + std::to_string(range.first),
                "it lies in an earlier session of the disc; the file begins with LBA " + std::to_string(start_));
  image_->read({range.first - start_, range.count}, out);
}

}  // namespace fsi
