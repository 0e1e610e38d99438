// The recipe of mkimage: one call a pass, in order. What is frozen after which pass is said between them.
#include "libfsi/fsi.h"

#include <tbb/global_control.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <thread>

#include "libfsi/disc/eltorito.h"
#include "libfsi/iso9660/iso9660.h"
#include "libfsi/joliet/joliet.h"
#include "libfsi/names/recorded_names.h"
#include "libfsi/iso9660/volume_texts.h"

namespace fsi {

namespace {

/// Sectors 0 to 15, left to the system (ECMA-119 6.2.1): zeros until something boots from them.
class SystemArea : public Region {
 public:
  SystemArea() { zone = Zone::fixed; }
  std::string what() const override { return "system area"; }
  uint64_t measure() override { return disc_sectors; }
  void render(uint64_t, std::span<std::byte>) const override {}

 private:
  static constexpr uint64_t disc_sectors = 16;
};

// SOURCE_DATE_EPOCH alone makes two builds identical (reproducible-builds.org).
std::optional<Time> source_date_epoch() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  if (!text || !*text) return {};
  char* end = nullptr;
  errno = 0;
  const long long seconds = std::strtoll(text, &end, 10);
  if (errno || *end || seconds < 0 || seconds > INT64_MAX / kSecond)
    throw Error(ErrorKind::usage, "SOURCE_DATE_EPOCH", "reading the time", "\"" + printable(text) + "\" is not a number of seconds since 1970");
  return seconds * kSecond;
}

Time now() { return static_cast<Time>(std::time(nullptr)) * kSecond; }

// A volume wants a name: the time of its making, as other makers of discs do.
std::string default_volume_id(Time time) {
  const std::time_t seconds = time / kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d_%H%M%S", &utc);
  return text;
}

ImageOptions with_defaults(ImageOptions options) {
  const std::optional<Time> epoch = source_date_epoch();
  const Time time = epoch ? *epoch : now();
  Volume& volume = options.volume;
  if (!volume.created) volume.created = time;
  if (!volume.modified) volume.modified = volume.created;
  if (volume.volume_id.empty()) volume.volume_id = default_volume_id(volume.created);
  if (volume.application.empty()) volume.application = "DISCPRESS";  // without a version, which would change the bytes
  volume.rock_ridge = options.file_systems.rock_ridge;
  if (epoch && !options.scan.source_date_epoch) options.scan.source_date_epoch = *epoch;
  if (!options.threads) options.threads = std::max(1u, std::thread::hardware_concurrency());
  options.scan.threads = options.threads;
  return options;
}

// What boots, with the EFI system partition that is made of a folder. Its serial is what else would be random.
BootOptions complete_boot(const ImageOptions& options) {
  BootOptions boot = options.boot;
  if (!options.efi_directory.empty()) {
    BootEntry entry;
    entry.image = options.efi_directory;
    entry.of_host = true;
    entry.platform = disc::kPlatformEfi;
    const uint32_t serial = guid_of("discpress EFI\n" + options.volume.volume_id + "\n" + std::to_string(options.volume.created)).time_low;
    entry.descriptor = make_efi_partition({options.efi_directory, options.volume.created, serial, options.scan});
    boot.entries.push_back(std::move(entry));
  }
  if (options.hybrid.wanted()) {
    boot.partition_align = kPartitionAlign;
    if (options.session_start)
      throw Error(ErrorKind::usage, "--hybrid", "making the image start from a disk", "only an image that begins at sector 0 can; leave the session start out");
  }
  return boot;
}

std::vector<HybridImage> hybrid_images(const ElTorito* boot, const Layout& layout) {
  std::vector<HybridImage> images;
  if (!boot) return images;
  for (const ElTorito::Entry& entry : boot->entries())
    images.push_back({entry.image.name(), entry.asked.platform, entry.image.bytes(), entry.line.media != disc::kNoEmulation, entry.asked.info_table,
                      entry.asked.grub2, [image = entry.image, &layout] { return image.extent(layout); },
                      [image = entry.image](uint64_t offset, std::span<std::byte> out) { image.read(offset, out); }});
  return images;
}

// The catalog is a file whose bytes are known only when the layout is; its size is known now.
std::optional<CatalogFile> add_boot_catalog(const BootOptions& boot, Time time, TreeBuilder& tree) {
  if (boot.catalog_path.empty()) return {};
  if (boot.entries.empty())
    throw Error(ErrorKind::usage, printable(boot.catalog_path), "adding the boot catalog", "nothing boots that it could list; add --boot");
  if (tree.exists(boot.catalog_path))
    throw Error(ErrorKind::usage, printable(boot.catalog_path), "adding the boot catalog",
                "the sources have a file of that name, perhaps an old catalog; leave it out with --exclude, or choose another path");
  CatalogFile catalog(boot);
  Attributes attributes;
  attributes.mode = 0444;
  attributes.mtime = time;
  tree.add_callback(boot.catalog_path, catalog.bytes(), catalog.reader(), attributes);
  return catalog;
}

// The volume descriptors follow each other from sector 16 without a gap; the set terminator is the last.
std::vector<std::unique_ptr<FormatWriter>> make_formats(const FileSystems& wanted, const Volume& volume, const SourceTree& tree,
                                                        const Layout& layout, std::unique_ptr<ElTorito> boot, const HybridOptions& hybrid,
                                                        std::vector<std::unique_ptr<Region>>& regions) {
  std::vector<std::unique_ptr<FormatWriter>> formats;
  uint64_t descriptor = 16;
  const ElTorito* const images = boot.get();
  formats.push_back(make_iso9660(tree, volume, layout, descriptor++));
  if (boot) {
    formats.push_back(std::move(boot));
    ++descriptor;  // the boot record's place is fixed: BIOSes look nowhere else
  }
  if (hybrid.wanted())
    formats.push_back(std::make_unique<Hybrid>(volume, layout, hybrid, [images, &layout] { return hybrid_images(images, layout); }));
  else
    regions.push_back(std::make_unique<SystemArea>());
  if (wanted.joliet) formats.push_back(make_joliet(tree, volume, layout, descriptor++));
  regions.push_back(make_set_terminator(descriptor++));
  return formats;
}

std::vector<Region*> request_regions(const std::vector<std::unique_ptr<FormatWriter>>& formats,
                                     const std::vector<std::unique_ptr<Region>>& own, ManifestWriter* manifest) {
  std::vector<Region*> regions;
  for (const auto& region : own) regions.push_back(region.get());
  for (const auto& format : formats)
    for (Region* region : format->regions()) regions.push_back(region);
  if (manifest)
    for (Region* region : manifest->regions()) regions.push_back(region);
  return regions;
}

void warn_of_losses(const std::vector<std::unique_ptr<FormatWriter>>& formats, const SourceTree& tree, const Warn& warn) {
  if (!warn) return;
  for (const auto& format : formats) {
    const auto* names = dynamic_cast<const RecordedNames*>(format.get());
    if (!names) continue;
    for (const std::string& note : names->notes()) warn(names->format_name(), note);
    names->for_each_loss([&](NodeId id, std::string_view what) { warn(printable(tree.path(id)), std::string(what)); });
  }
}

}  // namespace

