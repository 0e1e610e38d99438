// The recipe of mkimage: one call a pass, in order. What is frozen after which pass is said between them.
#include "libfsi/fsi.h"

#include <tbb/global_control.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <thread>

#include "libfsi/boot.h"
#include "libfsi/dvd_video.h"
#include "libfsi/image_source.h"
#include "libfsi/iso9660/iso9660.h"
#include "libfsi/iso9660/volume_texts.h"
#include "libfsi/joliet/joliet.h"
#include "libfsi/layout/recorded_names.h"
#include "libfsi/losses.h"
#include "libfsi/real_time.h"
#include "libfsi/udf/udf.h"

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
    throw Error(ErrorKind::usage, "SOURCE_DATE_EPOCH", "reading the time",
                "\"" + printable(text) + "\" is not a number of seconds since 1970");
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

unsigned udf_revision(const ImageOptions& options) {
  return options.udf_revision ? options.udf_revision : options.file_systems.iso9660 ? 0x0102 : 0x0201;
}

// What was asked for by itself and the file systems of the image cannot hold.
void check_udf_wishes(const ImageOptions& options) {
  const auto check = [&](bool wanted, const char* option, const char* what, unsigned first) {
    if (!wanted) return;
    const std::string from = udf_revision_text(first);
    if (!options.file_systems.udf)
      throw Error(ErrorKind::usage, option, "choosing the file systems", std::string(what) + " are in UDF alone; add --udf=" + from);
    if (udf_revision(options) < first)
      throw Error(ErrorKind::usage, option, "choosing the revision of UDF",
                  std::string(what) + " are in UDF from revision " + from + " on, and this image has " +
                      udf_revision_text(udf_revision(options)) + "; add --udf=" + from);
  };
  check(options.scan.xattrs == Xattrs::keep, "--xattrs", "named streams, which extended attributes become,", kFirstWithStreams);
  check(!options.real_time.empty(), "--real-time", "real-time files", kFirstWithRealTime);
}

// Readers of ISO 9660 that know one extent a file see the beginning of such a one only, or refuse it.
void join_udf_for_large_files(ImageOptions& options, const SourceTree& tree) {
  constexpr uint64_t kLarge = uint64_t{4} << 30;
  if (!options.udf_for_large_files || options.file_systems.udf || !options.file_systems.iso9660) return;
  const auto large =
      std::find_if(tree.contents.begin(), tree.contents.end(), [](const Content& content) { return content.size >= kLarge; });
  if (large == tree.contents.end()) return;
  options.file_systems.udf = true;
  if (options.warn)
    options.warn(printable(tree.path(large->first_node)),
                 "it has " + std::to_string(large->size) + " bytes, which many readers of ISO 9660 cannot read whole: the image gets UDF " +
                     udf_revision_text(udf_revision(options)) + " as well; --no-udf leaves that out");
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
  // Looking costs a tenth of the time on small files: only where asking for them would help.
  if (options.scan.xattrs == Xattrs::ignore && options.count_xattrs && options.file_systems.udf &&
      udf_revision(options) >= kFirstWithStreams)
    options.scan.xattrs = Xattrs::count;
  check_udf_wishes(options);
  if (!options.scan.open_image) options.scan.open_image = open_image_source;
  return options;
}

