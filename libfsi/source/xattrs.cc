#include "libfsi/source/xattrs.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace fsi {

namespace {

constexpr std::string_view kUser = "user.";

// Labels that a system sets on everything for its own sake (security.selinux, security.ima, ...) are nobody's loss.
bool is_missed(std::string_view name) {
  return name.starts_with("system.posix_acl_") || name == "security.capability" || name.starts_with("trusted.");
}

}  // namespace

void add(LeftAttributes& sum, const LeftAttributes& more) {
  sum.user += more.user;
  sum.other += more.other;
}

bool XattrTaker::wants(std::string_view name) {
  const bool user = name.starts_with(kUser) && name.size() > kUser.size();
  if (user && wanted_ == Xattrs::keep) return true;
  if (user)
    ++left_.user;
  else if (is_missed(name))
    ++left_.other;
  return false;
}

void XattrTaker::take(std::string_view name, std::string_view value) {
  name.remove_prefix(kUser.size());
  const auto keep = [&](std::string_view text) { return std::string_view(pool_.keep(text), text.size()); };
  list_.push_back({keep(name), keep(value)});
}

bool XattrTaker::finish(draft::Entry& entry) {
  if (list_.empty()) return true;
  std::sort(list_.begin(), list_.end(), [](const draft::StreamText& a, const draft::StreamText& b) { return a.name < b.name; });
  const auto same = [](const draft::StreamText& a, const draft::StreamText& b) { return a.name == b.name; };
  if (std::adjacent_find(list_.begin(), list_.end(), same) != list_.end()) return false;
  aside_of(entry, pool_).streams = &pool_.streams.emplace_back(std::move(list_));
  return true;
}

// The calls that take a directory and a name came with Linux 6.13, numbered alike on all machines; C libraries do not know
// them yet. Older kernels and strict sandboxes are asked by way of /proc, which takes seven times as long.
ssize_t HostXattrs::list(char* out, size_t size) {
  if (direct_) {
    constexpr long kListxattrat = 465;
    const long length = ::syscall(kListxattrat, fd_, name_ ? name_ : "", flags(), out, size);
    if (length >= 0 || (errno != ENOSYS && errno != EPERM)) return length;
    direct_ = false;
  }
  return (through_ ? ::listxattr : ::llistxattr)(path(), out, size);
}

ssize_t HostXattrs::get(const char* attribute, char* out, size_t size) {
  return (through_ ? ::getxattr : ::lgetxattr)(path(), attribute, out, size);
}

unsigned HostXattrs::flags() const { return name_ ? (through_ ? 0 : AT_SYMLINK_NOFOLLOW) : AT_EMPTY_PATH; }

const char* HostXattrs::path() {
  path_ = "/proc/self/fd/";
  path_ += std::to_string(fd_);
  if (name_) path_.append("/").append(name_);
  return path_.c_str();
}

int HostXattrs::look(Xattrs wanted, int fd, const char* name, bool follow, draft::Entry& entry, draft::Pool& pool) {
  fd_ = fd;
  name_ = name;
  through_ = follow || !name;
  const auto failure = [&] { return wanted != Xattrs::keep || errno == ENOTSUP || errno == ENODATA ? 0 : errno; };
  const ssize_t length = list(nullptr, 0);
  if (length <= 0) return length < 0 ? failure() : 0;
  if (names_.empty()) names_.resize(XATTR_LIST_MAX);
  const ssize_t listed = list(names_.data(), names_.size());
  if (listed < 0) return failure();
  XattrTaker taker(wanted, pool, left);
  for (size_t at = 0; at < static_cast<size_t>(listed);) {
    const char* const attribute = names_.data() + at;
    const std::string_view text(attribute);
    at += text.size() + 1;
    if (!taker.wants(text)) continue;
    if (value_.empty()) value_.resize(XATTR_SIZE_MAX);
    const ssize_t bytes = get(attribute, value_.data(), value_.size());
    if (bytes >= 0)
      taker.take(text, {value_.data(), static_cast<size_t>(bytes)});
    else if (const int error = failure())
      return error;
  }
  taker.finish(entry);  // a file system lists a name once
  return 0;
}

}  // namespace fsi
