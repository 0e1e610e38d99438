// The fault matrix of audio and raw CDs, as fault_matrix_test.cc has it for data: each command of each recipe fails once in each way.
// For every cell: it ends, the error says where, what and why in one line, the exit code is one of those it may be, the tray is unlocked,
// what the message says of the disc is true, and a burn that is said to have succeeded is on the disc sector by sector.

#include "librecorder/virtual/drive.h"
#include "tests/unit/recorder/cd_disc.h"
#include "tests/unit/recorder/fault_cell.h"
#include "tests/unit/recorder/fault_table.h"
#include "tests/unit/recorder/virtual_bench.h"

namespace rec {
namespace {

struct Kind {
  const char* label;
  CdMode mode;
  bool data = false;   ///< a track of data before the audio
  bool texts = false;  ///< CD-TEXT: there are blocks of 96 bytes for the lead-in
  const char* media = "cd-r";
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.label; }

class CdFaultMatrix : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    // As a user has it: a cue sheet and a file of raw sectors.
    std::vector<std::byte> bin;
    std::string cue = "CATALOG 0724385356926\n";
    if (GetParam().texts) cue += "TITLE \"Disc\"\n";
    cue += "FILE m.bin BINARY\n";
    const auto audio = cd::noise(size_t{620} * cd::kSectorBytes, 1);
    if (GetParam().data) {
      const auto user = cd::noise(2048, 2);
      for (int32_t lba = 0; lba < 310; ++lba) {
        cd::Sector sector;
        cd::encode_sector(cd::SectorForm::mode1, lba, user, sector);
        bin.insert(bin.end(), sector.begin(), sector.end());
      }
    }
    bin.insert(bin.end(), audio.begin() + static_cast<ptrdiff_t>(bin.size()), audio.end());
    cue += std::string("TRACK 01 ") + (GetParam().data ? "MODE1/2352" : "AUDIO\nISRC USEM39600078") + "\nINDEX 01 00:00:00\n";
    cue += "TRACK 02 AUDIO\nFLAGS DCP\nPREGAP 00:02:00\nINDEX 01 00:04:10\n";
    scratch_.file("m.bin", bin);
    layout_ = cd::open_sheet(cd::read_sheet(scratch_.file("m.cue", cue)));
  }

  void fresh(const std::string& fault = {}) {
    virt::Registry registry;
    if (std::filesystem::exists(bench_.directory() / "drives/d")) registry.remove("d");
    registry.add("d", std::string(GetParam().media));
    // Past the attentions of a drive that was just switched on.
    drive_info(drive());
    if (!fault.empty()) registry.set_faults("d", {fault});
  }
  DriveEntry drive() const { return find_drive("d"); }
  void burn_it() {
    CdBurnOptions options;
    options.mode = GetParam().mode;
    options.buffer_bytes = 1 << 20;
    burn_cd(drive(), layout_, options);
  }
  std::vector<PlacedCommand> recipe() {
    fresh();
    bench_.record();
    burn_it();
    return commands_of(bench_.recorded());
  }
  void check_cell(const PlacedCommand& command, const Fault& fault);

  VirtualBench bench_;
  cd::Scratch scratch_;
  cd::DiscLayout layout_;
  std::map<std::string, size_t> outcomes_;
};

void CdFaultMatrix::check_cell(const PlacedCommand& command, const Fault& fault) {
  const std::string spec = spec_of(command, fault);
  SCOPED_TRACE(std::string(GetParam().label) + " " + spec + " " + name_of(command.where));
  fresh(spec);
  Must must = must_of(fault, command.where);
  // SYNCHRONIZE CACHE, which mends this elsewhere, would end the track or the session.
  if (must == Must::succeed && std::string(fault.spec) == "sense=5/2C/00") must = Must::fail;
  // Commands that only ask, make faster or tidy up may fail as long as it is said or does no harm; and what sets a drive up between two
  // tracks can be sent again.
  const bool between = command.opcode == 0x55 && command.where == Where::writing;
  const bool main =
      command.opcode == 0x2A || command.opcode == 0x35 || command.opcode == 0x5B || command.opcode == 0x5D || command.opcode == 0x55;
  if (must == Must::fail && (!main || between)) must = Must::either;
  if (must == Must::succeed && between && std::string(fault.spec) == "sense=5/2C/00") must = Must::either;
  // A track that is ended before the next begins is ended as the last one is.
  const bool ending = (command.opcode == 0x35 || command.opcode == 0x00) && command.where == Where::writing;
  if (ending) must = command.opcode == 0x00 && fault.after == Must::fail ? Must::either : fault.after;

  const auto [failed, message] = burn_cell(bench_, command, fault, must, outcomes_, [this] { burn_it(); });
  if (failed) return expect_promise(drive(), layout_, message);
  const std::string what = "said to be burned";
  if (GetParam().mode == CdMode::track_at_once)
    expect_tracks(drive(), layout_, what);
  else
    expect_disc(drive(), layout_, what);
  EXPECT_EQ(drive_info(drive()).medium.state, MediumState::closed);
}

TEST_P(CdFaultMatrix, EveryCommandFailsOnceInEveryWay) {
  const auto commands = recipe();
  ASSERT_GT(commands.size(), 15u);
  // The sanitizers look at memory and not at the table, and take ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr size_t kStep = 13;
#else
  constexpr size_t kStep = 1;
#endif
  size_t cells = 0, n = 0;
  for (const PlacedCommand& command : commands)
    for (const Fault& fault : kFaults) {
      if (n++ % kStep) continue;
      check_cell(command, fault);
      ++cells;
      if (HasFailure() && std::getenv("FIRST_FAULT")) return;
    }
  print_matrix(GetParam().label, commands.size(), cells, outcomes_);
}

INSTANTIATE_TEST_SUITE_P(Recipes, CdFaultMatrix,
                         testing::Values(Kind{"AudioTrackAtOnce", CdMode::track_at_once},
                                         Kind{"AudioDiscAtOnce", CdMode::session_at_once, false, true},
                                         Kind{"MixedDiscAtOnce", CdMode::session_at_once, true, false, "cd-rw"},
                                         Kind{"AudioRaw96", CdMode::raw_96, false, true}),
                         [](const auto& kind) { return std::string(kind.param.label); });

}  // namespace
}  // namespace rec
