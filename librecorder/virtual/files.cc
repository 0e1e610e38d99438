#include "librecorder/virtual/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <span>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"

namespace rec::virt {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStoring = "storing the state of a virtual drive";
constexpr const char* kReading = "reading the state of a virtual drive";

void check(const std::error_code& error, const fs::path& where, const char* doing) {
  if (error)
    throw fsi::Error(error == std::errc::no_space_on_device ? fsi::ErrorKind::no_space : fsi::ErrorKind::failed, where, doing,
                     error.message());
}

}  // namespace

void replace_file(const fs::path& file, const std::string& text) {
  fs::path temporary = file;
  temporary += ".new";
  fsi::Fd fd = fsi::open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, kStoring);
  fsi::write_at(fd.get(), 0, std::as_bytes(std::span(text)), temporary);
  fd.close(temporary);
  move_to(temporary, file);
}

std::string whole_file(const fs::path& file) {
  const fsi::Fd fd = fsi::open_file(file, O_RDONLY, kReading);
  struct stat about;
  if (::fstat(fd.get(), &about) != 0) throw fsi::system_error(file, kReading);
  std::string text(static_cast<size_t>(about.st_size), '\0');
  text.resize(fsi::read_at(fd.get(), 0, std::as_writable_bytes(std::span(text)), file));
  return text;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const bool there = fs::exists(path, error);
  check(error, path, kReading);
  return there;
}

void make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  check(error, directory, kStoring);
}

void remove_tree(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  check(error, directory, "removing a virtual drive or disc");
}

void move_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  check(error, to, kStoring);
}

}  // namespace rec::virt
