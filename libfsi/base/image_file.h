// An image file (or any seekable file) as a SectorSource.
#pragma once

#include <string>

#include "libfsi/base/file.h"
#include "libfsi/base/sectors.h"

namespace fsi {

class ImageFile : public SectorSource {
 public:
  /// Opens for reading. Throws Error when it cannot. A last partial sector is not counted:
  /// see trailing_bytes().
  explicit ImageFile(std::string path);

  uint64_t sectors() const override { return bytes_ / kSectorSize; }
  void read(SectorRange range, std::span<std::byte> out) const override;
  std::string name() const override { return path_; }

  /// Bytes after the last whole sector (0 for a legal image).
  uint32_t trailing_bytes() const { return static_cast<uint32_t>(bytes_ % kSectorSize); }
  int fd() const { return fd_.get(); }

 private:
  std::string path_;
  Fd fd_;
  uint64_t bytes_ = 0;
};

}  // namespace fsi
