// The sums of others that an image carries on request: isomd5sum's (disc/isomd5.h) and libisofs' (disc/libisofs_sums.h).
//
// What covers what, so that every sum is right and verify finds each of them right:
//
//   0 .. 15 | 16 descriptor | 17 .. 29 | 30 superblock tag | .. | tree tag | files | array, session tag | manifest
//   `--------------------------- body: digested in order on the way ------------'   `-- filled at the end --------'
//
// - isomd5sum skips all behind the body (SKIPSECTORS) and takes its own 512 bytes as spaces, so it depends on the body
//   alone; its text is laid into sector 16 at the end. A stream has let that sector go by then: it cannot have it.
// - Superblock and tree tag cover metadata, which needs no file's bytes: they are known before the body is written.
//   They cover sector 16 and isomd5sum would cover them: with both wanted, these two tags are left out.
// - The array's first entry and the session tag cover the body as it is in the end. Without isomd5sum that sum rides on the
//   pass; with it, sector 16 is known only behind the pass, and the body is read once more.
// - The manifest is last: it digests chunk 0 and those of the array when they are as they stay.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libfsi/base/file_sums.h"
#include "libfsi/base/prefix_sums.h"
#include "libfsi/layout/layout.h"

namespace fsi {

struct ImplantOptions {
  bool isomd5 = false;
  bool supported = false;  ///< isomd5sum's mark that the medium needs no check before an installation
  bool libisofs = false;
  bool any() const { return isomd5 || libisofs; }
};

/// "isomd5", "libisofs", "supported" with commas, added to `options`. Throws Error{usage}.
void add_implants(const std::string& words, ImplantOptions& options);

class Implants {
 public:
  /// The tree and the layout outlive it.
  Implants(const SourceTree& tree, const Layout& layout, const ImplantOptions& options);

  /// To be requested after those of all formats, before the manifest's.
  std::vector<Region*> regions();
  /// What the records of the files lead to; null without libisofs' sums.
  const Region* array() const { return options_.libisofs ? &array_ : nullptr; }
  /// Sector 16 is known only when all others are.
  bool descriptor_is_late() const { return options_.isomd5; }

  /// Reads sectors that count from the session start.
  using Read = std::function<void(SectorRange range, std::span<std::byte> out)>;

  /// Whether the tags must be frozen before these sectors (from the session start) can be rendered.
  bool needs_tags(SectorRange range) const;
  /// Makes superblock and tree tag. `read` renders sectors as they are without tags. Once, by one thread.
  void freeze_tags(const Read& read);

  /// The body ends before sector `body`; all addresses are known. What wants to see the body go by.
  std::vector<InOrder*> sums(uint64_t body, FileSums& files);
  /// The body went by. `read` gives it as it was written, `files` the MD5 of each content.
  void seal(const Read& read, const FileSums& files);
  bool sealed() const { return sealed_; }
  /// Lays the text of isomd5sum over rendered sectors, once it is known.
  void lay_over(SectorRange range, std::span<std::byte> out) const;

 private:
  class Tag : public Region {
   public:
    explicit Tag(std::string name) : name_(std::move(name)) {}
    std::string what() const override { return name_; }
    uint64_t measure() override { return 1; }
    void render(uint64_t, std::span<std::byte> out) const override;
    std::string line;

   private:
    std::string name_;
  };
  /// The array, and the session tag behind it.
  class Array : public Region {
   public:
    explicit Array(const Implants& owner) : owner_(owner) {
      zone = Zone::tail;
      align = kImageUnit;  // so that the body ends with a chunk of the manifest
    }
    std::string what() const override { return "MD5 sums of libisofs"; }
    uint64_t measure() override { return owner_.array_sectors() + 1; }
    void render(uint64_t first, std::span<std::byte> out) const override;

   private:
    const Implants& owner_;
  };

  bool has_tags() const { return options_.libisofs && !options_.isomd5; }
  uint64_t entries() const;
  uint64_t array_sectors() const;
  uint64_t relative(const Region& region) const { return region.range.first - layout_.session_start; }
  void seal_isomd5();
  void seal_array(const Read& read, const FileSums& files);

  const SourceTree& tree_;
  const Layout& layout_;
  const ImplantOptions options_;
  Tag superblock_{"superblock tag of libisofs"}, tree_tag_{"tree tag of libisofs"};
  Array array_{*this};
  uint64_t body_ = 0;
  std::unique_ptr<PrefixSums> isomd5_, session_;
  std::string isomd5_text_;
  std::vector<std::byte> array_bytes_;  // with the session tag, once sealed
  bool sealed_ = false;
};

}  // namespace fsi
