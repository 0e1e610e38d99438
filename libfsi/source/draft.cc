#include "libfsi/source/draft.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "libfsi/base/error.h"

namespace fsi::draft {

std::string path_of(const HostDir& host) {
  std::vector<std::string_view> components;
  const HostDir* at = &host;
  for (; at->parent; at = at->parent) components.push_back(at->name);
  std::string path(at->name);
  for (auto component = components.rbegin(); component != components.rend(); ++component) {
    if (path.empty() || path.back() != '/') path += '/';
    path += *component;
  }
  return path;
}

std::string path_of(const HostDir& host, std::string_view name) {
  std::string path = path_of(host);
  if (path == ".")
    path.clear();
  else if (path.empty() || path.back() != '/')
    path += '/';
  return path.append(name);
}

// Below this an array is left to the heap: a page of its own would be mostly waste.
constexpr size_t kMappedBytes = 32 * 1024;

EntryArray::EntryArray(size_t count) : size_(count) {
  if (count == 0) return;
  if (mapped()) {
    void* pages = ::mmap(nullptr, count * sizeof(Entry), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<Entry*>(pages);
  } else {
    data_ = static_cast<Entry*>(::operator new(count * sizeof(Entry)));
  }
  // Pages are touched by whoever fills them, so the entries of a mapping start as zero bytes, which
  // are a legal Entry except for the name.
  if (!mapped()) std::uninitialized_default_construct_n(data_, count);
}

EntryArray::~EntryArray() {
  if (!data_) return;
  if (mapped())
    ::munmap(data_, size_ * sizeof(Entry));
  else
    ::operator delete(data_);
}

bool EntryArray::mapped() const { return size_ * sizeof(Entry) >= kMappedBytes; }

void EntryArray::swap(EntryArray& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
}

void EntryArray::release_front(size_t count) {
  if (!mapped()) return;
  static const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  if (const size_t bytes = count * sizeof(Entry) / page * page) ::madvise(data_, bytes, MADV_DONTNEED);
}

Entry* Directory::find(std::string_view name) {
  Entry* found = std::lower_bound(entries.begin(), entries.end(), name, [](const Entry& e, std::string_view n) { return e.text() < n; });
  if (found != entries.end() && found->text() == name && !found->is(kRemoved)) return found;
  if (!added) return nullptr;
  const auto it = added->find(name);
  return it == added->end() ? nullptr : &it->second;
}

Entry& Directory::add(const Entry& entry) {
  if (!added) added = std::make_unique<std::map<std::string_view, Entry>>();
  return added->emplace(entry.text(), entry).first->second;
}

void Directory::seal() {
  const auto removed = static_cast<size_t>(std::count_if(entries.begin(), entries.end(), [](const Entry& e) { return e.is(kRemoved); }));
  if (!added && removed == 0) return;
  EntryArray all(entries.size() - removed + (added ? added->size() : 0));
  Entry* out = all.begin();
  auto next = added ? added->begin() : decltype(added->begin()){};
  auto take_added_before = [&](const Entry* limit) {
    while (added && next != added->end() && (!limit || next->first < limit->text())) *out++ = (next++)->second;
  };
  for (const Entry& entry : entries) {
    if (entry.is(kRemoved)) continue;
    take_added_before(&entry);
    *out++ = entry;
  }
  take_added_before(nullptr);
  entries = std::move(all);
  added.reset();
}

const char* Pool::keep(std::string_view text) {
  constexpr size_t kBlock = 64 * 1024;
  const size_t bytes = text.size() + 1;
  if (bytes > room_) {
    const size_t size = std::max(bytes, kBlock);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    next_ = blocks_.back().get();
    room_ = size;
  }
  char* copy = next_;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  next_ += bytes;
  room_ -= bytes;
  return copy;
}

Aside& aside_of(Entry& entry, Pool& pool) {
  if (!entry.is(kAside)) {
    Aside& aside = pool.asides.emplace_back();
    aside.payload = entry.payload;
    entry.aside = &aside;
    entry.flags |= kAside;
  }
  return *entry.aside;
}

std::vector<std::string_view> components_of(std::string_view path) {
  std::vector<std::string_view> components;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty()) continue;
    auto refuse = [&](const char* why) -> Error { return {ErrorKind::usage, printable(path), "reading a path of the image", why}; };
    if (name == "." || name == "..") throw refuse("it has a component '.' or '..'; give the path from the root of the image");
    if (name.size() > UINT16_MAX) throw refuse("it has a name of more than 65535 bytes; shorten it");
    if (name.find('\0') != std::string_view::npos) throw refuse("it has a NUL byte in a name");
    components.push_back(name);
  }
  return components;
}

std::string clean_path(std::string_view path) {
  std::string clean;
  for (const std::string_view name : components_of(path)) clean.append("/").append(name);
  return clean.empty() ? "/" : clean;
}

void copy_attributes(Entry& to, const Entry& from, Pool& pool) {
  to.mtime = from.mtime;
  to.atime = from.atime;
  to.ctime = from.ctime;
  to.uid = from.uid;
  to.gid = from.gid;
  to.mode = from.mode;
  constexpr uint8_t kind_of_attributes = kImplied | kHidden;
  to.flags = static_cast<uint8_t>((to.flags & ~kind_of_attributes) | (from.flags & kind_of_attributes));
  if (streams_of(to) != streams_of(from)) aside_of(to, pool).streams = streams_of(from);
}

Draft::Draft() {
  pools_.push_back(std::make_unique<Pool>());
  root = new_directory("");
}

uint32_t Draft::add_source(std::string name) {
  sources.push_back(std::move(name));
  return static_cast<uint32_t>(sources.size() - 1);
}

