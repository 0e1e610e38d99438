#include "libfsi/read/udf_maps.h"

#include <algorithm>
#include <cstring>

#include "libfsi/read/udf_icb.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint32_t kMostMaps = 64;
constexpr uint64_t kVatSearch = 512;  // blocks from the end: run-out, padding

std::string_view text_of(const Regid& id) {
  const std::string_view text(id.identifier, sizeof id.identifier);
  return text.substr(0, std::min(text.find('\0'), text.size()));
}

class MapReader {
 public:
  MapReader(const SectorSource& source, const UdfSequence& sequence, UdfVolume& volume, IssueLog& log, const ReadLimits& limits)
      : sequence_(sequence), volume_(volume), reader_(source, volume.block_size, volume.maps, volume.third_edition, log, limits) {}

  void run() {
    LogicalVolumeDescriptor logical;
    if (!load(sequence_.logical, 0, logical)) return;
    auto table = std::span(sequence_.logical).subspan(sizeof logical);
    if (logical.map_table_length > table.size())
      fault("the partition maps are longer than their descriptor", "ECMA-167 3/10.6.8",
            std::to_string(logical.map_table_length) + " bytes");
    table = table.first(std::min<size_t>(table.size(), logical.map_table_length));
    if (logical.map_count > kMostMaps) fault("there are too many partition maps", "ECMA-167 3/10.6.9", "the rest is not read");
    // Physical ones first: the others lie on them. All have their place before anything is read through them.
    std::vector<std::span<const std::byte>> records;
    for (uint32_t i = 0; i < std::min<uint32_t>(logical.map_count, kMostMaps); ++i) {
      if (table.size() < 2) {
        fault("there are fewer partition maps than their number says", "ECMA-167 3/10.6.9", std::to_string(logical.map_count));
        break;
      }
      const auto length = std::to_integer<size_t>(table[1]);
      if (length < 2 || length > table.size()) {
        fault("a partition map does not fit its table", "ECMA-167 3/10.7.1", std::to_string(length) + " bytes");
        break;
      }
      records.push_back(table.first(length));
      volume_.maps.push_back(place(records.back()));
      table = table.subspan(length);
    }
    for (size_t i = 0; i < records.size(); ++i) {
      UdfMap& map = volume_.maps[i];
      if (map.kind == UdfMap::Kind::sparable) read_sparing(map, records[i]);
    }
    for (size_t i = 0; i < records.size(); ++i) {
      UdfMap& map = volume_.maps[i];
      if (map.kind == UdfMap::Kind::virtual_) read_virtual(map);
      if (map.kind == UdfMap::Kind::metadata) read_metadata(map, records[i]);
    }
  }

 private:
  void fault(const char* what, const char* clause, const std::string& detail = {}, Severity severity = Severity::error) {
    reader_.fault(what, volume_.descriptor_at, clause, {}, detail, severity);
  }

  UdfMap place(std::span<const std::byte> record) {
    UdfMap map;
    PartitionMap1 one;
    VirtualPartitionMap two;
    if (load(record, 0, one) && one.type == 1) {
      map.kind = UdfMap::Kind::physical;
      map.number = one.partition_number;
    } else if (load(record, 0, two) && two.type == 2) {
      map.number = two.partition_number;
      const std::string_view id = text_of(two.identifier);
      if (id == kVirtualPartition) map.kind = UdfMap::Kind::virtual_;
      if (id == kSparablePartition) map.kind = UdfMap::Kind::sparable;
      if (id == kMetadataPartition) map.kind = UdfMap::Kind::metadata;
      if (map.kind == UdfMap::Kind::unknown)
        fault("a partition map is of a kind that is not known", "UDF 2.2.8",
              "\"" + printable(id) + "\": what lies in that partition is not read");
    } else {
      fault("a partition map is of a kind that is not known", "ECMA-167 3/10.7.1",
            "type " + std::to_string(std::to_integer<int>(record[0])));
    }
    const auto found = sequence_.partitions.find(map.number);
    if (found == sequence_.partitions.end()) {
      if (map.kind != UdfMap::Kind::unknown)
        fault("a partition map names a partition that is not there", "ECMA-167 3/10.7.2.4", "number " + std::to_string(map.number));
      map.kind = UdfMap::Kind::unknown;
      return map;
    }
    map.start = found->second.starting_location;
    map.length = found->second.length;
    return map;
  }

