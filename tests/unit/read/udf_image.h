// UDF images of ours in memory, for tests that read them, and break one field at a time.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "libfsi/disc/udf.h"
#include "libfsi/fsi.h"
#include "tests/unit/read/listing.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {

inline void fill_tree(fsi::TreeBuilder& tree) {
  const auto bytes = [](const std::string& text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return std::vector<std::byte>(first, first + text.size());
  };
  fsi::Attributes attributes{.mode = 04751, .uid = 7, .gid = 8, .mtime = 1234567890'123456, .atime = 5'000001, .ctime = 6'000002};
  tree.add_memory("/a.txt", bytes("hello"), attributes);
  tree.add_memory("/d/two sectors", bytes(std::string(2049, 'x')));
  tree.add_memory("/d/e/\xD0\xB6 \xE6\x97\xA5", bytes("deep"));
  tree.add_hard_link("/d/link", "/a.txt");
  tree.add_symlink("/ln", "d/../a.txt");
  tree.add_device("/null", fsi::NodeKind::char_device, 259);
  tree.add_memory("/empty", {});
  tree.add_directory_item("/hollow");
  for (int i = 0; i < 100; ++i) tree.add_memory("/many/file number " + std::to_string(i), bytes(std::string(static_cast<size_t>(i), 'm')));
}

/// `revision` 0x0102 to 0x0260, alone or beside ISO 9660. Without manifest: its faults are not what is tested.
inline Bytes udf_image(unsigned revision, bool alone, const std::function<void(fsi::TreeBuilder&)>& fill = fill_tree) {
  fsi::ImageOptions options;
  options.file_systems = alone ? fsi::FileSystems{false, false, false, true} : fsi::FileSystems{true, true, true, true};
  options.udf_revision = revision;
  options.volume.created = options.volume.modified = 1'700'000'000 * fsi::kSecond;
  options.volume.volume_id = "UDF";
  options.digest = fsi::DigestKind::none;
  options.threads = 1;
  fsi::FileSystemImage description(options);
  fill(description.tree());
  const auto image = description.create_result();
  Bytes result(image->sectors() * fsi::kSectorSize);
  image->read({0, image->sectors()}, {reinterpret_cast<std::byte*>(result.data()), result.size()});
  return result;
}

/// The number in `volume.trees` of UDF.
inline size_t udf_tree(bool alone) { return alone ? 0 : 1; }

template <class T>
T take(const Bytes& image, uint64_t at) {
  T record;
  std::memcpy(static_cast<void*>(&record), image.data() + at, sizeof record);
  return record;
}

/// Makes the tag of a descriptor right again after its fields were changed.
inline void reseal(Bytes& image, uint64_t at) {
  auto tag = take<fsi::disc::Tag>(image, at);
  tag.crc = fsi::disc::crc_of({reinterpret_cast<const std::byte*>(image.data() + at + sizeof tag), tag.crc_length});
  tag.checksum = fsi::disc::checksum_of(tag);
  std::memcpy(image.data() + at, &tag, sizeof tag);
}

template <class T>
void change(Bytes& image, uint64_t at, const std::function<void(T&)>& how) {
  auto record = take<T>(image, at);
  how(record);
  std::memcpy(image.data() + at, &record, sizeof record);
  reseal(image, at);
}

}  // namespace fixture
