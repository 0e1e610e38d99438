// The state machines of DVD-RW in restricted overwrite, DVD+RW, DVD-RAM and BD-RE, and of BD-R with spare areas: what must be
// formatted first, how, what may be written then, what they say of themselves.
#include "tests/unit/virtual/rig.h"

namespace rec::virt {
namespace {

class Overwritable : public Rig {
 protected:
  static constexpr uint32_t kSectors = 40'000;

  Answer format(uint8_t type, uint32_t blocks, uint32_t parameter = 0, uint8_t subtype = 0, uint8_t flags = 0x82) {
    FormatList list;
    list.flags = flags;
    list.descriptor_length = 8;
    list.blocks = blocks;
    list.type = static_cast<uint8_t>(type << 2 | subtype);
    list.parameter = parameter;
    return send({0x04, 0x11, 0, 0, 0, 0}, fsi::bytes_of(list));
  }
  void until_ready() {
    Answer answer;
    for (int i = 0; i < 50 && !(answer = run({0x00})).good(); ++i) {
    }
    ASSERT_TRUE(good(answer));
  }
  void format_and_wait(uint8_t type, uint32_t blocks, uint32_t parameter = 0, uint8_t subtype = 0) {
    const Answer answer = format(type, blocks, parameter, subtype);
    ASSERT_TRUE(good(answer)) << "field " << int(answer.sense.raw[17]);
    until_ready();
  }
  std::vector<FormattableCapacity> formats() {
    const auto bytes = ask({0x23, 0, 0, 0, 0, 0, 0, 0, 252, 0}, 252);
    std::vector<FormattableCapacity> list;
    FormattableCapacity entry;
    for (size_t at = 12; fsi::load(bytes, at, entry); at += sizeof entry) list.push_back(entry);
    return list;
  }
  uint32_t listed(uint8_t type) {
    for (const auto& entry : formats())
      if (entry.format_type() == type) return entry.blocks;
    ADD_FAILURE() << "format type " << int(type) << " is not listed";
    return 0;
  }
};

TEST_F(Overwritable, DvdPlusRwIsFormattedInTheBackground) {
  start("dvd+rw");
  EXPECT_EQ(profile(), 0x1A);
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::empty);
  EXPECT_EQ(disc_information().background_format(), 0);
  EXPECT_TRUE(sensed(write(0, 16), 5, 0x30, 0x10)) << "not formatted";
  EXPECT_TRUE(sensed(format(0x26, 1600), 5, 0x26, 0)) << "not the size of the disc";
  EXPECT_TRUE(sensed(format(0x00, 2'295'104), 5, 0x26, 0)) << "not a type of this disc";
  EXPECT_TRUE(sensed(format(0x26, 0xFFFFFFFF, 1), 5, 0x2C, 0)) << "nothing to restart";
  ASSERT_TRUE(good(format(0x26, 0xFFFFFFFF)));
  EXPECT_TRUE(sensed(run({0x00}), 2, 0x04, 0x04));
  until_ready();
  EXPECT_EQ(disc_information().background_format(), 2);
  EXPECT_TRUE(good(write(64, 1))) << "any sector";
  EXPECT_TRUE(good(write(2'000'000, 16))) << "ahead of the format, too";
  const auto sense = parse_sense(ask({0x03, 0, 0, 0, 18, 0}, 18));
  EXPECT_TRUE(sense.progress.has_value()) << "only REQUEST SENSE tells how far it is";

