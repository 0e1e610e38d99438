#include "libfsi/source/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "libfsi/base/wire.h"
#include "libfsi/source/host_path.h"
#include "libfsi/source/xattrs.h"

namespace fsi {

using draft::Directory;
using draft::Entry;
using draft::HostDir;
using draft::Pool;

void ItemCounter::add(uint64_t items, std::string_view current) {
  const uint64_t all = items_ += items;
  if (!progress_) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(500)) return;
  last_ = now;
  progress_({"scanning", current, all, 0});
}

namespace {

// All of what a node needs, and not st_blocks, which some file systems have to compute.
constexpr unsigned kStatMask =
    STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_UID | STATX_GID | STATX_ATIME | STATX_MTIME | STATX_CTIME | STATX_INO | STATX_SIZE;

int stat_at(int directory, const char* name, bool follow, struct statx& st) {
  return ::statx(directory, name, (follow ? 0 : AT_SYMLINK_NOFOLLOW) | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, kStatMask, &st);
}

OutputIdentity::Identity identity_of(const struct statx& st) { return {makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino}; }

// Attributes and value, except for a link's target and a directory's entries.
void fill(Entry& entry, const struct statx& st, bool follow, Pool& pool) {
  entry.kind = kind_of(st.stx_mode);
  entry.mode = st.stx_mode & 07777;
  entry.uid = st.stx_uid;
  entry.gid = st.stx_gid;
  entry.mtime = to_time(st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec);
  entry.atime = to_time(st.stx_atime.tv_sec, st.stx_atime.tv_nsec);
  entry.ctime = to_time(st.stx_ctime.tv_sec, st.stx_ctime.tv_nsec);
  entry.flags = follow && entry.kind == NodeKind::file ? draft::kFollow : 0;
  entry.payload.number = 0;
  if (entry.kind == NodeKind::file) entry.payload.number = st.stx_size;
  if (entry.kind == NodeKind::char_device || entry.kind == NodeKind::block_device)
    entry.payload.number = makedev(st.stx_rdev_major, st.stx_rdev_minor);
  if (st.stx_nlink > 1 && entry.kind != NodeKind::directory) {
    draft::Aside& aside = aside_of(entry, pool);
    const OutputIdentity::Identity identity = identity_of(st);
    aside.hard_linked = true;
    aside.device = identity.device;
    aside.inode = identity.inode;
  }
}

// Whether the file's data may be read, without opening it: by its mode where that decides, by the
// kernel where it does not. Root may read everything.
bool readable(int directory, const char* name, const struct statx& st, bool root) {
  if (root || !S_ISREG(st.stx_mode) || (st.stx_mode & 0444) == 0444) return true;
  return ::faccessat(directory, name, R_OK, AT_EACCESS) == 0;
}

// Paths in the order of a walk: the separator sorts before every byte of a name.
bool walks_before(const Finding& a, const Finding& b) {
  auto less = [](unsigned char x, unsigned char y) { return (x == '/' ? 0 : x) < (y == '/' ? 0 : y); };
  return std::lexicographical_compare(a.where.begin(), a.where.end(), b.where.begin(), b.where.end(), less);
}

constexpr char kOutputInside[] =
    "the image would be written into its own source; give it a path outside of the source, or exclude it with --exclude";

// A name as it came from the file system, with its first eight bytes for quick comparing.
struct Found {
  uint64_t prefix;  // big-endian; names have no NUL, so a short name sorts before its extensions
  const char* name;
  uint16_t length;
  uint8_t type;  // DT_*

  friend bool operator<(const Found& a, const Found& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : std::strcmp(a.name, b.name) < 0;
  }
};

uint64_t prefix_of(std::string_view name) {
  Be64 first;
  std::memcpy(static_cast<void*>(&first), name.data(), std::min<size_t>(name.size(), sizeof first));
  return first.get();
}

class Scan {
 public:
  Scan(const ScanJob& job, const std::string& host_dir, const std::string& at) : job_(job), host_dir_(host_dir), at_(at) {}

  Entry run(draft::Draft& draft, std::vector<Finding>& findings) {
    Entry root;
    root.kind = NodeKind::directory;
    tbb::task_arena arena(job_.options.threads ? static_cast<int>(job_.options.threads) : tbb::task_arena::automatic);
    arena.execute([&] {
      group_.run_and_wait([&] {
        if (open_root(root)) scan(root, 0, nullptr);
      });
    });
    std::vector<Finding> all;
    for (Local& local : locals_) {
      std::move(local.findings.begin(), local.findings.end(), std::back_inserter(all));
      draft.adopt(std::move(local.pool));
      add(draft.left_attributes, local.xattrs.left);
    }
    check_stop(job_.stop);
    std::sort(all.begin(), all.end(), walks_before);
    for (const Finding& finding : all)
      if (finding.weight == Finding::Weight::fatal) throw Error(finding.kind, finding.where, "scanning", finding.message);
    std::move(all.begin(), all.end(), std::back_inserter(findings));
    return root;
  }

