#include "libfsi/read/udf_anchor.h"

#include <algorithm>
#include <cstring>

#include "libfsi/disc/iso9660.h"
#include "libfsi/read/udf_partitions.h"
#include "libfsi/read/udf_tag.h"

namespace fsi {

using namespace disc;

namespace {

void fault(IssueLog& log, const char* what, uint64_t sector, const char* clause, const std::string& detail = {},
           Severity severity = Severity::error) {
  log.report(what, [&] { return Issue{.severity = severity, .where = {sector, 1}, .clause = clause, .detail = detail}; });
}

struct Recognition {
  uint64_t first = 0, end = 0;  // sectors from BEA01 to TEA01, as far as there are any
  bool begun = false, nsr = false, ended = false, in_order = true, third_edition = false;
};

// 2/8.3: in steps of 2048 bytes or of a larger block, behind the descriptors of ISO 9660.
Recognition read_recognition(CarefulReader& sectors, uint64_t first, uint64_t step) {
  Recognition r{.first = first, .end = first};
  uint32_t unknown = 0;
  for (uint64_t at = first; at < first + 128 * step && !r.ended; at += step) {
    const auto sector = sectors.cached(at);
    VolumeStructureDescriptor d;
    if (sector.empty() || !load(sector, 0, d)) break;
    const auto is = [&](const char* id) { return std::memcmp(d.identifier, id, sizeof d.identifier) == 0; };
    const bool any = r.begun || r.nsr;
    if (is("BEA01")) {
      r.begun = true;
    } else if (is("NSR02") || is("NSR03")) {
      r.nsr = true;
      r.in_order &= r.begun;
      r.third_edition = is("NSR03");
    } else if (is("TEA01")) {
      r.ended = true;
    } else {
      // One damaged descriptor does not end the search.
      if (!is("CD001") && !is("BOOT2") && !is("CDW02") && ++unknown > 4) break;
      continue;
    }
    if (!any) r.first = at;
    r.end = at + step;
  }
  return r;
}

class AnchorSearch {
 public:
  AnchorSearch(CarefulReader& sectors, uint64_t start, uint64_t volume_sectors, uint32_t block_size, IssueLog& log)
      : blocks_(sectors, block_size), log_(log), first_(start * kSectorSize / block_size + kAnchorSector) {
    for (const uint64_t end : {start + volume_sectors, sectors.sectors()}) {
      const uint64_t last = end * kSectorSize / block_size;
      if (last > first_ + 1) ends_.push_back(last - 1);
    }
  }

  bool run(UdfAnchor& result) {
    // 3/8.4.2.1: 256, N - 256 and N.
    look(first_, result);
    for (const uint64_t last : ends_)
      for (const uint64_t back : {0u, 256u})
        if (last >= first_ + back) look(last - back, result);
    if (!good_.empty()) return true;
    // 512 in a session that is still open. A source may end a little behind N: the run-out of a track, padding.
    look(first_ + kAnchorSector, result);
    for (const uint64_t last : ends_)
      for (const uint64_t back : {1u, 2u, 150u, 152u})
        if (last >= first_ + back) look(last - back, result);
    return !good_.empty();
  }

  // Two of the three are wanted. Write-once media may have one only until they are closed.
  void check_count() {
    for (const uint64_t last : ends_)
      if (is_good(first_) + is_good(last) + (last - first_ >= kAnchorSector && is_good(last - kAnchorSector)) >= 2) return;
    const uint64_t missing = is_good(first_) && !ends_.empty() ? ends_.back() : first_;
    fault(log_, "the volume has fewer than two anchors", blocks_.sector_of(missing), "ECMA-167 3/8.4.2.1",
          "expected in two of the blocks 256, N - 256 and N, the last", Severity::warning);
  }

  void announce(NamedSectors& structures) const {
    for (const uint64_t block : good_)
      add_structure(structures, block * blocks_.size(), sizeof(AnchorVolumeDescriptorPointer), "UDF anchor");
  }

