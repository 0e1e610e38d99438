#include "libfsi/source/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "libfsi/source/archive_reader.h"
#include "libfsi/source/host_path.h"
#include "libfsi/source/tar_header.h"
#include "libfsi/source/xattrs.h"

namespace fsi {

using draft::Aside;
using draft::Entry;

bool has_archive_suffix(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const char* suffix : {".tar", ".tgz", ".taz", ".tbz", ".tbz2", ".tlz", ".txz", ".tzst", ".zip", ".7z", ".cpio", ".iso", ".udf"})
    if (lower.ends_with(suffix) && lower.size() > std::strlen(suffix)) return true;
  for (const char* inner : {".tar", ".cpio"})
    for (const char* outer : {".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".lz", ".z"}) {
      const std::string suffix = std::string(inner) + outer;
      if (lower.ends_with(suffix) && lower.size() > suffix.size()) return true;
    }
  return false;
}

namespace {

// Identities of archive members lie where no real device is; the archive's number keeps them apart.
uint64_t device_of_archive(uint32_t source) { return UINT64_MAX - source; }

// More than any file system can hold; keeps sums of offsets far from overflow.
constexpr uint64_t kMostBytes = uint64_t{1} << 60;
constexpr uint64_t kLargeMember = 64 * 1024;

class Members {
 public:
  Members(const ScanJob& job, std::shared_ptr<Fd> fd, const std::string& name, const std::string& at, draft::Draft& draft, Spool& spool,
          std::vector<Finding>& findings)
      : job_(job), fd_(std::move(fd)), name_(printable(name)), at_(at), draft_(draft), spool_(spool), findings_(findings) {}

  void add() {
    const Utf8Names utf8;
    source_ = draft_.add_source("archive " + name_);
    look_at_file();
    reader_ = std::make_unique<ArchiveReader>(fd_->get(), regular_, name_);
    std::string warning;
    bool first = true;
    while (::archive_entry* entry = reader_->next(warning)) {
      check_stop(job_.stop);
      if (std::exchange(first, false)) know_format();
      if (!warning.empty()) findings_.push_back({Finding::Weight::warning, name_, warning});
      member(entry);
    }
    reader_->finish();
  }

 private:
  Error corrupt(const std::string& doing, const std::string& why) const { return reader_->corrupt(doing, why); }

  void look_at_file() {
    struct stat st;
    if (::fstat(fd_->get(), &st) != 0) throw system_error(name_, "looking at the archive");
    if (S_ISDIR(st.st_mode)) throw system_error(name_, "reading an archive", EISDIR, ErrorKind::source);
    regular_ = S_ISREG(st.st_mode) && ::lseek(fd_->get(), 0, SEEK_CUR) == 0;
    file_bytes_ = static_cast<uint64_t>(st.st_size);
    time_ = to_time(st.st_mtim.tv_sec, static_cast<uint32_t>(st.st_mtim.tv_nsec));
    if (job_.options.output.file && *job_.options.output.file == OutputIdentity::Identity{st.st_dev, st.st_ino})
      throw Error(ErrorKind::usage, name_, "reading an archive", "it is the output as well; give the image another path");
  }

  void know_format() {
    const bool plain = regular_ && reader_->plain();
    const int format = reader_->format();
    tar_ = format == ARCHIVE_FORMAT_TAR;
    in_place_ = plain && (tar_ || format == ARCHIVE_FORMAT_CPIO || format == ARCHIVE_FORMAT_ISO9660);
    sizes_are_cheap_ = plain && format == ARCHIVE_FORMAT_ZIP;
  }

  // A zip says all its sizes at little cost: ask for the room before the first member is stored.
  void ask_for_room() {
    if (!std::exchange(sizes_are_cheap_, false)) return;
    const off_t before = ::lseek(fd_->get(), 0, SEEK_CUR);
    uint64_t sum = 0;
    ::lseek(fd_->get(), 0, SEEK_SET);
    {
      ArchiveReader again(fd_->get(), true, name_);
      std::string warning;
      while (::archive_entry* entry = again.next(warning))
        if (::archive_entry_size_is_set(entry) && ::archive_entry_size(entry) > 0)
          sum += std::min(static_cast<uint64_t>(::archive_entry_size(entry)), kMostBytes - sum);
    }
    ::lseek(fd_->get(), before, SEEK_SET);
    spool_.need(sum, "archive " + name_);
    granted_ = true;
  }

