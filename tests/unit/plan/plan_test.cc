#include "librecorder/plan/plan.h"

#include <gtest/gtest.h>

#include <cstring>

#include "libfsi/base/wire.h"

namespace rec {
namespace {

using fsi::ErrorKind;
constexpr uint32_t kTransport = 64 * 1024;

Medium blank(Profile profile, uint64_t sectors) {
  Medium medium;
  medium.profile = profile;
  medium.state = MediumState::blank;
  medium.status = kBlankMedium;
  medium.total_sectors = medium.free_sectors = sectors;
  medium.next_writable = 0;
  medium.write_unit = ecc_sectors(profile);
  medium.write_speeds = {22160, 11080, 5540};
  return medium;
}

SourceFacts file(uint64_t sectors) {
  SourceFacts facts;
  facts.name = "image.iso";
  facts.bytes = sectors * 2048;
  return facts;
}

template <class Call>
std::pair<ErrorKind, std::string> refusal(Call call) {
  try {
    call();
  } catch (const fsi::Error& e) {
    return {e.kind(), e.what()};
  }
  ADD_FAILURE() << "was not refused";
  return {};
}

TEST(Plan, WritesAFileFromTheStartOfABlankDisc) {
  const WritePlan plan = make_plan("d", blank(Profile::dvd_plus_r, 2'295'104), file(1000), {}, kTransport);
  EXPECT_EQ(plan.start, 0u);
  EXPECT_EQ(plan.data_sectors, 1000u);
  EXPECT_EQ(plan.least_sectors, 1000u);
  EXPECT_EQ(plan.chunk_sectors, 32u);
  EXPECT_EQ(plan.padding_after(1000), 8u);  // to a whole ECC block of 16
  EXPECT_FALSE(plan.multi);
  EXPECT_FALSE(plan.speed_kb);
}

TEST(Plan, PadsACdTrackToFourSecondsAndAddsAPostgap) {
  const WritePlan plan = make_plan("d", blank(Profile::cd_r, 359'845), file(10), {}, kTransport);
  EXPECT_EQ(plan.padding_after(10), 290u);
  EXPECT_EQ(plan.padding_after(1000), 150u);
}

TEST(Plan, LeavesOutOfThePostgapWhatDoesNotFit) {
  const WritePlan plan = make_plan("d", blank(Profile::cd_r, 1050), file(1000), {}, kTransport);
  EXPECT_EQ(plan.padding_after(1000), 50u);
}

TEST(Plan, AFileLongerThanItsVolumeBringsItsOwnPostgap) {
  SourceFacts facts = file(1150);
  facts.volume_sectors = 1000;
  const WritePlan plan = make_plan("d", blank(Profile::cd_r, 359'845), facts, {}, kTransport);
  EXPECT_EQ(plan.data_sectors, 1150u);
  EXPECT_EQ(plan.padding_after(1150), 0u);
  EXPECT_EQ(plan.notes.size(), 1u);
}

TEST(Plan, SaysByHowMuchADiscIsTooSmall) {
  const auto [kind, text] = refusal([] { make_plan("d", blank(Profile::bd_r_srm, 3200), file(3201), {}, kTransport); });
  EXPECT_EQ(kind, ErrorKind::unsuitable);
  EXPECT_NE(text.find("32 sectors (0.1 MiB) too few"), std::string::npos) << text;
  EXPECT_NO_THROW(make_plan("d", blank(Profile::bd_r_srm, 3200), file(3200), {}, kTransport));
}

TEST(Plan, RefusesMediaItCannotWrite) {
  Medium medium = blank(Profile::dvd_plus_r, 1000);
  medium.state = MediumState::absent;
  EXPECT_EQ(refusal([&] { make_plan("d", medium, file(1), {}, kTransport); }).first, ErrorKind::unsuitable);
  medium.state = MediumState::closed;
  EXPECT_NE(refusal([&] { make_plan("d", medium, file(1), {}, kTransport); }).second.find("not blank"), std::string::npos);
  medium.state = MediumState::appendable;
  medium.next_writable.reset();
  EXPECT_EQ(refusal([&] { make_plan("d", medium, file(1), {}, kTransport); }).first, ErrorKind::unsuitable);
  medium.next_writable = 900;
  medium.free_sectors = 0;
  EXPECT_NE(refusal([&] { make_plan("d", medium, file(1), {}, kTransport); }).second.find("full"), std::string::npos);
}

TEST(Plan, RefusesSourcesThatAreNoImage) {
  const Medium medium = blank(Profile::dvd_plus_r, 100'000);
  SourceFacts facts = file(10);
  *facts.bytes += 1;
  EXPECT_EQ(refusal([&] { make_plan("d", medium, facts, {}, kTransport); }).first, ErrorKind::usage);
  facts = file(0);
  EXPECT_EQ(refusal([&] { make_plan("d", medium, facts, {}, kTransport); }).first, ErrorKind::usage);
  facts = file(10);
  facts.volume_sectors = 11;
  const auto [kind, text] = refusal([&] { make_plan("d", medium, facts, {}, kTransport); });
  EXPECT_EQ(kind, ErrorKind::source);
  EXPECT_NE(text.find("cut off"), std::string::npos);
}

TEST(Plan, AnImageMustBeMadeForThePlaceItGoesTo) {
  Medium medium = blank(Profile::dvd_plus_r, 100'000);
  SourceFacts facts = file(1000);
  facts.volume_sectors = 1000;
  facts.path_table = 19;
  EXPECT_NO_THROW(make_plan("d", medium, facts, {}, kTransport));
  medium.state = MediumState::appendable;
  medium.next_writable = 5000;
  EXPECT_EQ(refusal([&] { make_plan("d", medium, facts, {}, kTransport); }).first, ErrorKind::unsuitable);
  facts.path_table = 5019;
  EXPECT_EQ(make_plan("d", medium, facts, {}, kTransport).start, 5000u);
  medium.next_writable = 0;
  EXPECT_EQ(refusal([&] { make_plan("d", medium, facts, {}, kTransport); }).first, ErrorKind::unsuitable);
}

TEST(Plan, OverwriteIsRefusedWhereNothingCanBeOverwritten) {
  BurnOptions options;
  options.overwrite = true;
  EXPECT_EQ(refusal([&] { make_plan("d", blank(Profile::cd_r, 1000), file(1), options, kTransport); }).first, ErrorKind::usage);
}

TEST(Plan, AStreamOfUnknownLengthHasNoPromise) {
  SourceFacts facts;
  facts.name = "standard input";
  const WritePlan plan = make_plan("d", blank(Profile::bd_r_srm, 3200), facts, {}, kTransport);
  EXPECT_FALSE(plan.data_sectors);
  EXPECT_EQ(plan.least_sectors, 0u);
  EXPECT_EQ(plan.notes.size(), 1u);
}

TEST(Plan, ChunksFitTheTransportAndTheUnit) {
  EXPECT_EQ(make_plan("d", blank(Profile::dvd_plus_r, 1000), file(1), {}, 60 * 1024).chunk_sectors, 16u);
  EXPECT_EQ(make_plan("d", blank(Profile::cd_r, 1000), file(1), {}, 60 * 1024).chunk_sectors, 16u);
  EXPECT_EQ(refusal([] { make_plan("d", blank(Profile::bd_r_srm, 1024), file(1), {}, 32 * 1024); }).first, ErrorKind::unsuitable);
}

TEST(Plan, ChoosesTheNearestSpeedBelowTheWish) {
  const Medium medium = blank(Profile::dvd_plus_r, 1000);
  EXPECT_EQ(choose_speed({SpeedWish::Kind::times, 10}, medium), 11080u);  // 13,850 wished
  EXPECT_EQ(choose_speed({SpeedWish::Kind::times, 1}, medium), 5540u);
  EXPECT_EQ(choose_speed({SpeedWish::Kind::times, 4}, medium), 5540u);
  EXPECT_EQ(choose_speed({SpeedWish::Kind::fastest, 0}, medium), 22160u);
  EXPECT_EQ(choose_speed({SpeedWish::Kind::slowest, 0}, medium), 5540u);
  EXPECT_FALSE(choose_speed({}, medium));
  EXPECT_THROW(choose_speed({SpeedWish::Kind::times, -1}, medium), fsi::Error);
}

// --- the facts ---

std::vector<std::byte> volume(uint32_t sectors, uint32_t path_table, uint32_t root) {
  std::vector<std::byte> head(64 * 2048);
  std::byte* pvd = head.data() + 16 * 2048;
  pvd[0] = std::byte{1};
  std::memcpy(pvd + 1, "CD001\x01", 6);
  const fsi::Both32 space(sectors), at(root);
  const fsi::Both16 block(2048);
  const fsi::Le32 table(path_table);
  std::memcpy(pvd + 80, &space, 8);
  std::memcpy(pvd + 128, &block, 4);
  std::memcpy(pvd + 140, &table, 4);
  std::memcpy(pvd + 158, &at, 8);
  head.resize(kPeekSectors * 2048);
  return head;
}

TEST(SourceFacts, ReadsTheLengthOfAnIsoVolume) {
  const SourceFacts facts = source_facts("-", std::nullopt, volume(4711, 19, 23));
  EXPECT_FALSE(facts.bytes);
  EXPECT_EQ(facts.volume_sectors, 4711u);
  EXPECT_EQ(facts.path_table, 19u);
  EXPECT_EQ(facts.root_directory, 23u);
}

TEST(SourceFacts, AShortStreamIsKnownWhole) {
  auto head = volume(100, 19, 23);
  head.resize(99 * 2048);
  EXPECT_EQ(source_facts("-", std::nullopt, head).bytes, 99u * 2048);
  head.resize(101 * 2048);  // a little more than its volume: the volume counts, as it does for long streams
  EXPECT_FALSE(source_facts("-", std::nullopt, head).bytes);
  EXPECT_EQ(source_facts("-", std::nullopt, std::span(head).first(0)).bytes, 0u);
}

TEST(SourceFacts, DoesNotBelieveADescriptorThatContradictsItself) {
  auto head = volume(4711, 19, 23);
  head[16 * 2048 + 87] ^= std::byte{1};
  EXPECT_FALSE(source_facts("-", std::nullopt, head).volume_sectors);
}

TEST(SourceFacts, SurvivesAnyPrefix) {
  const auto head = volume(4711, 19, 23);
  for (size_t length = 0; length < 20 * 2048; length += 97) source_facts("-", 1, std::span(head).first(length));
}

TEST(SourceFacts, FindsThePartitionOfAUdfVolume) {
  std::vector<std::byte> head(kPeekSectors * 2048);
  const auto put = [&](size_t sector, size_t at, uint32_t value) {
    const fsi::Le32 wire(value);
    std::memcpy(head.data() + sector * 2048 + at, &wire, 4);
  };
  std::memcpy(head.data() + 16 * 2048 + 1, "BEA01", 5);
  std::memcpy(head.data() + 17 * 2048 + 1, "NSR02", 5);
  put(256, 0, 2);
  put(256, 16, 16 * 2048);
  put(256, 20, 32);
  put(33, 0, 5);
  put(33, 188, 257);
  put(33, 192, 9000);
  const SourceFacts facts = source_facts("-", std::nullopt, head);
  EXPECT_FALSE(facts.volume_sectors);
  EXPECT_EQ(facts.volume_at_least, 9257u);

  // Where it ends: the last anchor behind the partition that is one of this volume, at its own place.
  std::vector<std::byte> behind(300 * 2048);
  const auto anchor = [&](size_t sector, uint32_t location, uint32_t sequence) {
    std::memcpy(behind.data() + sector * 2048, head.data() + 256 * 2048, 32);
    const fsi::Le32 at(location), main(sequence);
    std::memcpy(behind.data() + sector * 2048 + 12, &at, 4);
    std::memcpy(behind.data() + sector * 2048 + 20, &main, 4);
  };
  EXPECT_FALSE(end_by_anchor(head, 9257, behind));
  anchor(3, 9260, 32);
  anchor(259, 9516, 32);
  EXPECT_EQ(end_by_anchor(head, 9257, behind), 9517u);
  anchor(280, 9537, 33);  // of what lay here before
  anchor(290, 9000, 32);
  EXPECT_EQ(end_by_anchor(head, 9257, behind), 9517u);
  EXPECT_FALSE(end_by_anchor(std::span(head).first(4096), 9257, behind));
  put(256, 20, 0xFFFFFFFF);  // points nowhere
  EXPECT_FALSE(source_facts("-", std::nullopt, head).volume_at_least);
}

}  // namespace
}  // namespace rec
