#include "libfsi/check/extract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "libfsi/base/error.h"

namespace fsi {

namespace {

constexpr size_t kKept = 1000;  // failures and warnings that are kept
constexpr size_t kBuffer = 1 << 20;
constexpr size_t kClose = 16;              // bad sectors in a row that are tried one by one
constexpr size_t kMostStream = 64 * 1024;  // what Linux takes for an extended attribute

timespec to_timespec(const EntryTime& time) {
  if (!time.known) return {0, UTIME_OMIT};
  return {static_cast<time_t>(time.seconds), static_cast<long>(time.nanoseconds)};
}

uint64_t identity_of(const TreeEntry& entry) {
  if (entry.posix->serial) return *entry.posix->serial;
  // Before RRIP 1.12 names of one file can be told only by their common data.
  return entry.extents.empty() ? UINT64_MAX : entry.extents.front().first;
}

}  // namespace

Extraction::Extraction(const SectorSource& source, std::string path, const std::string& directory, std::stop_token stop)
    : source_(source), wanted_(std::move(path)), stop_(std::move(stop)), root_user_(::geteuid() == 0), buffer_(kBuffer) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST)
    throw system_error(printable(directory), "making the directory to extract to");
  root_ = open_file(directory, O_RDONLY | O_DIRECTORY, "extracting");
  cut_ = wanted_ == "/" ? "" : wanted_.substr(0, wanted_.rfind('/'));
}

void Extraction::fail(const std::string& place, const std::string& why) {
  if (report_.failures.size() < kKept)
    report_.failures.push_back(printable(place) + ": " + why);
  else
    ++report_.more_failures;
}

void Extraction::warn(const std::string& place, const std::string& what) {
  if (report_.warnings.size() < kKept)
    report_.warnings.push_back(printable(place) + ": " + what);
  else
    ++report_.more_warnings;
}

// Where a path of the image comes to lie, relative to the directory; nothing when it is not wanted. "" is the directory.
std::optional<std::string> Extraction::place_of(std::string_view path) const {
  if (wanted_ != "/") {
    if (!path.starts_with(wanted_) || (path.size() > wanted_.size() && path[wanted_.size()] != '/')) return std::nullopt;
    path.remove_prefix(cut_.size());
  }
  path.remove_prefix(1);
  // Readers never give such names; what is written must not depend on it.
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string_view::npos) return std::nullopt;
    begin = end + 1;
  }
  return std::string(path);
}

