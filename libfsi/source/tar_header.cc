#include "libfsi/source/tar_header.h"

#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace fsi {

namespace {

struct TarHeader {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], typeflag, rest[355];
};
static_assert(sizeof(TarHeader) == 512 && offsetof(TarHeader, checksum) == 148 && offsetof(TarHeader, typeflag) == 156);

constexpr uint64_t kMostOctal = 077777777777;

// Octal digits with blanks around, or base-256 as GNU writes it (first bit set).
std::optional<uint64_t> number(std::string_view field) {
  uint64_t value = 0;
  if (static_cast<unsigned char>(field[0]) == 0x80) {
    for (const char c : field.substr(1)) {
      if (value >> 56) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  size_t i = 0;
  while (i < field.size() && field[i] == ' ') ++i;
  for (; i < field.size() && field[i] >= '0' && field[i] <= '7'; ++i) value = value * 8 + static_cast<uint64_t>(field[i] - '0');
  if (i < field.size() && field[i] != ' ' && field[i] != '\0') return std::nullopt;
  return value;
}

uint64_t checksum_of(const TarHeader& header) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  constexpr size_t first = offsetof(TarHeader, checksum), end = first + sizeof header.checksum;
  uint64_t sum = 0;
  for (size_t i = 0; i < sizeof header; ++i) sum += i >= first && i < end ? ' ' : bytes[i];
  return sum;
}

}  // namespace

bool tar_data_begins_at(int fd, uint64_t offset, uint64_t size) {
  TarHeader header;
  if (offset < sizeof header) return false;
  if (::pread(fd, &header, sizeof header, static_cast<off_t>(offset - sizeof header)) != static_cast<ssize_t>(sizeof header)) return false;
  const std::optional<uint64_t> sum = number({header.checksum, sizeof header.checksum});
  const std::optional<uint64_t> own = number({header.size, sizeof header.size});
  if (!sum || !own || *sum != checksum_of(header)) return false;
  if (header.typeflag != '0' && header.typeflag != '\0' && header.typeflag != '7') return false;
  return *own == size || size > kMostOctal;
}

}  // namespace fsi
