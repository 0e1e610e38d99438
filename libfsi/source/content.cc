#include "libfsi/source/content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "libfsi/source/host_path.h"

namespace fsi {

namespace {

// From here on a file is told to the kernel as read in order, which doubles its readahead.
constexpr uint64_t kSequentialBytes = 1 << 20;

struct Filled {
  size_t bytes = 0;
  bool more = false;  // there was a byte after the last one wanted
  int error = 0;
};

// Reads until `out` is full or the file ends. With `probe` asks for one byte more in the same call,
// so that a file which grew is seen without a call of its own.
Filled fill_from(int fd, uint64_t offset, std::span<std::byte> out, bool probe) {
  Filled filled;
  for (;;) {
    std::byte extra;
    const iovec parts[2] = {{out.data() + filled.bytes, out.size() - filled.bytes}, {&extra, 1}};
    const ssize_t n = ::preadv(fd, parts, probe ? 2 : 1, static_cast<off_t>(offset + filled.bytes));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) filled.error = errno;
    if (n <= 0) return filled;
    filled.bytes += static_cast<size_t>(n);
    if (filled.bytes > out.size()) {
      filled.bytes = out.size();
      filled.more = true;
    }
    if (filled.bytes == out.size()) return filled;
  }
}

}  // namespace

struct ContentReader::State {
  explicit State(const SourceTree& source_tree) : tree(source_tree) {}

  const SourceTree& tree;
  uint32_t directory_id = kNone;
  Fd directory;
  ContentId file_id = kNone;
  Fd file;
  bool quiet = true;  // O_NOATIME was not refused yet

  Drift drift(ContentId id, DriftKind kind, uint64_t found, int error = 0) const {
    return {id, kind, tree.contents[id].size, found, error};
  }

  Drift lost(ContentId id, int error) const {
    return drift(id, error == ENOENT || error == ENOTDIR ? DriftKind::vanished : DriftKind::failed, 0, error);
  }

  // The descriptor of the directory that holds the file, -1 with errno.
  int holder(const Content& content) {
    if (directory_id == content.place && directory) return directory.get();
    directory_id = content.place;
    directory = open_long(AT_FDCWD, tree.host_path(content.place), O_PATH | O_DIRECTORY);
    return directory.get();
  }

  // Names are short, but NUL-terminated nowhere in the tree.
  struct Name {
    explicit Name(std::string_view text) : length(std::min(text.size(), sizeof bytes - 1)) {
      std::memcpy(bytes, text.data(), length);
      bytes[length] = '\0';
    }
    size_t length;
    char bytes[256];  // a name of a host is never longer; of one that were the rest would not be found
  };

  Fd open(const Content& content) {
    const int at = holder(content);
    if (at < 0) return Fd();
    const Name name(tree.str(content.name));
    // O_NONBLOCK: should a pipe have taken the file's place, opening it must not wait for a writer.
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (content.follow ? 0 : O_NOFOLLOW);
    if (quiet) {
      Fd fd(::openat(at, name.bytes, flags | O_NOATIME));
      if (fd || errno != EPERM) return fd;
      quiet = false;
    }
    return Fd(::openat(at, name.bytes, flags));
  }

  // What is wrong with an open file as a whole, by its size now.
  std::optional<Drift> judge(ContentId id, int fd) const {
    struct stat st;
    if (::fstat(fd, &st) != 0) return drift(id, DriftKind::failed, 0, errno);
    if (!S_ISREG(st.st_mode)) return drift(id, DriftKind::failed, 0, EINVAL);
    const auto size = static_cast<uint64_t>(st.st_size);
    if (size < tree.contents[id].size) return drift(id, DriftKind::shrank, size);
    if (size > tree.contents[id].size) return drift(id, DriftKind::grew, size);
    return std::nullopt;
  }

  std::optional<Drift> read_host(ContentId id, uint64_t offset, std::span<std::byte> out);
  std::optional<Drift> read_descriptor(ContentId id, uint64_t offset, std::span<std::byte> out) const;
  std::optional<Drift> read_memory(ContentId id, uint64_t offset, std::span<std::byte> out) const;
  std::optional<Drift> read_callback(ContentId id, uint64_t offset, std::span<std::byte> out) const;
};

// A whole file is opened, read with one call that also sees growth, and closed: nothing else. Of a
// file read in parts the descriptor is kept.
std::optional<Drift> ContentReader::State::read_host(ContentId id, uint64_t offset, std::span<std::byte> out) {
  const Content& content = tree.contents[id];
  const bool whole = offset == 0 && out.size() == content.size;
  const bool last = offset + out.size() == content.size;
  if (file_id != id || !file) {
    file_id = kNone;
    file = open(content);
    if (!file) {
      const int error = errno;
      std::memset(out.data(), 0, out.size());
      return lost(id, error);
    }
    if (!whole) {
      file_id = id;
      if (content.size >= kSequentialBytes) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    }
  }
  const Filled filled = fill_from(file.get(), offset, out, last);
  std::optional<Drift> found;
  if (filled.bytes < out.size()) {
    std::memset(out.data() + filled.bytes, 0, out.size() - filled.bytes);
    found = filled.error ? drift(id, DriftKind::failed, offset + filled.bytes, filled.error) : judge(id, file.get());
    // It was long enough again by the time it was asked: what was read is short all the same.
    if (!found || found->kind == DriftKind::grew) found = drift(id, DriftKind::shrank, offset + filled.bytes);
  } else if (filled.more) {
    found = judge(id, file.get());
    if (!found) found = drift(id, DriftKind::grew, content.size + 1);
  }
  if (whole || last) {
    file.reset();
    file_id = kNone;
  }
  return found;
}