// The volume descriptors follow each other from sector 16 without a gap, the set terminator is the last of ISO 9660's, and
// UDF's recognition sequence follows it: firmware and GRUB give up at the first sector that is neither.
std::vector<std::unique_ptr<FormatWriter>> make_formats(const ImageOptions& options, BootWriters boot, const Volume& volume,
                                                        const SourceTree& tree, const Layout& layout, const Region* checksums,
                                                        std::vector<std::unique_ptr<Region>>& regions) {
  const FileSystems& wanted = options.file_systems;
  std::vector<std::unique_ptr<FormatWriter>> formats;
  uint64_t descriptor = 16;
  if (!boot.hybrid) regions.push_back(std::make_unique<SystemArea>());
  if (wanted.iso9660) {
    const uint64_t primary = descriptor++;
    if (boot.el_torito) ++descriptor;  // its record's place is fixed: BIOSes look nowhere else
    formats.push_back(make_iso9660(tree, volume, layout, primary, descriptor, checksums));
    if (volume.iso_level == 4) ++descriptor;  // ISO 9660:1999 has an enhanced descriptor
    if (wanted.joliet) formats.push_back(make_joliet(tree, volume, layout, descriptor++));
    regions.push_back(make_set_terminator(descriptor++));
  }
  if (wanted.udf) {
    UdfOptions udf;
    udf.revision = udf_revision(options);
    udf.vrs_at = descriptor;
    udf.embed = !wanted.iso9660;
    udf.end_is_taken = options.hybrid.gpt;
    udf.duplicate_metadata = options.duplicate_metadata;
    formats.push_back(make_udf(tree, volume, layout, udf));
  }
  if (boot.el_torito) formats.push_back(std::move(boot.el_torito));
  if (boot.hybrid) formats.push_back(std::move(boot.hybrid));
  return formats;
}

void check_required(const SourceTree& tree, const std::vector<std::string>& paths) {
  std::string missing;
  for (const std::string& path : paths)
    if (tree.find(path) == kNone) missing.append(missing.empty() ? "" : ", ").append(printable(path));
  if (!missing.empty()) throw Error(ErrorKind::usage, missing, "checking what the image must have", "it is not in the sources");
}

void check_implants(const ImageOptions& options) {
  const ImplantOptions& wanted = options.implants;
  const auto refuse = [](const char* why) { throw Error(ErrorKind::usage, "--implant", "choosing the sums to implant", why); };
  if (wanted.supported && !wanted.isomd5) refuse("supported is a mark of isomd5sum's; add isomd5");
  if (wanted.isomd5 && !options.file_systems.iso9660)
    refuse("isomd5sum keeps its sums in the volume descriptor of ISO 9660; add iso9660 to --fs");
  if (wanted.isomd5 && options.session_start) refuse("isomd5sum looks at sector 16 of a disc only; a later session has to do without");
  if (wanted.libisofs && !options.file_systems.rock_ridge)
    refuse("the sums of libisofs are found through Rock Ridge; add rockridge to --fs");
}

void check_capacity(uint64_t sectors, uint64_t capacity) {
  if (capacity && sectors > capacity)
    throw Error(ErrorKind::limit, "", "laying out the image",
                "it needs " + std::to_string(sectors) + " sectors and the medium has " + std::to_string(capacity) +
                    "; leave something out or take a larger medium");
}

std::vector<Region*> request_regions(const std::vector<std::unique_ptr<FormatWriter>>& formats,
                                     const std::vector<std::unique_ptr<Region>>& own, Implants* implants, ManifestWriter* manifest) {
  std::vector<Region*> regions;
  for (const auto& region : own) regions.push_back(region.get());
  for (const auto& format : formats)
    for (Region* region : format->regions()) regions.push_back(region);
  if (implants)
    for (Region* region : implants->regions()) regions.push_back(region);
  if (manifest)
    for (Region* region : manifest->regions()) regions.push_back(region);
  return regions;
}

}  // namespace

FileSystems parse_file_systems(const std::string& list) {
  FileSystems set{false, false, false, false};
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    const std::string word = list.substr(at, comma - at);
    if (word == "iso9660" || word == "iso")
      set.iso9660 = true;
    else if (word == "rockridge" || word == "rr")
      set.rock_ridge = true;
    else if (word == "joliet")
      set.joliet = true;
    else if (word == "udf")
      set.udf = true;
    else
      throw Error(ErrorKind::usage, "--fs", "choosing the file systems",
                  "\"" + printable(word) + "\" is not one of iso9660, rockridge, joliet, udf");
    at = comma + 1;
  }
  if (!set.iso9660 && (set.rock_ridge || set.joliet || !set.udf))
    throw Error(ErrorKind::usage, "--fs", "choosing the file systems", "Rock Ridge and Joliet need iso9660; add it to the list");
  return set;
}

