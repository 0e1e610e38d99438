#include "libfsi/read/volume.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "libfsi/read/careful.h"
#include "libfsi/read/iso_tree.h"
#include "libfsi/read/locator.h"
#include "libfsi/read/rock_ridge.h"
#include "libfsi/read/udf_tree.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint32_t kMaxDescriptors = 100;

void fault(IssueLog& log, const char* what, uint64_t lba, const char* clause, std::string detail = {},
           Severity severity = Severity::error) {
  log.report(what, [&] { return Issue{.severity = severity, .where = {lba, 1}, .clause = clause, .detail = std::move(detail)}; });
}

std::optional<IsoNames> supplementary_kind(const VolumeDescriptor& d) {
  if (d.header.version == 2) return IsoNames::enhanced;
  const std::string_view escape = d.escape_sequences.raw().substr(0, 3);
  for (const auto& level : {kJolietLevel1, kJolietLevel2, kJolietLevel3})
    if (escape == std::string_view(level, 3)) return IsoNames::joliet;
  return std::nullopt;
}

void check_descriptor(const DescriptorAt& at, IssueLog& log) {
  const VolumeDescriptor& d = at.descriptor;
  const char* kFields = "a number recorded in both byte orders disagrees with itself (volume descriptor)";
  if (!d.volume_space_size.agree()) fault(log, kFields, at.lba, "ECMA-119 8.4.8", both_text("volume space size", d.volume_space_size));
  if (!d.volume_set_size.agree()) fault(log, kFields, at.lba, "ECMA-119 8.4.10", both_text("volume set size", d.volume_set_size));
  if (!d.volume_sequence_number.agree())
    fault(log, kFields, at.lba, "ECMA-119 8.4.11", both_text("volume sequence number", d.volume_sequence_number));
  if (!d.logical_block_size.agree()) fault(log, kFields, at.lba, "ECMA-119 8.4.12", both_text("logical block size", d.logical_block_size));
  if (!d.path_table_size.agree()) fault(log, kFields, at.lba, "ECMA-119 8.4.13", both_text("path table size", d.path_table_size));
  if (!d.root.extent.agree())
    fault(log, kFields, at.lba, "ECMA-119 8.4.18", both_text("root directory, location of extent", d.root.extent));
  if (!d.root.data_length.agree())
    fault(log, kFields, at.lba, "ECMA-119 8.4.18", both_text("root directory, data length", d.root.data_length));
  if (d.root.length != 34 || !(d.root.flags & kDirectory)) fault(log, "the root directory record is not one", at.lba, "ECMA-119 8.4.18");
  for (const LongTime* time : {&d.created, &d.modified, &d.expires, &d.effective}) {
    bool legal = true;
    time_of(*time, legal);
    if (!legal) fault(log, "a time is not a date", at.lba, "ECMA-119 8.4.26.1", {}, Severity::warning);
  }
}

bool readable_blocks(const DescriptorAt& at, IssueLog& log) {
  if (at.descriptor.logical_block_size.little() == kSectorSize) return true;
  fault(log, "the logical block size is not 2048", at.lba, "ECMA-119 8.4.12",
        std::to_string(at.descriptor.logical_block_size.little()) + " bytes: this tree is not read");
  return false;
}

// SUSP 5.3: whether Rock Ridge is in use stands in "." of the root.
std::optional<uint8_t> rock_ridge_skip(CarefulReader& reader, const DirectoryRecord& root) {
  const auto sector = reader.cached(uint64_t{root.extent.little()} + root.extended_attribute_length);
  DirectoryRecord dot;
  if (sector.empty() || !load(sector, 0, dot)) return std::nullopt;
  if (dot.length < sizeof dot + 1 || dot.identifier_length != 1) return std::nullopt;
  return susp_skip(sector.first(dot.length).subspan(sizeof dot + 1));
}

// UDF alone does not say where its volume ends, and its last anchors are found from there. A disc may end later: a drive's padding,
// older volumes below.
uint64_t sectors_as_made(const SectorSource& source, uint64_t session_start) {
  ManifestLocator locator;
  uint64_t at = 0;
  if (find_locator(source, session_start, locator, at) != LocatorSearch::found) return 0;
  return locator.image_sectors <= source.sectors() - session_start ? locator.image_sectors.get() : 0;
}

}  // namespace

std::string VolumeRead::volume_id() const {
  if (primary) return std::string(primary->descriptor.volume_id.text());
  return udf_trees.empty() ? std::string() : udf_trees.front()->volume().volume_id;
}

