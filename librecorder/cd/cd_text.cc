#include "librecorder/cd/cd_text.h"

#include <iconv.h>

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "librecorder/cd/subchannel.h"

namespace rec::cd {
namespace {

constexpr size_t kTextBytes = 12;
constexpr uint8_t kWide = 0x80;  ///< in byte 3 of a pack: characters have two bytes
constexpr size_t kMostPacks = 256, kSizePacks = 3, kMostBlocks = 8;

/// What has two bytes a character in a block of MS-JIS; codes have one everywhere.
bool is_words(CdTextType type) { return type <= CdTextType::message; }

bool of_the_disc_alone(CdTextType type) { return type == CdTextType::disc_id || type == CdTextType::genre; }

void seal(CdTextPack& pack) {
  const uint16_t crc = crc16({reinterpret_cast<const uint8_t*>(&pack), 16});
  pack.crc[0] = static_cast<uint8_t>(crc >> 8);
  pack.crc[1] = static_cast<uint8_t>(crc);
}

/// Cuts texts, each with its NUL, into packs of 12 bytes. A pack is labelled with the track its first byte belongs to, and with how much
/// of that track's text lies in packs before it.
class Packer {
 public:
  Packer(std::vector<CdTextPack>& packs, CdTextType type, uint8_t block, size_t block_begin, bool wide)
      : packs_(packs), type_(type), block_(block), block_begin_(block_begin), wide_(wide) {}

  void add(uint8_t track, std::string_view text) {
    const size_t width = wide_ ? 2 : 1;
    for (size_t i = 0; i < text.size() / width * width + width; ++i) {
      if (used_ == 0) begin(track, i / width);
      packs_.back().text[used_] = i < text.size() / width * width ? static_cast<uint8_t>(text[i]) : 0;
      used_ = (used_ + 1) % kTextBytes;
    }
  }

 private:
  void begin(uint8_t track, size_t before) {
    CdTextPack pack;
    pack.type = static_cast<uint8_t>(type_);
    pack.track = track;
    pack.sequence = static_cast<uint8_t>(packs_.size() - block_begin_);
    pack.position = static_cast<uint8_t>((wide_ ? kWide : 0) | block_ << 4 | std::min<size_t>(before, 15));
    packs_.push_back(pack);
  }

