#include "libfsi/check/sidecar.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/check/sector_sums.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

using disc::kChunkBytes;
using disc::kChunkSectors;
using disc::ManifestHeader;

namespace {

uint64_t chunks_in(uint64_t sectors) { return (sectors + kChunkSectors - 1) / kChunkSectors; }

}  // namespace

Manifest read_sidecar(std::vector<std::byte> bytes, const std::string& name) {
  const auto wrong = [&](const char* why) { return Error(ErrorKind::corrupt, printable(name), "reading the manifest", why); };
  ManifestHeader header;
  std::string why;
  if (!load(bytes, 0, header) || std::memcmp(header.magic, disc::kManifestMagic, sizeof header.magic) != 0)
    throw wrong("it is no manifest; verify --write-manifest makes one");
  if (!whole_header(header, why)) throw wrong((why + "; make it again").c_str());

  Manifest m;
  m.kind = static_cast<DigestKind>(header.digest_kind.get());
  m.image_sectors = header.image_sectors;
  m.first = header.manifest_first;
  m.sectors = 0;  // it lies elsewhere
  m.chunk_count = header.chunk_count;
  const size_t size = digest_size(m.kind);
  const bool alone = m.first == m.image_sectors;
  const uint64_t sums_at = header.trouble_offset + uint64_t{header.trouble_bytes.get()};
  if (m.first > m.image_sectors || m.chunk_count != (alone ? chunks_in(m.first) : m.first / kChunkSectors) ||
      m.chunk_count > (bytes.size() - sizeof header) / size || header.trouble_offset > bytes.size() || sums_at > bytes.size() ||
      (alone && sums_at != sizeof header + m.chunk_count * size) ||
      (!alone && (header.manifest_sectors != m.image_sectors - m.first || bytes.size() / kSectorSize != header.manifest_sectors)))
    throw wrong("its header contradicts the size of the file: it is cut off or not a manifest; make it again");
  m.root = hex(std::as_bytes(std::span(header.root)).first(size));
  m.body = std::move(bytes);
  const std::span<const std::byte> all = m.body;
  m.digests = all.subspan(sizeof header, m.chunk_count * size);
  m.table_whole = std::memcmp(digest_of(m.kind, m.digests).data(), header.root, sizeof header.root) == 0;
  if (!m.table_whole) throw wrong("its table of digests is damaged; make it again");
  if (!take_sector_sums(all.subspan(sums_at), m)) throw wrong("its sums of single sectors are damaged; make it again");
  const size_t end = m.sector_sums.empty() ? sums_at : static_cast<size_t>(m.sector_sums.data() - all.data()) + m.sector_sums.size();
  if (alone && all.size() != end) throw wrong("it has more bytes than its header says: it is not as it was made; make it again");
  return m;
}

SidecarTable::SidecarTable(DigestKind kind, uint64_t chunks)
    : kind_(kind),
      digest_bytes_(digest_size(kind)),
      sum_bytes_(kChunkSectors * disc::sector_sum_bytes(kind)),
      digests_(chunks * digest_bytes_),
      sums_(chunks * sum_bytes_) {}

void SidecarTable::append(std::span<const std::byte> bytes) {
  const uint64_t chunk = digests_.size() / digest_bytes_;
  digests_.resize(digests_.size() + digest_bytes_);
  sums_.resize(sums_.size() + sum_bytes_);
  put(chunk, bytes);
}

void SidecarTable::put(uint64_t chunk, std::span<const std::byte> bytes) {
  std::memcpy(digests_.data() + chunk * digest_bytes_, digest_of(kind_, bytes).data(), digest_bytes_);
  const size_t each = sum_bytes_ / kChunkSectors;
  for (std::byte* sum = sums_.data() + chunk * sum_bytes_; !bytes.empty(); bytes = bytes.subspan(kSectorSize), sum += each)
    std::memcpy(sum, digest_of(kind_, bytes.first(kSectorSize)).data(), each);
}

DigestingSource::DigestingSource(const SectorSource& source, SectorRange range, DigestKind kind)
    : source_(source), range_(range), chunks_(chunks_in(range.count)), table_(kind, chunks_), done_(chunks_) {}

void DigestingSource::read(SectorRange range, std::span<std::byte> out) const {
  source_.read(range, out);
  if (range.end() <= range_.first) return;
  const uint64_t skipped = range.first > range_.first ? range.first - range_.first : 0;
  for (uint64_t chunk = chunks_in(skipped); chunk < chunks_; ++chunk) {
    const uint64_t from = range_.first + chunk * kChunkSectors;
    const uint64_t to = std::min(from + kChunkSectors, range_.end());
    if (to > range.end()) break;
    table_.put(chunk, out.subspan((from - range.first) * kSectorSize, (to - from) * kSectorSize));
    done_[chunk] = 1;
  }
}

bool DigestingSource::complete() const {
  return std::ranges::all_of(done_, [](unsigned char done) { return done != 0; });
}

std::vector<std::byte> DigestingSource::sidecar() const { return table_.file(range_); }

void report_disagreement(const Manifest& given, const Manifest& own, uint64_t session_start, IssueLog& log) {
  const auto disagree = [&](SectorRange where, std::string detail) {
    log.report("the manifest of the image and the one that was given disagree",
               [&] { return Issue{.finding = Finding::manifest, .where = where, .detail = std::move(detail)}; });
  };
  if (own.image_sectors > given.image_sectors)
    disagree({}, "the image is said to have " + std::to_string(own.image_sectors) + " sectors by its own, " +
                     std::to_string(given.image_sectors) + " by the given one");
  if (own.kind != given.kind) return;  // digests of different kinds cannot be compared
  const size_t size = digest_size(own.kind);
  const uint64_t chunks = std::min(own.chunk_count, given.chunk_count);
  uint64_t differing = 0, first = 0;
  for (uint64_t i = 0; i < chunks; ++i) {
    // The last one of the given manifest may be of a short chunk.
    if ((i + 1) * kChunkSectors > std::min(own.image_sectors, given.image_sectors)) break;
    if (std::memcmp(own.digest_of_chunk(i).data(), given.digest_of_chunk(i).data(), size) != 0 && differing++ == 0) first = i;
  }
  if (differing > 0)
    disagree(
        {session_start + first * kChunkSectors, kChunkSectors},
        std::to_string(differing) + " of " + std::to_string(chunks) + " digests differ, the first for these sectors; the given one counts");
}

std::vector<std::byte> SidecarTable::file(SectorRange range) const {
  const uint64_t chunks = chunks_in(range.count);
  ManifestHeader header;
  header.digest_kind = static_cast<uint32_t>(kind_);
  header.session_start = range.first;
  header.image_sectors = range.count;
  header.manifest_first = range.count;
  header.chunk_count = chunks;
  header.marks_offset = header.trouble_offset = sizeof header + digests_.size();

  const size_t sums_at = sizeof header + digests_.size(), bits_at = sums_at + sizeof(disc::SectorSumsHeader);
  std::vector<std::byte> file(bits_at + (chunks + 7) / 8);
  std::ranges::copy(digests_, file.begin() + sizeof header);
  for (uint64_t chunk = 0; chunk < chunks; ++chunk) file[bits_at + chunk / 8] |= std::byte{1} << (chunk % 8);
  file.insert(file.end(), sums_.begin(), sums_.end());
  disc::seal_sector_sums(kind_, chunks, std::span(file).subspan(sums_at));
  disc::seal_manifest(header, file, std::nullopt);
  return file;
}

}  // namespace fsi