VolumeRead read_volume(const SectorSource& source, uint64_t session_start, IssueLog& log, const ReadLimits& limits) {
  VolumeRead volume;
  CarefulReader reader(source, log);
  bool terminated = false;
  const uint64_t first = session_start + kFirstDescriptor;
  volume.descriptors = {first, 0};
  for (uint64_t lba = first; lba < first + kMaxDescriptors && lba < reader.sectors(); ++lba) {
    DescriptorAt at{static_cast<Lba>(lba), {}};
    const auto sector = reader.cached(lba);
    if (sector.empty()) continue;
    if (!load(sector, 0, at.descriptor)) break;
    const std::string_view id(at.descriptor.header.identifier, 5);
    if (id == "NSR02" || id == "NSR03") volume.has_udf = true;
    if (id != std::string_view(kCd001, 5)) {
      // Past the terminator come UDF's descriptors, if any (ECMA-167 2/9.1).
      if (terminated && id != "BEA01" && id != "NSR02" && id != "NSR03" && id != "TEA01") break;
      if (!terminated && (volume.primary || lba > first + 16)) break;
      continue;
    }
    if (terminated) continue;
    volume.descriptors.count = lba + 1 - first;
    switch (static_cast<DescriptorType>(at.descriptor.header.type.get())) {
      case DescriptorType::primary:
        if (!volume.primary) volume.primary = at;  // 6.7.1.2: further ones are copies
        check_descriptor(at, log);
        break;
      case DescriptorType::supplementary:
        check_descriptor(at, log);
        volume.supplementary.push_back(at);
        break;
      case DescriptorType::boot: {
        BootRecord boot;
        if (load(sector, 0, boot) && boot.system_id.text() == "EL TORITO SPECIFICATION") volume.boot_catalogs.push_back(boot.catalog);
        break;
      }
      case DescriptorType::terminator: terminated = true; break;
      default: break;
    }
  }
  if (volume.descriptors.count > 0 && !terminated)
    fault(log, "the volume descriptor set has no terminator", volume.descriptors.end(), "ECMA-119 6.7.1.6");
  if (volume.descriptors.count > 0 && !volume.primary) fault(log, "there is no primary volume descriptor", first, "ECMA-119 6.7.1.1");

  std::vector<std::shared_ptr<const IsoTree>> plain;
  if (volume.primary && readable_blocks(*volume.primary, log)) {
    const auto skip = rock_ridge_skip(reader, volume.primary->descriptor.root);
    auto tree = std::make_shared<const IsoTree>(source, *volume.primary, IsoNames::iso, skip, limits);
    (skip ? volume.iso_trees : plain).push_back(std::move(tree));
  }
  for (const DescriptorAt& at : volume.supplementary) {
    const auto names = supplementary_kind(at.descriptor);
    if (!names) {
      fault(log, "a supplementary volume descriptor has an unknown character set", at.lba, "ECMA-119 8.5.6", "its tree is not read",
            Severity::note);
      continue;
    }
    if (!readable_blocks(at, log)) continue;
    // A volume of ISO 9660:1999 often shares the root with the primary one: that is the same tree.
    std::optional<uint8_t> skip;
    if (*names == IsoNames::enhanced) {
      if (volume.primary && volume.primary->descriptor.root.extent.little() == at.descriptor.root.extent.little()) continue;
      skip = rock_ridge_skip(reader, at.descriptor.root);
    }
    volume.iso_trees.push_back(std::make_shared<const IsoTree>(source, at, *names, skip, limits));
  }
  volume.iso_trees.insert(volume.iso_trees.end(), plain.begin(), plain.end());
  const uint64_t volume_sectors = volume.primary ? volume.sectors() : sectors_as_made(source, session_start);
  if (auto udf = read_udf_volume(source, session_start, volume_sectors, log, limits)) {
    volume.has_udf = true;
    volume.udf_trees.push_back(std::make_shared<const UdfTree>(source, std::move(udf), limits));
  }
  volume.trees.assign(volume.iso_trees.begin(), volume.iso_trees.end());
  const bool posix = !volume.iso_trees.empty() && volume.iso_trees.front()->rock_ridge();
  volume.trees.insert(volume.trees.begin() + (posix ? 1 : 0), volume.udf_trees.begin(), volume.udf_trees.end());
  if (volume.trees.empty() && source.sectors() > 0) {
    // ECMA-130 14: the synchronization field of a sector as it lies on the disc.
    static constexpr std::array<unsigned char, 12> kSync = {0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0};
    const auto start = reader.cached(0);
    volume.raw_sectors = !start.empty() && std::memcmp(start.data(), kSync.data(), kSync.size()) == 0;
  }
  return volume;
}

}  // namespace fsi
