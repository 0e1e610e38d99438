#include "libfsi/source/builder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "libfsi/source/archive.h"
#include "libfsi/source/draft.h"
#include "libfsi/source/freeze.h"
#include "libfsi/source/glob.h"
#include "libfsi/source/image_members.h"
#include "libfsi/source/scan.h"
#include "libfsi/source/share.h"
#include "libfsi/source/spool.h"

namespace fsi {

using draft::Aside;
using draft::Entry;

struct TreeBuilder::State {
  State(ScanOptions given, std::stop_token stop_token, Progress progress)
      : options(std::move(given)),
        exclude(options.exclude),
        stop(std::move(stop_token)),
        counter(std::move(progress)),
        spool(options.spool_dir) {
    using std::chrono::microseconds;
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    now = std::chrono::duration_cast<microseconds>(since).count() / kSecond * kSecond;
    program = draft.add_source("an item made by the program");
  }

  ScanJob job() { return {options, exclude, stop, counter}; }

  // An entry for an item made by a program; its Aside is where its value goes.
  Entry item(NodeKind kind, const Attributes& attributes) {
    Entry entry;
    entry.kind = kind;
    set(entry, attributes);
    aside_of(entry, draft.pool()).source = program;
    return entry;
  }

  void set(Entry& entry, const Attributes& attributes) const {
    const bool directory = entry.kind == NodeKind::directory, link = entry.kind == NodeKind::symlink;
    entry.mode = attributes.mode.value_or(directory ? 0755 : link ? 0777 : 0644) & 07777;
    entry.uid = attributes.uid;
    entry.gid = attributes.gid;
    entry.mtime = attributes.mtime.value_or(now);
    entry.atime = attributes.atime.value_or(entry.mtime);
    entry.ctime = attributes.ctime.value_or(entry.mtime);
    entry.flags = static_cast<uint8_t>((entry.flags & ~(draft::kHidden | draft::kImplied)) | (attributes.hidden ? draft::kHidden : 0));
  }

  void put_item(std::string_view path, const Entry& entry) { draft.put(path, entry, draft.sources[program]); }

  uint32_t keep(int fd, const std::string& name) {
    Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!own) throw system_error(printable(name), "duplicating a descriptor");
    draft.descriptors.push_back(std::make_shared<Fd>(std::move(own)));
    return static_cast<uint32_t>(draft.descriptors.size() - 1);
  }

  ScanOptions options;
  ExcludeRules exclude;
  std::stop_token stop;
  ItemCounter counter;
  Spool spool;
  draft::Draft draft;
  std::vector<Finding> findings;
  Time now;
  uint32_t program;
  uint64_t links = 0;
  bool read_standard_input = false;
};

namespace {

// Only what can be read at any place can be an image.
bool is_whole_file(int fd) {
  struct stat st;
  return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ::lseek(fd, 0, SEEK_CUR) == 0;
}

void refuse_output(int fd, const std::string& name, const OutputIdentity& output) {
  struct stat st;
  if (output.file && ::fstat(fd, &st) == 0 && *output.file == OutputIdentity::Identity{st.st_dev, st.st_ino})
    throw Error(ErrorKind::usage, printable(name), "reading an image", "it is the output as well; give the image another path");
}

}  // namespace

TreeBuilder::TreeBuilder(ScanOptions options, std::stop_token stop, Progress progress)
    : state_(std::make_unique<State>(std::move(options), std::move(stop), std::move(progress))) {}

TreeBuilder::~TreeBuilder() = default;

void TreeBuilder::add_directory(const std::string& host_dir, std::string_view at) {
  State& s = *state_;
  const std::string path = draft::clean_path(at);
  Entry scanned = scan_directory(s.job(), host_dir, path, s.draft, s.findings);
  if (!scanned.value().directory || scanned.is(draft::kRemoved)) return;  // told by finish()
  const uint32_t source = s.draft.add_source(printable(host_dir));
  s.draft.merge(s.draft.make_directory(path, printable(host_dir)), scanned, path, source);
}

void TreeBuilder::add_file(const std::string& host_path, std::string_view at) {
  State& s = *state_;
  Entry entry;
  if (!scan_file(s.job(), host_path, entry, s.draft, s.findings)) return;
  if (entry.kind == NodeKind::directory) throw system_error(printable(host_path), "adding a file", EISDIR, ErrorKind::usage);
  const uint32_t source = s.draft.add_source(printable(host_path));
  aside_of(entry, s.draft.pool()).source = source;
  s.draft.put(at, entry, printable(host_path));
}