std::optional<Drift> ContentReader::State::read_descriptor(ContentId id, uint64_t offset, std::span<std::byte> out) const {
  const Content& content = tree.contents[id];
  const Filled filled = fill_from(tree.descriptors[content.place]->get(), content.offset + offset, out, false);
  if (filled.bytes == out.size()) return std::nullopt;
  std::memset(out.data() + filled.bytes, 0, out.size() - filled.bytes);
  return drift(id, filled.error ? DriftKind::failed : DriftKind::shrank, offset + filled.bytes, filled.error);
}

std::optional<Drift> ContentReader::State::read_memory(ContentId id, uint64_t offset, std::span<std::byte> out) const {
  const Content& content = tree.contents[id];
  const std::vector<std::byte>& blob = *tree.blobs[content.place];
  const uint64_t begin = content.offset + offset;
  const size_t there = begin < blob.size() ? std::min<uint64_t>(out.size(), blob.size() - begin) : 0;
  if (there) std::memcpy(out.data(), blob.data() + begin, there);
  if (there == out.size()) return std::nullopt;
  std::memset(out.data() + there, 0, out.size() - there);
  return drift(id, DriftKind::shrank, offset + there);
}

std::optional<Drift> ContentReader::State::read_callback(ContentId id, uint64_t offset, std::span<std::byte> out) const {
  size_t done = 0;
  int error = 0;
  try {
    while (done < out.size()) {
      const size_t n = tree.callbacks[tree.contents[id].place](offset + done, out.subspan(done));
      if (n == 0) break;
      if (n > out.size() - done) {  // it says it wrote where it must not
        error = ERANGE;
        break;
      }
      done += n;
    }
  } catch (...) {
    // Whatever a program's own code throws is its own kind of failed read.
    error = EIO;
  }
  if (done == out.size()) return std::nullopt;
  std::memset(out.data() + done, 0, out.size() - done);
  return drift(id, error ? DriftKind::failed : DriftKind::shrank, offset + done, error);
}

ContentReader::ContentReader(const SourceTree& tree) : state_(std::make_unique<State>(tree)) {}
ContentReader::ContentReader(ContentReader&&) noexcept = default;
ContentReader::~ContentReader() = default;

std::optional<Drift> ContentReader::read(ContentId id, uint64_t offset, std::span<std::byte> out) {
  switch (state_->tree.contents[id].origin) {
    case OriginKind::host_file: return state_->read_host(id, offset, out);
    case OriginKind::descriptor: return state_->read_descriptor(id, offset, out);
    case OriginKind::memory: return state_->read_memory(id, offset, out);
    case OriginKind::callback: return state_->read_callback(id, offset, out);
  }
  return std::nullopt;
}

ContentReader::Direct ContentReader::direct(ContentId id) {
  State& state = *state_;
  const Content& content = state.tree.contents[id];
  if (content.origin == OriginKind::descriptor) {
    const int fd = state.tree.descriptors[content.place]->get();
    struct stat st;
    if (::fstat(fd, &st) != 0) return {-1, 0, state.drift(id, DriftKind::failed, 0, errno)};
    if (!S_ISREG(st.st_mode)) return {};
    const auto size = static_cast<uint64_t>(st.st_size);
    const uint64_t there = size > content.offset ? size - content.offset : 0;
    if (there < content.size) return {-1, 0, state.drift(id, DriftKind::shrank, there)};
    return {fd, content.offset, std::nullopt};
  }
  if (content.origin != OriginKind::host_file) return {};
  if (state.file_id != id || !state.file) {
    state.file_id = kNone;
    state.file = state.open(content);
    if (!state.file) return {-1, 0, state.lost(id, errno)};
    state.file_id = id;
  }
  if (std::optional<Drift> drift = state.judge(id, state.file.get())) return {-1, 0, drift};
  return {state.file.get(), 0, std::nullopt};
}

std::optional<Drift> ContentReader::check(ContentId id) {
  State& state = *state_;
  const Content& content = state.tree.contents[id];
  if (content.origin != OriginKind::host_file) return std::nullopt;
  const int at = state.holder(content);
  struct stat st;
  if (at < 0 || ::fstatat(at, State::Name(state.tree.str(content.name)).bytes, &st, content.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
    return state.lost(id, errno);
  if (!S_ISREG(st.st_mode)) return state.drift(id, DriftKind::failed, 0, EINVAL);
  const auto size = static_cast<uint64_t>(st.st_size);
  if (size < content.size) return state.drift(id, DriftKind::shrank, size);
  if (size > content.size) return state.drift(id, DriftKind::grew, size);
  return std::nullopt;
}

}  // namespace fsi
