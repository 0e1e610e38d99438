#include "libfsi/source/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "libfsi/source/gzip.h"
#include "libfsi/source/host_path.h"
#include "libfsi/source/tar_header.h"

namespace fsi {

using draft::Aside;
using draft::Entry;

bool has_archive_suffix(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const char* suffix : {".tar", ".tgz", ".taz", ".tbz", ".tbz2", ".tlz", ".txz", ".tzst", ".zip", ".7z", ".cpio", ".iso"})
    if (lower.ends_with(suffix) && lower.size() > std::strlen(suffix)) return true;
  for (const char* inner : {".tar", ".cpio"})
    for (const char* outer : {".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".lz", ".z"}) {
      const std::string suffix = std::string(inner) + outer;
      if (lower.ends_with(suffix) && lower.size() > suffix.size()) return true;
    }
  return false;
}

namespace {

// libarchive turns names into the character set of the thread's locale. Under this it leaves UTF-8
// alone, whatever the user's locale is; other threads are not touched.
class Utf8Names {
 public:
  Utf8Names() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_) before_ = ::uselocale(locale_);
  }
  ~Utf8Names() {
    if (!locale_) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;

 private:
  locale_t locale_, before_{};
};

struct ArchiveFree {
  void operator()(::archive* a) const { ::archive_read_free(a); }
};
using ArchivePtr = std::unique_ptr<::archive, ArchiveFree>;

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
    archive_ = open();
    bool first = true;
    for (::archive_entry* entry = nullptr; next(archive_.get(), entry); first = false) {
      check_stop(job_.stop);
      if (first) know_format();
      member(entry);
    }
    if (first && ::archive_format(archive_.get()) == 0) throw not_an_archive();
    if (::archive_read_has_encrypted_entries(archive_.get()) > 0) throw encrypted("");
    read_to_the_end();
    if (::archive_read_close(archive_.get()) != ARCHIVE_OK) throw corrupt("reading to the end", said(archive_.get()));
  }

 private:
  Error corrupt(const std::string& doing, const std::string& why) const { return {ErrorKind::corrupt, name_, doing, why}; }
  Error encrypted(const std::string& member) const {
    return corrupt(member.empty() ? "reading" : "reading member " + printable(member),
                   "it is encrypted; decrypt it first, then give the result");
  }
  // A tar ends before its compressed stream does; the checksum of that is at its very end.
  void read_to_the_end() {
    while (stream_ && !stream_->next().empty()) check_stop(job_.stop);
  }

  Error not_an_archive() const {
    return corrupt(
        "reading",
        "it is not a tar, zip, 7z, cpio or ISO archive, or damaged from its beginning; to put the file itself into the image write NAME=" +
            name_);
  }
  static std::string said(::archive* a) {
    const char* text = ::archive_error_string(a);
    return text && *text ? printable(text) : "the archive is damaged";
  }

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

  // Only what is in the library: no filter that would start a program.
  ArchivePtr open() {
    ArchivePtr a(::archive_read_new());
    if (!a) throw std::bad_alloc();
    for (auto support : {::archive_read_support_filter_gzip, ::archive_read_support_filter_bzip2, ::archive_read_support_filter_xz,
                         ::archive_read_support_filter_lzma, ::archive_read_support_filter_lzip, ::archive_read_support_filter_zstd,
                         ::archive_read_support_filter_lz4, ::archive_read_support_filter_compress, ::archive_read_support_format_tar,
                         ::archive_read_support_format_zip, ::archive_read_support_format_7zip, ::archive_read_support_format_cpio,
                         ::archive_read_support_format_iso9660})
      support(a.get());
    // A stream goes through our own reading of gzip; a file that is not gzip can be sought in.
    stream_ = regular_ && !begins_like_gzip(fd_->get()) ? nullptr : std::make_unique<GzipStream>(fd_->get(), name_);
    const int opened = stream_ ? ::archive_read_open(a.get(), this, nullptr, next_block, nullptr)
                               : ::archive_read_open_fd(a.get(), fd_->get(), 256 * 1024);
    if (opened != ARCHIVE_OK) {
      rethrow();
      const int error = ::archive_errno(a.get());
      if (error == EIO || error == EBADF) throw system_error(name_, "reading an archive", error, ErrorKind::source);
      if (error == EILSEQ) throw not_an_archive();  // ARCHIVE_ERRNO_FILE_FORMAT, which no header gives
      throw corrupt("reading", said(a.get()));
    }
    return a;
  }

  // libarchive is C: what is thrown below it waits until it has returned.
  static la_ssize_t next_block(::archive* a, void* self, const void** block) {
    auto& members = *static_cast<Members*>(self);
    try {
      const std::span<const std::byte> bytes = members.stream_->next();
      *block = bytes.data();
      return static_cast<la_ssize_t>(bytes.size());
    } catch (...) {
      members.thrown_ = std::current_exception();
      ::archive_set_error(a, EIO, "reading failed");
      return ARCHIVE_FATAL;
    }
  }
  void rethrow() {
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

  // False at the end. Only warnings are let pass: a message about one member, like an odd time.
  bool next(::archive* a, ::archive_entry*& entry) {
    const int result = ::archive_read_next_header(a, &entry);
    rethrow();
    if (result == ARCHIVE_EOF) return false;
    if (result == ARCHIVE_OK) return true;
    if (result == ARCHIVE_WARN) {
      findings_.push_back({Finding::Weight::warning, name_, said(a)});
      return true;
    }
    if (::archive_read_has_encrypted_entries(a) > 0) throw encrypted("");
    if (::archive_format(a) == 0) throw not_an_archive();
    throw corrupt("reading the next member", said(a));
  }

  void know_format() {
    const int format = ::archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK;
    const bool plain = !stream_ && ::archive_filter_code(archive_.get(), 0) == ARCHIVE_FILTER_NONE;
    tar_ = format == ARCHIVE_FORMAT_TAR;
    in_place_ = regular_ && plain && (tar_ || format == ARCHIVE_FORMAT_CPIO || format == ARCHIVE_FORMAT_ISO9660);
    if (regular_ && plain && format == ARCHIVE_FORMAT_ZIP) need_ = true;
  }

  // A zip says all its sizes at little cost: ask for the room before the first member is stored.
  void ask_for_room() {
    need_ = false;
    const off_t before = ::lseek(fd_->get(), 0, SEEK_CUR);
    uint64_t sum = 0;
    ::lseek(fd_->get(), 0, SEEK_SET);
    {
      const ArchivePtr a = open();
      ::archive_entry* entry = nullptr;
      while (::archive_read_next_header(a.get(), &entry) == ARCHIVE_OK)
        if (::archive_entry_size_is_set(entry) && ::archive_entry_size(entry) > 0)
          sum += std::min(static_cast<uint64_t>(::archive_entry_size(entry)), kMostBytes);
    }
    ::lseek(fd_->get(), before, SEEK_SET);
    spool_.need(std::min(sum, kMostBytes), "archive " + name_);
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
    if (::archive_entry_is_encrypted(entry)) throw encrypted(given);
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

  void add_directory(::archive_entry* entry, const std::string& path) {
    const std::string at = in_image(path);
    if (Entry* there = draft_.find(at); there && there->kind != NodeKind::directory && from_here(*there)) draft_.erase(at);
    Entry& made = draft_.make_directory(at, "archive " + name_);
    if (!made.is(draft::kImplied) && !from_here(made)) return;
    Entry given;
    attributes(given, entry);
    copy_attributes(made, given);
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
    } else if (in_place_ && tar_ && !sparse && tar_data_begins_at(fd_->get(), filter_position(), size)) {
      aside.offset = filter_position();
      if (size > file_bytes_ || aside.offset > file_bytes_ - size)
        throw corrupt("reading member " + printable(given), "the archive ends in the middle of it; fetch it again");
      aside.place = place_of_archive();
    } else {
      copy_data(given, known ? std::optional(size) : std::nullopt, sparse, aside);
    }
  }

  uint64_t filter_position() const { return static_cast<uint64_t>(::archive_filter_bytes(archive_.get(), 0)); }

  // Reads all of a member. As long as every block is found byte for byte in the archive file itself,
  // one after the other, nothing is stored; from the first that is not, everything is.
  void copy_data(const std::string& given, std::optional<uint64_t> size, bool sparse, Aside& aside) {
    if (need_) ask_for_room();
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
    for (;;) {
      const void* data = nullptr;
      size_t bytes = 0;
      la_int64_t offset = 0;
      const int result = ::archive_read_data_block(archive_.get(), &data, &bytes, &offset);
      rethrow();
      if (result == ARCHIVE_EOF) break;
      if (result != ARCHIVE_OK) {
        if (::archive_read_has_encrypted_entries(archive_.get()) > 0) throw encrypted(given);
        throw corrupt("reading member " + printable(given), said(archive_.get()));
      }
      check_stop(job_.stop);
      if (bytes == 0) continue;
      if (offset < 0 || static_cast<uint64_t>(offset) < done || static_cast<uint64_t>(offset) + bytes > kMostBytes ||
          (size && static_cast<uint64_t>(offset) + bytes > *size))
        throw corrupt("reading member " + printable(given), "it has more data than it says");
      const std::span block(static_cast<const std::byte*>(data), bytes);
      const auto position = static_cast<uint64_t>(offset);
      if (stays) {
        if (done == 0) aside.offset = filter_position();
        if (position == done && filter_position() == aside.offset + done && lies_at(aside.offset + done, block)) {
          done += bytes;
          continue;
        }
        begin_storing(done);
      }
      spool_.write(base + position, block, what);
      done = position + bytes;
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
  std::unique_ptr<GzipStream> stream_;
  std::exception_ptr thrown_;
  ArchivePtr archive_;
  uint32_t source_ = 0, archive_place_ = kNone, spool_place_ = kNone;
  bool regular_ = false, in_place_ = false, tar_ = false, need_ = false, granted_ = false;
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
