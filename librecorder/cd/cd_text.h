// CD-TEXT: names of discs and tracks in packs of 18 bytes in the lead-in's subchannel R to W. IEC 60908 and MMC-3 annex J: pack types
// 80 to 8F, up to eight language blocks of up to 256 packs, CRC-16 over each pack. Pure functions over values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rec::cd {

enum class CdTextType : uint8_t {
  title = 0x80,
  performer = 0x81,
  songwriter = 0x82,
  composer = 0x83,
  arranger = 0x84,
  message = 0x85,
  disc_id = 0x86,  ///< of the disc alone
  genre = 0x87,    ///< of the disc alone: a code of two bytes, and words
  toc = 0x88,
  toc2 = 0x89,
  closed = 0x8D,
  code = 0x8E,  ///< UPC/EAN of the disc, ISRC of the tracks
  size = 0x8F,
};

enum class CdTextCharset : uint8_t { iso_8859_1 = 0x00, ascii = 0x01, ms_jis = 0x80 };
/// EBU Tech 3264, appendix 3.
inline constexpr uint8_t kLanguageEnglish = 0x09, kLanguageJapanese = 0x69;

/// The texts of one language, in the bytes of its character set. Element 0 of a text is the disc's, then each track's in order.
struct CdTextBlock {
  uint8_t language = kLanguageEnglish;
  CdTextCharset charset = CdTextCharset::iso_8859_1;
  uint8_t first_track = 1, last_track = 0;
  uint8_t copyright = 0;  ///< byte 3 of the size information
  uint16_t genre_code = 0;
  std::map<CdTextType, std::vector<std::string>> texts;

  /// `track` 0 is the disc. Makes room for it.
  void set(CdTextType type, size_t track, std::string text);
  /// Empty when there is none.
  std::string_view get(CdTextType type, size_t track) const;
};

struct CdText {
  std::vector<CdTextBlock> blocks;
  bool empty() const { return blocks.empty(); }
};

/// One pack, as recorded.
struct CdTextPack {
  uint8_t type = 0, track = 0, sequence = 0,
          position = 0;  ///< position: block number in bits 6-4, characters before in 3-0, bit 7 double byte
  std::array<uint8_t, 12> text{};
  uint8_t crc[2]{};
};
static_assert(sizeof(CdTextPack) == 18);

/// The packs of all blocks in order, size information last in each. Throws Error (limit) when a block has more than 256.
/// `last_track`: of the disc; a text of fewer tracks is filled up with empty ones.
std::vector<CdTextPack> encode_cd_text(const CdText& text, uint8_t first_track, uint8_t last_track);

/// Whole packs one after the other, as lead-ins, READ TOC format 5 (without its header) and .cdt files have them. Packs with a wrong
/// CRC are left out and counted. Bytes that are no CD-TEXT at all give no block.
struct DecodedCdText {
  CdText text;
  size_t packs = 0, damaged = 0;
};
DecodedCdText decode_cd_text(std::span<const std::byte> packs);

/// A block of UTF-8 texts in the character set that loses least: ISO 8859-1, else MS-JIS. `lost` counts the characters that it does not
/// have, which become '?'. A language that nobody has chosen (English) becomes Japanese where there is Japanese in it.
CdTextBlock encoded(CdTextBlock utf8, size_t& lost);

/// UTF-8 to MS-JIS, two bytes for each character: letters and digits become wide ones, as players expect them there.
std::string ms_jis_of(std::string_view text, size_t* lost = nullptr);
std::string utf8_of_ms_jis(std::string_view text);
/// UTF-8 to ISO 8859-1; bytes that are no UTF-8 are taken for ISO 8859-1 already. `lost` counts the characters that it does not have.
std::string latin1_of(std::string_view text, size_t* lost = nullptr);
std::string utf8_of_latin1(std::string_view text);
/// As it is, or from ISO 8859-1 when it is no UTF-8.
std::string utf8_of(std::string_view text);

}  // namespace rec::cd