  // The bytes of a name as the archive has them; UTF-8 where it says what it is.
  static std::string bytes_of_name(const char* bytes, const char* utf8) { return bytes ? bytes : utf8 ? utf8 : ""; }

  // A member's path from `at` on, clean. Throws for what would lead out of it.
  std::string clean(const std::string& member, const char* doing) const {
    auto refuse = [&](const char* why) { return corrupt(std::string(doing) + " " + printable(member), why); };
    if (member.empty()) throw refuse("it has no name");
    if (member.front() == '/') throw refuse("an absolute path is refused; make the archive again with relative paths");
    std::string path;
    for (size_t begin = 0; begin < member.size();) {
      const size_t end = std::min(member.find('/', begin), member.size());
      const std::string_view name = std::string_view(member).substr(begin, end - begin);
      begin = end + 1;
      if (name.empty() || name == ".") continue;
      if (name == "..") throw refuse("a path with '..' is refused; make the archive again without it");
      if (name.size() > UINT16_MAX) throw refuse("its name is longer than 65535 bytes");
      path.append(path.empty() ? "" : "/").append(name);
    }
    return path;
  }

  bool excluded(const std::string& path, bool is_directory) const {
    if (job_.exclude.empty()) return false;
    std::string holder = at_;
    for (size_t begin = 0; begin < path.size();) {
      const size_t end = std::min(path.find('/', begin), path.size());
      const std::string name = path.substr(begin, end - begin);
      begin = end + 1;
      if (job_.exclude.matches(holder, name, is_directory || end < path.size())) return true;
      holder.append(holder.ends_with('/') ? "" : "/").append(name);
    }
    return false;
  }

  std::string in_image(const std::string& path) const { return at_ + (at_.ends_with('/') ? "" : "/") + path; }

  void member(::archive_entry* entry) {
    const std::string given = bytes_of_name(::archive_entry_pathname(entry), ::archive_entry_pathname_utf8(entry));
    const std::string path = clean(given, "reading member");
    const char* link = bytes_or_null(::archive_entry_hardlink(entry), ::archive_entry_hardlink_utf8(entry));
    const mode_t type = ::archive_entry_filetype(entry);
    const bool directory = type == AE_IFDIR && !link;
    job_.counter.add(1, given);
    if (::archive_entry_is_encrypted(entry)) throw reader_->encrypted(given);
    if (excluded(path, directory)) return;
    if (directory) return add_directory(entry, path);
    if (path.empty()) throw corrupt("reading member " + printable(given), "it takes the place of the root but is not a directory");

    Entry made;
    if (link) {
      made = hard_link(entry, given, link);
    } else {
      attributes(made, entry);
      Aside& aside = aside_of(made, draft_.pool());
      aside.source = source_;
      if (type == AE_IFREG || type == 0) take_xattrs(made, entry, given);
      switch (type) {
        case AE_IFLNK: {
          const char* target = bytes_or_null(::archive_entry_symlink(entry), ::archive_entry_symlink_utf8(entry));
          if (!target) throw corrupt("reading member " + printable(given), "it is a symbolic link without a target");
          made.kind = NodeKind::symlink;
          aside.payload.target = draft_.pool().keep(target);
          break;
        }
        case AE_IFCHR:
        case AE_IFBLK:
          made.kind = type == AE_IFCHR ? NodeKind::char_device : NodeKind::block_device;
          aside.payload.number = ::archive_entry_rdev(entry);
          break;
        case AE_IFIFO: made.kind = NodeKind::fifo; break;
        case AE_IFSOCK: made.kind = NodeKind::socket; break;
        case AE_IFREG:
        case 0:
          made.kind = NodeKind::file;
          store(entry, given, aside);
          break;
        default:
          findings_.push_back({Finding::Weight::warning, name_, "member " + printable(given) + " is of an unknown kind and is left out"});
          return;
      }
    }
    place(made, path, given);
  }

  static const char* bytes_or_null(const char* bytes, const char* utf8) { return bytes ? bytes : utf8; }