Entry Draft::new_directory(std::string_view name) {
  Entry entry;
  entry.name = pool().keep(name);
  entry.name_length = static_cast<uint16_t>(name.size());
  entry.kind = NodeKind::directory;
  entry.mode = 0755;
  entry.flags = kImplied;
  entry.payload.directory = &pool().directories.emplace_back();
  return entry;
}

Entry* Draft::find(const std::vector<std::string_view>& components, Directory*& holder) {
  Entry* at = &root;
  for (const std::string_view name : components) {
    if (at->kind != NodeKind::directory) return nullptr;
    holder = at->value().directory;
    at = holder->find(name);
    if (!at) return nullptr;
  }
  return at;
}

Entry* Draft::find(std::string_view path) {
  Directory* holder = nullptr;
  return find(components_of(path), holder);
}

Aside& Draft::with_origin(std::string_view path) {
  Directory* holder = nullptr;
  Entry& entry = *find(components_of(path), holder);
  Aside& aside = aside_of(entry, pool());
  if (aside.origin == OriginKind::host_file && !aside.host) aside.host = holder->host;
  if (aside.host && !aside.host_name) aside.host_name = entry.name;
  return aside;
}

Directory& Draft::make_parents(const std::vector<std::string_view>& components, const std::string& source) {
  Entry* at = &root;
  std::string path;
  for (size_t i = 0; i + 1 < components.size(); ++i) {
    Directory& holder = *at->value().directory;
    Entry* next = holder.find(components[i]);
    if (!next) next = &holder.add(new_directory(components[i]));
    path.append("/").append(components[i]);
    if (next->kind != NodeKind::directory)
      throw Error(ErrorKind::usage, printable(path), "putting " + source + " below it",
                  "it is not a directory but comes from " + origin_of(holder, *next) + "; give one of the two another path");
    at = next;
  }
  return *at->value().directory;
}

Entry& Draft::make_directory(std::string_view path, const std::string& source) {
  std::vector<std::string_view> components = components_of(path);
  if (components.empty()) return root;
  Directory& holder = make_parents(components, source);
  if (Entry* there = holder.find(components.back())) {
    if (there->kind == NodeKind::directory) return *there;
    throw Error(ErrorKind::usage, printable(clean_path(path)), "putting the directory " + source + " there",
                "it is not a directory but comes from " + origin_of(holder, *there) + "; give one of the two another path");
  }
  return holder.add(new_directory(components.back()));
}

Entry& Draft::put(std::string_view path, Entry entry, const std::string& source) {
  const std::vector<std::string_view> components = components_of(path);
  if (components.empty())
    throw Error(ErrorKind::usage, "/", "putting " + source + " there", "the root of the image is a directory; give a path below it");
  Directory& holder = make_parents(components, source);
  if (Entry* there = holder.find(components.back()))
    throw Error(
        ErrorKind::usage, printable(clean_path(path)), "putting " + source + " there",
        "duplicate target: it comes from " + origin_of(holder, *there) + " already; give one of the two another path, or exclude it");
  entry.name = pool().keep(components.back());
  entry.name_length = static_cast<uint16_t>(components.back().size());
  return holder.add(entry);
}

bool Draft::erase(std::string_view path) {
  const std::vector<std::string_view> components = components_of(path);
  Directory* holder = nullptr;
  Entry* const found = find(components, holder);
  if (!found || !holder) return false;
  if (holder->added && holder->added->erase(components.back())) return true;
  found->flags |= kRemoved;
  return true;
}

void Draft::merge(Entry& into, Entry& from, const std::string& path, uint32_t source) {
  struct Pair {
    Entry* into;
    Entry* from;
    std::string path;
  };
  std::vector<Pair> work{{&into, &from, path}};
  while (!work.empty()) {
    const Pair pair = std::move(work.back());
    work.pop_back();
    if (pair.into->is(kImplied)) copy_attributes(*pair.into, *pair.from, pool());
    Directory& target = *pair.into->value().directory;
    Directory& origin = *pair.from->value().directory;
    if (target.empty()) {
      target.entries = std::move(origin.entries);
      target.host = origin.host;
      target.added = std::move(origin.added);
      continue;
    }
    origin.seal();
    std::vector<Pair> below;
    for (Entry& entry : origin.entries) {
      Entry* there = target.find(entry.text());
      const std::string at = pair.path + (pair.path.ends_with('/') ? "" : "/") + std::string(entry.text());
      if (!there) {
        Aside& aside = aside_of(entry, pool());
        if (!aside.host) aside.host = origin.host;
        if (aside.source == kNone) aside.source = source;
        target.add(entry);
      } else if (there->kind == NodeKind::directory && entry.kind == NodeKind::directory) {
        below.push_back({there, &entry, at});
      } else {
        throw Error(
            ErrorKind::usage, printable(at), "putting " + origin_of(origin, entry) + " there",
            "duplicate target: it comes from " + origin_of(target, *there) + " already; give one of the two another path, or exclude it");
      }
    }
    // The last pushed is looked at first, so that the first collision in source order is the one told.
    work.insert(work.end(), std::make_move_iterator(below.rbegin()), std::make_move_iterator(below.rend()));
  }
}

std::string Draft::origin_of(const Directory& holder, const Entry& entry) const {
  if (entry.is(kAside)) {
    const Aside& aside = *entry.aside;
    if (aside.host) return printable(path_of(*aside.host, aside.host_name ? aside.host_name : entry.text()));
    if (aside.source != kNone) return sources[aside.source];
  }
  if (holder.host) return printable(path_of(*holder.host, entry.text()));
  return "another source";
}

}  // namespace fsi::draft
