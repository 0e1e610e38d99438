// What the tests of the CD room share: a directory of their own, bytes that depend on a seed, the samples made by others, and layouts
// drawn at random.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "libfsi/base/error.h"
#include "librecorder/cd/layout.h"

namespace rec::cd {

inline std::vector<std::byte> noise(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> out(bytes);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  return out;
}

/// A directory that goes with the test.
class Scratch {
 public:
  Scratch() {
    std::string name = testing::TempDir() + "discpress-cd-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name, std::string_view text) const {
    const std::string path = path_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string file(const std::string& name, const std::vector<std::byte>& bytes) const {
    return file(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The samples of libcdio beside the checkout; empty where they are not. They are not ours to carry.
inline std::filesystem::path samples() {
  for (std::filesystem::path at = std::filesystem::path(DISCPRESS_SOURCE_DIR).parent_path();; at = at.parent_path()) {
    if (std::filesystem::exists(at / "shared/corpus/libcdio")) return at / "shared/corpus/libcdio";
    if (at == at.parent_path()) return {};
  }
}

inline std::vector<std::byte> unpacked(const std::filesystem::path& xz) {
  std::vector<std::byte> out;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("xz -dc '" + xz.string() + "'").c_str(), "r"), ::pclose);
  std::byte block[65536];
  for (size_t n; pipe && (n = ::fread(block, 1, sizeof block, pipe.get())) > 0;) out.insert(out.end(), block, block + n);
  return out;
}

/// Runs `action`, which must throw an Error whose text contains `words`.
template <class Action>
void expect_error(Action action, fsi::ErrorKind kind, const std::string& words) {
  try {
    action();
    FAIL() << "nothing was thrown; expected: " << words;
  } catch (const fsi::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(words));
  }
}

inline std::string random_isrc(std::mt19937& random) {
  std::string isrc;
  for (int i = 0; i < 12; ++i) {
    const bool letter = i < 2 || (i < 5 && random() % 2);
    isrc += static_cast<char>(letter ? 'A' + random() % 26 : '0' + random() % 10);
  }
  return isrc;
}

inline std::string random_text(std::mt19937& random) {
  std::string text;
  for (size_t i = random() % 40; i-- > 0;) text += static_cast<char>(random() % 8 ? ' ' + random() % 95 : 0xA0 + random() % 96);
  return text == "\t" ? "tab" : text;
}

struct LayoutWish {
  bool data = true;  ///< data tracks among the audio
  uint32_t most_tracks = 8;
  uint32_t most_sectors = 400;  ///< of a track
};

/// A disc that could be: pauses, indexes, codes, flags, texts, a hidden first track, data in front.
inline DiscLayout random_layout(uint32_t seed, const LayoutWish& wish = {}) {
  std::mt19937 random(seed);
  const auto one_of = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  DiscLayout layout;
  layout.name = "layout " + std::to_string(seed);
  if (one_of(2))
    for (int i = 0; i < 13; ++i) layout.mcn += static_cast<char>('0' + one_of(10));
  const uint32_t count = 1 + one_of(wish.most_tracks);
  for (uint32_t i = 0; i < count; ++i) {
    Track t;
    if (wish.data && one_of(3) == 0) t.format = static_cast<BlockFormat>(1 + one_of(6));
    t.copy_permitted = one_of(2);
    if (is_audio(t.format)) {
      t.pre_emphasis = one_of(4) == 0;
      t.four_channel = one_of(16) == 0;
      if (one_of(2)) t.isrc = random_isrc(random);
    } else if (t.format != BlockFormat::mode1 && t.format != BlockFormat::mode1_raw) {
      layout.session_format = SessionFormat::cd_xa;
    }
    t.pregap = i == 0 ? kPregap + (one_of(3) ? 0 : one_of(200)) : one_of(3) ? one_of(200) : 0;
    const uint32_t length = 300 + one_of(wish.most_sectors - 299);
    t.sectors = t.pregap + length;
    for (uint32_t at = 1 + one_of(100); at < length && t.indexes.size() < 98 && one_of(3); at += 1 + one_of(60)) t.indexes.push_back(at);
    std::vector<std::byte> bytes;
    const bool raw = t.format == BlockFormat::mode1_raw || t.format == BlockFormat::mode2_raw;
    if (raw) {  // sectors as another program left them, with the addresses of another place
      const auto user = noise(2336, seed * 100 + i);
      for (uint32_t s = 0; s < t.sectors; ++s) {
        Sector sector;
        const SectorForm form = t.format == BlockFormat::mode1_raw ? SectorForm::mode1
                                : one_of(2)                        ? SectorForm::mode2_form1
                                                                   : SectorForm::mode2_form2;
        encode_sector(form, static_cast<int32_t>(s), std::span(user).first(user_bytes(form)), sector);
        bytes.insert(bytes.end(), sector.begin(), sector.end());
      }
    } else {
      bytes = noise(size_t{t.sectors} * t.stored_block(), seed * 100 + i);
      if (is_audio(t.format)) bytes.resize(bytes.size() - one_of(2352));
    }
    const uint64_t size = bytes.size();
    t.parts.push_back({memory_bytes(std::move(bytes), "track"), 0, size});
    layout.tracks.push_back(std::move(t));
  }
  if (one_of(2)) {
    CdTextBlock block;
    block.first_track = 1;
    block.last_track = static_cast<uint8_t>(count);
    for (const CdTextType type : {CdTextType::title, CdTextType::performer, CdTextType::songwriter, CdTextType::message}) {
      if (type != CdTextType::title && one_of(2)) continue;
      for (uint32_t track = 0; track <= count; ++track) block.set(type, track, random_text(random));
    }
    layout.cd_text.blocks.push_back(block);
    if (one_of(3) == 0) {  // and the same in Japanese
      for (auto& [type, texts] : block.texts)
        for (std::string& text : texts) {
          text.clear();
          for (uint32_t n = one_of(30); n-- > 0;) text += {static_cast<char>(0x88 + one_of(20)), static_cast<char>(0x9F + one_of(90))};
        }
      block.charset = CdTextCharset::ms_jis;
      block.language = kLanguageJapanese;
      layout.cd_text.blocks.push_back(block);
    }
  }
  return layout;
}

}  // namespace rec::cd
