#include "libfsi/check/manifest_reader.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
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

constexpr uint64_t kMaxTroubleBytes = 16 << 20, kSlack = 1 << 20;

bool is_kind(uint32_t kind) { return kind == static_cast<uint32_t>(DigestKind::xxh3) || kind == static_cast<uint32_t>(DigestKind::sha256); }

std::optional<std::vector<std::byte>> read(const SectorSource& source, SectorRange range) {
  if (range.first > source.sectors() || range.count > source.sectors() - range.first) return std::nullopt;
  std::vector<std::byte> bytes(range.count * kSectorSize);
  try {
    source.read(range, bytes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return std::nullopt;
  }
  return bytes;
}

}  // namespace

bool whole_header(const ManifestHeader& header, std::string& why) {
  if (std::memcmp(header.magic, kManifestMagic, sizeof kManifestMagic) != 0) return why = "its header is not there", false;
  if (header.version != 1 || !is_kind(header.digest_kind) || header.chunk_sectors != kChunkSectors || header.header_bytes != sizeof header)
    return why = "its header is damaged, or of a later version", false;
  ManifestHeader blank = header;
  std::memset(blank.header_digest, 0, sizeof blank.header_digest);
  const Digest digest = digest_of(static_cast<DigestKind>(header.digest_kind.get()), bytes_of(blank));
  if (std::memcmp(digest.data(), header.header_digest, sizeof header.header_digest) != 0) return why = "its header is damaged", false;
  return true;
}

namespace {

// Whether the header at `first` (from the session start) is whole and its sizes fit each other and the source.
std::optional<ManifestHeader> read_header(const SectorSource& source, uint64_t base, uint64_t first, std::string& why) {
  const auto sector = read(source, {base + first, 1});
  ManifestHeader header;
  if (!sector || !load(*sector, 0, header)) return why = "its header cannot be read", std::nullopt;
  if (!whole_header(header, why)) return std::nullopt;
  const auto kind = static_cast<DigestKind>(header.digest_kind.get());

  // From here on an honest header; a hostile one can still be whole, so nothing is allocated that the source does not have.
  const uint64_t room = source.sectors() - base;
  const uint64_t sectors = header.manifest_sectors, image = header.image_sectors;
  if (header.manifest_first != first || first % kChunkSectors != 0 || image > room || first > image || sectors != image - first ||
      sectors % kChunkSectors != 0)
    return why = "its header contradicts the size of the image", std::nullopt;
  if (header.chunk_count != first / kChunkSectors) return why = "its header contradicts itself (chunks)", std::nullopt;
  const uint64_t bytes = sectors * kSectorSize, table = header.chunk_count * digest_size(kind);
  const uint64_t marks = header.marks_offset, troubles = header.trouble_offset;
  if (bytes < sizeof header || table > bytes - sizeof header || header.marks_bytes < (first + 7) / 8 || marks < sizeof header + table ||
      marks > bytes || header.marks_bytes > bytes - marks || troubles < marks + header.marks_bytes || troubles > bytes ||
      header.trouble_bytes > bytes - troubles)
    return why = "its header contradicts itself (sizes)", std::nullopt;
  // Room that nothing explains would only be a way to make us allocate it.
  const uint64_t sums = first * sector_sum_bytes(kind) + (header.chunk_count + 7) / 8;
  if (header.marks_bytes > (first + 7) / 8 + kSlack || header.trouble_bytes > kMaxTroubleBytes ||
      bytes - sizeof header - table > (first + 7) / 8 + kMaxTroubleBytes + sums + kSlack)
    return why = "its header contradicts itself (room)", std::nullopt;
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

Manifest take_manifest(const SectorSource& source, uint64_t base, const ManifestHeader& header, IssueLog& log) {
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
  auto body = read(source, m.range());
  if (!body) {
    fault(log, "the manifest cannot be read", m.range(), "the sectors cannot be compared with what was written");
    return m;
  }
  m.body = std::move(*body);
  const std::span<const std::byte> all = m.body;
  m.digests = all.subspan(sizeof header, m.chunk_count * size);
  m.table_whole = std::memcmp(digest_of(m.kind, m.digests).data(), header.root, sizeof header.root) == 0;
  m.body_whole = std::memcmp(digest_of(m.kind, all.subspan(sizeof header)).data(), header.body_digest, sizeof header.body_digest) == 0;
  if (!m.table_whole)
    fault(log, "the manifest is damaged", m.range(), "its table of digests is not what was written: the sectors cannot be compared");
  const bool sums_whole = take_sector_sums(all.subspan(header.trouble_offset + header.trouble_bytes), m);
  if (m.table_whole && !m.body_whole)
    fault(log, "the manifest is damaged", m.range(),
          std::string("its table of digests is whole, ") +
              (sums_whole ? "its record of troubles is not" : "its sums of single sectors are not: damage is known to 32 sectors only"));
  if (m.body_whole) {
    m.marks = all.subspan(header.marks_offset, header.marks_bytes);
    read_troubles(all.subspan(header.trouble_offset, header.trouble_bytes), header.trouble_recorded, m, log);
  }
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
  std::optional<ManifestHeader> header;
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
      log.report("the image is truncated", [&] {
        return Issue{.finding = Finding::truncated,
                     .where = {source.sectors(), image - room},
                     .clause = kClause,
                     .detail = "it was made with " + std::to_string(image) + " sectors and has " + std::to_string(room) +
                               "; its manifest was at the end, so that the sectors cannot be compared"};
      });
      return found;
    }
    header = first < image ? read_header(source, base, first, why) : std::nullopt;
    if (!header && why.empty()) why = "its locator contradicts itself";
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
  }
  found.manifest = take_manifest(source, base, *header, log);
  return found;
}

}  // namespace fsi
