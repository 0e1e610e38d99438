// El Torito as a format writer: the boot record, the boot catalog, boot images that are not in the tree, and the bytes that
// boot programs want to find in themselves. What a disk's firmware looks at is hybrid/.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "libfsi/eltorito/boot_catalog.h"
#include "libfsi/eltorito/boot_entry.h"
#include "libfsi/eltorito/boot_file.h"
#include "libfsi/layout/layout.h"
#include "libfsi/layout/patch.h"

namespace fsi {

struct BootOptions {
  /// In any order; the first BIOS entry is recorded first, since a BIOS looks at the default entry alone.
  std::vector<BootEntry> entries;
  /// Where in the tree the catalog is to be seen as a file; empty: nowhere.
  std::string catalog_path;
  /// Not 0: UEFI images of the host will be partitions too, and lie behind the data, aligned to this many sectors.
  uint32_t partition_align = 0;
};

/// The catalog as a file of the tree: its size is known before anything else, its bytes when the layout is.
class CatalogFile {
 public:
  explicit CatalogFile(const BootOptions& boot);
  uint64_t bytes() const { return bytes_; }
  /// Thread-safe; throws before the catalog is made, so that it is never taken for equal to another file.
  ReadCallback reader() const;

 private:
  friend class ElTorito;
  struct Bytes;
  uint64_t bytes_;
  std::shared_ptr<Bytes> made_;
};

/// Gives boot files of the tree that will be patched contents of their own when `dedupe` let them share some with other
/// files; hard links of the same file stay shared, and show the patch. Before the tree is frozen.
void own_boot_contents(SourceTree& tree, const BootOptions& boot);

class ElTorito : public FormatWriter {
 public:
  /// `tree` and `layout` outlive it. `catalog`: the file at boot.catalog_path, when there is one. Host files are opened
  /// here; throws Error{source}.
  ElTorito(const SourceTree& tree, const Layout& layout, BootOptions boot, const CatalogFile* catalog);

  /// Finds the images and checks them against what is asked for; reads the first block of images of hard disks and for UEFI. Throws Error{usage}.
  void prepare() override;
  std::vector<Region*> regions() override;
  /// Once every address is known: makes the catalog and reads the images that get a boot-info table. Returns what is to be
  /// patched in files of the tree. Throws Error{source}.
  std::vector<Patch> freeze();

  /// After prepare(): the boot images, in the order of the catalog.
  struct Entry {
    BootEntry asked;
    BootFile image;
    CatalogLine line;
  };
  const std::vector<Entry>& entries() const { return entries_; }
  /// Sentences for the user, after prepare().
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  class BootRecord : public Region {
   public:
    explicit BootRecord(const ElTorito& owner);
    std::string what() const override { return "El Torito boot record"; }
    uint64_t measure() override { return 1; }
    void render(uint64_t first, std::span<std::byte> out) const override;

   private:
    const ElTorito& owner_;
  };
  class Catalog : public Region {
   public:
    explicit Catalog(const ElTorito& owner) : owner_(owner) { zone = Zone::boot; }
    std::string what() const override { return "El Torito boot catalog"; }
    uint64_t measure() override;
    void render(uint64_t first, std::span<std::byte> out) const override;

   private:
    const ElTorito& owner_;
  };

  /// An image that wants boot information; several entries may name it.
  struct Wanted {
    BootFile image;
    bool info_table, grub2;
  };

  Lba catalog_sector() const;
  BootFile image_of(const BootEntry& entry);
  void want(const BootEntry& entry, const BootFile& image);
  std::vector<Patch> patches_of(const Wanted& wanted) const;

  const SourceTree& tree_;
  const Layout& layout_;
  BootOptions boot_;
  std::deque<HostImage> hosts_;
  std::vector<Entry> entries_;
  std::vector<Wanted> wanted_;
  std::vector<std::string> notes_;
  BootRecord record_;
  Catalog hidden_;
  bool visible_;
  std::shared_ptr<CatalogFile::Bytes> catalog_;
};

}  // namespace fsi
