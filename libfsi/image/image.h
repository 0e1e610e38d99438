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
#include "libfsi/base/sectors.h"
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
    std::vector<Patch> patches;  ///< in any order; of one content they do not overlap
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

  /// Renders any range at any time. Reading of the manifest reads the whole image once.
  void read(SectorRange range, std::span<std::byte> out) const override;

  /// Every region and every file with data, by address. `item` is called in order of address.
  void for_each_item(const std::function<void(const MapItem&)>& item) const;
  /// What lies at an absolute sector.
  MapItem item_at(Lba lba) const;

  bool has_manifest() const { return parts_.manifest != nullptr; }
  /// Sectors whose bytes do not depend on other bytes: all but the manifest.
  uint64_t body_sectors() const;
  /// Renders sectors of the body for a sink: the range begins and ends at a multiple of 32 sectors.
  /// Digests them on the way. Files that are not as promised are noted in drifts().
  void render_body(SectorRange range, std::span<std::byte> out, ContentReader& reader) const;
  /// The body was rendered whole: looks at files promised empty and fills the manifest.
  void seal() const;
  /// Files that were not as promised, at most one drift a content, in the order of the tree. After seal().
  const std::vector<Drift>& drifts() const { return drifts_; }
  /// The name of the file at that place of the body, for progress; empty when it is not a file.
  std::string current_file(uint64_t sector) const;

 private:
  void render(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const;
  void render_regions(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const;
  void render_files(SectorRange absolute, std::span<std::byte> out, ContentReader& reader) const;
  void render_everything_once() const;
  size_t first_content_at(uint64_t absolute) const;
  void note(const Drift& drift) const;

  Parts parts_;
  std::vector<Lba> data_lba_;  // of layout().data_order, for searching
  mutable std::mutex drift_mutex_;
  mutable std::vector<Drift> drifts_;
  mutable std::once_flag rendered_once_;
  mutable bool sealed_ = false;
};

}  // namespace fsi
