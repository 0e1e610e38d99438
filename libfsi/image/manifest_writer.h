// The manifest of an image being made: collects the digest of each chunk and what went wrong with the
// sources, and becomes the last region of the image. The structures are in disc/manifest.h.
#pragma once

#include <mutex>
#include <vector>

#include "libfsi/base/digest.h"
#include "libfsi/base/ranked_bits.h"
#include "libfsi/layout/layout.h"
#include "libfsi/source/content.h"

namespace fsi {

class ManifestWriter {
 public:
  /// `kind` is not none. The tree and the layout outlive the writer.
  ManifestWriter(const SourceTree& tree, const Layout& layout, DigestKind kind);

  std::vector<Region*> regions() { return {&locator_, &body_}; }

  /// Sectors from the session start that the digests cover: all before the manifest.
  uint64_t covered_sectors() const { return body_.range.first - layout_.session_start; }

  /// Digests the whole chunks in `bytes`, which begin at `first` (sectors from the session start, a
  /// multiple of 32). Thread-safe for different chunks.
  void digest_chunks(uint64_t first, std::span<const std::byte> bytes);

  /// All chunks are digested; `drifts` holds at most one drift a content, in the order of contents.
  void seal(std::span<const Drift> drifts);

 private:
  class Locator : public Region {
   public:
    explicit Locator(const ManifestWriter& owner);
    std::string what() const override { return "manifest locator"; }
    uint64_t measure() override { return 1; }
    void render(uint64_t first, std::span<std::byte> out) const override;

   private:
    const ManifestWriter& owner_;
  };
  class Body : public Region {
   public:
    explicit Body(ManifestWriter& owner) : owner_(owner) { zone = Zone::last; }
    std::string what() const override { return "manifest"; }
    uint64_t measure() override { return 0; }
    uint64_t measure_behind(uint64_t sectors_before, uint64_t closing) override;
    void render(uint64_t first, std::span<std::byte> out) const override;
    void describe(std::vector<std::pair<std::string, SectorRange>>& parts) const override;

   private:
    ManifestWriter& owner_;
  };

  void choose_chunks_with_sums(uint64_t chunks);
  std::byte* sums_of(uint64_t chunk) { return bytes_.data() + sums_at_ + with_sums_.rank(chunk) * kImageUnit * sum_bytes_; }

  const SourceTree& tree_;
  const Layout& layout_;
  const DigestKind kind_;
  Locator locator_;
  Body body_;
  uint64_t closing_ = 0;  // sectors at its end that other regions fill
  uint64_t marks_offset_ = 0, marks_bytes_ = 0, trouble_offset_ = 0;
  uint64_t sums_offset_ = 0, sums_at_ = 0;  // sums of single sectors: their header, the first of them
  const uint32_t sum_bytes_;
  std::vector<std::byte> sum_bits_;
  RankedBits with_sums_;          // over sum_bits_
  std::vector<std::byte> bytes_;  // the manifest itself: about 0.06 % of the image, 0.25 % where files are small
};

}  // namespace fsi
