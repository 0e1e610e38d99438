#include "libfsi/image/sinks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"
#include "libfsi/image/shared_blocks.h"

namespace fsi {

namespace {

// What is known only when the image is sealed: the manifest, sums of others.
void write_late(const Image& image, const std::function<void(SectorRange range, std::span<const std::byte> bytes)>& write) {
  for (const SectorRange& range : image.late_sectors()) {
    std::vector<std::byte> bytes(range.count * kSectorSize);
    image.read(range, bytes);
    write(range, bytes);
  }
}

std::string megabytes(uint64_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

// The file behind a chain of symbolic links, so that the link itself survives.
std::string resolve_links(std::string path) {
  for (int hops = 0; hops < 40; ++hops) {
    char target[4096];
    const ssize_t n = ::readlink(path.c_str(), target, sizeof target);
    if (n < 0) return path;
    std::string next(target, static_cast<size_t>(n));
    const size_t slash = path.rfind('/');
    if (next.front() != '/' && slash != std::string::npos) next = path.substr(0, slash + 1) + next;
    path = std::move(next);
  }
  throw system_error(printable(path), "opening the output", ELOOP);
}

// A file without a name until commit(). Where the file system cannot make one, a hidden name that goes with the object.
class UnnamedFile {
 public:
  explicit UnnamedFile(const std::string& target) : target_(target) {
    const size_t slash = target.rfind('/');
    directory_ = slash == std::string::npos ? "." : slash == 0 ? "/" : target.substr(0, slash);
    fd_ = Fd(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    if (!fd_ && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
      hidden_ = hidden_name();
      fd_ = Fd(::open(hidden_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666));
    }
    if (!fd_) throw system_error(printable(directory_), "creating the output in this directory");
  }
  UnnamedFile(const UnnamedFile&) = delete;
  ~UnnamedFile() {
    if (!hidden_.empty()) ::unlink(hidden_.c_str());
  }

  int fd() const { return fd_.get(); }

  void keep_mode_of(const struct stat& old) {
    if (::fchown(fd(), old.st_uid, old.st_gid) != 0 && errno != EPERM)
      throw system_error(printable(target_), "keeping the owner of the file");
    if (::fchmod(fd(), old.st_mode & 07777) != 0) throw system_error(printable(target_), "keeping the mode of the file");
  }

  void commit() {
    if (hidden_.empty()) {
      hidden_ = hidden_name();
      const std::string self = "/proc/self/fd/" + std::to_string(fd());
      if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, hidden_.c_str(), AT_SYMLINK_FOLLOW) != 0)
        throw system_error(printable(target_), "naming the finished image");
    }
    fd_.close(target_);
    if (::rename(hidden_.c_str(), target_.c_str()) != 0) throw system_error(printable(target_), "naming the finished image");
    hidden_.clear();
  }

 private:
  std::string hidden_name() const {
    const size_t slash = target_.rfind('/');
    const std::string base = slash == std::string::npos ? target_ : target_.substr(slash + 1);
    return directory_ + "/." + base.substr(0, 200) + "." + std::to_string(::getpid()) + ".partial";
  }

  std::string target_, directory_, hidden_;
  Fd fd_;
};

void check_space(int fd, const std::string& path, uint64_t need) {
  struct statvfs fs {};
  if (::fstatvfs(fd, &fs) != 0) throw system_error(printable(path), "asking for free space");
  const uint64_t free = uint64_t{fs.f_bavail} * fs.f_frsize;
  if (free >= need) return;
  throw Error(ErrorKind::no_space, printable(path), "making room for the image",
              "it needs " + megabytes(need) + " and the file system there has " + megabytes(free) +
                  " free; make room, choose another place with -o, or write to a pipe");
}

// Everything but the manifest. Without one, what is shared needs not even to be read.
void write_body(const Image& image, int fd, const std::string& path, const SharedBlocks& shared, const SlabOptions& options) {
  const auto write = [&](SectorRange part, const Slab& slab) {
    const uint64_t from = (part.first - slab.range.first) * kSectorSize;
    write_at(fd, part.first * kSectorSize, slab.bytes.subspan(from, part.count * kSectorSize), path);
  };
  SlabWork work(image, image.threads(), options);
  if (!image.has_manifest()) work.skip([&](SectorRange range) { return shared.holds(range); });
  work.run([&](const Slab& slab) { shared.for_each_own(slab.range, [&](SectorRange own) { write(own, slab); }); });
  for (const SectorRange range : shared.outdated())
    SlabWork(image, image.threads(), options).only(range).run([&](const Slab& slab) { write(slab.range, slab); });
}

}  // namespace

void write_image_stream(const Image& image, int fd, const std::string& name, const SlabOptions& options) {
  for (const SectorRange& late : image.late_sectors())
    if (late.first < image.body_sectors())
      throw Error(ErrorKind::usage, name, "implanting the sums of isomd5sum",
                  "they stand at the start of the image and are known at its end, when a stream has let the start go; name a file with -o");
  ::fcntl(fd, F_SETPIPE_SZ, 1 << 20);  // fewer switches between the two ends; anything but a pipe refuses, which is fine
  const std::unique_ptr<Tee> sums = image.in_order();
  SlabWork(image, image.threads(), options).run_in_order([&](const Slab& slab) {
    if (sums)
      sums->hand(slab.range, slab.bytes, {}, [&] { write_stream(fd, slab.bytes, name); });
    else
      write_stream(fd, slab.bytes, name);
  });
  image.seal();
  write_late(image, [&](SectorRange, std::span<const std::byte> bytes) { write_stream(fd, bytes, name); });
}

void write_image_file(const Image& image, const std::string& path, const SlabOptions& options) {
  const std::string target = resolve_links(path);
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw system_error(printable(path), "opening the output", EISDIR);
  if (exists && !S_ISREG(old.st_mode)) {
    Fd fd = open_file(target, O_WRONLY, "opening the output");
    write_image_stream(image, fd.get(), path, options);
    return fd.close(path);
  }

  UnnamedFile file(target);
  if (exists) file.keep_mode_of(old);
  if (::ftruncate(file.fd(), static_cast<off_t>(image.sectors() * kSectorSize)) != 0)
    throw system_error(printable(path), "sizing the output");
  const auto write = [&](SectorRange range, std::span<const std::byte> bytes) {
    write_at(file.fd(), range.first * kSectorSize, bytes, path);
  };
  if (const std::unique_ptr<Tee> sums = image.in_order()) {
    // Serial sums see each byte once: what was shared and has changed since could not be taken back from them.
    check_space(file.fd(), path, image.sectors() * kSectorSize);
    SlabWork(image, image.threads(), options)
        .run_in_order([&](const Slab& slab) { sums->hand(slab.range, slab.bytes); },
                      [&](const Slab& slab) { write(slab.range, slab.bytes); });
  } else {
    const SharedBlocks shared(image, file.fd());
    check_space(file.fd(), path, (image.sectors() - shared.sectors()) * kSectorSize);
    write_body(image, file.fd(), path, shared, options);
  }
  image.seal([&](SectorRange range, std::span<std::byte> out) {
    check_stop(options.stop);
    if (read_at(file.fd(), range.first * kSectorSize, out, path) != out.size())
      throw Error(ErrorKind::failed, printable(path), "reading the output again for its sums", "it is shorter than what was written");
  });
  write_late(image, write);
  check_stop(options.stop);
  file.commit();
}

}  // namespace fsi