unsigned parse_udf_revision(const std::string& word) {
  const auto digit = [&](size_t i) { return word[i] >= '0' && word[i] <= '9' ? static_cast<unsigned>(word[i] - '0') : 16u; };
  unsigned revision = 0;
  if (word.size() == 4 && word[1] == '.') revision = digit(0) << 8 | digit(2) << 4 | digit(3);
  if (!is_udf_revision(revision))
    throw Error(ErrorKind::usage, "--udf", "choosing the revision of UDF",
                "\"" + printable(word) + "\" is not one of 1.02, 1.50, 2.00, 2.01, 2.50, 2.60");
  return revision;
}

FileSystemImage::FileSystemImage(ImageOptions options)
    : options_(with_defaults(std::move(options))), tree_(options_.scan, options_.stop, options_.progress) {
  if (options_.file_systems.iso9660) check_volume_texts(options_.volume);
}

FileSystemImage::~FileSystemImage() = default;

std::unique_ptr<Image> FileSystemImage::create_result() {
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, options_.threads);
  Image::Parts parts;
  parts.threads = options_.threads;
  parts.sums = options_.sums;
  check_implants(options_);

  const BootOptions wanted_boot = complete_boot(options_);
  const std::optional<CatalogFile> catalog = add_boot_catalog(wanted_boot, options_.volume.created, tree_);

  // Sources become one tree: ruled, linked by inode, equal contents shared, sorted by name. (They were scanned when added.)
  parts.tree = std::make_unique<SourceTree>(tree_.finish(options_.warn));
  check_required(*parts.tree, options_.required);
  if (options_.dvd_video) order_dvd_video(*parts.tree);
  if (!options_.real_time.empty() && mark_real_time(*parts.tree, options_.real_time) == 0 && options_.warn)
    options_.warn("--real-time", "no file matches");
  join_udf_for_large_files(options_, *parts.tree);
  own_boot_contents(*parts.tree, wanted_boot);

  // ---- The tree is frozen. ----

  parts.layout = std::make_unique<Layout>();
  parts.layout->packed = options_.dvd_video;
  const SourceTree& tree = *parts.tree;
  const Layout& layout = *parts.layout;
  auto volume = std::make_unique<Volume>(options_.volume);

  // Every format finds its names and its order; directories are independent of each other.
  BootWriters boot_writers = make_boot_writers(options_.hybrid, wanted_boot, catalog ? &*catalog : nullptr, *volume, tree, layout);
  ElTorito* const boot = boot_writers.el_torito.get();
  if (options_.implants.any()) parts.implants = std::make_unique<Implants>(tree, layout, options_.implants);
  const Region* const checksums = parts.implants ? parts.implants->array() : nullptr;
  parts.formats = make_formats(options_, std::move(boot_writers), *volume, tree, layout, checksums, parts.regions);
  for (const auto& format : parts.formats) format->prepare();
  if (parts.formats.size() == 1) parts.layout->holder = parts.formats.front().get();
  check_stop(options_.stop);
  if (options_.warn) warn_of_losses(options_.file_systems, parts.formats, tree, options_.warn);
  if (boot && options_.warn)
    for (const std::string& note : boot->notes()) options_.warn("boot", note);

  // Each format asks for room; sums of others and the manifest ask for the end, since they depend on all the other bytes.
  if (options_.digest != DigestKind::none) parts.manifest = std::make_unique<ManifestWriter>(tree, layout, options_.digest);
  const std::vector<Region*> regions = request_regions(parts.formats, parts.regions, parts.implants.get(), parts.manifest.get());

  // Sizes by the very code that writes, into a sink that counts; then addresses, serially, the only place that does.
  const std::vector<uint64_t> sizes = measure_regions(regions);
  check_stop(options_.stop);
  assign_extents(tree, regions, sizes, options_.session_start, *parts.layout);
  check_capacity(layout.sectors(), options_.capacity);

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
