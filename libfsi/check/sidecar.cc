#include "libfsi/check/sidecar.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

using disc::kChunkBytes;
using disc::kChunkSectors;
using disc::ManifestHeader;

namespace {

uint64_t chunks_in(uint64_t sectors) { return (sectors + kChunkSectors - 1) / kChunkSectors; }

void put(unsigned char (&field)[32], const Digest& digest) { std::memcpy(field, digest.data(), sizeof field); }

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
  if (m.first > m.image_sectors || m.chunk_count != (alone ? chunks_in(m.first) : m.first / kChunkSectors) ||
      m.chunk_count > (bytes.size() - sizeof header) / size || (alone && bytes.size() != sizeof header + m.chunk_count * size) ||
      (!alone && (header.manifest_sectors != m.image_sectors - m.first || bytes.size() / kSectorSize != header.manifest_sectors)))
    throw wrong("its header contradicts the size of the file: it is cut off or not a manifest; make it again");
  m.root = hex(std::as_bytes(std::span(header.root)).first(size));
  m.body = std::move(bytes);
  const std::span<const std::byte> all = m.body;
  m.digests = all.subspan(sizeof header, m.chunk_count * size);
  m.table_whole = std::memcmp(digest_of(m.kind, m.digests).data(), header.root, sizeof header.root) == 0;
  if (!m.table_whole) throw wrong("its table of digests is damaged; make it again");
  return m;
}

DigestingSource::DigestingSource(const SectorSource& source, SectorRange range, DigestKind kind)
    : source_(source), range_(range), kind_(kind), chunks_(chunks_in(range.count)), digests_(chunks_ * digest_size(kind)), done_(chunks_) {}

void DigestingSource::read(SectorRange range, std::span<std::byte> out) const {
  source_.read(range, out);
  if (range.end() <= range_.first) return;
  const size_t size = digest_size(kind_);
  const uint64_t skipped = range.first > range_.first ? range.first - range_.first : 0;
  for (uint64_t chunk = chunks_in(skipped); chunk < chunks_; ++chunk) {
    const uint64_t from = range_.first + chunk * kChunkSectors;
    const uint64_t to = std::min(from + kChunkSectors, range_.end());
    if (to > range.end()) break;
    const Digest digest = digest_of(kind_, out.subspan((from - range.first) * kSectorSize, (to - from) * kSectorSize));
    std::memcpy(digests_.data() + chunk * size, digest.data(), size);
    done_[chunk] = 1;
  }
}

bool DigestingSource::complete() const {
  return std::ranges::all_of(done_, [](unsigned char done) { return done != 0; });
}

std::vector<std::byte> DigestingSource::sidecar() const { return make_sidecar(kind_, range_, digests_); }

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

std::vector<std::byte> make_sidecar(DigestKind kind, SectorRange range, std::span<const std::byte> digests) {
  ManifestHeader header;
  std::memcpy(header.magic, disc::kManifestMagic, sizeof header.magic);
  header.version = 1;
  header.digest_kind = static_cast<uint32_t>(kind);
  header.chunk_sectors = kChunkSectors;
  header.header_bytes = sizeof header;
  header.session_start = range.first;
  header.image_sectors = range.count;
  header.manifest_first = range.count;
  header.chunk_count = chunks_in(range.count);
  header.marks_offset = header.trouble_offset = sizeof header + digests.size();
  put(header.root, digest_of(kind, digests));
  put(header.body_digest, digest_of(kind, digests));
  put(header.header_digest, digest_of(kind, bytes_of(header)));
  std::vector<std::byte> file(sizeof header + digests.size());
  std::memcpy(file.data(), &header, sizeof header);
  std::ranges::copy(digests, file.begin() + sizeof header);
  return file;
}

}  // namespace fsi