 private:
  struct Local {
    std::unique_ptr<Pool> pool = std::make_unique<Pool>();
    std::vector<Finding> findings;
    std::vector<Found> found;
    std::vector<char> buffer = std::vector<char>(128 * 1024);
    HostXattrs xattrs;
  };

  // Directories are scanned where their entry already lies: in the array of their parent.
  bool open_root(Entry& root) {
    Local& local = locals_.local();
    root_fd_ = open_quietly(AT_FDCWD, host_dir_, O_RDONLY | O_DIRECTORY);
    struct statx st;
    if (!root_fd_ || ::statx(root_fd_.get(), "", AT_EMPTY_PATH, kStatMask, &st) != 0) {
      local.findings.push_back({Finding::Weight::missing, printable(host_dir_), errno_text(errno)});
      return false;
    }
    fill(root, st, false, *local.pool);
    add_directory(root, st, nullptr, host_dir_, local);
    take_xattrs(root_fd_.get(), nullptr, true, root, local, [&] { return host_dir_; });
    root_device_ = identity_of(st).device;
    check_output(st, *root.value().directory->host, local);
    return true;
  }

  void add_directory(Entry& entry, const struct statx& st, const HostDir* parent, const std::string& name, Local& local) {
    const OutputIdentity::Identity identity = identity_of(st);
    const char* kept = parent ? entry.name : local.pool->keep(name);
    Directory& directory = local.pool->directories.emplace_back();
    directory.host = &local.pool->hosts.emplace_back(HostDir{parent, kept, identity.device, identity.inode, kNone});
    entry.value().directory = &directory;
  }

  // The way from the root of the scan, "." for the root itself.
  static std::string below_root(const HostDir& host) {
    std::vector<const char*> names;
    for (const HostDir* at = &host; at->parent; at = at->parent) names.push_back(at->name);
    std::string path;
    for (auto name = names.rbegin(); name != names.rend(); ++name) path.append(path.empty() ? "" : "/").append(*name);
    return path.empty() ? "." : path;
  }

  std::string image_path(const HostDir& host) const {
    std::string path = at_;
    if (host.parent) path.append(path.ends_with('/') ? "" : "/").append(below_root(host));
    return path;
  }

  void check_output(const struct statx& st, const HostDir& host, Local& local) const {
    const OutputIdentity& output = job_.options.output;
    if (!output.directory || *output.directory != identity_of(st)) return;
    if (!output.name.empty() && !job_.exclude.empty() && job_.exclude.matches(image_path(host), output.name, false)) return;
    local.findings.push_back({Finding::Weight::fatal, printable(path_of(host, output.name)), kOutputInside, ErrorKind::usage});
  }

  // A directory is opened by its way from the root, so that none has to stay open for those below it. In great depth that
  // way is walked too often: there the holding directory stays open, unless too many do.
  static constexpr uint32_t kDeep = 64, kMostHeld = 256;
  using Held = std::shared_ptr<const Fd>;
  Held hold(Fd fd, uint32_t depth) {
    if (depth < kDeep) return {};
    if (++held_ > kMostHeld) {
      --held_;
      return {};
    }
    return {new Fd(std::move(fd)), [this](const Fd* held) {
              delete held;
              --held_;
            }};
  }

