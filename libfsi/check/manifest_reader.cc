#include "libfsi/check/manifest_reader.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/base/try_read.h"
#include "libfsi/check/manifest_copy.h"
#include "libfsi/check/sector_sums.h"
#include "libfsi/disc/iso9660.h"
#include "libfsi/disc/manifest.h"
#include "libfsi/read/locator.h"

namespace fsi {

using namespace disc;

namespace {

constexpr const char* kClause = "manifest, version 1";

void fault(IssueLog& log, const char* what, SectorRange where, std::string detail, Severity severity = Severity::error) {
  log.report(what, [&] {
    return Issue{.severity = severity, .finding = Finding::manifest, .where = where, .clause = kClause, .detail = std::move(detail)};
  });
}

constexpr uint64_t kMaxTroubleBytes = 16 << 20, kSlack = 1 << 20, kMostSectors = uint64_t{1} << 40;

bool is_kind(uint32_t kind) { return kind == static_cast<uint32_t>(DigestKind::xxh3) || kind == static_cast<uint32_t>(DigestKind::sha256); }

}  // namespace

bool whole_header(const ManifestHeader& header, std::string& why) {
  if (std::memcmp(header.magic, kManifestMagic, sizeof kManifestMagic) != 0) return why = "its header is not there", false;
  if (header.version != 1 || !is_kind(header.digest_kind) || header.chunk_sectors != kChunkSectors || header.header_bytes != sizeof header)
    return why = "its header is damaged, or of a later version", false;
  if (std::memcmp(header_digest(header).data(), header.header_digest, sizeof header.header_digest) != 0)
    return why = "its header is damaged", false;
  return true;
}

namespace {

// What a manifest at most has behind header and table; room that nothing explains would only be a way to make us allocate it.
uint64_t most_behind_table(DigestKind kind, uint64_t first) {
  const uint64_t chunks = first / kChunkSectors, marks = (first + 7) / 8 + kSlack;
  const uint64_t copied = sizeof(ManifestHeader) + chunks * digest_size(kind) + marks + kMaxTroubleBytes;
  return marks + kMaxTroubleBytes + first * sector_sum_bytes(kind) + (chunks + 7) / 8 + copy_sectors(copied) * kSectorSize + kSlack;
}

// Whether the sizes of a whole header that stands for a manifest at `first` (from the session start) fit each other and the
// source. An honest one's do; a hostile one can be whole too, so nothing is allocated that the source does not have.
bool sizes_fit(const ManifestHeader& header, const SectorSource& source, uint64_t base, uint64_t first, std::string& why) {
  const auto kind = static_cast<DigestKind>(header.digest_kind.get());
  const uint64_t room = source.sectors() - base;
  const uint64_t sectors = header.manifest_sectors, image = header.image_sectors;
  if (header.manifest_first != first || first % kChunkSectors != 0 || first >= room || image > kMostSectors || first > image ||
      sectors != image - first || sectors % kChunkSectors != 0)
    return why = "its header contradicts the size of the image", false;
  if (header.chunk_count != first / kChunkSectors) return why = "its header contradicts itself (chunks)", false;
  const uint64_t bytes = sectors * kSectorSize, table = header.chunk_count * digest_size(kind);
  const uint64_t marks = header.marks_offset, troubles = header.trouble_offset;
  if (bytes < sizeof header || table > bytes - sizeof header || header.marks_bytes < (first + 7) / 8 || marks < sizeof header + table ||
      marks > bytes || header.marks_bytes > bytes - marks || troubles < marks + header.marks_bytes || troubles > bytes ||
      header.trouble_bytes > bytes - troubles)
    return why = "its header contradicts itself (sizes)", false;
  if (header.marks_bytes > (first + 7) / 8 + kSlack || header.trouble_bytes > kMaxTroubleBytes ||
      bytes - sizeof header - table > most_behind_table(kind, first))
    return why = "its header contradicts itself (room)", false;
  return true;
}

std::optional<ManifestHeader> read_header(const SectorSource& source, uint64_t base, uint64_t first, std::string& why) {
  std::vector<std::byte> sector(kSectorSize);
  ManifestHeader header;
  if (!try_read(source, {base + first, 1}, sector) || !load(sector, 0, header)) return why = "its header cannot be read", std::nullopt;
  if (!whole_header(header, why) || !sizes_fit(header, source, base, first, why)) return std::nullopt;
  return header;
}

// The header that the copy in a manifest has of it. The manifest lies where the locator says.
std::optional<ManifestHeader> read_copied_header(const SectorSource& source, uint64_t base, const ManifestLocator& locator) {
  const uint64_t first = locator.manifest_first, sectors = locator.manifest_sectors, image = locator.image_sectors;
  if (!is_kind(locator.digest_kind) || image > kMostSectors || first > image || sectors != image - first) return std::nullopt;
  const auto kind = static_cast<DigestKind>(locator.digest_kind.get());
  if (sectors * kSectorSize > sizeof(ManifestHeader) + first / kChunkSectors * digest_size(kind) + most_behind_table(kind, first))
    return std::nullopt;
  const ManifestSectors body = read_manifest_sectors(source, {base + first, sectors});
  const auto header = ManifestCopy(body.bytes, kind).header();
  std::string why;
  if (!header || !whole_header(*header, why) || !sizes_fit(*header, source, base, first, why)) return std::nullopt;
  return header;
}

// Troubles were written by us, but a disc can hold anything.
void read_troubles(std::span<const std::byte> bytes, uint32_t count, Manifest& manifest, IssueLog& log) {
  size_t at = 0;
  for (uint32_t i = 0; i < count; ++i) {
    TroubleRecord record;
    if (!load(bytes, at, record) || record.path_bytes > bytes.size() - at - sizeof record)
      return fault(log, "a trouble record runs past its room", manifest.range(), "record " + std::to_string(i));
    at += sizeof record;
    Trouble trouble{.kind = record.kind, .error = static_cast<int>(record.error.get()), .promised = record.promised, .found = record.found};
    trouble.path.assign(reinterpret_cast<const char*>(bytes.data()) + at, record.path_bytes);
    at += record.path_bytes;
    manifest.troubles.push_back(std::move(trouble));
  }
}

// What of the manifest itself is damaged, and what that means.
void report_damage(const Manifest& m, bool header, bool sums_whole, const std::vector<SectorRange>& unreadable,
                   const ManifestCopy::Repair& repair, IssueLog& log) {
  SectorRange where{};
  const auto add = [&](SectorRange more) {
    const uint64_t first = where.count ? std::min(where.first, more.first) : more.first;
    where = {first, std::max(where.end(), more.end()) - first};
  };
  if (header) add({0, 1});
  for (const auto* ranges : {&unreadable, &repair.differing, &repair.copy_damage})
    for (const SectorRange& range : *ranges) add(range);
  // Where it is worn is known by the copy alone.
  const bool known = where.count > 0 && sums_whole && m.table_whole && m.body_whole;
  if (!known) where = {0, m.sectors};

  std::string detail = header ? "its header, which was taken from its second copy" : "";
  const auto say = [&](const std::string& text) { detail += (detail.empty() ? "" : "; ") + text; };
  if (!m.has_digests()) {
    say("its table of digests is not what was written: the sectors cannot be compared");
  } else if (!m.table_whole) {
    uint64_t chunks = 0;
    for (const SectorRange& lost : m.lost) chunks += lost.count;
    say("digests are lost in both of its copies: " + std::to_string(chunks * kChunkSectors) + " sectors from LBA " +
        std::to_string(m.base + m.lost.front().first * kChunkSectors) + " on could not be compared");
  } else {
    say("its table of digests is whole");
  }
  if (m.has_digests() && !m.body_whole) say("its record of troubles is not");
  if (m.has_digests() && !sums_whole)
    say(m.sector_sums.empty() ? "its sums of single sectors are not: damage is known to 32 sectors only"
                              : "some of its sums of single sectors are not: damage there is known to 32 sectors only");
  if (m.table_whole && m.body_whole && sums_whole) say("nothing is lost");
  fault(log, "the manifest is damaged", {m.base + m.first + where.first, where.count}, detail);
}

/// `header_of_copy`: it is not the one at the beginning of the manifest, which is damaged.
Manifest take_manifest(const SectorSource& source, uint64_t base, const ManifestHeader& header, bool header_of_copy, IssueLog& log) {
  Manifest m;
  m.kind = static_cast<DigestKind>(header.digest_kind.get());
  m.base = base;
  m.image_sectors = header.image_sectors;
  m.first = header.manifest_first;
  m.sectors = header.manifest_sectors;
  m.chunk_count = header.chunk_count;
  m.trouble_count = header.trouble_count;
  const size_t size = digest_size(m.kind);
  m.root = hex(std::as_bytes(std::span(header.root)).first(size));
  if (header.session_start != base)
    fault(log, "the manifest was made for another session start", {base + m.first, 1},
          "for LBA " + std::to_string(header.session_start.get()) + ", found from LBA " + std::to_string(base));
  ManifestSectors read = read_manifest_sectors(source, m.range());
  m.body = std::move(read.bytes);
  const std::span<const std::byte> all = m.body;
  const uint64_t before_sums = header.trouble_offset + uint64_t{header.trouble_bytes.get()};
  const bool whole = read.unreadable.empty() &&
                     std::memcmp(digest_of(m.kind, all.subspan(sizeof header)).data(), header.body_digest, sizeof header.body_digest) == 0;
  ManifestCopy::Repair repair;
  if (!whole) {
    const uint64_t sums_at = before_sums + sizeof(SectorSumsHeader) + (m.chunk_count + 7) / 8;
    repair = ManifestCopy(all, m.kind).repair(header.root, std::min<uint64_t>(sums_at, all.size()));
    std::ranges::copy(repair.bytes, m.body.begin());
  }
  const auto proven = [&](uint64_t from, uint64_t bytes) {
    return std::ranges::none_of(repair.not_proven, [&](const SectorRange& r) { return r.first < from + bytes && r.end() > from; });
  };
  m.digests = all.subspan(sizeof header, m.chunk_count * size);
  m.table_whole = std::memcmp(digest_of(m.kind, m.digests).data(), header.root, sizeof header.root) == 0;
  m.body_whole = whole || proven(header.marks_offset, before_sums - header.marks_offset);
  if (!m.table_whole)
    for (uint64_t chunk = 0; chunk < m.chunk_count; ++chunk) {
      if (proven(sizeof header + chunk * size, size)) continue;
      if (!m.lost.empty() && m.lost.back().end() == chunk)
        ++m.lost.back().count;
      else
        m.lost.push_back({chunk, 1});
    }
  if (!proven(before_sums, sizeof(SectorSumsHeader) + (m.chunk_count + 7) / 8)) repair.pieces.clear();
  const bool sums_whole = take_sector_sums(all.subspan(before_sums), m, repair.pieces);
  if (m.body_whole) {
    m.marks = all.subspan(header.marks_offset, header.marks_bytes);
    read_troubles(all.subspan(header.trouble_offset, header.trouble_bytes), header.trouble_recorded, m, log);
  }
  if (!whole || header_of_copy) report_damage(m, header_of_copy, sums_whole, read.unreadable, repair, log);
  return m;
}

// The manifest takes less than a two hundredth of an image, so its header is near the end even when a drive or a copy
// has added sectors behind it.
std::optional<ManifestHeader> find_header(const SectorSource& source, uint64_t base) {
  if (source.sectors() <= base) return std::nullopt;
  const uint64_t chunks = (source.sectors() - base) / kChunkSectors;
  const uint64_t look = chunks / 128 + 64;
  std::string why;
  for (uint64_t i = 1; i <= look && i <= chunks; ++i)
    if (auto header = read_header(source, base, (chunks - i) * kChunkSectors, why)) return header;
  return std::nullopt;
}

}  // namespace

bool Manifest::matches(uint64_t chunk, std::span<const std::byte> bytes) const {
  const auto expected = digest_of_chunk(chunk);
  return std::memcmp(digest_of(kind, bytes).data(), expected.data(), expected.size()) == 0;
}

Manifest Manifest::at(uint64_t new_base) const {
  Manifest m;
  m.kind = kind, m.base = new_base, m.image_sectors = image_sectors, m.first = first, m.sectors = sectors, m.chunk_count = chunk_count;
  m.root = root, m.table_whole = table_whole, m.body_whole = body_whole;
  m.lost = lost, m.lost_sums = lost_sums;
  m.body = body;
  const auto inside = [&](std::span<const std::byte> part) {
    return part.empty() ? part : std::span<const std::byte>(m.body).subspan(static_cast<size_t>(part.data() - body.data()), part.size());
  };
  m.digests = inside(digests);
  if (!sector_sums.empty()) {
    m.chunks_with_sums = RankedBits(inside(chunks_with_sums.bits()));
    m.sector_sums = inside(sector_sums);
  }
  return m;
}

std::string manifest_identity(const SectorSource& source, uint64_t base) {
  ManifestLocator locator;
  uint64_t at = 0;
  std::string why;
  if (find_locator(source, base, locator, at) != LocatorSearch::found || source.sectors() - base < locator.image_sectors) return {};
  const auto header = read_header(source, base, locator.manifest_first, why);
  return header
             ? hex(std::as_bytes(std::span(header->header_digest)).first(digest_size(static_cast<DigestKind>(header->digest_kind.get()))))
             : std::string();
}

FoundManifest load_manifest(const SectorSource& source, uint64_t base, IssueLog& log) {
  FoundManifest found;
  ManifestLocator locator;
  uint64_t at = 0;
  const LocatorSearch search = find_locator(source, base, locator, at);
  const auto report_truncation = [&](uint64_t image, uint64_t room, bool with_manifest) {
    log.report("the image is truncated", [&] {
      return Issue{.finding = Finding::truncated,
                   .where = {source.sectors(), image - room},
                   .clause = kClause,
                   .detail = "it was made with " + std::to_string(image) + " sectors and has " + std::to_string(room) +
                             (with_manifest ? "" : "; its manifest was at the end, so that the sectors cannot be compared")};
    });
  };
  std::optional<ManifestHeader> header;
  bool header_of_copy = false;
  std::string why;
  if (search == LocatorSearch::found) {
    const uint64_t room = source.sectors() - base, image = locator.image_sectors, first = locator.manifest_first;
    if (locator.version != 1) {
      fault(log, "the manifest is of a version that this program does not know", {at, 1},
            "version " + std::to_string(locator.version.get()) + ": a newer verify can read it");
      return found;
    }
    found.promised_sectors = image;
    if (image > room) {
      report_truncation(image, room, first < room);
      if (first >= room) return found;
    }
    header = first < image ? read_header(source, base, first, why) : std::nullopt;
    if (!header && why.empty()) why = "its locator contradicts itself";
    if (!header && first < image && (header = read_copied_header(source, base, locator))) header_of_copy = true;
    if (header && (header->image_sectors != locator.image_sectors || header->manifest_sectors != locator.manifest_sectors ||
                   header->digest_kind != locator.digest_kind || header->session_start != locator.session_start)) {
      header.reset();
      why = "its locator and its header contradict each other";
    }
    if (!header) {
      fault(log, "the manifest is damaged",
            {base + std::min(first, room), std::min<uint64_t>(locator.manifest_sectors, room - std::min(first, room))},
            why + ": the sectors cannot be compared with what was written");
      return found;
    }
  } else {
    header = find_header(source, base);
    if (search == LocatorSearch::damaged)
      fault(log, "the locator of the manifest is damaged", {at, 1},
            header ? "the manifest was found from the end" : "and no manifest was found at the end");
    else if (header)
      fault(log, "the locator of the manifest is missing", {base + kFirstDescriptor, kLocatorSector - kFirstDescriptor + 1},
            "the manifest was found from the end");
    if (!header) return found;
    found.promised_sectors = header->image_sectors;
    if (const uint64_t room = source.sectors() - base; header->image_sectors > room) report_truncation(header->image_sectors, room, true);
  }
  found.manifest = take_manifest(source, base, *header, header_of_copy, log);
  return found;
}

}  // namespace fsi
