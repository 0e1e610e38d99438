// What is sent to a drive for each way of recording audio and mixed CDs, held against tests/golden as golden_test.cc has it for data.
#include "tests/unit/cd/cd_fixture.h"
#include "tests/unit/recorder/golden.h"
#include "tests/unit/recorder/virtual_bench.h"

namespace rec {
namespace {

struct CdRecipe {
  const char* file;
  const char* says;
  CdMode mode;
  const char* cue;
  bool multi = false;
};
void PrintTo(const CdRecipe& recipe, std::ostream* out) { *out << recipe.file; }

constexpr const char* kAudio =
    "CATALOG 0724385356926\nFILE a.bin BINARY\nTRACK 01 AUDIO\nISRC USEM39600078\nINDEX 01 00:00:00\nINDEX 02 00:03:00\n"
    "TRACK 02 AUDIO\nFLAGS DCP PRE\nPREGAP 00:02:00\nINDEX 01 00:08:00\n";
constexpr const char* kTexts =
    "TITLE \"Disc\"\nPERFORMER \"Us\"\nFILE a.bin BINARY\nTRACK 01 AUDIO\nTITLE One\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nTITLE Two\n"
    "INDEX 01 00:08:00\n";
constexpr const char* kMixed =
    "FILE d.iso BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\nFILE a.bin BINARY\nTRACK 02 AUDIO\nPREGAP 00:02:00\nINDEX 01 00:00:00\n";

class GoldenCd : public testing::TestWithParam<CdRecipe> {
 protected:
  VirtualBench bench_;
  cd::Scratch scratch_;
};

TEST_P(GoldenCd, IsSentAsTheFileSays) {
  const CdRecipe& recipe = GetParam();
  scratch_.file("a.bin", cd::noise(size_t{1000} * cd::kSectorBytes, 1));
  scratch_.file("d.iso", cd::noise(size_t{400} * 2048, 2));
  const cd::DiscLayout layout = cd::open_sheet(cd::read_sheet(scratch_.file("x.cue", recipe.cue)));
  virt::Registry().add("d", "cd-r");
  drive_info(find_drive("d"));
  CdBurnOptions options;
  options.mode = recipe.mode;
  options.multi = recipe.multi;
  bench_.record();
  burn_cd(find_drive("d"), layout, options);
  expect_golden(recipe.file, recipe.says, bench_.recorded(), true);
}

INSTANTIATE_TEST_SUITE_P(
    Recipes, GoldenCd,
    testing::Values(CdRecipe{"cd-r_audio_tao", "CD-R: two tracks of audio, track at once, disc closed", CdMode::track_at_once, kAudio},
                    CdRecipe{"cd-r_audio_tao_multi", "CD-R: two tracks of audio, track at once, session closed", CdMode::track_at_once,
                             kAudio, true},
                    CdRecipe{"cd-r_audio_dao", "CD-R: two tracks of audio by a cue sheet", CdMode::session_at_once, kAudio},
                    CdRecipe{"cd-r_audio_dao_text", "CD-R: two tracks of audio by a cue sheet, CD-TEXT in the lead-in",
                             CdMode::session_at_once, kTexts},
                    CdRecipe{"cd-r_mixed_dao", "CD-R: a track of data and one of audio by a cue sheet", CdMode::session_at_once, kMixed},
                    CdRecipe{"cd-r_audio_raw", "CD-R: two tracks of audio raw (DAO-96), lead-in to lead-out", CdMode::raw_96, kAudio},
                    CdRecipe{"cd-r_mixed_raw", "CD-R: a track of data and one of audio raw (DAO-96)", CdMode::raw_96, kMixed}),
    [](const auto& recipe) { return golden_name(recipe.param.file); });

}  // namespace
}  // namespace rec