  void attributes(Entry& made, ::archive_entry* entry) const {
    made.mode = static_cast<uint16_t>(::archive_entry_perm(entry) & 07777);
    made.uid = static_cast<uint32_t>(::archive_entry_uid(entry));
    made.gid = static_cast<uint32_t>(::archive_entry_gid(entry));
    auto time = [](int set, int64_t seconds, long nanoseconds, Time otherwise) {
      return set ? to_time(seconds, static_cast<uint32_t>(nanoseconds)) : otherwise;
    };
    made.mtime = time(::archive_entry_mtime_is_set(entry), ::archive_entry_mtime(entry), ::archive_entry_mtime_nsec(entry), time_);
    made.atime = time(::archive_entry_atime_is_set(entry), ::archive_entry_atime(entry), ::archive_entry_atime_nsec(entry), made.mtime);
    made.ctime = time(::archive_entry_ctime_is_set(entry), ::archive_entry_ctime(entry), ::archive_entry_ctime_nsec(entry), made.mtime);
  }

  void take_xattrs(Entry& made, ::archive_entry* entry, const std::string& member) const {
    if (job_.options.xattrs == Xattrs::ignore || ::archive_entry_xattr_reset(entry) == 0) return;
    XattrTaker taker(job_.options.xattrs, draft_.pool(), draft_.left_attributes);
    const char* name;
    const void* value;
    size_t size;
    while (::archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
      if (taker.wants(name)) taker.take(name, {static_cast<const char*>(value), value ? size : 0});
    if (!taker.finish(made)) throw corrupt("reading member " + printable(member), "it has two extended attributes of one name");
  }

  void add_directory(::archive_entry* entry, const std::string& path) {
    const std::string at = in_image(path);
    if (Entry* there = draft_.find(at); there && there->kind != NodeKind::directory && from_here(*there)) draft_.erase(at);
    Entry& made = draft_.make_directory(at, "archive " + name_);
    if (!made.is(draft::kImplied) && !from_here(made)) return;
    Entry given;
    attributes(given, entry);
    take_xattrs(given, entry, path);
    copy_attributes(made, given, draft_.pool());
    aside_of(made, draft_.pool()).source = source_;
  }

  bool from_here(const Entry& entry) const { return entry.is(draft::kAside) && entry.aside->source == source_; }

  Entry hard_link(::archive_entry* entry, const std::string& given, const char* link) {
    const std::string target = clean(link, "following the hard link to");
    Entry* const first = draft_.find(in_image(target));
    if (!first || !from_here(*first) || first->kind == NodeKind::directory)
      throw corrupt("reading member " + printable(given), "it is a hard link to " + printable(link) +
                                                              ", which was not among the members before it" +
                                                              (job_.exclude.empty() ? "" : " or was excluded; exclude both or neither"));
    Aside& inode = *first->aside;
    if (!inode.hard_linked) {
      inode.hard_linked = true;
      inode.device = device_of_archive(source_);
      inode.inode = ++inodes_;
    }
    // cpio writes the data with the last link, not with the first. The Aside is common to all.
    if (first->kind == NodeKind::file && ::archive_entry_size_is_set(entry) && ::archive_entry_size(entry) > 0) store(entry, given, inode);
    return *first;
  }

  void place(const Entry& made, const std::string& path, const std::string& given) {
    const std::string at = in_image(path);
    if (Entry* there = draft_.find(at); there && from_here(*there)) {
      if (there->kind == NodeKind::directory)
        throw corrupt("reading member " + printable(given), "the archive has a directory of the same name as well");
      draft_.erase(at);
    }
    draft_.put(at, made, "member " + printable(given) + " of archive " + name_);
  }

  // Finds or makes the place of a member's data.
  void store(::archive_entry* entry, const std::string& given, Aside& aside) {
    const bool known = ::archive_entry_size_is_set(entry);
    const int64_t said_size = known ? ::archive_entry_size(entry) : 0;
    if (said_size < 0 || static_cast<uint64_t>(said_size) > kMostBytes)
      throw corrupt("reading member " + printable(given), "its size is not possible");
    const auto size = static_cast<uint64_t>(said_size);
    aside.payload.number = size;
    aside.origin = OriginKind::descriptor;
    const bool sparse = ::archive_entry_sparse_count(entry) > 0;
    if (known && size == 0 && !sparse) {
      aside.place = place_of_empty();
    } else if (in_place_ && tar_ && !sparse && tar_data_begins_at(fd_->get(), reader_->position(), size)) {
      aside.offset = reader_->position();
      if (size > file_bytes_ || aside.offset > file_bytes_ - size)
        throw corrupt("reading member " + printable(given), "the archive ends in the middle of it; fetch it again");
      aside.place = place_of_archive();
    } else {
      copy_data(given, known ? std::optional(size) : std::nullopt, sparse, aside);
    }
  }

  // Reads all of a member. As long as every block is found byte for byte in the archive file itself,
  // one after the other, nothing is stored; from the first that is not, everything is.
  void copy_data(const std::string& given, std::optional<uint64_t> size, bool sparse, Aside& aside) {
    ask_for_room();
    const std::string what = "member " + printable(given) + " of " + name_;
    bool stays = in_place_ && !tar_ && !sparse;
    uint64_t done = 0, base = 0;
    auto begin_storing = [&](uint64_t already) {
      if (size && !sparse && !granted_) spool_.need(*size, what);
      base = spool_.begin(size.value_or(kLargeMember) >= kLargeMember);
      stays = false;
      std::vector<std::byte> again(std::min<uint64_t>(already, 1 << 20));
      for (uint64_t copied = 0; copied < already;) {
        const std::span<std::byte> part(again.data(), std::min<uint64_t>(again.size(), already - copied));
        if (read_at(fd_->get(), aside.offset + copied, part, name_) != part.size()) throw corrupt("reading " + what, "it shrank");
        spool_.write(base + copied, part, what);
        copied += part.size();
      }
    };
    if (!stays) begin_storing(0);
    for (ArchiveReader::Block block; reader_->next_block(block, given);) {
      check_stop(job_.stop);
      const size_t bytes = block.bytes.size();
      if (bytes == 0) continue;
      if (block.offset < done || block.offset > kMostBytes || (size && (block.offset > *size || bytes > *size - block.offset)))
        throw corrupt("reading member " + printable(given), "it has more data than it says");
      if (stays) {
        if (done == 0) aside.offset = reader_->position();
        if (block.offset == done && reader_->position() == aside.offset + done && lies_at(aside.offset + done, block.bytes)) {
          done += bytes;
          continue;
        }
        begin_storing(done);
      }
      spool_.write(base + block.offset, block.bytes, what);
      done = block.offset + bytes;
    }
    if (size && !sparse && done != *size && !(tar_ && done < *size))
      throw corrupt("reading member " + printable(given), "it ends too early");
    const uint64_t full = size.value_or(done);
    aside.payload.number = full;
    if (stays && done == full) {
      aside.place = place_of_archive();
      return;
    }
    if (stays) begin_storing(done);
    spool_.end(base + full);
    aside.offset = base;
    aside.place = place_of(spool_.descriptor(), spool_place_);
  }

  bool lies_at(uint64_t position, std::span<const std::byte> block) {
    compare_.resize(block.size());
    return read_at(fd_->get(), position, compare_, name_) == block.size() && std::memcmp(compare_.data(), block.data(), block.size()) == 0;
  }

  uint32_t place_of(const std::shared_ptr<Fd>& fd, uint32_t& known) {
    for (uint32_t i = 0; known == kNone && i < draft_.descriptors.size(); ++i)
      if (draft_.descriptors[i] == fd) known = i;
    if (known == kNone) {
      known = static_cast<uint32_t>(draft_.descriptors.size());
      draft_.descriptors.push_back(fd);
    }
    return known;
  }
  uint32_t place_of_archive() { return place_of(fd_, archive_place_); }
  // A member without data needs a descriptor that can be asked, nothing more.
  uint32_t place_of_empty() { return regular_ ? place_of_archive() : place_of(spool_.descriptor(), spool_place_); }

  const ScanJob& job_;
  const std::shared_ptr<Fd> fd_;
  const std::string name_, at_;
  draft::Draft& draft_;
  Spool& spool_;
  std::vector<Finding>& findings_;
  std::unique_ptr<ArchiveReader> reader_;
  uint32_t source_ = 0, archive_place_ = kNone, spool_place_ = kNone;
  bool regular_ = false, in_place_ = false, tar_ = false, sizes_are_cheap_ = false, granted_ = false;
  uint64_t file_bytes_ = 0, inodes_ = 0;
  Time time_ = 0;
  std::vector<std::byte> compare_;
};

}  // namespace

void add_archive_members(const ScanJob& job, std::shared_ptr<Fd> fd, const std::string& name, const std::string& at, draft::Draft& draft,
                         Spool& spool, std::vector<Finding>& findings) {
  Members(job, std::move(fd), name, at, draft, spool, findings).add();
}

}  // namespace fsi