FileSystems parse_file_systems(const std::string& list) {
  FileSystems set{false, false, false};
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    const std::string word = list.substr(at, comma - at);
    if (word == "iso9660" || word == "iso")
      set.iso9660 = true;
    else if (word == "rockridge" || word == "rr")
      set.rock_ridge = true;
    else if (word == "joliet")
      set.joliet = true;
    else
      throw Error(ErrorKind::usage, "--fs", "choosing the file systems",
                  "\"" + printable(word) + "\" is not one of iso9660, rockridge, joliet");
    at = comma + 1;
  }
  if (!set.iso9660)
    throw Error(ErrorKind::usage, "--fs", "choosing the file systems", "Rock Ridge and Joliet need iso9660; add it to the list");
  return set;
}

FileSystemImage::FileSystemImage(ImageOptions options)
    : options_(with_defaults(std::move(options))), tree_(options_.scan, options_.stop, options_.progress) {
  check_volume_texts(options_.volume);
}

FileSystemImage::~FileSystemImage() = default;

std::unique_ptr<Image> FileSystemImage::create_result() {
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, options_.threads);
  Image::Parts parts;
  parts.threads = options_.threads;

  const BootOptions wanted_boot = complete_boot(options_);
  const std::optional<CatalogFile> catalog = add_boot_catalog(wanted_boot, options_.volume.created, tree_);

  // Sources become one tree: ruled, linked by inode, equal contents shared, sorted by name. (They were scanned when added.)
  parts.tree = std::make_unique<SourceTree>(tree_.finish(options_.warn));
  own_boot_contents(*parts.tree, wanted_boot);

  // ---- The tree is frozen. ----

  parts.layout = std::make_unique<Layout>();
  const SourceTree& tree = *parts.tree;
  const Layout& layout = *parts.layout;
  auto volume = std::make_unique<Volume>(options_.volume);

  // Every format finds its names and its order; directories are independent of each other.
  auto own_boot = wanted_boot.entries.empty() ? nullptr : std::make_unique<ElTorito>(tree, layout, wanted_boot, catalog ? &*catalog : nullptr);
  ElTorito* const boot = own_boot.get();
  parts.formats = make_formats(options_.file_systems, *volume, tree, layout, std::move(own_boot), options_.hybrid, parts.regions);
  for (const auto& format : parts.formats) format->prepare();
  check_stop(options_.stop);
  warn_of_losses(parts.formats, tree, options_.warn);
  if (boot && options_.warn)
    for (const std::string& note : boot->notes()) options_.warn("boot", note);

  // Each format asks for room; the manifest asks for the end, since it depends on all the other bytes.
  if (options_.digest != DigestKind::none) parts.manifest = std::make_unique<ManifestWriter>(tree, layout, options_.digest);
  const std::vector<Region*> regions = request_regions(parts.formats, parts.regions, parts.manifest.get());

  // Sizes by the very code that writes, into a sink that counts; then addresses, serially, the only place that does.
  const std::vector<uint64_t> sizes = measure_regions(regions);
  check_stop(options_.stop);
  assign_extents(tree, regions, sizes, options_.session_start, *parts.layout);

  // ---- Every address is known; nothing is written. ----

  // Boot programs learn where they lie, in the image only. A checksum among it is why their few bytes are read now.
  if (boot) parts.patches = boot->freeze();

  parts.volume = std::move(volume);
  return std::make_unique<Image>(std::move(parts));
}

void for_each_changed_name(const Image& image, const std::function<void(const ChangedName&)>& name) {
  for (const auto& format : image.formats()) {
    const auto* names = dynamic_cast<const RecordedNames*>(format.get());
    if (!names) continue;
    names->for_each_changed([&](NodeId id, std::string_view recorded) {
      name({names->format_name(), image.tree().path(id), std::string(recorded)});
    });
  }
}

}  // namespace fsi
