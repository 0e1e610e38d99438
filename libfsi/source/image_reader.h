// A file-system image as a source, seen from the side of sources: who reads images (libfsi/image_source.cc) is not known
// here, nor what a sector is.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "libfsi/source/tree.h"

namespace fsi {

/// One name in an image. The views live until the call that hands it over returns.
struct ImageItem {
  std::string_view path;  ///< names divided by '/'; "" is the root
  NodeKind kind = NodeKind::file;
  std::optional<uint16_t> mode;  ///< 07777 bits
  uint32_t uid = 0, gid = 0;
  std::optional<Time> mtime, atime, ctime;
  bool hidden = false;
  std::string_view target;         ///< symlink
  uint64_t device = 0;             ///< devices: makedev() number
  std::optional<uint64_t> inode;   ///< names that have the same are names of one file
  uint64_t size = 0;               ///< file
  std::optional<uint64_t> offset;  ///< file: all of it lies there in the image
  ReadCallback read;               ///< file: else, how to read it; from any thread
};

/// Takes what an image holds.
class ImageSink {
 public:
  virtual ~ImageSink() = default;
  virtual void item(const ImageItem& item) = 0;
  /// A named stream (an extended attribute of users) of the item before.
  virtual void stream(std::string_view name, std::string_view value) = 0;
  /// What is odd, in one line.
  virtual void warn(const std::string& what) = 0;
  /// What cannot be read, with its path or its place in the image, and why.
  virtual void missing(const std::string& what) = 0;
};

class ImageReader {
 public:
  virtual ~ImageReader() = default;
  /// Hands over every name, each directory before what it holds. Throws what it is interrupted by.
  virtual void walk(ImageSink& sink, std::stop_token stop) = 0;
};

/// Null when the file (regular, and small or large) is no image that can be read. `name`: for messages.
using OpenImage = std::function<std::unique_ptr<ImageReader>(const std::shared_ptr<Fd>& fd, const std::string& name)>;

}  // namespace fsi
