#include "libfsi/read/udf_icb.h"

#include <algorithm>
#include <cstring>

#include "libfsi/read/udf_text.h"

namespace fsi {

using namespace disc;

namespace {
constexpr uint32_t kMostHops = 64;  // of indirect entries: how often a file on write-once media was changed
}

UdfReader::UdfReader(const SectorSource& source, uint32_t block_size, const std::vector<UdfMap>& maps, std::optional<bool> third_edition,
                     IssueLog& log, const ReadLimits& limits)
    : sectors_(source, log),
      blocks_(sectors_, block_size),
      maps_(maps),
      third_edition_(third_edition),
      log_(log),
      limits_(limits),
      budget_(4 * blocks_.count() + 1024) {}

void UdfReader::fault(const char* what, uint64_t byte, const char* clause, std::string_view path, const std::string& detail,
                      Severity severity) {
  log_.report(what, [&] {
    Issue issue{.severity = severity, .where = {byte / kSectorSize, 1}, .clause = clause, .detail = detail};
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    if (!path.empty()) issue.paths.push_back({.path = std::string(path)});
    return issue;
  });
}

void UdfReader::lost(const char* what, uint64_t byte, const char* clause, std::string_view path, const std::string& detail) {
  log_.report(what, [&] {
    Issue issue{.where = {byte / kSectorSize, 1}, .clause = clause, .detail = detail, .incomplete = true};
    if (!path.empty()) issue.paths.push_back({.path = std::string(path)});
    return issue;
  });
}

bool UdfReader::charge(uint64_t blocks, uint64_t byte, std::string_view path) {
  if (blocks <= budget_) {
    budget_ -= blocks;
    return true;
  }
  budget_ = 0;
  if (!std::exchange(exhausted_, true))
    lost("the same blocks are used again and again", byte, "ECMA-167 4/8.5", path, "the rest is not read");
  return false;
}

UdfReader::Fetched UdfReader::fetch(const UdfMap& map, uint32_t block, std::initializer_list<TagId> kinds, const char* name,
                                    std::string_view path, uint64_t from) {
  const auto look = [&](bool in_mirror, bool tell) -> Fetched {
    Fetched found;
    const auto run = map.find(block, blocks_, in_mirror);
    if (!run) {
      if (tell)
        lost("an address leads out of its partition", from, "ECMA-167 4/7.1", path,
             std::string(name) + ": block " + std::to_string(block) + " of the " + std::string(map.name()));
      return found;
    }
    found.at = run->first * blocks_.size();
    found.bytes = blocks_.block(run->first);
    if (found.bytes.empty()) {
      if (tell && run->first >= blocks_.count())
        lost("a descriptor lies beyond the end", found.at, "ECMA-167 4/7.1", path, std::string(name) + ", block " + std::to_string(block));
      return found;
    }
    Tag tag;
    TagId wanted = *kinds.begin();
    if (load(found.bytes, 0, tag))
      for (const TagId kind : kinds)
        if (tag.identifier == static_cast<uint16_t>(kind)) wanted = kind;
    found.faults = check_tag(found.bytes, wanted, block, third_edition_);
    return found;
  };
  Fetched found = look(false, true), spare;
  if ((found.bytes.empty() || damaged(found.faults)) && map.mirror.bytes() > 0) {
    spare = look(true, false);
    if (!spare.bytes.empty() && damaged(spare.faults)) spare.bytes = {};
    // A span is good until the next look.
    if (!found.bytes.empty()) found = look(false, false);
  }
  if (!found.bytes.empty())
    report_tag(found.faults, found.bytes, {name, path, found.at / kSectorSize, block, true}, log_, spare.bytes.empty());
  if (!spare.bytes.empty()) return look(true, false);
  if (found.faults & kTagKind) found.bytes = {};
  return found;
}

bool UdfReader::read_icb(const UdfMap& map, uint32_t block, std::string_view path, UdfIcb& icb, uint64_t from) {
  const UdfMap* at = &map;
  icb.icb_blocks = 0;
  for (uint32_t hops = 0;; ++hops) {
    const Fetched found = fetch(*at, block, {TagId::file_entry, TagId::extended_file_entry}, "file entry", path, from);
    from = found.at;
    if (found.bytes.empty()) return hops > 0;
    IcbTag tag;
    if (!load(found.bytes, sizeof(Tag), tag) || !take_entry(found, *at, block, path, icb)) return false;
    ++icb.icb_blocks;
    if (tag.strategy == 4) return true;
    if (tag.strategy != 4096) {
      fault("a file entry has a strategy that is not known", found.at, "ECMA-167 4/14.6.2", path,
            "strategy " + std::to_string(tag.strategy) + ": read like 4", Severity::warning);
      return true;
    }
    // UDF 2.3.5.1: on write-once media a newer entry lies where the indirect entry behind this one leads.
    const auto next = at->find(uint64_t{block} + 1, blocks_);
    const auto bytes = next ? blocks_.block(next->first) : std::span<const std::byte>{};
    IndirectEntry indirect;
    if (bytes.empty() || !load(bytes, 0, indirect) || check_tag(bytes, TagId::indirect_entry, block + 1, third_edition_) & kTagKind)
      return true;
    report_tag(check_tag(bytes, TagId::indirect_entry, block + 1, third_edition_), bytes,
               {"indirect entry", path, blocks_.sector_of(next->first), block + 1, true}, log_);
    const UdfMap* to = this->map(indirect.address.location.partition);
    if (!to || hops == kMostHops || !charge(1, found.at, path)) {
      lost("the indirect entries of a file lead nowhere", found.at, "ECMA-167 4/14.7", path, "an older entry is taken");
      return true;
    }
    at = to;
    block = indirect.address.location.block;
  }
}

bool UdfReader::take_entry(const Fetched& found, const UdfMap& map, uint32_t block, std::string_view path, UdfIcb& icb) {
  const auto bytes = found.bytes;
  FileEntry entry;
  ExtendedFileEntry extended;
  if (!load(bytes, 0, entry)) return false;
  const bool is_extended = entry.tag.identifier == static_cast<uint16_t>(TagId::extended_file_entry);
  if (is_extended && !load(bytes, 0, extended)) return false;

  icb.map = &map;
  icb.block = block;
  icb.at = found.at;
  icb.type = static_cast<FileType>(entry.icb.file_type.get());
  icb.flags = entry.icb.flags;
  icb.tag_serial = entry.tag.serial;
  icb.links = entry.link_count;
  icb.uid = entry.uid;
  icb.gid = entry.gid;
  icb.permissions = entry.permissions;
  icb.size = entry.information_length;
  icb.streams.reset();
  icb.created = {};
  bool all_legal = true;
  const auto time = [&](const Timestamp& t) {
    bool legal = true;
    const EntryTime result = time_of(t, legal);
    all_legal &= legal;
    return result;
  };
  size_t head = sizeof entry;
  uint64_t attributes = entry.attributes_length, allocation = entry.allocation_length;
  if (is_extended) {
    head = sizeof extended;
    attributes = extended.attributes_length;
    allocation = extended.allocation_length;
    icb.blocks_recorded = extended.blocks_recorded;
    icb.unique_id = extended.unique_id;
    icb.accessed = time(extended.access_time);
    icb.modified = time(extended.modification_time);
    icb.created = time(extended.creation_time);
    icb.changed = time(extended.attribute_time);
    if ((extended.stream_directory.length & kExtentLengthMask) != 0) icb.streams = extended.stream_directory;
  } else {
    icb.blocks_recorded = entry.blocks_recorded;
    icb.unique_id = entry.unique_id;
    icb.accessed = time(entry.access_time);
    icb.modified = time(entry.modification_time);
    icb.changed = time(entry.attribute_time);
  }
  if (!all_legal) fault("a time is not a date", found.at, "ECMA-167 1/7.3", path, {}, Severity::warning);
  if (attributes > bytes.size() - head || allocation > bytes.size() - head - attributes) {
    lost("a file entry is longer than its block", found.at, "ECMA-167 4/14.9.22", path,
         std::to_string(attributes) + " bytes of extended attributes and " + std::to_string(allocation) + " of allocation descriptors");
    attributes = std::min<uint64_t>(attributes, bytes.size() - head);
    allocation = std::min<uint64_t>(allocation, bytes.size() - head - attributes);
  }
  const auto tail = bytes.subspan(head);
  icb.attributes.assign(tail.begin(), tail.begin() + static_cast<ptrdiff_t>(attributes));
  const auto ads = tail.subspan(attributes, allocation);
  icb.allocation.assign(ads.begin(), ads.end());
  icb.allocation_at = found.at + head + attributes;
  return true;
}

// One allocation descriptor becomes one run, or more where its blocks are not neighbours. False when there are too many.
bool UdfReader::add_run(const UdfIcb& icb, const UdfMap* map, uint32_t type, uint64_t length, uint32_t block, std::string_view path,
                        std::vector<UdfRun>& runs, Sum& sum) {
  const uint64_t size = blocks_.size();
  const bool in_body = sum.bytes < icb.size;
  if (sum.bytes % size != 0 && in_body) sum.ragged = true;
  if (type == kExtentRecorded) sum.recorded += length / size + (length % size != 0);
  if (!in_body && type == kExtentRecorded) sum.recorded_tail = true;
  // What lies behind the end of the file is not part of it.
  uint64_t wanted = in_body ? std::min(length, icb.size - sum.bytes) : 0;
  sum.bytes += length;
  if (in_body) sum.body = sum.bytes;
  const auto push = [&](DataExtent extent) {
    if (runs.size() >= limits_.extents) {
      lost("a file has too many extents", icb.at, "ECMA-167 4/12", path, "the rest is not read");
      return false;
    }
    runs.push_back({extent, map, block});
    return true;
  };
  if (type != kExtentRecorded) return wanted == 0 || push({0, wanted, DataExtent::Kind::zeros});
  uint64_t left_blocks = length / size + (length % size != 0);
  const auto cannot = [&] {
    lost("an allocation descriptor leads out of its partition", icb.at, "ECMA-167 4/14.14", path,
         std::to_string(left_blocks) + " blocks from block " + std::to_string(block) + " of the " +
             (map ? std::string(map->name()) + ", which has " + std::to_string(map->blocks(blocks_.size()))
                  : std::string("partition of a reference that does not exist")));
    return wanted == 0 || push({0, wanted, DataExtent::Kind::lost});
  };
  while (left_blocks > 0) {
    BlockRun run;
    if (const auto found = map ? map->find(block, blocks_) : std::nullopt)
      run = *found;
    else
      return cannot();
    if (map->kind != UdfMap::Kind::physical && !charge(1, icb.at, path)) return false;
    const uint64_t count = std::min(left_blocks, run.count);
    const uint64_t bytes = std::min(wanted, count * size);
    if (bytes > 0 && !push({run.first * size, bytes})) return false;
    wanted -= bytes;
    left_blocks -= count;
    block += static_cast<uint32_t>(count);
  }
  return true;
}

void UdfReader::read_runs(const UdfIcb& icb, std::string_view path, std::vector<UdfRun>& runs,
                          const std::function<void(SectorRange)>& chained) {
  runs.clear();
  const uint16_t form = icb.flags & 7;
  if (form == kIcbEmbedded) {
    const uint64_t there = std::min<uint64_t>(icb.size, icb.allocation.size());
    if (there > 0) runs.push_back({{icb.allocation_at, there}, icb.map, icb.block});
    if (icb.size != icb.allocation.size())
      lost("the information length of a file is not the sum of its extents", icb.at, "ECMA-167 4/14.9.10", path,
           std::to_string(icb.size) + " bytes, " + std::to_string(icb.allocation.size()) + " lie in the file entry");
    if (icb.blocks_recorded != 0)
      fault("the number of recorded blocks of a file is wrong", icb.at, "ECMA-167 4/14.9.11", path,
            std::to_string(icb.blocks_recorded) + ", but its data lies in the file entry", Severity::warning);
    return;
  }
  if (form > kIcbEmbedded) return lost("a file entry has allocation descriptors of an unknown form", icb.at, "ECMA-167 4/14.6.8", path);

  Sum sum;
  std::span<const std::byte> ads = icb.allocation;
  uint64_t here = icb.at;
  const size_t step = form == kIcbShortAds ? sizeof(ShortAd) : form == kIcbLongAds ? sizeof(LongAd) : sizeof(ExtendedAd);
  while (ads.size() >= step) {
    uint32_t length = 0, block = 0;
    const UdfMap* map = icb.map;
    bool known = true;
    if (ShortAd ad; form == kIcbShortAds && load(ads, 0, ad)) {
      length = ad.length, block = ad.block;
    } else if (LongAd longer; form == kIcbLongAds && load(ads, 0, longer)) {
      length = longer.length, block = longer.location.block, map = this->map(longer.location.partition);
      known = map != nullptr;
    } else if (ExtendedAd extended; load(ads, 0, extended)) {
      length = extended.length, block = extended.location.block, map = this->map(extended.location.partition);
      known = map != nullptr;
    }
    ads = ads.subspan(step);
    const uint32_t type = length >> 30;
    length &= kExtentLengthMask;
    if (length == 0) break;  // 4/12: the list ends here
    if (type != kExtentContinues) {
      if (!add_run(icb, known ? map : nullptr, type, length, block, path, runs, sum)) return;
      continue;
    }
    if (!map) return lost("an address leads out of its partition", here, "ECMA-167 4/7.1", path, "allocation extent descriptor");
    if (!charge(1, here, path)) return;
    const Fetched found = fetch(*map, block, {TagId::allocation_extent}, "allocation extent descriptor", path, here);
    AllocationExtentDescriptor head;
    if (found.bytes.empty() || !load(found.bytes, 0, head)) break;
    here = found.at;
    chained({here / kSectorSize, sectors_for(here % kSectorSize + blocks_.size())});
    uint64_t more = head.allocation_length;
    if (more > found.bytes.size() - sizeof head) {
      lost("allocation descriptors lead out of their block", here, "ECMA-167 4/14.5.3", path, std::to_string(more) + " bytes");
      more = found.bytes.size() - sizeof head;
    }
    const auto rest = found.bytes.subspan(sizeof head, more);
    chain_.assign(rest.begin(), rest.end());
    ads = chain_;
  }
  if (sum.ragged && sum.bytes > 0) fault("an extent in the midst of a file does not end with a block", icb.at, "ECMA-167 4/12.1", path);
  // A tail behind the end may be allocated, but not recorded.
  const bool differs = sum.body != icb.size || sum.recorded_tail;
  const uint64_t missing = icb.size - std::min(icb.size, sum.bytes);
  DataExtent* const last = runs.empty() ? nullptr : &runs.back().extent;
  if (missing > 0 && last && last->kind == DataExtent::Kind::recorded && sum.bytes % blocks_.size() + missing <= blocks_.size() &&
      sum.bytes % blocks_.size() != 0) {
    // Linux before 6.3 forgets to lengthen the last extent when a file grows inside of its last block; all is there.
    fault("the information length of a file is more than the sum of its extents, by less than a block", icb.at, "ECMA-167 4/14.9.10", path,
          std::to_string(icb.size) + " bytes, its extents have " + std::to_string(sum.bytes), Severity::warning);
    last->bytes += missing;
  } else if (differs) {
    lost("the information length of a file is not the sum of its extents", icb.at, "ECMA-167 4/14.9.10", path,
         std::to_string(icb.size) + " bytes, its extents have " + std::to_string(sum.recorded_tail ? sum.bytes : sum.body));
    if (missing > 0 && runs.size() < limits_.extents) runs.push_back({{0, missing, DataExtent::Kind::lost}, icb.map, 0});
  }
  if (sum.recorded != icb.blocks_recorded)
    fault("the number of recorded blocks of a file is wrong", icb.at, "ECMA-167 4/14.9.11", path,
          "it says " + std::to_string(icb.blocks_recorded) + ", its extents have " + std::to_string(sum.recorded), Severity::warning);
}

UdfAttributes UdfReader::read_attributes(const UdfIcb& icb, std::string_view path) {
  UdfAttributes out;
  std::span<const std::byte> rest = icb.attributes;
  if (rest.empty()) return out;
  const auto faults = check_tag(rest, TagId::attribute_header, icb.block, third_edition_);
  report_tag(faults, rest, {"extended attribute header", path, icb.at / kSectorSize, icb.block, true}, log_);
  if (faults & kTagKind || rest.size() < sizeof(AttributeHeader)) return out;
  rest = rest.subspan(sizeof(AttributeHeader));
  AttributeHead head;
  while (load(rest, 0, head)) {
    if (head.length < sizeof head || head.length > rest.size()) {
      lost("an extended attribute does not fit its file entry", icb.at, "ECMA-167 4/14.10.2", path,
           std::to_string(head.length) + " bytes, there are " + std::to_string(rest.size()));
      break;
    }
    const auto attribute = rest.first(head.length);
    rest = rest.subspan(head.length);
    DeviceSpecification device;
    FileTimesAttribute times;
    Timestamp created;
    if (head.type == kDeviceAttribute) {
      // The implementation use behind the numbers may be left out.
      std::memcpy(static_cast<void*>(&device), attribute.data(), std::min(attribute.size(), sizeof device));
      if (attribute.size() >= offsetof(DeviceSpecification, implementation)) out.device.emplace(device.major, device.minor);
    } else if (head.type == kFileTimesAttribute && load(attribute, 0, times) && times.existence & 1 &&
               load(attribute, sizeof times, created)) {
      bool legal = true;
      out.created = time_of(created, legal);
    }
  }
  return out;
}

void join_runs(const std::vector<UdfRun>& runs, std::vector<DataExtent>& extents) {
  extents.clear();
  for (const UdfRun& run : runs) {
    const DataExtent& e = run.extent;
    if (!extents.empty()) {
      DataExtent& last = extents.back();
      if (last.kind == e.kind && (e.kind != DataExtent::Kind::recorded || last.first + last.bytes == e.first)) {
        last.bytes += e.bytes;
        continue;
      }
    }
    extents.push_back(e);
  }
}

}  // namespace fsi
