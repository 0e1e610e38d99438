#include "libfsi/source/spool.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace fsi {

namespace {
constexpr size_t kGather = 1 << 20;
constexpr uint64_t kBoundary = 4096;
}  // namespace

void Spool::open() {
  if (fd_) return;
  if (directory_.empty()) {
    const char* wanted = std::getenv("TMPDIR");
    directory_ = wanted && *wanted ? wanted : "/tmp";
  }
  Fd fd(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string path = directory_ + "/discpress-XXXXXX";
    fd = Fd(::mkostemp(path.data(), O_CLOEXEC));
    if (fd && ::unlink(path.c_str()) != 0) throw system_error(printable(path), "removing the name of a temporary file");
  }
  if (!fd) throw system_error(printable(directory_), "making a temporary file for archive data");
  fd_ = std::make_shared<Fd>(std::move(fd));
}

uint64_t Spool::free_bytes() const {
  struct statvfs st;
  if (::fstatvfs(fd_->get(), &st) != 0) throw system_error(printable(directory_), "asking for free space");
  return uint64_t{st.f_bavail} * st.f_frsize;
}

Error Spool::no_room(uint64_t bytes, const std::string& what) const {
  return {ErrorKind::no_space, printable(directory_), "storing the data of " + what,
          "the file system has " + std::to_string(free_bytes()) + " bytes free and " + std::to_string(bytes) +
              " are needed; make room there, or set TMPDIR to a directory with more"};
}

void Spool::need(uint64_t bytes, const std::string& what) {
  open();
  if (bytes > granted_) {
    const uint64_t free = free_bytes();
    if (bytes > free || free - bytes < waiting_.size()) throw no_room(bytes, what);
    granted_ = free - waiting_.size();
  }
  granted_ -= bytes;
}

uint64_t Spool::begin(bool large) {
  open();
  if (large) end_ = (end_ + kBoundary - 1) / kBoundary * kBoundary;
  return end_;
}

void Spool::store(uint64_t offset, std::span<const std::byte> bytes, const std::string& what) {
  try {
    write_at(fd_->get(), offset, bytes, directory_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::no_space) throw;
    throw no_room(bytes.size(), what);
  }
}

void Spool::write(uint64_t offset, std::span<const std::byte> bytes, const std::string& what) {
  if (waiting_at_ + waiting_.size() != offset || waiting_.size() + bytes.size() > kGather) {
    if (!waiting_.empty()) store(waiting_at_, waiting_, what);
    waiting_.clear();
    waiting_at_ = offset;
  }
  if (bytes.size() >= kGather) {
    store(offset, bytes, what);
    waiting_at_ = offset + bytes.size();
  } else {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  }
  end_ = std::max(end_, offset + bytes.size());
}

void Spool::end(uint64_t end) { end_ = std::max(end_, end); }

void Spool::flush() {
  if (!fd_) return;
  if (!waiting_.empty()) store(waiting_at_, waiting_, "an archive");
  waiting_.clear();
  if (::ftruncate(fd_->get(), static_cast<off_t>(end_)) != 0) throw system_error(printable(directory_), "sizing a temporary file");
}

const std::shared_ptr<Fd>& Spool::descriptor() {
  open();
  return fd_;
}

}  // namespace fsi
