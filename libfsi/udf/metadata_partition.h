// The metadata partition of UDF 2.50 and up (2.2.10, 2.2.13): a file of the physical partition that holds the file
// set, described by two ICBs far from each other. The mirror has the same blocks or a copy of its own.
#pragma once

#include "libfsi/layout/layout.h"
#include "libfsi/layout/volume.h"
#include "libfsi/udf/file_set.h"
#include "libfsi/udf/form.h"

namespace fsi::udf {

/// The file set where the revision wants it: at the start of the partition, or, from 2.50 on, in the metadata file
/// behind its ICB, or once more as the mirror's copy. Tags count from the start of the file set in each.
class FileSetRegion : public Region {
 public:
  enum class Role : uint8_t { plain, metadata_file, mirror_copy };
  FileSetRegion(const FileSet& files, Role role);
  std::string what() const override;
  uint64_t measure() override;
  /// Only for a file set that holds no contents.
  void render(uint64_t first, std::span<std::byte> out) const override;
  void render_with(const ReadContent& read, uint64_t first, std::span<std::byte> out) const override;
  void describe(std::vector<std::pair<std::string, SectorRange>>& parts) const override;

 private:
  const FileSet& files_;
  const Role role_;
};

/// The ICB of the metadata file, the first block of the partition, or of its mirror, the last.
class MetadataIcbRegion : public Region {
 public:
  /// `file`: where the blocks are that this ICB describes.
  MetadataIcbRegion(const Volume& volume, const Layout& layout, const Form& form, const Region& file, bool mirror);
  std::string what() const override { return mirror_ ? "UDF metadata mirror file entry" : "UDF metadata file entry"; }
  uint64_t measure() override { return 1; }
  void render(uint64_t first, std::span<std::byte> out) const override;

 private:
  const Volume& volume_;
  const Layout& layout_;
  const Form form_;
  const Region& file_;
  const bool mirror_;
};

}  // namespace fsi::udf
