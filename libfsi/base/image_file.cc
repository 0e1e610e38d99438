#include "libfsi/base/image_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "libfsi/base/error.h"

namespace fsi {

ImageFile::ImageFile(std::string path) : path_(std::move(path)) {
  fd_ = open_file(path_, O_RDONLY, "opening the image");
  const off_t end = ::lseek(fd_.get(), 0, SEEK_END);
  if (end < 0) throw system_error(printable(path_), "finding the size of the image");
  bytes_ = static_cast<uint64_t>(end);
}

void ImageFile::read(SectorRange range, std::span<std::byte> out) const {
  if (read_at(fd_.get(), range.first * kSectorSize, out, path_) != out.size())
    throw Error(ErrorKind::corrupt, printable(path_), "reading sector " + std::to_string(range.first),
                "the image ends before it: it is truncated");
}

}  // namespace fsi