// The directory that is to hold `place`, one name after the other and no link followed. Entries of one directory come one
// after the other, so the last one is kept open. -1 when it is not there, which was said when it could not be made.
int Extraction::parent_of(const std::string& place) {
  const size_t slash = place.rfind('/');
  if (slash == std::string::npos) return root_.get();
  const std::string parent = place.substr(0, slash);
  if (parent_ && parent == parent_path_) return parent_.get();
  Fd at;
  for (size_t begin = 0; begin < parent.size();) {
    const size_t end = std::min(parent.find('/', begin), parent.size());
    const std::string name = parent.substr(begin, end - begin);
    Fd next(::openat(at ? at.get() : root_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return -1;
    at = std::move(next);
    begin = end + 1;
  }
  parent_ = std::move(at);
  parent_path_ = parent;
  return parent_.get();
}

void Extraction::entry(const TreeEntry& entry) {
  last_.reset();
  const auto place = place_of(entry.path);
  if (!place) return;
  met_ = true;
  check_stop(stop_);
  if (entry.associated) return warn(*place, "its associated file is left out");
  make(entry, *place);
}

void Extraction::make(const TreeEntry& entry, const std::string& place) {
  const auto attributes = [&](std::string target) { return Late{place, std::move(target), entry.posix, entry.modified, entry.accessed}; };
  if (place.empty()) {
    directories_.push_back(attributes({}));
    last_ = place;
    return;
  }
  const int parent = parent_of(place);
  const std::string name = place.substr(place.rfind('/') + 1);
  if (parent < 0) return fail(place, "its directory could not be made");
  if (entry.kind != EntryKind::directory && make_link(entry, parent, name, place)) return;
  switch (entry.kind) {
    case EntryKind::directory:
      // Its mode comes last: nothing could be made in one that is read-only.
      if (::mkdirat(parent, name.c_str(), 0700) != 0) return fail(place, "making the directory: " + errno_text(errno));
      directories_.push_back(attributes({}));
      last_ = place;
      break;
    case EntryKind::symlink: symlinks_.push_back(attributes(std::string(entry.target))); return;
    case EntryKind::file: return make_file(entry, parent, name, place);
    default: {
      const mode_t kind = entry.kind == EntryKind::character_device ? S_IFCHR
                          : entry.kind == EntryKind::block_device   ? S_IFBLK
                          : entry.kind == EntryKind::socket         ? S_IFSOCK
                                                                    : S_IFIFO;
      const dev_t device = kind == S_IFCHR || kind == S_IFBLK ? device_number(entry) : 0;
      if (::mknodat(parent, name.c_str(), kind | 0600, device) != 0) return warn(place, "making the device: " + errno_text(errno));
      if (entry.posix) {
        if (root_user_ && ::fchownat(parent, name.c_str(), entry.posix->uid, entry.posix->gid, AT_SYMLINK_NOFOLLOW) != 0)
          warn(place, "setting the owner: " + errno_text(errno));
        if (::fchmodat(parent, name.c_str(), entry.posix->mode & 07777, 0) != 0) warn(place, "setting the mode: " + errno_text(errno));
      }
      const timespec times[2] = {to_timespec(entry.accessed), to_timespec(entry.modified)};
      ::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
      break;
    }
  }
  remember(entry, place);
  ++report_.entries;
}

// Of a file with several names the first that could be made: what stood there before is none of it.
void Extraction::remember(const TreeEntry& entry, const std::string& place) {
  if (!entry.posix || entry.posix->links < 2 || entry.kind == EntryKind::directory) return;
  if (const uint64_t identity = identity_of(entry); identity != UINT64_MAX) first_names_.emplace(identity, place);
}

// True when it was made as one more name of something that is there.
bool Extraction::make_link(const TreeEntry& entry, int parent, const std::string& name, const std::string& place) {
  if (!entry.posix || entry.posix->links < 2 || entry.kind == EntryKind::symlink) return false;
  const uint64_t identity = identity_of(entry);
  if (identity == UINT64_MAX) return false;
  const auto first = first_names_.find(identity);
  if (first == first_names_.end()) return false;
  // The way to the first name has no links in it that we did not refuse: it was made by us.
  const std::string from = first->second;
  Fd keep(::fcntl(parent, F_DUPFD_CLOEXEC, 3));
  const int source = parent_of(from);
  if (source < 0 || !keep || ::linkat(source, from.substr(from.rfind('/') + 1).c_str(), keep.get(), name.c_str(), 0) != 0) {
    fail(place, "linking it to " + printable(from) + ": " + errno_text(errno));
    return true;
  }
  ++report_.entries;
  return true;
}

void Extraction::make_file(const TreeEntry& entry, int parent, const std::string& name, const std::string& place) {
  Fd fd(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail(place, "making the file: " + errno_text(errno));
  remember(entry, place);
  try {
    const Lost lost = write(EntryContent(entry), fd.get());
    if (lost.bytes > 0)
      fail(place, "reading it: " + lost.why + "; of it " + std::to_string(lost.bytes) + " bytes, the first at byte " +
                      std::to_string(lost.first) + ", are zeros");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::no_space) throw;
    return fail(place, error.doing() + ": " + error.why() + "; what is there of it is not whole");
  }
  give_attributes(fd.get(), entry.posix, entry.modified, entry.accessed, place);
  last_ = place;
  ++report_.entries;
}

// What cannot be read stays a hole.
Extraction::Lost Extraction::write(const EntryContent& content, int fd) {
  Lost lost;
  size_t wanted = buffer_.size(), failures = 0;
  for (uint64_t at = 0; at < content.size();) {
    check_stop(stop_);
    if (content.plain()) {
      // Holes stay holes, however large an image says they are.
      if (const auto run = content.data().run_at(at); run && run->kind == DataExtent::Kind::zeros) {
        at += run->bytes;
        continue;
      }
    }
    size_t part = static_cast<size_t>(std::min<uint64_t>(wanted, content.size() - at));
    if (content.plain())
      if (const auto run = content.data().run_at(at)) part = static_cast<size_t>(std::min<uint64_t>(part, run->bytes));
    try {
      part = content.read(source_, at, std::span(buffer_).first(part));
    } catch (const Error& error) {
      // Only what plainly lies in sectors can be read around; single sectors, until many in a row are bad.
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable || !content.plain()) throw;
      const uint64_t sector = kSectorSize - at % kSectorSize;
      if (part > sector && failures < kClose) {
        wanted = static_cast<size_t>(sector);
        continue;
      }
      if (error.kind() == ErrorKind::corrupt) throw;  // there are no sectors, and nothing bounds how many
      if (lost.bytes == 0) lost = {0, at, error.why()};
      lost.bytes += part;
      at += part;
      wanted = ++failures < kClose ? kSectorSize : std::min(wanted * 2, buffer_.size());
      continue;
    }
    write_at(fd, at, std::span(buffer_).first(part), "the extracted file");
    at += part;
    failures = 0;
    wanted = std::min(wanted * 2, buffer_.size());
  }
  if (content.size() > INT64_MAX || ::ftruncate(fd, static_cast<off_t>(content.size())) != 0)
    throw system_error("the extracted file", "setting its size", content.size() > INT64_MAX ? EFBIG : errno);
  return lost;
}

void Extraction::give_attributes(int fd, const std::optional<PosixAttributes>& posix, const EntryTime& modified, const EntryTime& accessed,
                                 const std::string& place) {
  if (posix) {
    // Who cannot give a file away must not make it run as its new owner.
    bool owner = false;
    if (root_user_ && posix->uid != UINT32_MAX && posix->gid != UINT32_MAX) {
      owner = ::fchown(fd, posix->uid, posix->gid) == 0;
      if (!owner) warn(place, "setting the owner: " + errno_text(errno));
    }
    const mode_t mode = posix->mode & (owner ? 07777 : 01777);
    if (::fchmod(fd, mode) != 0) warn(place, "setting the mode: " + errno_text(errno));
  } else {
    struct stat st;
    const bool directory = ::fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    ::fchmod(fd, directory ? 0755 : 0644);
  }
  const timespec times[2] = {to_timespec(accessed), to_timespec(modified)};
  if (::futimens(fd, times) != 0) warn(place, "setting the times: " + errno_text(errno));
}

// A stream becomes an extended attribute, as far as the host has those.
void Extraction::stream(std::string_view name, const TreeEntry& stream) {
  const auto place = place_of(stream.path);
  if (!place || place != last_) return;
  const std::string text(name);
  const EntryContent content(stream);
  if (content.size() > kMostStream) return warn(*place, "its stream " + printable(text) + " is too long for an extended attribute");
  std::vector<std::byte> bytes(content.size());
  try {
    content.read(source_, 0, bytes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return fail(*place, "its stream " + printable(text) + ": " + error.why());
  }
  const int parent = place->empty() ? root_.get() : parent_of(*place);
  const std::string own = place->empty() ? "." : place->substr(place->rfind('/') + 1);
  const Fd fd(parent < 0 ? -1 : ::openat(parent, own.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd || ::fsetxattr(fd.get(), ("user." + text).c_str(), bytes.data(), bytes.size(), 0) != 0)
    warn(*place, "its stream " + printable(text) + ": " + errno_text(errno));
}

ExtractReport Extraction::finish() {
  if (!met_ && wanted_ != "/")
    throw Error(ErrorKind::usage, printable(wanted_), "extracting it from " + printable(source_.name()),
                "there is no such path in the tree");
  // Links now: while files were made there was none that could have led outside.
  for (const Late& link : symlinks_) {
    const int parent = parent_of(link.path);
    const std::string name = link.path.substr(link.path.rfind('/') + 1);
    if (parent < 0 || link.target.empty() || ::symlinkat(link.target.c_str(), parent, name.c_str()) != 0) {
      fail(link.path, "making the symbolic link: " + (link.target.empty() ? std::string("it has no target") : errno_text(errno)));
      continue;
    }
    ++report_.entries;
    if (link.posix && root_user_ && ::fchownat(parent, name.c_str(), link.posix->uid, link.posix->gid, AT_SYMLINK_NOFOLLOW) != 0)
      warn(link.path, "setting the owner: " + errno_text(errno));
    const timespec times[2] = {to_timespec(link.accessed), to_timespec(link.modified)};
    ::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }
  // The deepest first: making something in a directory changes its time.
  for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
    const int parent = it->path.empty() ? root_.get() : parent_of(it->path);
    const std::string name = it->path.empty() ? "." : it->path.substr(it->path.rfind('/') + 1);
    const Fd fd(parent < 0 ? -1 : ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd) give_attributes(fd.get(), it->posix, it->modified, it->accessed, it->path);
  }
  return std::move(report_);
}

}  // namespace fsi