  void read_sparing(UdfMap& map, std::span<const std::byte> record) {
    SparablePartitionMap d;
    if (!load(record, 0, d) || d.packet_length == 0) {
      map.kind = UdfMap::Kind::unknown;
      return fault("a sparable partition map is not legal", "UDF 2.2.9");
    }
    map.packet = d.packet_length;
    uint32_t best = 0;
    bool any = false;
    UdfBlocks& blocks = reader_.blocks();
    for (uint32_t i = 0; i < std::min<uint32_t>(d.table_count, 4); ++i) {
      const uint32_t at = d.table_at[i];
      const auto head = blocks.block(at);
      SparingTable table;
      if (head.empty() || !load(head, 0, table) || text_of(table.identifier) != kSparingTable) {
        reader_.fault("a sparing table is not where the map says", uint64_t{at} * blocks.size(), "UDF 2.2.12", {},
                      "block " + std::to_string(at), Severity::warning);
        continue;
      }
      const uint64_t bytes = sizeof table + uint64_t{table.entry_count} * sizeof(SparingEntry);
      add_structure(volume_.structures, uint64_t{at} * blocks.size(), bytes, "UDF sparing table");
      std::vector<std::byte> whole((bytes + blocks.size() - 1) / blocks.size() * blocks.size());
      const bool good = blocks.read(uint64_t{at} * blocks.size(), whole);
      const TagFaults faults = check_tag(whole, TagId{}, at, std::nullopt);
      report_tag(faults, whole, {"sparing table", {}, blocks.sector_of(at), at, false}, reader_.log());
      if (!good || damaged(faults) || (any && table.sequence_number < best)) continue;
      any = true;
      best = table.sequence_number;
      map.spared.clear();
      for (uint32_t e = 0; e < table.entry_count; ++e) {
        SparingEntry entry;
        if (load(whole, sizeof table + e * sizeof entry, entry) && entry.original < kNoOriginal)
          map.spared.emplace_back(entry.original, entry.mapped);
      }
      std::ranges::sort(map.spared);
    }
    if (!any) fault("a sparable partition has no sparing table that can be read", "UDF 2.2.12", "its packets are taken where they lie");
  }

  // The file that an ICB of a physical partition describes. False when there is none.
  bool read_file(const UdfMap& below, uint32_t block, const char* name, FileType type, UdfIcb& icb, std::vector<DataExtent>& extents) {
    if (!reader_.read_icb(below, block, name, icb, volume_.descriptor_at)) return false;
    add_structure(volume_.structures, icb.at, volume_.block_size, std::string("UDF ") + name + " file entry");
    if (icb.type != type)
      reader_.fault("a file entry has the wrong file type", icb.at, "UDF 2.2.13", name,
                    "type " + std::to_string(static_cast<int>(icb.type)), Severity::warning);
    std::vector<UdfRun> runs;
    reader_.read_runs(icb, name, runs, [&](SectorRange range) {
      volume_.structures.emplace_back(range, std::string("UDF allocation descriptors of the ") + name);
    });
    join_runs(runs, extents);
    for (const DataExtent& extent : extents)
      if (const SectorRange range = extent.range(); range.count > 0) volume_.structures.emplace_back(range, std::string("UDF ") + name);
    return true;
  }

  void read_metadata(UdfMap& map, std::span<const std::byte> record) {
    MetadataPartitionMap d;
    if (!load(record, 0, d)) {
      map.kind = UdfMap::Kind::unknown;
      return fault("a metadata partition map is not legal", "UDF 2.2.10");
    }
    map.duplicate = d.flags & kDuplicateMetadata;
    // It may lie in a sparable partition, which has a map of its own.
    const UdfMap below = base_of(map);
    UdfIcb icb;
    std::vector<DataExtent> extents;
    const bool main = read_file(below, d.main_icb, "metadata file", FileType::metadata, icb, extents);
    if (main) map.file = FileData(extents);
    if (d.mirror_icb != d.main_icb && read_file(below, d.mirror_icb, "metadata mirror", FileType::metadata_mirror, icb, extents)) {
      FileData mirror(extents);
      if (!main) {
        map.file = mirror;  // said already: its file entry is damaged
      } else if (mirror.bytes() != map.file.bytes()) {
        reader_.fault("the metadata file and its mirror are not of the same size", icb.at, "UDF 2.2.13.1", {},
                      std::to_string(map.file.bytes()) + " and " + std::to_string(mirror.bytes()) + " bytes", Severity::warning);
      }
      if (main && mirror.extents() != map.file.extents()) map.mirror = std::move(mirror);
      if (main && map.duplicate && map.mirror.bytes() == 0)
        reader_.fault("the metadata mirror should have blocks of its own and has those of the metadata file", icb.at, "UDF 2.2.10", {}, {},
                      Severity::warning);
    }
    if (map.file.bytes() == 0) fault("the metadata partition cannot be read", "UDF 2.2.10", "neither its file nor the mirror");
    if (d.bitmap_icb != kNoBitmap) read_file(below, d.bitmap_icb, "metadata bitmap", FileType::metadata_bitmap, icb, extents);
  }