void TreeBuilder::add_archive(const std::string& host_path, std::string_view at) {
  if (host_path == "-") {
    if (std::exchange(state_->read_standard_input, true))
      throw Error(ErrorKind::usage, "-", "reading an archive", "standard input can be read only once; name it only once");
    return add_archive(STDIN_FILENO, "standard input", at);
  }
  const Fd fd(::open(host_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    state_->findings.push_back({Finding::Weight::missing, printable(host_path), errno_text(errno)});
    return;
  }
  add_archive(fd.get(), host_path, at);
}

void TreeBuilder::add_archive(int fd, const std::string& name, std::string_view at) {
  State& s = *state_;
  Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!own) throw system_error(printable(name), "reading an archive");
  const std::string path = draft::clean_path(at);
  s.draft.make_directory(path, "archive " + printable(name));
  auto shared = std::make_shared<Fd>(std::move(own));
  if (s.options.open_image && is_whole_file(shared->get())) {
    refuse_output(shared->get(), name, s.options.output);
    if (const auto image = s.options.open_image(shared, name))
      return add_image_members(s.job(), *image, shared, name, path, s.draft, s.findings);
  }
  add_archive_members(s.job(), std::move(shared), name, path, s.draft, s.spool, s.findings);
}

void TreeBuilder::add_memory(std::string_view path, std::vector<std::byte> bytes, const Attributes& attributes) {
  State& s = *state_;
  Entry entry = s.item(NodeKind::file, attributes);
  entry.aside->origin = OriginKind::memory;
  entry.aside->payload.number = bytes.size();
  entry.aside->place = static_cast<uint32_t>(s.draft.blobs.size());
  s.draft.blobs.push_back(std::make_shared<const std::vector<std::byte>>(std::move(bytes)));
  s.put_item(path, entry);
}

void TreeBuilder::add_callback(std::string_view path, uint64_t size, ReadCallback read, const Attributes& attributes) {
  State& s = *state_;
  if (!read) throw Error(ErrorKind::usage, printable(path), "adding a file", "its callback is empty");
  Entry entry = s.item(NodeKind::file, attributes);
  entry.aside->origin = OriginKind::callback;
  entry.aside->payload.number = size;
  entry.aside->place = static_cast<uint32_t>(s.draft.callbacks.size());
  s.draft.callbacks.push_back(std::move(read));
  s.put_item(path, entry);
}

void TreeBuilder::add_descriptor(std::string_view path, int fd, uint64_t offset, uint64_t size, const Attributes& attributes) {
  State& s = *state_;
  if (offset > INT64_MAX || size > INT64_MAX - offset)
    throw system_error(printable(path), "adding a file from a descriptor", EOVERFLOW, ErrorKind::usage);
  if (::lseek(fd, 0, SEEK_CUR) < 0) throw system_error(printable(path), "adding a file from a descriptor", errno, ErrorKind::usage);
  Entry entry = s.item(NodeKind::file, attributes);
  entry.aside->origin = OriginKind::descriptor;
  entry.aside->payload.number = size;
  entry.aside->offset = offset;
  entry.aside->place = s.keep(fd, std::string(path));
  s.put_item(path, entry);
}

void TreeBuilder::add_directory_item(std::string_view path, const Attributes& attributes) {
  State& s = *state_;
  s.set(s.draft.make_directory(path, s.draft.sources[s.program]), attributes);
}

void TreeBuilder::add_symlink(std::string_view path, std::string_view target, const Attributes& attributes) {
  State& s = *state_;
  if (target.empty() || target.find('\0') != std::string_view::npos)
    throw Error(ErrorKind::usage, printable(path), "adding a symbolic link", "its target is empty or has a NUL byte");
  Entry entry = s.item(NodeKind::symlink, attributes);
  entry.aside->payload.target = s.draft.pool().keep(target);
  s.put_item(path, entry);
}

void TreeBuilder::add_device(std::string_view path, NodeKind kind, uint64_t device, const Attributes& attributes) {
  State& s = *state_;
  const bool numbered = kind == NodeKind::char_device || kind == NodeKind::block_device;
  if (!numbered && kind != NodeKind::fifo && kind != NodeKind::socket)
    throw Error(ErrorKind::usage, printable(path), "adding a device", "its kind is none of a device");
  Entry entry = s.item(kind, attributes);
  entry.aside->payload.number = numbered ? device : 0;
  s.put_item(path, entry);
}

