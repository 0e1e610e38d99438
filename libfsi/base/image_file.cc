#include "libfsi/base/image_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libfsi/base/error.h"

namespace fsi {

ImageFile::ImageFile(std::string path) : path_(std::move(path)) {
  // Not a pipe that nobody writes to: opening it would wait forever.
  fd_ = open_file(path_, O_RDONLY | O_NONBLOCK, "opening the image");
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) throw system_error(printable(path_), "opening the image");
  if (S_ISDIR(status.st_mode)) throw system_error(printable(path_), "opening the image", EISDIR);
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
    throw Error(ErrorKind::source, printable(path_), "opening the image",
                "it is neither a file nor a disk; write the image to a file first");
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