  std::vector<CdTextPack>& packs_;
  CdTextType type_;
  uint8_t block_;
  size_t block_begin_, used_ = 0;
  bool wide_;
};

/// The 36 bytes of size information that the packs of type 8F hold.
struct SizeInformation {
  uint8_t charset = 0, first_track = 0, last_track = 0, copyright = 0;
  uint8_t packs[16]{};         ///< of each type from 80
  uint8_t last_sequence[8]{};  ///< of each block; 0: there is no such block
  uint8_t language[8]{};
};
static_assert(sizeof(SizeInformation) == kSizePacks * kTextBytes);

/// Puts the bytes of a type's packs together again and takes the texts out of them.
void take_texts(CdTextBlock& block, CdTextType type, const std::vector<CdTextPack>& packs) {
  std::string text;
  size_t track = packs.front().track;
  if (packs.front().position & 0x0F) return;  // its beginning is lost
  const size_t width = packs.front().position & kWide ? 2 : 1;
  std::string before;
  for (const CdTextPack& pack : packs)
    for (size_t i = 0; i < kTextBytes; i += width) {
      if (pack.text[i] || pack.text[i + width - 1]) {
        text.append(reinterpret_cast<const char*>(&pack.text[i]), width);
        continue;
      }
      if (track > 99) return;
      // A tabulator alone stands for the text of the track before.
      if (text == (width == 2 ? "\t\t" : "\t")) text = before;
      before = text;
      if (!text.empty()) block.set(type, track, std::move(text));
      text.clear();
      ++track;
      if (of_the_disc_alone(type)) return;
    }
}

}  // namespace

void CdTextBlock::set(CdTextType type, size_t track, std::string text) {
  auto& all = texts[type];
  if (all.size() <= track) all.resize(track + 1);
  all[track] = std::move(text);
}

std::string_view CdTextBlock::get(CdTextType type, size_t track) const {
  const auto found = texts.find(type);
  return found == texts.end() || found->second.size() <= track ? std::string_view() : found->second[track];
}

std::vector<CdTextPack> encode_cd_text(const CdText& text, uint8_t first_track, uint8_t last_track) {
  const auto too_much = [](const std::string& why) { throw fsi::Error(fsi::ErrorKind::limit, "CD-TEXT", "making its packs", why); };
  if (text.blocks.size() > kMostBlocks) too_much("there are " + std::to_string(text.blocks.size()) + " languages, and 8 have room");
  std::vector<CdTextPack> packs;
  std::vector<size_t> ends;  // of each block
  std::vector<SizeInformation> sizes;
  for (size_t b = 0; b < text.blocks.size(); ++b) {
    const CdTextBlock& block = text.blocks[b];
    const size_t begin = packs.size();
    SizeInformation size;
    size.charset = static_cast<uint8_t>(block.charset);
    size.first_track = first_track;
    size.last_track = last_track;
    size.copyright = block.copyright;
    for (const auto& [type, texts] : block.texts) {
      if (type == CdTextType::size) continue;
      const size_t before = packs.size();
      Packer packer(packs, type, static_cast<uint8_t>(b), begin, block.charset == CdTextCharset::ms_jis && is_words(type));
      std::string disc(block.get(type, 0));
      if (type == CdTextType::genre) disc = {static_cast<char>(block.genre_code >> 8), static_cast<char>(block.genre_code)};
      if (type == CdTextType::genre) disc += block.get(type, 0);
      packer.add(0, disc);
      for (uint8_t track = first_track; !of_the_disc_alone(type) && track <= last_track; ++track)
        packer.add(track, block.get(type, size_t{track} - first_track + 1));
      if (packs.size() - begin + kSizePacks > kMostPacks)
        too_much("the texts of language " + std::to_string(b) + " take more than 256 packs of 12 characters; shorten them");
      size.packs[(static_cast<uint8_t>(type) - 0x80) & 0x0F] = static_cast<uint8_t>(packs.size() - before);
    }
    size.packs[0x0F] = kSizePacks;
    sizes.push_back(size);
    packs.resize(packs.size() + kSizePacks);
    ends.push_back(packs.size());
  }
  // The size information of each block tells of all of them.
  for (size_t b = 0, begin = 0; b < sizes.size(); begin = ends[b++]) {
    for (size_t other = 0; other < sizes.size(); ++other) {
      sizes[b].last_sequence[other] = static_cast<uint8_t>(ends[other] - (other ? ends[other - 1] : 0) - 1);
      sizes[b].language[other] = text.blocks[other].language;
    }
    for (size_t i = 0; i < kSizePacks; ++i) {
      CdTextPack& pack = packs[ends[b] - kSizePacks + i];
      pack.type = static_cast<uint8_t>(CdTextType::size);
      pack.track = static_cast<uint8_t>(i);
      pack.sequence = static_cast<uint8_t>(ends[b] - kSizePacks + i - begin);
      pack.position = static_cast<uint8_t>(b << 4);
      std::memcpy(pack.text.data(), reinterpret_cast<const uint8_t*>(&sizes[b]) + i * kTextBytes, kTextBytes);
    }
  }
  for (CdTextPack& pack : packs) seal(pack);
  return packs;
}

DecodedCdText decode_cd_text(std::span<const std::byte> bytes) {
  DecodedCdText out;
  // By block and type, in the order of the sequence numbers; a lead-in repeats its packs, and one of each is enough.
  std::map<uint8_t, std::map<uint8_t, std::map<uint8_t, CdTextPack>>> blocks;
  for (; bytes.size() >= sizeof(CdTextPack); bytes = bytes.subspan(sizeof(CdTextPack))) {
    CdTextPack pack;
    std::memcpy(&pack, bytes.data(), sizeof pack);
    if (pack.type < 0x80 || pack.type > 0x8F) continue;
    ++out.packs;
    if (crc16({reinterpret_cast<const uint8_t*>(&pack), 16}) != static_cast<uint16_t>(pack.crc[0] << 8 | pack.crc[1])) {
      ++out.damaged;
      continue;
    }
    blocks[pack.position >> 4 & 7][pack.type].emplace(pack.sequence, pack);
  }
  for (const auto& [number, types] : blocks) {
    CdTextBlock block;
    bool double_byte = false;
    for (const auto& [type, by_sequence] : types) {
      std::vector<CdTextPack> packs;
      for (const auto& [sequence, pack] : by_sequence) packs.push_back(pack);
      double_byte |= packs.front().position & kWide;
      const auto kind = static_cast<CdTextType>(type);
      if (kind == CdTextType::size && packs.size() == kSizePacks) {
        SizeInformation size;
        for (size_t i = 0; i < kSizePacks; ++i)
          std::memcpy(reinterpret_cast<uint8_t*>(&size) + i * kTextBytes, packs[i].text.data(), kTextBytes);
        block.charset = static_cast<CdTextCharset>(size.charset);
        block.first_track = size.first_track;
        block.last_track = size.last_track;
        block.copyright = size.copyright;
        block.language = size.language[number];
      } else if (kind == CdTextType::genre) {
        block.genre_code = static_cast<uint16_t>(packs.front().text[0] << 8 | packs.front().text[1]);
        std::string words;
        for (size_t p = 0; p < packs.size(); ++p)
          for (size_t i = p == 0 ? 2 : 0; i < kTextBytes && packs[p].text[i]; ++i) words += static_cast<char>(packs[p].text[i]);
        block.set(kind, 0, words);
      } else if (type < 0x87 || kind == CdTextType::code) {
        take_texts(block, kind, packs);
      }
    }
    if (double_byte && block.charset == CdTextCharset::iso_8859_1) block.charset = CdTextCharset::ms_jis;
    out.text.blocks.push_back(std::move(block));
  }
  return out;
}

std::string latin1_of(std::string_view text, size_t* lost) {
  std::string out;
  size_t missing = 0;
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return at < text.size() ? static_cast<uint8_t>(text[at]) : 0; };
    const uint8_t lead = byte(i);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    bool legal = length != 0;
    uint32_t code = length == 1 ? lead : length ? lead & (0xFF >> (length + 1)) : 0;
    for (size_t k = 1; k < length; ++k) {
      legal &= (byte(i + k) & 0xC0) == 0x80;
      code = code << 6 | (byte(i + k) & 0x3F);
    }
    if (!legal) {
      // One byte that is no UTF-8, and all of it is taken for what it will be anyway.
      return std::string(text);
    }
    if (code > 0xFF) {
      ++missing;
      code = '?';
    }
    out += static_cast<char>(code);
    i += length;
  }
  if (lost) *lost += missing;
  return out;
}