  UdfMap base_of(const UdfMap& map) const {
    for (const UdfMap& other : volume_.maps)
      if (other.kind == UdfMap::Kind::sparable && other.number == map.number) return other;
    UdfMap base;
    base.kind = UdfMap::Kind::physical;
    base.number = map.number;
    base.start = map.start;
    base.length = map.length;
    return base;
  }

  // The ICB of the virtual allocation table is the last block that was recorded.
  void read_virtual(UdfMap& map) {
    const UdfMap below = base_of(map);
    UdfBlocks& blocks = reader_.blocks();
    for (uint64_t back = 1; back <= std::min(kVatSearch, blocks.count()); ++back) {
      const uint64_t block = blocks.count() - back;
      if (block < map.start || block - map.start >= map.length) continue;
      const auto bytes = blocks.block(block);
      FileEntry entry;
      const auto location = static_cast<uint32_t>(block - map.start);
      if (bytes.empty() || !load(bytes, 0, entry)) continue;
      const bool extended = entry.tag.identifier == static_cast<uint16_t>(TagId::extended_file_entry);
      if (damaged(check_tag(bytes, extended ? TagId::extended_file_entry : TagId::file_entry, location, volume_.third_edition))) continue;
      const auto type = static_cast<FileType>(entry.icb.file_type.get());
      if (type != FileType::vat && type != FileType::unspecified) continue;
      UdfIcb icb;
      std::vector<DataExtent> extents;
      if (read_file(below, location, "virtual allocation table", type, icb, extents) &&
          take_table(map, FileData(extents), type == FileType::vat, icb.at))
        return;
    }
    fault("there is no virtual allocation table", "UDF 2.2.11",
          "it should be in the last block that was recorded; what lies in the virtual partition is not read");
  }

  bool take_table(UdfMap& map, const FileData& data, bool with_header, uint64_t at) {
    uint64_t from = 0, end = data.bytes();
    const auto read_at = [&](uint64_t offset, std::span<std::byte> out) {
      for (size_t done = 0; done < out.size();) {
        const auto run = data.run_at(offset + done);
        if (!run || run->kind != DataExtent::Kind::recorded) return false;
        const auto part = out.subspan(done, std::min<uint64_t>(run->bytes, out.size() - done));
        if (!reader_.blocks().read(run->first, part)) return false;
        done += part.size();
      }
      return true;
    };
    UdfIntegrity integrity;
    integrity.at = at;
    if (with_header) {
      VirtualTableHeader header;
      std::array<std::byte, sizeof header> bytes;
      if (!read_at(0, bytes) || !load(bytes, 0, header) || header.header_length < sizeof header || header.header_length > end) {
        reader_.fault("the header of the virtual allocation table is not legal", at, "UDF 2.2.11", {});
        return false;
      }
      from = header.header_length;
      integrity.counted = true;
      integrity.files = header.files;
      integrity.directories = header.directories;
      volume_.integrity = integrity;
    } else {
      VirtualTableTrailer trailer;
      std::array<std::byte, sizeof trailer> bytes;
      if (end < sizeof trailer || !read_at(end - sizeof trailer, bytes) || !load(bytes, 0, trailer) ||
          text_of(trailer.identifier) != kVirtualTable)
        return false;
      end -= sizeof trailer;
    }
    // The entries alone.
    std::vector<DataExtent> entries;
    for (uint64_t offset = from; offset < end;) {
      auto run = data.run_at(offset);
      if (!run) break;
      run->bytes = std::min(run->bytes, end - offset);
      offset += run->bytes;
      entries.push_back(*run);
    }
    map.table = FileData(std::move(entries));
    map.entries = map.table.bytes() / sizeof(Le32);
    return true;
  }

  const UdfSequence& sequence_;
  UdfVolume& volume_;
  UdfReader reader_;
};

}  // namespace

void read_udf_maps(const SectorSource& source, const UdfSequence& sequence, UdfVolume& volume, IssueLog& log, const ReadLimits& limits) {
  volume.maps.reserve(kMostMaps);  // readers hold on to them
  MapReader(source, sequence, volume, log, limits).run();
}

}  // namespace fsi
