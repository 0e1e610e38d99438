// zisofs, as mkzftree makes it: a header, a table of pointers, one more than blocks, and each block as a zlib stream of its
// own; a block of length 0 is zeros.
#include "libfsi/read/content.h"

#include <sys/sysmacros.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"

namespace fsi {

namespace {

constexpr std::array<unsigned char, 8> kMagic = {0x37, 0xE4, 0x53, 0x96, 0xC9, 0xDB, 0xD6, 0x07};

[[noreturn]] void corrupt(const SectorSource& source, const char* why) {
  throw Error(ErrorKind::corrupt, source.name(), "decompressing a file", why);
}

}  // namespace

EntryContent::EntryContent(const TreeEntry& entry)
    : data_({entry.extents.begin(), entry.extents.end()}), size_(entry.size), compressed_(entry.compressed) {}

size_t EntryContent::read(const SectorSource& source, uint64_t offset, std::span<std::byte> out) const {
  if (offset >= size()) return 0;
  out = out.first(static_cast<size_t>(std::min<uint64_t>(out.size(), size() - offset)));
  if (!compressed_) {
    if (data_.read(source, offset, out) != out.size())
      throw Error(ErrorKind::corrupt, source.name(), "reading a file", "its extents end before the file does; verify names the fault");
    return out.size();
  }
  if (compressed_->block_log2 == 0) corrupt(source, "it is compressed in a way that is not known");
  const uint64_t block_size = uint64_t{1} << compressed_->block_log2;
  std::vector<std::byte> whole;
  for (size_t done = 0; done < out.size();) {
    const uint64_t block = (offset + done) >> compressed_->block_log2, inside = (offset + done) & (block_size - 1);
    whole.resize(std::min(block_size, compressed_->size - block * block_size));
    read_block(source, block, whole);
    const size_t part = std::min<size_t>(out.size() - done, whole.size() - inside);
    std::memcpy(out.data() + done, whole.data() + inside, part);
    done += part;
  }
  return out.size();
}

void EntryContent::read_block(const SectorSource& source, uint64_t block, std::span<std::byte> out) const {
  struct Header {
    unsigned char magic[8];
    Le32 size;
    U8 header_words, block_log2;
    Le16 reserved;
  } header;
  static_assert(sizeof header == 16);
  const auto take = [&](uint64_t at, std::span<std::byte> bytes) {
    if (data_.read(source, at, bytes) != bytes.size()) corrupt(source, "its compressed data ends too early");
  };
  take(0, {reinterpret_cast<std::byte*>(&header), sizeof header});
  if (std::memcmp(header.magic, kMagic.data(), kMagic.size()) != 0 || header.size != compressed_->size ||
      header.header_words * 4u != compressed_->header_bytes || header.block_log2 != compressed_->block_log2)
    corrupt(source, "its compressed data does not begin as its directory record says");
  std::array<Le32, 2> pointers;
  take(compressed_->header_bytes + block * sizeof(Le32), {reinterpret_cast<std::byte*>(pointers.data()), sizeof pointers});
  const uint64_t first = pointers[0], end = pointers[1];
  if (end < first || end > data_.bytes() || end - first > 2 * (uint64_t{1} << compressed_->block_log2))
    corrupt(source, "a pointer of its compressed data leads nowhere");
  if (first == end) {
    std::ranges::fill(out, std::byte{0});
    return;
  }
  std::vector<std::byte> packed(end - first);
  take(first, packed);
  uLongf length = out.size();
  if (::uncompress(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(packed.data()), packed.size()) != Z_OK ||
      length != out.size())
    corrupt(source, "its compressed data is damaged");
}

uint64_t device_number(const TreeEntry& entry) {
  if (entry.device_high == 0) return entry.device_low;
  return makedev(static_cast<unsigned>(entry.device_high), static_cast<unsigned>(entry.device_low));
}

}  // namespace fsi