  void scan(Entry& entry, uint32_t depth, const Held& holder) {
    if (job_.stop.stop_requested()) return;
    Local& local = locals_.local();
    Directory& directory = *entry.value().directory;
    const HostDir& host = *directory.host;
    const std::string below = holder ? host.name : below_root(host);
    int flags = O_RDONLY | O_DIRECTORY;
    if (!job_.options.follow_links) flags |= O_NOFOLLOW;
    Fd fd = open_quietly(holder ? holder->get() : root_fd_.get(), below, flags);
    if (!fd || !list(fd.get(), host, local)) {
      if (!fd) leave_out(host, local, errno);
      entry.flags |= draft::kRemoved;
      return;
    }
    std::vector<Found>& found = local.found;
    const size_t count = found.size();
    constexpr size_t kSplit = 4096;
    if (count > kSplit)
      tbb::this_task_arena::isolate([&] { tbb::parallel_sort(found.begin(), found.end()); });
    else
      std::sort(found.begin(), found.end());
    directory.entries = draft::EntryArray(count);
    Entry* const entries = directory.entries.begin();
    const std::string at = job_.exclude.needs_path() ? image_path(host) : std::string();
    auto look_at = [&](size_t begin, size_t end) {
      Local& own = locals_.local();
      for (size_t i = begin; i < end; ++i) look(fd.get(), host, at, found[i], entries[i], own);
      job_.counter.add(end - begin, below);
    };
    if (count > kSplit)
      // Isolated: while it waits this thread must not begin another directory, whose list would
      // take the place of this one's.
      tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(tbb::blocked_range<size_t>(0, count, 512), [&](const auto& range) {
          if (!job_.stop.stop_requested()) look_at(range.begin(), range.end());
        });
      });
    else
      look_at(0, count);
    if (count > kSplit) std::vector<Found>().swap(found);
    descend(directory, depth + 1, hold(std::move(fd), depth));
  }

  // Tasks for the directories below; few for very many, so that waiting tasks take no memory to speak of.
  void descend(Directory& directory, uint32_t depth, const Held& holder) {
    Entry* const entries = directory.entries.begin();
    const size_t count = directory.entries.size();
    auto wanted = [](const Entry& e) { return e.kind == NodeKind::directory && !e.is(draft::kRemoved) && e.value().directory->host; };
    constexpr size_t kBatch = 32;
    for (size_t begin = 0; begin < count;) {
      size_t end = begin, directories = 0;
      while (end < count && directories < kBatch) directories += wanted(entries[end++]);
      if (directories)
        group_.run([this, entries, begin, end, wanted, depth, holder] {
          for (size_t i = begin; i < end; ++i)
            if (wanted(entries[i])) scan(entries[i], depth, holder);
        });
      begin = end;
    }
  }

  void leave_out(const HostDir& holder, const char* name, Local& local, int error) const {
    local.findings.push_back({Finding::Weight::skipped, printable(path_of(holder, name)), errno_text(error)});
  }
  void leave_out(const HostDir& host, Local& local, int error) const {
    local.findings.push_back(
        {host.parent ? Finding::Weight::skipped : Finding::Weight::missing, printable(path_of(host)), errno_text(error)});
  }

  // Reads all names into local.found, in the order of the file system.
  bool list(int fd, const HostDir& host, Local& local) const {
    local.found.clear();
    const bool needs_path = job_.exclude.needs_path();
    const std::string at = needs_path ? image_path(host) : std::string();
    for (;;) {
      const ssize_t n = ::getdents64(fd, local.buffer.data(), local.buffer.size());
      if (n == 0) return true;
      if (n < 0) {
        leave_out(host, local, errno);
        return false;
      }
      for (ssize_t offset = 0; offset < n;) {
        const auto* record = reinterpret_cast<const dirent64*>(local.buffer.data() + offset);
        offset += record->d_reclen;
        const std::string_view name(record->d_name);
        if (name == "." || name == "..") continue;
        if (!job_.exclude.empty() && kind_is_known(record->d_type) && job_.exclude.matches(at, name, record->d_type == DT_DIR)) continue;
        local.found.push_back({prefix_of(name), local.pool->keep(name), static_cast<uint16_t>(name.size()), record->d_type});
      }
    }
  }

  bool kind_is_known(uint8_t type) const { return type != DT_UNKNOWN && !(type == DT_LNK && job_.options.follow_links); }

  // One statx, and what the kind of thing needs besides.
  void look(int fd, const HostDir& host, const std::string& at, const Found& found, Entry& entry, Local& local) {
    const char* const name = found.name;
    entry.name = name;
    entry.name_length = found.length;
    bool follow = job_.options.follow_links;
    struct statx st;
    int result = stat_at(fd, name, follow, st);
    if (result != 0 && follow && (errno == ENOENT || errno == ELOOP)) {
      const int error = errno;
      follow = false;
      result = stat_at(fd, name, false, st);
      if (result == 0)
        local.findings.push_back({Finding::Weight::warning, printable(path_of(host, name)),
                                  "the symbolic link leads nowhere (" + errno_text(error) + ") and is kept as a link"});
    }
    if (result != 0) {
      const int error = errno;
      entry.flags = draft::kRemoved;
      leave_out(host, name, local, error);
      return;
    }
    fill(entry, st, follow, *local.pool);
    if (!job_.exclude.empty() && !kind_is_known(found.type) && job_.exclude.matches(at, entry.text(), entry.kind == NodeKind::directory)) {
      entry.flags |= draft::kRemoved;
      return;
    }
    if (entry.kind == NodeKind::directory || entry.kind == NodeKind::file)
      take_xattrs(fd, name, follow, entry, local, [&] { return path_of(host, name); });
    if (entry.kind == NodeKind::directory) {
      look_at_directory(st, host, follow, entry, local);
    } else if (entry.kind == NodeKind::symlink) {
      const ssize_t n = ::readlinkat(fd, name, local.buffer.data(), local.buffer.size());
      if (n < 0) return drop(host, entry, local, errno);
      entry.value().target = local.pool->keep({local.buffer.data(), static_cast<size_t>(n)});
    } else if (entry.kind == NodeKind::file) {
      if (job_.options.output.file && *job_.options.output.file == identity_of(st))
        local.findings.push_back({Finding::Weight::fatal, printable(path_of(host, name)), kOutputInside, ErrorKind::usage});
      if (!readable(fd, name, st, root_user_)) drop(host, entry, local, EACCES);
    }
  }

  void look_at_directory(const struct statx& st, const HostDir& host, bool follow, Entry& entry, Local& local) {
    if (follow)
      for (const HostDir* above = &host; above; above = above->parent)
        if (OutputIdentity::Identity{above->device, above->inode} == identity_of(st)) {
          local.findings.push_back({Finding::Weight::fatal, printable(path_of(host, entry.name)),
                                    "a loop: it leads back to " + printable(path_of(*above)) + "; exclude it, or do not follow links",
                                    ErrorKind::usage});
          entry.flags |= draft::kRemoved;
          return;
        }
    add_directory(entry, st, &host, "", local);
    check_output(st, *entry.value().directory->host, local);
    // A directory without a host is not descended into.
    if (job_.options.one_file_system && identity_of(st).device != root_device_) entry.value().directory->host = nullptr;
  }

  template <class Where>
  void take_xattrs(int fd, const char* name, bool follow, Entry& entry, Local& local, Where where) const {
    if (job_.options.xattrs == Xattrs::ignore) return;
    if (const int error = local.xattrs.look(job_.options.xattrs, fd, name, follow, entry, *local.pool))
      local.findings.push_back({Finding::Weight::skipped, printable(where()), "its extended attributes: " + errno_text(error)});
  }

  void drop(const HostDir& host, Entry& entry, Local& local, int error) const {
    entry.flags |= draft::kRemoved;
    leave_out(host, entry.name, local, error);
  }

  const ScanJob& job_;
  const std::string& host_dir_;
  const std::string& at_;
  const bool root_user_ = ::geteuid() == 0;
  Fd root_fd_;
  uint64_t root_device_ = 0;
  std::atomic<uint32_t> held_ = 0;
  tbb::task_group group_;
  tbb::enumerable_thread_specific<Local> locals_;
};

}  // namespace