void TreeBuilder::add_hard_link(std::string_view path, std::string_view existing) {
  State& s = *state_;
  Entry* const first = s.draft.find(existing);
  if (!first || first->kind == NodeKind::directory)
    throw Error(ErrorKind::usage, printable(existing), "linking " + printable(path) + " to it",
                first ? "it is a directory" : "it is not there");
  // The host directory would be that of the new place, were it not written down.
  Aside& inode = s.draft.with_origin(existing);
  if (!inode.hard_linked) {
    inode.hard_linked = true;
    inode.device = UINT64_MAX - s.program;
    inode.inode = ++s.links;
  }
  s.put_item(path, *s.draft.find(existing));
}

void TreeBuilder::add_stream(std::string_view path, std::string_view name, std::span<const std::byte> bytes) {
  State& s = *state_;
  const auto refuse = [&](const char* why) {
    return Error(ErrorKind::usage, printable(path), "adding the stream " + printable(name), why);
  };
  Entry* const entry = s.draft.find(path);
  if (!entry) throw refuse("it is not there");
  if (entry->kind != NodeKind::file && entry->kind != NodeKind::directory) throw refuse("only files and directories have streams");
  if (name.empty() || name.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos)
    throw refuse("the name is empty or has a '/' or a NUL byte");
  draft::Pool& pool = s.draft.pool();
  draft::StreamList list;
  if (const draft::StreamList* before = draft::streams_of(*entry)) list = *before;
  const auto at =
      std::lower_bound(list.begin(), list.end(), name, [](const draft::StreamText& a, std::string_view b) { return a.name < b; });
  if (at != list.end() && at->name == name) throw refuse("it has one of that name");
  const auto keep = [&](std::string_view text) { return std::string_view(pool.keep(text), text.size()); };
  list.insert(at, {keep(name), keep({reinterpret_cast<const char*>(bytes.data()), bytes.size()})});
  aside_of(*entry, pool).streams = &pool.streams.emplace_back(std::move(list));
}

bool TreeBuilder::remove(std::string_view path) { return state_->draft.erase(path); }

bool TreeBuilder::exists(std::string_view path) const { return state_->draft.find(path) != nullptr; }

std::optional<ItemInfo> TreeBuilder::find(std::string_view path) const {
  const Entry* entry = state_->draft.find(path);
  if (!entry) return std::nullopt;
  ItemInfo info;
  info.kind = entry->kind;
  if (entry->kind == NodeKind::file) info.size = entry->value().number;
  info.attributes = {entry->mode, entry->uid, entry->gid, entry->mtime, entry->atime, entry->ctime, entry->is(draft::kHidden)};
  return info;
}

std::vector<std::string> TreeBuilder::list(std::string_view path) const {
  std::vector<std::string> names;
  Entry* entry = state_->draft.find(path);
  if (!entry || entry->kind != NodeKind::directory) return names;
  draft::Directory& directory = *entry->value().directory;
  directory.seal();
  for (const Entry& child : directory.entries) names.emplace_back(child.text());
  return names;
}

bool TreeBuilder::set_hidden(std::string_view path, bool hidden) {
  Entry* entry = state_->draft.find(path);
  if (!entry) return false;
  entry->flags = static_cast<uint8_t>((entry->flags & ~draft::kHidden) | (hidden ? draft::kHidden : 0));
  return true;
}

SourceTree TreeBuilder::finish(const Warn& warn) {
  State& s = *state_;
  check_stop(s.stop);
  size_t fatal = 0;
  for (const Finding& finding : s.findings) {
    const bool left_out = finding.weight == Finding::Weight::skipped && s.options.skip_unreadable;
    if (finding.weight != Finding::Weight::warning && !left_out) ++fatal;
    if (!warn) continue;
    if (finding.weight == Finding::Weight::warning)
      warn(finding.where, finding.message);
    else
      warn(finding.where, "scanning: " + finding.message + (left_out ? ", left out" : ""));
  }
  if (fatal > 0) {
    throw Error(ErrorKind::source, "", "scanning",
                std::to_string(fatal) + (fatal == 1 ? " source item" : " source items") +
                    " could not be read; mend that, or leave unreadable ones out with --skip-unreadable");
  }
  s.spool.flush();
  SourceTree tree = freeze(s.draft, s.options, s.now);
  // The draft's memory goes before anything else is done with the tree.
  const ScanOptions options = s.options;
  const std::stop_token stop = s.stop;
  state_.reset();
  if (options.dedupe) share_contents(tree, options.threads, stop);
  return tree;
}

}  // namespace fsi
