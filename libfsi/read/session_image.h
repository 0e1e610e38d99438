// An image file of a further session of a disc: its addresses are those of the disc, its file begins at sector 0.
#pragma once

#include <memory>

#include "libfsi/base/sectors.h"

namespace fsi {

/// The sector of the disc for which the image in `source` was made, by its manifest or else by its descriptors; 0: the first,
/// or not to be told. What cannot be read tells nothing. Throws Error{interrupted}.
uint64_t made_for_sector(const SectorSource& source);

/// The image at its place on the disc. Sectors before it lie in other sessions: reading them throws Error{source}.
class PlacedImage final : public SectorSource {
 public:
  PlacedImage(std::unique_ptr<const SectorSource> image, uint64_t start) : image_(std::move(image)), start_(start) {}
  uint64_t sectors() const override { return start_ + image_->sectors(); }
  void read(SectorRange range, std::span<std::byte> out) const override;
  std::string name() const override { return image_->name(); }

 private:
  const std::unique_ptr<const SectorSource> image_;
  const uint64_t start_;
};

}  // namespace fsi
