// The bytes of one boot image, wherever they come from: a file of the tree, or a file of the host that becomes a region of
// its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libfsi/eltorito/boot_entry.h"
#include "libfsi/layout/layout.h"
#include "libfsi/layout/patch.h"

namespace fsi {

/// A file of the host in the image without a name in any tree. Holds it open, so that it cannot vanish; when it shrinks
/// meanwhile, render() throws Error{source}: an image that does not boot is no image.
class HostImage : public Region {
 public:
  /// Throws Error{source} when it cannot be opened or is not a regular file.
  explicit HostImage(const BootEntry& entry);

  std::string what() const override { return "boot image " + name_; }
  uint64_t measure() override { return sectors_for(bytes_); }
  void render(uint64_t first, std::span<std::byte> out) const override;

  uint64_t bytes() const { return bytes_; }
  const std::string& name() const { return name_; }
  /// The file's own bytes; throws Error{source} when they are not there.
  void read(uint64_t offset, std::span<std::byte> out) const;
  /// `content` of the patches is not looked at.
  void set_patches(std::vector<Patch> patches) { patches_ = std::move(patches); }

 private:
  std::string name_;
  std::shared_ptr<Fd> fd_;
  uint64_t bytes_ = 0;
  std::vector<Patch> patches_;
};

/// Refers to a file of the tree or to a HostImage; copyable.
class BootFile {
 public:
  BootFile(const SourceTree& tree, ContentId content) : tree_(&tree), content_(content) {}
  explicit BootFile(HostImage& host) : host_(&host) {}

  uint64_t bytes() const { return host_ ? host_->bytes() : tree_->contents[content_].size; }
  std::string name() const;
  /// Where it lies, once addresses are known.
  Extent extent(const Layout& layout) const;
  /// Its own bytes, before any patch; throws Error{source} when the file is not what it was.
  void read(uint64_t offset, std::span<std::byte> out) const;

  ContentId content() const { return content_; }
  HostImage* host() const { return host_; }
  friend bool operator==(const BootFile&, const BootFile&) = default;

 private:
  const SourceTree* tree_ = nullptr;
  ContentId content_ = kNone;
  HostImage* host_ = nullptr;
};

/// The file of the tree at `path`. Throws Error{usage} when there is none, or it is no regular file.
NodeId find_boot_file(const SourceTree& tree, const std::string& path);

}  // namespace fsi