Entry scan_directory(const ScanJob& job, const std::string& host_dir, const std::string& at, draft::Draft& draft,
                     std::vector<Finding>& findings) {
  return Scan(job, host_dir, at).run(draft, findings);
}

bool scan_file(const ScanJob& job, const std::string& path, Entry& entry, draft::Draft& draft, std::vector<Finding>& findings) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  auto missing = [&](int error) {
    findings.push_back({Finding::Weight::missing, printable(path), errno_text(error)});
    return false;
  };
  const Fd fd = open_long(AT_FDCWD, directory, O_PATH | O_DIRECTORY);
  struct statx st;
  if (!fd || stat_at(fd.get(), name.c_str(), true, st) != 0) return missing(errno);
  if (job.options.output.file && *job.options.output.file == identity_of(st))
    throw Error(ErrorKind::usage, printable(path), "scanning", kOutputInside);
  fill(entry, st, true, draft.pool());
  if (!readable(fd.get(), name.c_str(), st, ::geteuid() == 0)) return missing(EACCES);
  if (job.options.xattrs != Xattrs::ignore && entry.kind == NodeKind::file) {
    HostXattrs xattrs;
    if (const int error = xattrs.look(job.options.xattrs, fd.get(), name.c_str(), true, entry, draft.pool()))
      findings.push_back({Finding::Weight::skipped, printable(path), "its extended attributes: " + errno_text(error)});
    add(draft.left_attributes, xattrs.left);
  }
  if (entry.kind == NodeKind::file) {
    draft::Pool& pool = draft.pool();
    draft::Aside& aside = aside_of(entry, pool);
    aside.host = &pool.hosts.emplace_back(HostDir{nullptr, pool.keep(directory), 0, 0, kNone});
    aside.host_name = pool.keep(name);
  }
  job.counter.add(1, path);
  return true;
}

}  // namespace fsi
