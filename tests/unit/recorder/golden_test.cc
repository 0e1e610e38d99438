// What is sent to a drive for each family and action, held against the files in tests/golden: they read like the recipes of the
// reference, and a change of a recipe shows as a change of a file. DISCPRESS_GOLDEN=write writes them anew.
#include "tests/unit/recorder/golden.h"

#include <sys/stat.h>

#include <functional>
#include <thread>

#include "tests/unit/recorder/virtual_bench.h"

namespace rec {
namespace {

struct Recipe {
  const char* file;
  const char* says;
  const char* media;
  enum class Action {
    burn,
    burn_multi,
    append,
    unknown_length,
    at_once,
    simulate,
    erase_quick,
    erase_full,
    format,
    format_full,
    compat
  } action;
  bool formatted = false;
};
void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.file; }

class Golden : public testing::TestWithParam<Recipe> {
 protected:
  static constexpr uint64_t kSectors = 640;

  DriveEntry drive() const { return find_drive("d"); }

  WriteReport burn_noise(const std::function<void(BurnOptions&)>& change = {}) {
    BurnOptions options;
    options.buffer_bytes = 1 << 20;
    if (change) change(options);
    const Noise noise(kSectors);
    SectorInput input(noise);
    return burn(drive(), input, options);
  }

  void act() {
    switch (GetParam().action) {
      case Recipe::Action::burn:
      case Recipe::Action::append: burn_noise(); break;
      case Recipe::Action::burn_multi: burn_noise([](BurnOptions& o) { o.multi = true; }); break;
      case Recipe::Action::at_once: burn_noise([](BurnOptions& o) { o.at_once = true; }); break;
      case Recipe::Action::simulate: burn_noise([](BurnOptions& o) { o.simulate = true; }); break;
      case Recipe::Action::compat: burn_noise([](BurnOptions& o) { o.dvd_compat = true; }); break;
      case Recipe::Action::unknown_length: {
        const std::filesystem::path fifo = bench_.directory() / "stream";
        ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
        const Noise noise(kSectors);
        std::jthread sender([&] {
          std::ofstream out(fifo, std::ios::binary);
          out.write(reinterpret_cast<const char*>(noise.bytes().data()), static_cast<std::streamsize>(noise.bytes().size()));
        });
        FileInput input(fifo);
        BurnOptions options;
        options.buffer_bytes = 1 << 20;
        burn(drive(), input, options);
        break;
      }
      case Recipe::Action::erase_quick: erase(drive(), {}); break;
      case Recipe::Action::erase_full: erase(drive(), {.full = true}); break;
      case Recipe::Action::format: format(drive(), {}); break;
      case Recipe::Action::format_full: format(drive(), {.wish = {.full = true}}); break;
    }
  }

