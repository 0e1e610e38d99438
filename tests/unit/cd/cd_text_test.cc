#include "librecorder/cd/cd_text.h"

#include "tests/unit/cd/cd_fixture.h"

namespace rec::cd {
namespace {

std::span<const std::byte> bytes_of_packs(const std::vector<CdTextPack>& packs) { return std::as_bytes(std::span(packs)); }

TEST(CdText, CutsTextsIntoPacksAsTheStandardShows) {
  CdText text;
  text.blocks.resize(1);
  text.blocks[0].set(CdTextType::title, 0, "The Album");
  text.blocks[0].set(CdTextType::title, 1, "A long first title");
  text.blocks[0].set(CdTextType::title, 2, "B");
  const auto packs = encode_cd_text(text, 1, 2);
  ASSERT_EQ(packs.size(), 3u + 3u);  // 10 + 19 + 2 bytes, and the size information
  const auto chars = [&](size_t i) { return std::string(packs[i].text.begin(), packs[i].text.end()); };
  EXPECT_EQ(chars(0), std::string("The Album\0A ", 12));
  EXPECT_EQ(chars(1), "long first t");
  EXPECT_EQ(chars(2), std::string("itle\0B\0\0\0\0\0\0", 12));
  EXPECT_EQ(packs[0].track, 0);
  EXPECT_EQ(packs[1].track, 1);
  EXPECT_EQ(packs[1].position, 2);  // two characters of track 1 came before
  EXPECT_EQ(packs[2].position, 14);
  EXPECT_EQ(packs[2].sequence, 2);
  EXPECT_EQ(packs[3].type, 0x8F);
  EXPECT_EQ(packs[3].text[1], 1);  // first track
  EXPECT_EQ(packs[3].text[2], 2);  // last track
  EXPECT_EQ(packs[3].text[4], 3);  // packs of type 80
  EXPECT_EQ(packs[4].text[7], 3);  // packs of type 8F
  EXPECT_EQ(packs[4].text[8], 5);  // last sequence number of block 0
  EXPECT_EQ(packs[5].text[0], 0);
  EXPECT_EQ(packs[5].text[4], kLanguageEnglish);
}

TEST(CdText, ComesBackFromItsPacksForManyRandomDiscs) {
  size_t packs_seen = 0;
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    CdText text;
    const auto tracks = static_cast<uint8_t>(1 + random() % 20);
    for (size_t b = 0; b < 1 + random() % 3; ++b) {
      CdTextBlock block;
      block.language = static_cast<uint8_t>(random());
      block.first_track = 1;
      block.last_track = tracks;
      block.copyright = static_cast<uint8_t>(random());
      for (uint8_t type = 0x80; type <= 0x86; ++type)
        if (random() % 2)
          for (uint8_t track = 0; track <= (type == 0x86 ? 0 : tracks); ++track)
            block.set(static_cast<CdTextType>(type), track, random_text(random));
      block.set(CdTextType::genre, 0, "words");
      block.genre_code = static_cast<uint16_t>(random());
      text.blocks.push_back(block);
    }
    const auto packs = encode_cd_text(text, 1, tracks);
    packs_seen += packs.size();
    const DecodedCdText decoded = decode_cd_text(bytes_of_packs(packs));
    EXPECT_EQ(decoded.damaged, 0u);
    ASSERT_EQ(decoded.text.blocks.size(), text.blocks.size());
    for (size_t b = 0; b < text.blocks.size(); ++b) {
      const CdTextBlock &ours = text.blocks[b], &theirs = decoded.text.blocks[b];
      EXPECT_EQ(ours.language, theirs.language);
      EXPECT_EQ(ours.copyright, theirs.copyright);
      EXPECT_EQ(ours.genre_code, theirs.genre_code);
      EXPECT_EQ(theirs.last_track, tracks);
      for (const auto& [type, texts] : ours.texts)
        for (size_t track = 0; track < texts.size(); ++track)
          EXPECT_EQ(ours.get(type, track), theirs.get(type, track)) << "seed " << seed << " type " << int(type) << " track " << track;
    }
  }
  std::printf("%zu packs made and read\n", packs_seen);
}

TEST(CdText, LeavesDamagedPacksOutAndNeverReadsPastTheEnd) {
  CdText text;
  text.blocks.resize(1);
  text.blocks[0].set(CdTextType::title, 0, "Title");
  auto packs = encode_cd_text(text, 1, 1);
  packs[0].text[3] ^= 1;
  const DecodedCdText decoded = decode_cd_text(bytes_of_packs(packs));
  EXPECT_EQ(decoded.damaged, 1u);
  EXPECT_EQ(decoded.text.blocks.at(0).get(CdTextType::title, 0), "");
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    auto bytes = noise(seed % 200, seed);
    for (size_t i = 0; i + 18 <= bytes.size(); i += 18) bytes[i] = static_cast<std::byte>(0x80 + seed % 16);
    (void)decode_cd_text(bytes);
  }
}

TEST(CdText, ATabulatorStandsForTheTextBefore) {
  CdText text;
  text.blocks.resize(1);
  for (const size_t track : {0, 1}) text.blocks[0].set(CdTextType::performer, track, "One");
  text.blocks[0].set(CdTextType::performer, 2, "\t");
  const auto decoded = decode_cd_text(bytes_of_packs(encode_cd_text(text, 1, 2)));
  EXPECT_EQ(decoded.text.blocks.at(0).get(CdTextType::performer, 2), "One");
}

TEST(CdText, RefusesMoreThanABlockHolds) {
  CdText text;
  text.blocks.resize(1);
  for (size_t track = 0; track <= 99; ++track) text.blocks[0].set(CdTextType::title, track, std::string(60, 'x'));
  expect_error([&] { encode_cd_text(text, 1, 99); }, fsi::ErrorKind::limit, "more than 256 packs");
}

TEST(CdText, TakesUtf8AndLatin1) {
  size_t lost = 0;
  EXPECT_EQ(latin1_of("B\xC3\xB6hm \xE2\x82\xAC", &lost), "B\xF6hm ?");
  EXPECT_EQ(lost, 1u);
  EXPECT_EQ(latin1_of("B\xF6hm"), "B\xF6hm");
  EXPECT_EQ(utf8_of_latin1("B\xF6hm"), "B\xC3\xB6hm");
}

}  // namespace
}  // namespace rec::cd
