#include "libfsi/eltorito/boot_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "libfsi/base/error.h"
#include "libfsi/source/content.h"

namespace fsi {

HostImage::HostImage(const BootEntry& entry) : name_(printable(entry.image)), fd_(entry.descriptor) {
  const char* const doing = "opening the boot image";
  if (!fd_) {
    const int fd = ::open(entry.image.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) throw system_error(name_, doing, errno, ErrorKind::source);
    fd_ = std::make_shared<Fd>(fd);
  }
  struct stat status {};
  if (::fstat(fd_->get(), &status) != 0) throw system_error(name_, doing, errno, ErrorKind::source);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::source, name_, doing, "it is not a regular file");
  bytes_ = static_cast<uint64_t>(status.st_size);
}

void HostImage::read(uint64_t offset, std::span<std::byte> out) const {
  if (read_at(fd_->get(), offset, out, name_) != out.size())
    throw Error(ErrorKind::source, name_, "reading the boot image", "it shrank while the image was made; make the image again");
}

void HostImage::render(uint64_t first, std::span<std::byte> out) const {
  const uint64_t offset = first * kSectorSize;
  read(offset, out.first(std::min<uint64_t>(out.size(), bytes_ - offset)));
  for (const Patch& patch : patches_) lay_over(out, offset, patch.bytes, patch.offset);
}

std::string BootFile::name() const { return host_ ? host_->name() : printable(tree_->path(tree_->contents[content_].first_node)); }

Extent BootFile::extent(const Layout& layout) const {
  if (host_) return {static_cast<Lba>(host_->range.first), host_->bytes()};
  return layout.extent(*tree_, content_);
}

void BootFile::read(uint64_t offset, std::span<std::byte> out) const {
  if (host_) return host_->read(offset, out);
  ContentReader reader(*tree_);
  if (const auto drift = reader.read(content_, offset, out))
    throw Error(ErrorKind::source, printable(tree_->origin_path(content_)), "reading the boot image",
                drift->error ? errno_text(drift->error) : "it changed while the image was made; make the image again");
}

NodeId find_boot_file(const SourceTree& tree, const std::string& path) {
  auto fail = [&](const char* why) -> NodeId {
    throw Error(ErrorKind::usage, "--boot " + printable(path), "finding the boot image in the tree", why);
  };
  const NodeId id = tree.find(path);
  if (id == kNone) return fail("there is no such file in the image; paths begin at its root, and @FILE names a file of this machine");
  const Node& node = tree.nodes[id];
  if (node.kind == NodeKind::symlink) return fail("it is a symbolic link; name the file it leads to");
  if (node.kind != NodeKind::file) return fail("it is not a regular file");
  return id;
}

}  // namespace fsi
