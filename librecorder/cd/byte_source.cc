#include "librecorder/cd/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"

namespace rec::cd {
namespace {

constexpr const char* kReading = "reading the data of a track";

class FileBytes final : public ByteSource {
 public:
  FileBytes(const std::string& path, bool swapped) : name_(fsi::printable(path)), swapped_(swapped) {
    // O_NONBLOCK so that a FIFO of that name is refused and not waited for.
    fd_ = fsi::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd_) throw fsi::system_error(name_, kReading, errno, fsi::ErrorKind::source);
    struct stat about {};
    if (::fstat(fd_.get(), &about) != 0) throw fsi::system_error(name_, kReading, errno, fsi::ErrorKind::source);
    if (!S_ISREG(about.st_mode))
      throw fsi::Error(fsi::ErrorKind::source, name_, kReading, "it is no plain file; a track's data must be one");
    bytes_ = static_cast<uint64_t>(about.st_size);
  }

  uint64_t bytes() const override { return bytes_; }
  std::string name() const override { return name_; }

  void read(uint64_t offset, std::span<std::byte> out) const override {
    if (!swapped_) return read_plain(offset, out);
    // Words are swapped where they lie in the file, wherever the reading begins.
    const uint64_t from = offset & ~uint64_t{1};
    std::vector<std::byte> words((offset - from + out.size() + 1) & ~size_t{1});
    read_plain(from, std::span(words).first(static_cast<size_t>(std::min<uint64_t>(words.size(), bytes_ - from))));
    for (size_t i = 0; i + 1 < words.size(); i += 2) std::swap(words[i], words[i + 1]);
    std::copy_n(words.begin() + static_cast<ptrdiff_t>(offset - from), out.size(), out.begin());
  }

 private:
  void read_plain(uint64_t offset, std::span<std::byte> out) const {
    if (fsi::read_at(fd_.get(), offset, out, name_) != out.size())
      throw fsi::Error(fsi::ErrorKind::source, name_, kReading, "it has become shorter meanwhile; leave it alone while it is burned");
  }

  std::string name_;
  bool swapped_;
  fsi::Fd fd_;
  uint64_t bytes_ = 0;
};

class MemoryBytes final : public ByteSource {
 public:
  MemoryBytes(std::vector<std::byte> bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {}
  uint64_t bytes() const override { return bytes_.size(); }
  std::string name() const override { return name_; }
  void read(uint64_t offset, std::span<std::byte> out) const override {
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offset), out.size(), out.begin());
  }

 private:
  std::vector<std::byte> bytes_;
  std::string name_;
};

}  // namespace

std::shared_ptr<ByteSource> open_file_bytes(const std::string& path, bool swapped) { return std::make_shared<FileBytes>(path, swapped); }

std::shared_ptr<ByteSource> memory_bytes(std::vector<std::byte> bytes, std::string name) {
  return std::make_shared<MemoryBytes>(std::move(bytes), std::move(name));
}

}  // namespace rec::cd
