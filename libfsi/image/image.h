// The image as a function: every sector can be rendered at any time, in any order, by any thread.
// Writers of files and pipes, burners and verifiers are only callers of it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "libfsi/base/digest.h"
#include "libfsi/base/file_sums.h"
#include "libfsi/base/sectors.h"
#include "libfsi/base/tee.h"
#include "libfsi/image/implants.h"
#include "libfsi/image/manifest_writer.h"
#include "libfsi/layout/layout.h"
#include "libfsi/layout/patch.h"
#include "libfsi/layout/volume.h"
#include "libfsi/source/content.h"

namespace fsi {

/// One line of the map: what lies where. Sectors are absolute, as on the disc.
struct MapItem {
  SectorRange range;
  std::string what;  ///< "file /a/b" or the name of a structure
};

class Image : public SectorSource {
 public:
  /// Everything is frozen: `layout` is filled and refers to regions of `owners`. `manifest` may be null.
  struct Parts {
    std::unique_ptr<SourceTree> tree;
    std::unique_ptr<Layout> layout;
    std::vector<std::unique_ptr<FormatWriter>> formats;
    std::vector<std::unique_ptr<Region>> regions;
    std::unique_ptr<Volume> volume;
    std::unique_ptr<ManifestWriter> manifest;
    std::unique_ptr<Implants> implants;  ///< may be null
    std::vector<SumKind> sums;           ///< of each file, to be asked for in the end: for_each_file_sum()
    std::vector<Patch> patches;          ///< in any order; of one content they do not overlap
    unsigned threads = 1;
  };
  explicit Image(Parts parts);
  ~Image() override;

  const SourceTree& tree() const { return *parts_.tree; }
  const Layout& layout() const { return *parts_.layout; }
  unsigned threads() const { return parts_.threads; }
  const Volume& volume() const { return *parts_.volume; }
  const std::vector<std::unique_ptr<FormatWriter>>& formats() const { return parts_.formats; }
  /// What the image shows instead of a file's own bytes, sorted by content and offset.
  std::span<const Patch> patches() const { return parts_.patches; }
  std::span<const Patch> patches_of(ContentId id) const;

  /// Sectors of the image, counted from its own start (which lies at session_start on the disc).
  uint64_t sectors() const override { return layout().sectors(); }
  uint64_t total_blocks() const { return sectors(); }
  static constexpr uint32_t block_size() { return kSectorSize; }
  Lba session_start() const { return layout().session_start; }
  std::string name() const override { return "image"; }

  /// Renders any range at any time. Reading what depends on other bytes (the manifest, sums of others) reads the whole
  /// image once.
  void read(SectorRange range, std::span<std::byte> out) const override;

  /// Every region and every file with data, by address. `item` is called in order of address.
  void for_each_item(const std::function<void(const MapItem&)>& item) const;
  /// What lies at an absolute sector.
  MapItem item_at(Lba lba) const;

  bool has_manifest() const { return parts_.manifest != nullptr; }
  /// Sectors before the first that depends on the bytes of all others: what lies behind is the manifest and sums of others.
  uint64_t body_sectors() const;
  /// What wants to see the body in ascending order while a sink writes it; null when nothing does. For one pass.
  std::unique_ptr<Tee> in_order() const;
  /// What a sink has to write when the image is sealed: all behind the body, and before that what of the body was known too
  /// late (sector 16, with the sums of isomd5sum).
  std::vector<SectorRange> late_sectors() const;
  /// Renders sectors of the body for a sink: the range begins and ends at a multiple of 32 sectors.
  /// Digests them on the way. Files that are not as promised are noted in drifts().
  void render_body(SectorRange range, std::span<std::byte> out, ContentReader& reader) const;
  /// The body was rendered whole, and handed to in_order() if there is such: looks at files promised empty and fills what
  /// depends on other bytes. `written` gives the body as it was written; without it, it is rendered again when it is needed.
  void seal(const Implants::Read& written = {}) const;
  /// Files that were not as promised, at most one drift a content, in the order of the tree. After seal().
  const std::vector<Drift>& drifts() const { return drifts_; }
  /// Every file of the tree with its sum, of a kind of Parts::sums. After seal().
  void for_each_file_sum(SumKind kind, const std::function<void(NodeId file, const Sum& sum)>& take) const;
  /// The name of the file at that place of the body, for progress; empty when it is not a file.
  std::string current_file(uint64_t sector) const;

 private:
  void render(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const;
  void render_regions(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const;
  void render_files(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const;
  void render_everything_once() const;
  void freeze_tags(SectorRange absolute, ContentReader& reader) const;
  FileSums& content_sums(SumKind kind) const;
  void digest_late_chunks() const;
  size_t first_content_at(uint64_t absolute) const;
  void note(const Drift& drift) const;

  Parts parts_;
  std::vector<Lba> data_lba_;  // of layout().data_order, for searching
  mutable std::mutex drift_mutex_;
  mutable std::vector<Drift> drifts_;
  mutable std::vector<std::unique_ptr<FileSums>> content_sums_;  // one a kind; numbered by content
  mutable std::once_flag rendered_once_, tags_once_;
  mutable bool sealed_ = false;
};

}  // namespace fsi