  ASSERT_TRUE(good(close_with(0)));
  EXPECT_EQ(disc_information().background_format(), 1);
  EXPECT_TRUE(sensed(write(2'100'000, 16), 5, 0x2C, 0)) << "nobody formats any more";
  ASSERT_TRUE(good(close_with(2)));
  ASSERT_TRUE(good(format(0x26, 0xFFFFFFFF, 1)));
  until_ready();
  EXPECT_EQ(disc_information().background_format(), 2);
  expect_readable(2'000'000, 16);
  for (int i = 0; i < 200 && disc_information().background_format() == 2; ++i) ask({0x03, 0, 0, 0, 18, 0}, 18);
  EXPECT_EQ(disc_information().background_format(), 3);
  const auto event = ask({0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0}, 8);
  EXPECT_EQ(event[4], std::byte{5}) << "formatting in the background is done";
  expect_readable(64, 1);
}

TEST_F(Overwritable, DvdPlusRwClosedWhileItIsFormattedIsFormattedToItsEnd) {
  start("dvd+rw");
  format_and_wait(0x26, 0xFFFFFFFF);
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(disc_information().background_format(), 3);
}

TEST_F(Overwritable, DvdPlusRwThatLeavesTheDriveHasItsFormatStopped) {
  start("dvd+rw");
  format_and_wait(0x26, 0xFFFFFFFF);
  ASSERT_TRUE(good(run({0x1B, 0, 0, 0, 2, 0})));
  EXPECT_EQ(drive().disc()->format.state, Format::State::stopped);
}

TEST_F(Overwritable, DvdRwBecomesRestrictedOverwriteAndBack) {
  start("dvd-rw");
  EXPECT_EQ(profile(), 0x14);
  const uint32_t all = listed(0x00);
  EXPECT_EQ(all, 2'297'888u);
  EXPECT_TRUE(sensed(format(0x15, all + 16), 5, 0x26, 0));
  EXPECT_TRUE(sensed(format(0x15, all - 1), 5, 0x26, 0));
  EXPECT_TRUE(sensed(format(0x13, 0), 5, 0x26, 0)) << "nothing to grow";
  format_and_wait(0x15, 0, 16);  // of a size that the drive chooses
  EXPECT_EQ(drive().disc()->format.blocks, all);
  format_and_wait(0x15, all, 16);
  EXPECT_EQ(profile(), 0x13);
  EXPECT_EQ(disc_information().last_session_state(), SessionState::incomplete);

  // An open border: from its end on, or again.
  EXPECT_TRUE(sensed(read(0, 1), 5, 0x21, 0));
  EXPECT_TRUE(sensed(write(32, 16), 5, 0x21, 2)) << "ahead of the end";
  EXPECT_TRUE(sensed(write(0, 8), 5, 0x21, 2)) << "less than an ECC block";
  EXPECT_TRUE(sensed(close_with(2), 5, 0x2C, 4)) << "nothing in it";
  fill(0, 64);
  EXPECT_EQ(track(1).next_writable, 64u);
  fill(16, 16);
  EXPECT_EQ(track(1).next_writable, 64u);
  close();
  open();
  EXPECT_EQ(track(1).next_writable, 64u) << "also when the process ended";
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::finalized);
  EXPECT_EQ(last_lba(), 63u);
  EXPECT_FALSE(track(1).next_writable_valid());
  EXPECT_TRUE(sensed(write(64, 16), 5, 0x21, 0));
  EXPECT_TRUE(sensed(close_with(2), 5, 0x2C, 0));

  // It grows.
  format_and_wait(0x13, 0, 16);
  fill(64, 64);
  ASSERT_TRUE(good(close_with(2)));
  EXPECT_EQ(last_lba(), 127u);
  expect_readable(0, 128);