 private:
  bool is_good(uint64_t block) const { return std::ranges::find(good_, block) != good_.end(); }

  void look(uint64_t block, UdfAnchor& result) {
    if (is_good(block) || block > UINT32_MAX) return;
    const auto bytes = blocks_.block(block);
    AnchorVolumeDescriptorPointer anchor;
    if (bytes.empty() || !load(bytes, 0, anchor)) return;
    const TagFaults faults = check_tag(bytes, TagId::anchor, static_cast<uint32_t>(block), std::nullopt);
    // At another place, or whole but for its place, it is none: other block sizes and sessions have anchors too.
    if (faults & kTagKind || (faults & kTagLocation && block != first_) || (faults == kTagLocation)) return;
    report_tag(faults, bytes, {"anchor", {}, blocks_.sector_of(block), static_cast<uint32_t>(block), false}, log_);
    if (damaged(faults)) return;
    if (good_.empty()) {
      result.block = block;
      result.descriptor = anchor;
    } else if (std::memcmp(&anchor.main_sequence, &result.descriptor.main_sequence, 2 * sizeof(ExtentAd)) != 0) {
      // Each session has its own; the one that was found first counts.
      fault(log_, "the anchors of the volume disagree", blocks_.sector_of(block), "ECMA-167 3/8.4.2.1",
            "block " + std::to_string(block) + " against block " + std::to_string(result.block), Severity::warning);
    }
    good_.push_back(block);
  }

  UdfBlocks blocks_;
  IssueLog& log_;
  const uint64_t first_;
  std::vector<uint64_t> ends_, good_;
};

void check_recognition(const Recognition& r, IssueLog& log) {
  if (!r.begun) fault(log, "the recognition sequence of UDF has no BEA01", r.first, "ECMA-167 2/9.2");
  if (!r.nsr) fault(log, "the recognition sequence of UDF has no NSR descriptor", r.first, "ECMA-167 3/9.1");
  if (!r.ended) fault(log, "the recognition sequence of UDF has no TEA01", r.first, "ECMA-167 2/9.3");
  if (r.begun && r.nsr && !r.in_order) fault(log, "the recognition sequence of UDF is out of order", r.first, "ECMA-167 2/8.3.1");
}

}  // namespace

void add_structure(NamedSectors& structures, uint64_t first, uint64_t bytes, std::string name) {
  const uint64_t sector = first / kSectorSize;
  structures.emplace_back(SectorRange{sector, sectors_for(first % kSectorSize + bytes)}, std::move(name));
}

std::optional<UdfAnchor> find_udf(const SectorSource& source, uint64_t session_start, uint64_t volume_sectors, NamedSectors& structures,
                                  IssueLog& log) {
  UdfAnchor anchor;
  IssueLog unread(0);  // a sector that was only looked at, where nothing need be, is no part of the structures
  CarefulReader sectors(source, unread);
  const uint64_t first = session_start + kFirstDescriptor;
  for (const uint32_t size : {2048u, 512u, 4096u, 1024u}) {
    anchor.block_size = size;
    AnchorSearch search(sectors, session_start, volume_sectors, size, log);
    if (!search.run(anchor)) continue;
    search.check_count();
    search.announce(structures);
    const Recognition r = read_recognition(sectors, first, std::max(1u, size / kSectorSize));
    check_recognition(r, log);
    if (r.end > r.first)
      add_structure(structures, r.first * kSectorSize, (r.end - r.first) * kSectorSize, "UDF volume recognition sequence");
    if (r.nsr) anchor.third_edition = r.third_edition;
    return anchor;
  }
  if (read_recognition(sectors, first, 1).nsr || read_recognition(sectors, first, 2).nsr)
    fault(log, "there is no anchor of UDF, whose recognition sequence is there", first, "ECMA-167 3/8.4.2.1", "UDF is not read");
  return std::nullopt;
}

}  // namespace fsi
