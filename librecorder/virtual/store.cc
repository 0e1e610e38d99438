#include "librecorder/virtual/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/sectors.h"
#include "libfsi/base/wire.h"
#include "librecorder/virtual/files.h"

namespace rec::virt {

namespace fs = std::filesystem;
using fsi::kSectorSize;

void Store::create(const fs::path& directory, const Disc& disc) {
  fs::path temporary = directory;
  temporary += ".new";
  remove_tree(temporary);
  make_directory(temporary);
  fsi::open_file(temporary / "data", O_RDWR | O_CREAT, "making a virtual disc");
  fsi::open_file(temporary / "progress", O_RDWR | O_CREAT, "making a virtual disc");
  replace_file(temporary / "disc.json", to_json(disc).dump(1));
  move_to(temporary, directory);
}

Store::Store(fs::path directory)
    : directory_(std::move(directory)),
      data_(fsi::open_file(directory_ / "data", O_RDWR, "opening a virtual disc")),
      progress_(fsi::open_file(directory_ / "progress", O_RDWR, "opening a virtual disc")) {}

Disc Store::load() const {
  const fs::path file = directory_ / "disc.json";
  Disc disc = disc_from_json(nlohmann::json::parse(whole_file(file), nullptr, false), file);
  for (size_t i = 0; i < disc.tracks.size(); ++i) {
    Track& track = disc.tracks[i];
    fsi::Be32 written_to;
    auto bytes = std::as_writable_bytes(std::span(&written_to, 1));
    if (!track.open || fsi::read_at(progress_.get(), i * sizeof written_to, bytes, directory_ / "progress") != sizeof written_to) continue;
    if (written_to < track.written_to || written_to > track.end())
      throw fsi::Error(
          fsi::ErrorKind::corrupt, directory_ / "progress", "reading the state of a virtual disc",
          "track " + std::to_string(i + 1) + " is said to be written outside of its place; remove the disc and insert a new one");
    track.written_to = written_to;
  }
  return disc;
}

void Store::save(const Disc& disc) {
  // A number left behind by a track that never came to be must not speak for a new one.
  for (size_t i = 0; i < disc.tracks.size(); ++i)
    if (disc.tracks[i].open) note_written_to(i, disc.tracks[i].written_to);
  replace_file(directory_ / "disc.json", to_json(disc).dump(1));
}

void Store::read(uint64_t lba, std::span<std::byte> out) const {
  const size_t got = fsi::read_at(data_.get(), lba * kSectorSize, out, data_path());
  std::fill(out.begin() + static_cast<ptrdiff_t>(got), out.end(), std::byte{0});
}

void Store::write(uint64_t lba, std::span<const std::byte> bytes) { fsi::write_at(data_.get(), lba * kSectorSize, bytes, data_path()); }

void Store::erase() {
  if (::ftruncate(data_.get(), 0) != 0) throw fsi::system_error(data_path(), "erasing a virtual disc");
}

void Store::note_written_to(size_t track, uint32_t written_to) {
  const fsi::Be32 value = written_to;
  fsi::write_at(progress_.get(), track * sizeof value, fsi::bytes_of(value), directory_ / "progress");
}

void Store::export_to(const fs::path& file, uint64_t sectors) const {
  const char* const doing = "exporting a virtual disc";
  std::error_code ignored;
  if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored))
    throw fsi::Error(fsi::ErrorKind::usage, file, doing, "it is not a regular file; name a file to be written");
  fs::path temporary = file;
  temporary += ".part";
  fsi::Fd out = fsi::open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, doing);
  try {
    const uint64_t length = sectors * kSectorSize;
    if (::ftruncate(out.get(), static_cast<off_t>(length)) != 0) throw fsi::system_error(temporary, doing);
    std::vector<std::byte> piece(1024 * 1024);
    uint64_t at = 0;
    while (at < length) {
      const off_t data = ::lseek(data_.get(), static_cast<off_t>(at), SEEK_DATA);
      if (data < 0 && errno == ENXIO) break;  // only a hole is left
      if (data < 0) throw fsi::system_error(data_path(), doing);
      const off_t hole = ::lseek(data_.get(), data, SEEK_HOLE);
      if (hole < 0) throw fsi::system_error(data_path(), doing);
      at = static_cast<uint64_t>(data);
      const uint64_t end = std::min<uint64_t>(static_cast<uint64_t>(hole), length);
      while (at < end) {
        const auto part = std::span(piece).first(std::min<uint64_t>(piece.size(), end - at));
        if (fsi::read_at(data_.get(), at, part, data_path()) != part.size()) throw fsi::system_error(data_path(), doing, EIO);
        fsi::write_at(out.get(), at, part, temporary);
        at += part.size();
      }
    }
    out.close(temporary);
    move_to(temporary, file);
  } catch (...) {
    fs::remove(temporary, ignored);
    throw;
  }
}

}  // namespace rec::virt
