#include "libfsi/source/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <cerrno>
#include <new>
#include <utility>

namespace fsi {

Utf8Names::Utf8Names() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
  if (locale_) before_ = ::uselocale(static_cast<locale_t>(locale_));
}

Utf8Names::~Utf8Names() {
  if (!locale_) return;
  ::uselocale(static_cast<locale_t>(before_));
  ::freelocale(static_cast<locale_t>(locale_));
}

void ArchiveReader::Free::operator()(::archive* a) const { ::archive_read_free(a); }

ArchiveReader::ArchiveReader(int fd, bool seekable, std::string name) : name_(std::move(name)), archive_(::archive_read_new()) {
  ::archive* const a = archive_.get();
  if (!a) throw std::bad_alloc();
  // Only what is in the library: no filter that would start a program.
  for (auto support : {::archive_read_support_filter_gzip, ::archive_read_support_filter_bzip2, ::archive_read_support_filter_xz,
                       ::archive_read_support_filter_lzma, ::archive_read_support_filter_lzip, ::archive_read_support_filter_zstd,
                       ::archive_read_support_filter_lz4, ::archive_read_support_filter_compress, ::archive_read_support_format_tar,
                       ::archive_read_support_format_zip, ::archive_read_support_format_7zip, ::archive_read_support_format_cpio,
                       ::archive_read_support_format_iso9660})
    support(a);
  // A stream goes through our own reading of gzip; a file that is not gzip can be sought in.
  if (!seekable || begins_like_gzip(fd)) stream_ = std::make_unique<GzipStream>(fd, name_);
  const int opened =
      stream_ ? ::archive_read_open(a, this, nullptr, read_stream_block, nullptr) : ::archive_read_open_fd(a, fd, 256 * 1024);
  if (opened == ARCHIVE_OK) return;
  rethrow();
  const int error = ::archive_errno(a);
  if (error == EIO || error == EBADF) throw system_error(name_, "reading an archive", error, ErrorKind::source);
  if (error == EILSEQ) throw not_an_archive();  // ARCHIVE_ERRNO_FILE_FORMAT, which no header gives
  throw corrupt("reading", said());
}

ArchiveReader::~ArchiveReader() = default;

Error ArchiveReader::encrypted(const std::string& member) const {
  return corrupt(member.empty() ? "reading" : "reading member " + printable(member),
                 "it is encrypted; decrypt it first, then give the result");
}

Error ArchiveReader::not_an_archive() const {
  return corrupt(
      "reading",
      "it is not a tar, zip, 7z, cpio or ISO archive, or damaged from its beginning; to put the file itself into the image write NAME=" +
          name_);
}

std::string ArchiveReader::said() const {
  const char* text = ::archive_error_string(archive_.get());
  return text && *text ? printable(text) : "the archive is damaged; fetch it again";
}

bool ArchiveReader::has_encrypted() const { return ::archive_read_has_encrypted_entries(archive_.get()) > 0; }

// libarchive is C: what is thrown below it waits until it has returned.
ssize_t ArchiveReader::read_stream_block(::archive* a, void* self, const void** block) {
  auto& reader = *static_cast<ArchiveReader*>(self);
  try {
    const std::span<const std::byte> bytes = reader.stream_->next();
    *block = bytes.data();
    return static_cast<ssize_t>(bytes.size());
  } catch (...) {
    reader.thrown_ = std::current_exception();
    ::archive_set_error(a, EIO, "reading failed");
    return ARCHIVE_FATAL;
  }
}

void ArchiveReader::rethrow() {
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

::archive_entry* ArchiveReader::next(std::string& warning) {
  warning.clear();
  ::archive_entry* entry = nullptr;
  const int result = ::archive_read_next_header(archive_.get(), &entry);
  rethrow();
  if (result == ARCHIVE_OK) return entry;
  if (result == ARCHIVE_WARN) {
    warning = said();
    return entry;
  }
  if (has_encrypted()) throw encrypted("");
  if (::archive_format(archive_.get()) == 0) throw not_an_archive();
  if (result == ARCHIVE_EOF) return nullptr;
  throw corrupt("reading the next member", said());
}

bool ArchiveReader::next_block(Block& block, const std::string& member) {
  const void* data = nullptr;
  size_t bytes = 0;
  la_int64_t offset = 0;
  // A warning about data is damage: a checksum or a length that is not right.
  const int result = ::archive_read_data_block(archive_.get(), &data, &bytes, &offset);
  rethrow();
  if (result == ARCHIVE_EOF) return false;
  if (result != ARCHIVE_OK) {
    if (has_encrypted()) throw encrypted(member);
    throw corrupt("reading member " + printable(member), said());
  }
  if (offset < 0) throw corrupt("reading member " + printable(member), "its data has a place before its beginning");
  block = {static_cast<uint64_t>(offset), {static_cast<const std::byte*>(data), bytes}};
  return true;
}

// A tar ends before its compressed stream does; the checksum of that is at its very end.
void ArchiveReader::finish() {
  while (stream_ && !stream_->next().empty()) {
  }
  if (::archive_read_close(archive_.get()) != ARCHIVE_OK) throw corrupt("reading to the end", said());
}

int ArchiveReader::format() const { return ::archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK; }

bool ArchiveReader::plain() const { return !stream_ && ::archive_filter_code(archive_.get(), 0) == ARCHIVE_FILTER_NONE; }

uint64_t ArchiveReader::position() const { return static_cast<uint64_t>(::archive_filter_bytes(archive_.get(), 0)); }

}  // namespace fsi