  VirtualBench bench_;
};

TEST_P(Golden, IsSentAsTheFileSays) {
  const Recipe& recipe = GetParam();
  virt::Registry().add("d", std::string(recipe.media));
  drive_info(drive());
  if (recipe.formatted) format(drive(), {});
  const bool erases = recipe.action == Recipe::Action::erase_quick || recipe.action == Recipe::Action::erase_full;
  if (erases) burn_noise();
  if (recipe.action == Recipe::Action::append) burn_noise([](BurnOptions& o) { o.multi = true; });
  bench_.record();
  act();
  expect_golden(recipe.file, recipe.says, bench_.recorded());
}

using A = Recipe::Action;
INSTANTIATE_TEST_SUITE_P(
    Media, Golden,
    testing::Values(
        Recipe{"cd-r_burn", "CD-R: one track at once, disc closed", "cd-r", A::burn},
        Recipe{"cd-r_multi", "CD-R: one track at once, session closed", "cd-r", A::burn_multi},
        Recipe{"cd-r_append", "CD-R: a second session", "cd-r", A::append},
        Recipe{"cd-r_stream", "CD-R: a stream of unknown length", "cd-r", A::unknown_length},
        Recipe{"cd-r_simulate", "CD-R: test write", "cd-r", A::simulate},
        Recipe{"cd-rw_burn", "CD-RW: one track at once, disc closed", "cd-rw", A::burn},
        Recipe{"cd-rw_erase", "CD-RW: minimal blank", "cd-rw", A::erase_quick},
        Recipe{"cd-rw_erase_full", "CD-RW: full blank", "cd-rw", A::erase_full},
        Recipe{"dvd-r_burn", "DVD-R: incremental, disc closed", "dvd-r", A::burn},
        Recipe{"dvd-r_append", "DVD-R: a second session", "dvd-r", A::append},
        Recipe{"dvd-r_stream", "DVD-R: a stream of unknown length", "dvd-r", A::unknown_length},
        Recipe{"dvd-r_at_once", "DVD-R: disc at once", "dvd-r", A::at_once},
        Recipe{"dvd-r_simulate", "DVD-R: test write", "dvd-r", A::simulate},
        Recipe{"dvd-r-dl_burn", "DVD-R DL: disc at once over both layers", "dvd-r-dl", A::burn},
        Recipe{"dvd-rw_burn", "DVD-RW sequential: incremental, disc closed", "dvd-rw", A::burn},
        Recipe{"dvd-rw_erase", "DVD-RW sequential: minimal blank", "dvd-rw", A::erase_quick},
        Recipe{"dvd-rw_erase_full", "DVD-RW sequential: full blank", "dvd-rw", A::erase_full},
        Recipe{"dvd-rw_format", "DVD-RW: quick format to restricted overwrite", "dvd-rw", A::format},
        Recipe{"dvd-rw_format_full", "DVD-RW: full format to restricted overwrite", "dvd-rw", A::format_full},
        Recipe{"dvd-rw-overwrite_burn", "DVD-RW restricted overwrite, quickly formatted: burn", "dvd-rw", A::burn, true},
        Recipe{"dvd-rw-overwrite_erase", "DVD-RW restricted overwrite: back to sequential", "dvd-rw", A::erase_quick, true},
        Recipe{"dvd+rw_burn", "DVD+RW, new: begin to format, burn, stop the format", "dvd+rw", A::burn},
        Recipe{"dvd+rw_again", "DVD+RW, its format stopped: restart it, burn", "dvd+rw", A::burn, true},
        Recipe{"dvd+rw_compat", "DVD+RW, new: burn, and await the format", "dvd+rw", A::compat},
        Recipe{"dvd+rw_format_full", "DVD+RW: format all of it", "dvd+rw", A::format_full},
        Recipe{"dvd+r_burn", "DVD+R: disc closed", "dvd+r", A::burn}, Recipe{"dvd+r_append", "DVD+R: a second session", "dvd+r", A::append},
        Recipe{"dvd+r_compat", "DVD+R: disc closed with a minimum radius", "dvd+r", A::compat},
        Recipe{"dvd+r-dl_burn", "DVD+R DL: layers of equal length, disc closed", "dvd+r-dl", A::burn},
        Recipe{"dvd-ram_burn", "DVD-RAM: burn", "dvd-ram", A::burn},
        Recipe{"dvd-ram_format", "DVD-RAM: format without certification", "dvd-ram", A::format},
        Recipe{"dvd-ram_format_full", "DVD-RAM: format with certification", "dvd-ram", A::format_full},
        Recipe{"bd-r_burn", "BD-R: disc closed", "bd-r", A::burn}, Recipe{"bd-r_append", "BD-R: a second session", "bd-r", A::append},
        Recipe{"bd-r_format", "BD-R: spare areas", "bd-r", A::format}, Recipe{"bd-re_burn", "BD-RE, new: format, burn", "bd-re", A::burn},
        Recipe{"bd-re_again", "BD-RE, formatted: burn", "bd-re", A::burn, true},
        Recipe{"bd-re_erase", "BD-RE: quick erase", "bd-re", A::erase_quick},
        Recipe{"bd-re_format_full", "BD-RE: format with full certification", "bd-re", A::format_full}),
    [](const auto& recipe) { return golden_name(recipe.param.file); });

}  // namespace
}  // namespace rec