  // And it is a sequential one again.
  ASSERT_TRUE(good(run({0xA1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
  until_ready();
  EXPECT_EQ(profile(), 0x14);
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::empty);
  close();
  open();
  EXPECT_EQ(profile(), 0x14);
}

TEST_F(Overwritable, DvdRwBlankedQuicklyTakesNothingButADiscAtOnce) {
  start("dvd-rw");
  ASSERT_TRUE(good(run({0xA1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
  until_ready();
  WriteParameters page;
  page.write_type_flags = WriteParameters::packet | WriteParameters::kLinkSizeValid;
  page.link_size = 16;
  page.track_mode_flags = WriteParameters::kFixedPacket | kControlIncremental;
  page.block_type = WriteParameters::mode1;
  page.packet_size = 16;
  ASSERT_TRUE(good(set_write_parameters(page)));
  EXPECT_TRUE(sensed(write(0, 16), 5, 0x64, 0));
  page.write_type_flags = WriteParameters::session_at_once;
  page.track_mode_flags = kControlData;
  ASSERT_TRUE(good(set_write_parameters(page)));
  EXPECT_TRUE(sensed(write(0, 16), 5, 0x2C, 0)) << "its size is not known";
  ASSERT_TRUE(good(run({0x53, 0, 0, 0, 0, 0, 0, 0, 64, 0})));
  fill(0, 64);
  EXPECT_TRUE(sensed(write(64, 16), 5, 0x21, 2)) << "beyond the reservation";
  ASSERT_TRUE(good(run({0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0})));
  until_ready();
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::finalized);
  expect_readable(0, 64);
}

TEST_F(Overwritable, DvdMinusWantsItsPacketsWhole) {
  start("dvd-r");
  WriteParameters page;
  page.write_type_flags = WriteParameters::packet | WriteParameters::kLinkSizeValid;
  page.link_size = 16;
  page.track_mode_flags = WriteParameters::kFixedPacket | kControlIncremental;
  page.block_type = WriteParameters::mode1;
  page.packet_size = 8;
  ASSERT_TRUE(good(set_write_parameters(page)));
  EXPECT_TRUE(sensed(write(0, 16), 5, 0x64, 1)) << "packet size";
  page.packet_size = 16;
  ASSERT_TRUE(good(set_write_parameters(page)));
  EXPECT_TRUE(sensed(write(0, 8), 5, 0x24, 0)) << "half of a packet";
  EXPECT_TRUE(good(write(0, 16)));
}

TEST_F(Overwritable, DvdMinusAtOnceHasNoPackets) {
  start("dvd-r", 4096);
  WriteParameters page;
  page.write_type_flags = WriteParameters::session_at_once;
  page.track_mode_flags = kControlData;
  page.block_type = WriteParameters::mode1;
  ASSERT_TRUE(good(set_write_parameters(page)));
  ASSERT_TRUE(good(run({0x53, 0, 0, 0, 0, 0, 0, 0, 37, 0})));
  EXPECT_TRUE(good(write(0, 31)));
  EXPECT_TRUE(good(write(31, 6)));
  EXPECT_TRUE(good(drive().execute(Command{.cdb = Cdb{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .timeout = std::chrono::hours(1)})));
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::finalized);
  EXPECT_EQ(last_lba(), 47u);
}

TEST_F(Overwritable, TheControlDataOfDvdMinusAreToldBeforeTheyAreWritten) {
  start("dvd-r-dl");
  const auto bytes = ask({0xAD, 0, 0, 0, 0, 0, 0, 0x10, 0, 20, 0, 0}, 20);
  ASSERT_EQ(bytes.size(), 20u);
  EXPECT_EQ(bytes[4], std::byte{0x26});
  close();
  registry().insert("d", "dvd+r");
  open();
  while (run({0x00}).sense.key == 6) {
  }
  EXPECT_TRUE(sensed(receive({0xAD, 0, 0, 0, 0, 0, 0, 0x10, 0, 20, 0, 0}, {}), 5, 0x24, 0)) << "DVD-R and -RW only";
}

TEST_F(Overwritable, DvdRamNeedsNoFormatAndNoClosing) {
  start("dvd-ram");
  EXPECT_EQ(profile(), 0x12);
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::other);
  EXPECT_EQ(last_lba(), 2'236'703u);
  EXPECT_TRUE(good(write(1'000'001, 3)));
  expect_readable(1'000'001, 3);
  EXPECT_TRUE(sensed(close_with(2), 5, 0x2C, 0));
  // Without certification the data stay.
  FormatList list;
  list.flags = 0xA2;
  list.descriptor_length = 8;
  list.blocks = 2'236'704;
  for (const uint8_t complete : {0x00, 0x08}) {  // the list of defects is kept, or not
    ASSERT_TRUE(good(send({0x04, static_cast<uint8_t>(0x11 | complete), 0, 0, 0, 0}, fsi::bytes_of(list))));
    until_ready();
  }
  expect_readable(1'000'001, 3);
  format_and_wait(0x00, 2'236'704);
  std::vector<std::byte> sector;
  ASSERT_TRUE(good(read(1'000'001, 1, &sector)));
  EXPECT_EQ(sector[0], std::byte{0});
}

TEST_F(Overwritable, BdReListsTheSizesOfTheTrade) {
  start("bd-re");
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::empty);
  EXPECT_TRUE(sensed(write(0, 32), 5, 0x30, 0x10));
  std::vector<uint32_t> sizes;
  for (const auto& entry : formats()) sizes.push_back(entry.blocks);
  EXPECT_THAT(sizes, testing::ElementsAre(11'826'176, 11'826'176, 5'796'864, 12'088'320, 12'219'392));
  close();
  registry().insert("d", "bd-re-xl");
  open();
  while (run({0x00}).sense.key == 6) {
  }
  EXPECT_EQ(listed(0x00), 47'305'728u);
}

TEST_F(Overwritable, BdReIsFormattedToWhatIsAskedFor) {
  start("bd-re", 64'000);
  EXPECT_TRUE(sensed(format(0x00, 64'000), 5, 0x26, 0));
  EXPECT_TRUE(sensed(format(0x31, 60'000), 5, 0x26, 0));
  EXPECT_TRUE(sensed(format(0x00, listed(0x00), 0, 2), 5, 0x26, 0)) << "no such subtype";
  EXPECT_TRUE(sensed(format(0x30, 64'000), 5, 0x26, 0)) << "no room for spares";
  for (const uint8_t certification : {2, 1, 3, 0}) format_and_wait(0x31, 64'000, 0, certification);
  EXPECT_EQ(last_lba(), 63'999u);
  fill(63'968, 32);
  const uint32_t with_spares = listed(0x30);
  format_and_wait(0x30, with_spares - 1'001, 0, 1);
  EXPECT_EQ(last_lba(), with_spares - 1'000 + 8 - 1) << "at least that, in whole clusters of spares";
  format_and_wait(0x30, with_spares, 0, 3);
  EXPECT_EQ(last_lba(), with_spares - 1);
  EXPECT_TRUE(sensed(write(with_spares, 32), 5, 0x21, 0));
  EXPECT_TRUE(good(write(5, 1))) << "a single sector";
  EXPECT_TRUE(sensed(send({0xAA, 0, 0, 0, 0, 32, 0, 0, 0, 16, 0x80, 0}, pattern(32, 16)), 5, 0x24, 0)) << "streaming is for whole clusters";
  EXPECT_TRUE(good(send({0xAA, 0, 0, 0, 0, 32, 0, 0, 0, 32, 0x80, 0}, pattern(32, 32))));
}

TEST_F(Overwritable, SpareAreasCostHalfOfTheSpeed) {
  const auto seconds = [&](bool streaming) {
    const auto began = drive().clock().now();
    for (uint32_t lba = 0; lba < 4096; lba += 32) {
      const auto data = pattern(lba, 32);
      const std::initializer_list<uint8_t> plain{0x2A, 0, 0, 0, b(lba, 1), b(lba, 0), 0, 0, 32, 0};
      const std::initializer_list<uint8_t> stream{0xAA, 0, 0, 0, b(lba, 1), b(lba, 0), 0, 0, 0, 32, 0x80, 0};
      while (!(streaming ? send(stream, data) : send(plain, data)).good()) {
      }
    }
    EXPECT_TRUE(good(synchronize()));
    return std::chrono::duration<double>(drive().clock().now() - began).count();
  };
  start("bd-re", 64'000, {.speed = 2});
  format_and_wait(0x30, listed(0x30), 0, 3);
  const double verified = seconds(false), streamed = seconds(true);
  EXPECT_NEAR(verified / streamed, 2.0, 0.1);
}

TEST_F(Overwritable, BdRIsFormattedOnceAndBeforeAnythingElse) {
  start("bd-r", 64'000);
  EXPECT_TRUE(sensed(format(0x32, 64'000), 5, 0x26, 0)) << "no spares at all is not a choice";
  EXPECT_TRUE(sensed(format(0x32, listed(0x32), 0, 2), 5, 0x26, 0)) << "random recording";
  const uint32_t blocks = listed(0x32);
  format_and_wait(0x32, blocks, 0, 1);
  EXPECT_EQ(disc_information().disc_status(), DiscStatus::incomplete) << "the trap: no longer blank, and empty";
  EXPECT_EQ(disc_information().last_session_state(), SessionState::empty);
  EXPECT_EQ(track(1).free_blocks, blocks);
  EXPECT_TRUE(sensed(format(0x32, blocks, 0, 1), 5, 0x2C, 0));
  fill(0, 64);
  EXPECT_TRUE(sensed(write(0, 32), 5, 0x21, 2)) << "no pseudo-overwrite";
}

TEST_F(Overwritable, PseudoOverwriteTakesRoom) {
  start("bd-r", 64'000);
  format_and_wait(0x32, listed(0x32), 0, 0);
  fill(0, 128);
  const auto other = pattern(7'777, 32);
  ASSERT_TRUE(good(send({0x2A, 0, 0, 0, 0, 32, 0, 0, 32, 0}, other)));
  EXPECT_EQ(track(1).next_writable, 160u) << "the new cluster lies there";
  std::vector<std::byte> back;
  ASSERT_TRUE(good(read(32, 32, &back)));
  EXPECT_EQ(back, other);
  ASSERT_TRUE(good(write(70, 1))) << "the rest of the cluster the drive reads and writes again";
  EXPECT_EQ(track(1).next_writable, 192u);
  expect_readable(64, 6);
}

TEST_F(Overwritable, WriteProtectedMeansEverything) {
  registry().add("d");
  registry().insert("d", "dvd-ram", {.write_protected = true});
  open();
  while (run({0x00}).sense.key == 6) {
  }
  EXPECT_EQ(ask({0xAD, 0, 0, 0, 0, 0, 0, 0xC0, 0, 8, 0, 0}, 8)[4], std::byte{4}) << "by the cartridge";
  EXPECT_TRUE(sensed(write(0, 16), 7, 0x27, 0));
  EXPECT_TRUE(sensed(format(0x00, 2'236'704), 7, 0x27, 0));
  EXPECT_TRUE(good(read(0, 1)));
}

TEST_F(Overwritable, FormatListsAreCheckedForForm) {
  start("dvd+rw");
  std::vector<std::byte> list(12);
  EXPECT_TRUE(sensed(send({0x04, 0x11, 0, 0, 0, 0}, list), 5, 0x26, 0)) << "no descriptor";
  EXPECT_TRUE(sensed(send({0x04, 0x10, 0, 0, 0, 0}, list), 5, 0x24, 0)) << "another format code";
  EXPECT_TRUE(sensed(send({0x04, 0x11, 0, 0, 0, 0}, std::span(list).first(8)), 5, 0x1A, 0));
  EXPECT_TRUE(sensed(format(0x26, 0xFFFFFFFF, 0, 0, 0x22), 5, 0x26, 0)) << "an option without FOV";
}

TEST_F(Overwritable, TheLayerBreakIsSetOnceOnABlankDisc) {
  start("dvd+r-dl");
  const auto set = [&](uint32_t sectors) {
    std::vector<std::byte> list(12);
    list[1] = std::byte{10};
    for (int i = 0; i < 4; ++i) list[8 + static_cast<size_t>(i)] = std::byte{b(sectors, 3 - i)};
    return send({0xBF, 0, 0, 0, 0, 0, 0, 0x20, 0, 12, 0, 0}, list);
  };
  EXPECT_TRUE(sensed(set(1601), 5, 0x26, 0));
  EXPECT_TRUE(sensed(set(3'000'000), 5, 0x26, 0));
  ASSERT_TRUE(good(set(1600)));
  EXPECT_TRUE(sensed(set(1600), 5, 0x2C, 0));
  EXPECT_EQ(track(1).free_blocks, 3200u);
}

}  // namespace
}  // namespace rec::virt
