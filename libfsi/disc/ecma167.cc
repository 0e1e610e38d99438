#include "libfsi/disc/ecma167.h"

namespace fsi::disc {

namespace {

// tables[k][b]: what the byte b does to the CRC when k more bytes follow. Eight at a time.
using CrcTables = std::array<std::array<uint16_t, 256>, 8>;

constexpr CrcTables make_tables() {
  CrcTables tables{};
  for (unsigned b = 0; b < 256; ++b) {
    unsigned crc = b << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
    tables[0][b] = static_cast<uint16_t>(crc);
  }
  for (size_t k = 1; k < 8; ++k)
    for (unsigned b = 0; b < 256; ++b) {
      const uint16_t crc = tables[k - 1][b];
      tables[k][b] = static_cast<uint16_t>(crc << 8 ^ tables[0][crc >> 8]);
    }
  return tables;
}

constexpr CrcTables kTables = make_tables();

}  // namespace

uint16_t crc_of(std::span<const std::byte> bytes) {
  unsigned crc = 0;
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8)
    crc = kTables[7][p[0] ^ (crc >> 8)] ^ kTables[6][p[1] ^ (crc & 0xFF)] ^ kTables[5][p[2]] ^ kTables[4][p[3]] ^ kTables[3][p[4]] ^
          kTables[2][p[5]] ^ kTables[1][p[6]] ^ kTables[0][p[7]];
  for (; left; --left, ++p) crc = (crc << 8 & 0xFFFF) ^ kTables[0][(crc >> 8) ^ *p];
  return static_cast<uint16_t>(crc);
}

uint8_t checksum_of(const Tag& tag) {
  const auto bytes = bytes_of(tag);
  unsigned sum = 0;
  for (size_t i = 0; i < sizeof tag; ++i)
    if (i != offsetof(Tag, checksum)) sum += std::to_integer<unsigned>(bytes[i]);
  return static_cast<uint8_t>(sum);
}

void seal_descriptor(std::span<std::byte> bytes, TagId id, uint16_t version, uint32_t location) {
  Tag tag;
  const auto body = bytes.subspan(sizeof tag);
  tag.identifier = static_cast<uint16_t>(id);
  tag.version = version;
  tag.crc = crc_of(body);
  tag.crc_length = body.size();
  tag.location = location;
  tag.checksum = checksum_of(tag);
  std::memcpy(bytes.data(), &tag, sizeof tag);
}

}  // namespace fsi::disc
