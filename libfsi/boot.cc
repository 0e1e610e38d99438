#include "libfsi/boot.h"

#include "libfsi/base/error.h"
#include "libfsi/disc/eltorito.h"
#include "libfsi/hybrid/efi_partition.h"

namespace fsi {

namespace {

std::vector<HybridImage> hybrid_images(const ElTorito* boot, const Layout& layout) {
  std::vector<HybridImage> images;
  if (!boot) return images;
  for (const ElTorito::Entry& entry : boot->entries())
    images.push_back({entry.image.name(), entry.asked.platform, entry.image.bytes(), entry.line.media != disc::kNoEmulation,
                      entry.asked.info_table, entry.asked.grub2, [image = entry.image, &layout] { return image.extent(layout); },
                      [image = entry.image](uint64_t offset, std::span<std::byte> out) { image.read(offset, out); }});
  return images;
}

}  // namespace

BootOptions complete_boot(const ImageOptions& options) {
  BootOptions boot = options.boot;
  const bool boots = !boot.entries.empty() || !options.efi_directory.empty();
  if (boots && !options.file_systems.iso9660)
    throw Error(ErrorKind::usage, "--boot", "making the image bootable", "El Torito is a part of ISO 9660; add iso9660 to --fs");
  if (!options.efi_directory.empty()) {
    BootEntry entry;
    entry.image = options.efi_directory;
    entry.of_host = true;
    entry.platform = disc::kPlatformEfi;
    // The serial is what else would be random.
    const uint32_t serial = guid_of("discpress EFI\n" + options.volume.volume_id + "\n" + std::to_string(options.volume.created)).time_low;
    entry.descriptor = make_efi_partition({options.efi_directory, options.volume.created, serial, options.warn, options.scan});
    boot.entries.push_back(std::move(entry));
  }
  if (options.hybrid.wanted()) {
    boot.partition_align = kPartitionAlign;
    if (options.session_start)
      throw Error(ErrorKind::usage, "--hybrid", "making the image start from a disk",
                  "only an image that begins at sector 0 can; leave the session start out");
  }
  return boot;
}

std::optional<CatalogFile> add_boot_catalog(const BootOptions& boot, Time time, TreeBuilder& tree) {
  if (boot.catalog_path.empty()) return {};
  const std::string where = printable(boot.catalog_path);
  if (boot.entries.empty()) throw Error(ErrorKind::usage, where, "adding the boot catalog", "nothing boots that it could list; add --boot");
  if (tree.exists(boot.catalog_path))
    throw Error(ErrorKind::usage, where, "adding the boot catalog",
                "the sources have a file of that name, perhaps an old catalog; leave it out with --exclude, or choose another path");
  CatalogFile catalog(boot);
  Attributes attributes;
  attributes.mode = 0444;
  attributes.mtime = time;
  tree.add_callback(boot.catalog_path, catalog.bytes(), catalog.reader(), attributes);
  return catalog;
}

BootWriters make_boot_writers(const HybridOptions& hybrid, const BootOptions& boot, const CatalogFile* catalog, const Volume& volume,
                              const SourceTree& tree, const Layout& layout) {
  BootWriters writers;
  if (!boot.entries.empty()) writers.el_torito = std::make_unique<ElTorito>(tree, layout, boot, catalog);
  if (hybrid.wanted())
    writers.hybrid = std::make_unique<Hybrid>(volume, layout, hybrid,
                                              [images = writers.el_torito.get(), &layout] { return hybrid_images(images, layout); });
  return writers;
}

}  // namespace fsi
