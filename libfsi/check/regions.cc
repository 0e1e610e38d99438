#include "libfsi/check/regions.h"

#include "libfsi/check/boot_catalog.h"
#include "libfsi/disc/iso9660.h"
#include "libfsi/disc/manifest.h"
#include "libfsi/read/iso_tree.h"

namespace fsi {

std::vector<NamedRange> known_regions(const VolumeRead& volume, const SectorSource& source, uint64_t session_start,
                                      const Manifest* manifest) {
  std::vector<NamedRange> known;
  auto add = [&](uint64_t first, uint64_t sectors, std::string name) {
    if (sectors > 0) known.push_back({{first, sectors}, std::move(name)});
  };
  add(session_start, disc::kFirstDescriptor, "system area");
  add(volume.descriptors.first, volume.descriptors.count, "volume descriptors");
  for (const auto& tree : volume.iso_trees) {
    const disc::VolumeDescriptor& d = tree->descriptor().descriptor;
    const uint64_t sectors = sectors_for(d.path_table_size.little());
    for (const Lba lba : {d.path_table_l.get(), d.path_table_m.get(), d.optional_path_table_l.get(), d.optional_path_table_m.get()})
      if (lba != 0) add(lba, sectors, "path table (" + std::string(tree->name()) + ")");
  }
  IssueLog ignored(0);
  for (const Lba lba : volume.boot_catalogs) {
    add(lba, 1, "boot catalog");
    for (const BootImage& image : read_boot_catalog(source, lba, ignored)) add(image.lba, image.sectors(), "boot image");
  }
  if (manifest) {
    add(manifest->base + disc::kLocatorSector, 1, "locator of the manifest");
    add(manifest->range().first, manifest->sectors, "the manifest itself");
  }
  return known;
}

}  // namespace fsi