namespace {
/// One character set into another, all of it or nothing.
std::string converted(const char* to, const char* from, std::string_view text) {
  const iconv_t way = iconv_open(to, from);
  if (reinterpret_cast<intptr_t>(way) == -1) return {};
  std::string out(text.size() * 4 + 8, '\0');
  char *in = const_cast<char*>(text.data()), *at = out.data();
  size_t left = text.size(), room = out.size();
  const bool all = iconv(way, &in, &left, &at, &room) != static_cast<size_t>(-1) && left == 0;
  iconv_close(way);
  out.resize(all ? out.size() - room : 0);
  return out;
}

/// ASCII as the wide characters that U+FF01 to U+FF5E are, but for quotation marks, which JIS X 0208 has elsewhere; all else as it is.
std::string widened(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte == ' ')
      out += "\xE3\x80\x80";
    else if (byte == '"')
      out += "\xE2\x80\x9D";
    else if (byte == '\'')
      out += "\xE2\x80\x99";
    else if (byte > ' ' && byte < 0x7F)
      out += {'\xEF', static_cast<char>(0xBC + (byte - 0x20) / 0x40), static_cast<char>(0x80 + (byte - 0x20) % 0x40)};
    else
      out += c;
  }
  return out;
}
}  // namespace

std::string ms_jis_of(std::string_view text, size_t* lost) {
  std::string out;
  const std::string wide = widened(text);
  for (size_t i = 0; i < wide.size();) {
    size_t length = 1;
    while (i + length < wide.size() && (static_cast<uint8_t>(wide[i + length]) & 0xC0) == 0x80) ++length;
    const std::string character = converted("CP932", "UTF-8", std::string_view(wide).substr(i, length));
    if (character.size() == 2) {
      out += character;
    } else {
      out += "\x81\x48";  // the wide '?'
      if (lost) ++*lost;
    }
    i += length;
  }
  return out;
}

std::string utf8_of_ms_jis(std::string_view text) { return converted("UTF-8", "CP932", text); }

CdTextBlock encoded(CdTextBlock utf8, size_t& lost) {
  CdTextBlock narrow = utf8, wide = std::move(utf8);
  size_t narrow_lost = 0, wide_lost = 0;
  bool japanese = false;
  for (const auto& [type, texts] : wide.texts)
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string text = texts[i];
      narrow.texts[type][i] = latin1_of(text, &narrow_lost);
      if (!is_words(type)) continue;
      for (const char c : text) japanese |= static_cast<uint8_t>(c) >= 0xE3 && static_cast<uint8_t>(c) <= 0xE9;  // U+3000 and up
      wide.texts[type][i] = ms_jis_of(text, &wide_lost);
    }
  if (narrow_lost <= wide_lost) {
    lost += narrow_lost;
    return narrow;
  }
  lost += wide_lost;
  wide.charset = CdTextCharset::ms_jis;
  if (japanese && wide.language == kLanguageEnglish) wide.language = kLanguageJapanese;
  return wide;
}

std::string utf8_of(std::string_view text) {
  return text.empty() || !converted("UTF-8", "UTF-8", text).empty() ? std::string(text) : utf8_of_latin1(text);
}

std::string utf8_of_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

}  // namespace rec::cd
