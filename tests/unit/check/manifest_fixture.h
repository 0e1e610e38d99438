// A manifest written from the text of disc/manifest.h alone, with XXH3 and SHA-256 from their own libraries: nothing of
// libfsi/image and nothing of libfsi/base/digest is in it, so that both sides are checked against the text.
#pragma once

#include <openssl/sha.h>
#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace fixture {

using Bytes = std::vector<unsigned char>;

struct TroubleNote {
  uint8_t kind = 0;
  uint32_t error = 0;
  uint64_t promised = 0, found = 0;
  std::string path;
};

struct ManifestPlan {
  bool sha256 = false;
  uint32_t locator_sector = 31;
  uint64_t session_start = 0;
  std::vector<TroubleNote> troubles{};
  uint64_t trouble_count = 0;                // 0: as many as there are
  std::vector<uint64_t> chunks_with_sums{};  // ascending
  std::vector<uint64_t> marked_sectors{};    // from the session start
};

inline void put(Bytes& b, size_t at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) b.at(at + i) = static_cast<unsigned char>(value >> (8 * i));
}

inline Bytes digest(bool sha256, const unsigned char* data, size_t size) {
  Bytes out(sha256 ? 32 : 16);
  if (sha256) {
    SHA256(data, size, out.data());
  } else {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
    std::memcpy(out.data(), canonical.digest, 16);
  }
  return out;
}

/// `image` with a locator and a manifest behind it; first filled up to whole chunks.
inline Bytes with_manifest(Bytes image, const ManifestPlan& plan = {}) {
  constexpr size_t kSector = 2048, kChunk = 32 * kSector, kHeader = 208, kRoom = 8192;
  image.resize((image.size() + kChunk - 1) / kChunk * kChunk);
  const size_t chunks = image.size() / kChunk, sectors = image.size() / kSector, each = plan.sha256 ? 32 : 16;
  const size_t marks_at = kHeader + chunks * each, marks = (sectors + 7) / 8, troubles_at = marks_at + marks;
  const size_t sums_at = troubles_at + kRoom, bits = (chunks + 7) / 8, sum = plan.sha256 ? 8 : 4;
  const size_t sums_bytes = plan.chunks_with_sums.empty() ? 0 : 64 + bits + plan.chunks_with_sums.size() * 32 * sum;
  const size_t manifest_bytes = (sums_at + sums_bytes + kChunk - 1) / kChunk * kChunk;
  const uint64_t image_sectors = sectors + manifest_bytes / kSector;

  Bytes locator(96);
  std::memcpy(locator.data(), "DISCPRESS LOCATE", 16);
  put(locator, 16, 1, 4);
  put(locator, 20, plan.sha256 ? 2 : 1, 4);
  put(locator, 24, plan.session_start, 8);
  put(locator, 32, image_sectors, 8);
  put(locator, 40, sectors, 8);
  put(locator, 48, manifest_bytes / kSector, 8);
  SHA256(locator.data(), 64, locator.data() + 64);
  std::memcpy(image.data() + plan.locator_sector * kSector, locator.data(), locator.size());

  Bytes m(manifest_bytes);
  for (size_t c = 0; c < chunks; ++c) {
    const Bytes d = digest(plan.sha256, image.data() + c * kChunk, kChunk);
    std::memcpy(m.data() + kHeader + c * each, d.data(), each);
  }
  for (const uint64_t s : plan.marked_sectors) m.at(marks_at + s / 8) |= static_cast<unsigned char>(1u << s % 8);
  size_t at = troubles_at;
  uint32_t recorded = 0;
  for (const TroubleNote& t : plan.troubles) {
    if (at + 24 + t.path.size() > troubles_at + kRoom) break;
    m.at(at) = t.kind;
    put(m, at + 2, t.path.size(), 2);
    put(m, at + 4, t.error, 4);
    put(m, at + 8, t.promised, 8);
    put(m, at + 16, t.found, 8);
    std::memcpy(m.data() + at + 24, t.path.data(), t.path.size());
    at += 24 + t.path.size();
    ++recorded;
  }
  if (sums_bytes) {
    size_t next = sums_at + 64 + bits;
    for (const uint64_t c : plan.chunks_with_sums) {
      m.at(sums_at + 64 + c / 8) |= static_cast<unsigned char>(1u << c % 8);
      for (size_t s = 0; s < 32; ++s, next += sum)
        std::memcpy(m.data() + next, digest(plan.sha256, image.data() + (c * 32 + s) * kSector, kSector).data(), sum);
    }
    std::memcpy(m.data() + sums_at, "DISCPRESS SECTOR", 16);
    put(m, sums_at + 16, sum, 4);
    put(m, sums_at + 24, plan.chunks_with_sums.size(), 8);
    const Bytes own = digest(plan.sha256, m.data() + sums_at + 64, next - sums_at - 64);
    std::memcpy(m.data() + sums_at + 32, own.data(), each);
  }
  std::memcpy(m.data(), "DISCPRESS MANIF1", 16);
  put(m, 16, 1, 4);
  put(m, 20, plan.sha256 ? 2 : 1, 4);
  put(m, 24, 32, 4);
  put(m, 28, kHeader, 4);
  put(m, 32, plan.session_start, 8);
  put(m, 40, image_sectors, 8);
  put(m, 48, sectors, 8);
  put(m, 56, manifest_bytes / kSector, 8);
  put(m, 64, chunks, 8);
  put(m, 72, marks_at, 8);
  put(m, 80, marks, 8);
  put(m, 88, troubles_at, 8);
  put(m, 96, kRoom, 4);
  put(m, 100, recorded, 4);
  put(m, 104, plan.trouble_count ? plan.trouble_count : plan.troubles.size(), 8);
  const Bytes root = digest(plan.sha256, m.data() + kHeader, chunks * each);
  std::memcpy(m.data() + 112, root.data(), each);
  const Bytes body = digest(plan.sha256, m.data() + kHeader, m.size() - kHeader);
  std::memcpy(m.data() + 144, body.data(), each);
  const Bytes header = digest(plan.sha256, m.data(), kHeader);
  std::memcpy(m.data() + 176, header.data(), each);
  image.insert(image.end(), m.begin(), m.end());
  return image;
}

}  // namespace fixture
