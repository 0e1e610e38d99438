// A tree of directory records: ISO 9660 with or without Rock Ridge, Joliet, and ISO 9660:1999 (enhanced).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libfsi/read/iso_text.h"
#include "libfsi/read/volume.h"

namespace fsi {

/// A directory as the path tables see it: where its record stands, not where Rock Ridge shows it.
struct PhysicalDirectory {
  Lba extent = 0;
  Lba parent = 0;           ///< extent of the directory that holds its record; the root: its own
  uint64_t identifier = 0;  ///< identifier_hash() of its identifier
};

uint64_t identifier_hash(std::string_view identifier);

class IsoTree final : public FileSystemReader {
 public:
  /// `source` must outlive the tree. `skip`: Rock Ridge is in use and skips so many bytes.
  IsoTree(const SectorSource& source, const DescriptorAt& at, IsoNames names, std::optional<uint8_t> skip, const ReadLimits& limits);

  std::string_view name() const override;
  void walk(Visitor& visitor, IssueLog& log, std::stop_token stop = {}) const override;
  /// The same, and the directories as the path tables should list them.
  void walk(Visitor& visitor, IssueLog& log, std::stop_token stop, std::vector<PhysicalDirectory>* directories) const;

  const DescriptorAt& descriptor() const { return at_; }
  IsoNames names() const { return names_; }
  const SectorSource& source() const { return source_; }
  bool rock_ridge() const { return skip_.has_value(); }

 private:
  friend class IsoWalk;
  const SectorSource& source_;
  DescriptorAt at_;
  IsoNames names_;
  std::optional<uint8_t> skip_;
  ReadLimits limits_;
};

}  // namespace fsi
