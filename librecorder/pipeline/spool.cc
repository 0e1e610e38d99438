#include "librecorder/pipeline/spool.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/progress.h"
#include "librecorder/pipeline/ring.h"

namespace rec {

namespace {
std::string spool_directory() {
  const char* dir = std::getenv("TMPDIR");
  return dir && *dir ? dir : "/var/tmp";
}

fsi::Fd nameless_file(const std::string& dir) {
  fsi::Fd fd(::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR) throw fsi::system_error(fsi::printable(dir), "making a temporary file");
  std::string path = dir + "/burn-XXXXXX";
  fd = fsi::Fd(mkostemp(path.data(), O_CLOEXEC));
  if (!fd) throw fsi::system_error(fsi::printable(dir), "making a temporary file");
  unlink(path.c_str());
  return fd;
}

/// `next` gives the following bytes, none at the end.
std::unique_ptr<FileInput> copied(const std::string& name, std::optional<uint64_t> expected, const SpoolProgress& progress,
                                  const std::stop_token& stop, const std::function<std::span<const std::byte>()>& next) {
  const std::string dir = spool_directory();
  fsi::Fd fd = nameless_file(dir);
  struct statvfs space {};
  if (expected && fstatvfs(fd.get(), &space) == 0) {
    const uint64_t free = uint64_t{space.f_bavail} * space.f_frsize;
    if (free < *expected)
      throw fsi::Error(fsi::ErrorKind::no_space, fsi::printable(dir), "copying the stream",
                       std::to_string(*expected) + " bytes are needed and " + std::to_string(free) +
                           " are free; set TMPDIR to a directory with more room");
  }
  uint64_t done = 0;
  for (auto bytes = next(); !bytes.empty(); bytes = next()) {
    try {
      fsi::write_stream(fd.get(), bytes, dir);
    } catch (const fsi::Error& e) {
      if (e.kind() != fsi::ErrorKind::no_space) throw;
      throw fsi::Error(
          e.kind(), fsi::printable(dir), "copying the stream",
          "it is full after " + std::to_string(done) + " bytes; set TMPDIR to a directory with more room (nothing was written)");
    }
    done += bytes.size();
    if (progress) progress(done);
  }
  fsi::check_stop(stop);
  if (lseek(fd.get(), 0, SEEK_SET) != 0) throw fsi::system_error(fsi::printable(dir), "rewinding the temporary file");
  return std::make_unique<FileInput>(std::move(fd), name);
}
}  // namespace

std::unique_ptr<FileInput> spool(Input& input, std::optional<uint64_t> expected, const SpoolProgress& progress,
                                 const std::stop_token& stop) {
  const std::stop_callback wake(stop, [&] { input.cancel(); });
  std::vector<std::byte> block(1 << 20);
  return copied(input.name(), expected, progress, stop, [&] { return std::span<const std::byte>(block).first(input.read(block)); });
}

std::unique_ptr<FileInput> spool(Ring& ring, const std::string& name, std::optional<uint64_t> expected, const SpoolProgress& progress,
                                 const std::stop_token& stop) {
  size_t taken = 0;
  auto file = copied(name, expected, progress, stop, [&]() -> std::span<const std::byte> {
    if (taken) ring.drop(std::exchange(taken, 0));
    while (!stop.stop_requested() && !ring.cancelled() && !ring.drained()) {
      if (const auto front = ring.front(); !front.empty()) {
        taken = front.size();
        return front;
      }
      ring.want(Ring::kChunk, std::chrono::milliseconds(500));
    }
    return {};
  });
  if (const auto error = ring.error()) std::rethrow_exception(error);
  return file;
}

}  // namespace rec
