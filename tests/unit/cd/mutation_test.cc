// The fuzzer's entry on descriptions that are nearly right: words cut, doubled, exchanged, bytes flipped.
#include "tests/fuzz/read_fuzz.h"
#include "tests/unit/cd/cd_fixture.h"

namespace rec::cd {
namespace {

constexpr const char* kSeeds[] = {
    "CATALOG 0724385356926\nPERFORMER \"P\"\nFILE \"a.bin\" BINARY\nTRACK 01 MODE1/2352\nTITLE \"T\"\nFLAGS DCP\nISRC USEM39600078\n"
    "INDEX 01 00:00:00\nTRACK 02 AUDIO\nPREGAP 00:02:00\nINDEX 00 00:10:00\nINDEX 01 00:12:00\nINDEX 02 00:15:00\nPOSTGAP 00:02:00\n"
    "FILE b.wav WAVE\nTRACK 03 AUDIO\nINDEX 01 00:00:00\n",
    "CD_ROM_XA\nCATALOG \"0724385356926\"\nCD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE \"T\\344\" SIZE_INFO { 1, 2, 3 } } }\n"
    "TRACK MODE2_RAW RW_RAW\nZERO MODE2_RAW 0:2:0\nDATAFILE \"d\" #100 1:0:0 // x\nTRACK AUDIO\nNO COPY\nPRE_EMPHASIS\nISRC "
    "\"US-EM3-96-00078\"\n"
    "FILE \"a.wav\" SWAP 100 0:10:0\nSILENCE 0:1:0\nSTART 0:0:32\nINDEX 0:1:0\nINDEX 0:2:0\n",
};

TEST(Mutation, OfDescriptionsAlwaysEnds) {
  CdText text;
  text.blocks.resize(2);
  for (size_t t = 0; t < 5; ++t) text.blocks[t % 2].set(CdTextType::title, t, std::string(t * 5, 'x'));
  const auto packs = encode_cd_text(text, 1, 5);
  std::vector<std::string> seeds(std::begin(kSeeds), std::end(kSeeds));
  seeds.emplace_back(reinterpret_cast<const char*>(packs.data()), packs.size() * sizeof packs[0]);
  std::mt19937 random(11);
  size_t runs = 0;
  for (const std::string& seed : seeds)
    for (int i = 0; i < 6000; ++i, ++runs) {
      std::string mutated = seed;
      for (size_t changes = 1 + random() % 4; changes-- > 0 && !mutated.empty();) {
        const size_t at = random() % mutated.size(), length = random() % std::min<size_t>(20, mutated.size() - at + 1);
        switch (random() % 4) {
          case 0: mutated[at] = static_cast<char>(random()); break;
          case 1: mutated.erase(at, length); break;
          case 2: mutated.insert(random() % mutated.size(), mutated.substr(at, length)); break;
          default: mutated[at] = "0:9\"{}\n "[random() % 8]; break;
        }
      }
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(mutated.data()), mutated.size());
    }
  std::printf("%zu mutated descriptions\n", runs);
}

}  // namespace
}  // namespace rec::cd
