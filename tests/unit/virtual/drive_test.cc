// The virtual drive as a device: attentions, tray and door, time, the buffer, mode pages, features, malformed commands.
#include "librecorder/scsi/event_status.h"
#include "librecorder/scsi/inquiry.h"
#include "librecorder/scsi/performance.h"
#include "tests/unit/virtual/rig.h"

namespace rec::virt {
namespace {

using namespace std::chrono_literals;

class VirtualDrive : public Rig {};

TEST_F(VirtualDrive, TellsOfPowerOnAndOfTheMediumOnceEach) {
  registry().add("d", "dvd+r");
  open();
  EXPECT_TRUE(good(receive({0x12, 0, 0, 0, 0, 0}, {}))) << "INQUIRY does not wait for it";
  EXPECT_TRUE(sensed(run({0x00}), 6, 0x29, 0));
  EXPECT_TRUE(sensed(run({0x00}), 6, 0x28, 0));
  EXPECT_TRUE(good(run({0x00})));
  close();
  open();
  EXPECT_TRUE(good(run({0x00}))) << "opening is not a power cycle";
  close();
  registry().power_cycle("d");
  open();
  EXPECT_TRUE(sensed(run({0x00}), 6, 0x29, 0));
}

TEST_F(VirtualDrive, RequestSenseTakesTheAttention) {
  registry().add("d", "dvd+r");
  open();
  const Sense sense = parse_sense(ask({0x03, 0, 0, 0, 18, 0}, 18));
  EXPECT_TRUE(sense.is(6, 0x29, 0));
  EXPECT_TRUE(sensed(run({0x00}), 6, 0x28, 0));
  EXPECT_TRUE(parse_sense(ask({0x03, 0, 0, 0, 18, 0}, 18)).is(0, 0, 0));
}

TEST_F(VirtualDrive, Inquiry) {
  start("cd-r");
  const auto data = ask_record<InquiryData>({0x12, 0, 0, 0, 36, 0});
  EXPECT_EQ(data.device_type(), InquiryData::kCdDvdDevice);
  EXPECT_EQ(data.additional_length, 31);
  EXPECT_EQ(ask({0x12, 0, 0, 0, 5, 0}, 36).size(), 5u) << "no more than is asked for, and the rest is residual";
  EXPECT_TRUE(sensed(receive({0x12, 1, 0, 0, 36, 0}, {}), 5, 0x24, 0)) << "no vital product data";
}

TEST_F(VirtualDrive, WithoutAMedium) {
  registry().add("d");
  open();
  EXPECT_TRUE(sensed(run({0x00}), 6, 0x29, 0));
  EXPECT_TRUE(sensed(run({0x00}), 2, 0x3A, 1));
  EXPECT_TRUE(sensed(receive({0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0}, {}), 2, 0x3A, 1));
  EXPECT_EQ(profile(), 0);
  const auto formats = ask({0x23, 0, 0, 0, 0, 0, 0, 0, 12, 0}, 12);
  EXPECT_EQ(formats[8], std::byte{CurrentCapacity::no_medium});
  EXPECT_TRUE(good(run({0x1E, 0, 0, 0, 1, 0})));
}

TEST_F(VirtualDrive, TrayAndDoor) {
  start("dvd+r", 4096);
  ASSERT_TRUE(good(run({0x1E, 0, 0, 0, 1, 0})));
  EXPECT_TRUE(sensed(run({0x1B, 0, 0, 0, 2, 0}), 5, 0x53, 2)) << "locked";
  close();
  open();
  EXPECT_TRUE(sensed(run({0x1B, 0, 0, 0, 2, 0}), 5, 0x53, 2)) << "a process that ended leaves the door locked";
  ASSERT_TRUE(good(run({0x1E, 0, 0, 0, 0, 0})));
  ASSERT_TRUE(good(run({0x1B, 0, 0, 0, 2, 0})));
  EXPECT_TRUE(sensed(run({0x00}), 2, 0x3A, 2));
  EXPECT_EQ(profile(), 0);
  ASSERT_TRUE(good(run({0x1B, 1, 0, 0, 3, 0})));
  EXPECT_TRUE(sensed(run({0x00}), 2, 0x04, 1)) << "becoming ready";
  int looks = 0;
  Answer answer;
  while ((answer = run({0x00})).sense.key == 2 && ++looks < 20) {
  }
  EXPECT_TRUE(sensed(answer, 6, 0x28, 0));
  EXPECT_TRUE(good(run({0x00})));
}

TEST_F(VirtualDrive, EventsAreToldOnce) {
  start("dvd+r", 4096);
  const auto media = [&] {
    const auto bytes = ask({0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0}, 8);
    MediaEvent event;
    EXPECT_TRUE(fsi::load(bytes, 4, event));
    return event;
  };
  EXPECT_EQ(media().code, MediaEvent::new_media);
  EXPECT_EQ(media().code, MediaEvent::no_change);
  EXPECT_EQ(media().status, MediaEvent::kPresent);
  ASSERT_TRUE(good(run({0x1B, 0, 0, 0, 2, 0})));
  const MediaEvent out = media();
  EXPECT_EQ(out.code, MediaEvent::media_removal);
  EXPECT_EQ(out.status, MediaEvent::kTrayOpen);
  EXPECT_TRUE(sensed(receive({0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8, 0}, {}), 5, 0x24, 0)) << "asynchronous";
  EventHeader none;
  ASSERT_TRUE(fsi::load(ask({0x4A, 1, 0, 0, 0x20, 0, 0, 0, 8, 0}, 8), 0, none));
  EXPECT_TRUE(none.none_available());
}

TEST_F(VirtualDrive, UnknownAndMalformedCommands) {
  start("dvd+r", 4096);
  EXPECT_TRUE(sensed(run({0xA1, 0}), 5, 0x30, 5)) << "BLANK: nothing on this disc can be blanked";
  EXPECT_TRUE(sensed(run({0xFF, 0, 0, 0, 0, 0}), 5, 0x20, 0));
  const Answer reserved = run({0x35, 0, 0, 0, 0, 0, 0x01, 0, 0, 0});
  EXPECT_TRUE(sensed(reserved, 5, 0x24, 0));
  EXPECT_EQ(reserved.sense.raw[15], 0xC0) << "a field pointer into the command block";
  EXPECT_EQ(reserved.sense.raw[17], 6);
}

TEST_F(VirtualDrive, ABufferThatDoesNotFitTheCommand) {
  start("dvd+r", 4096);
  std::vector<std::byte> small(8);
  EXPECT_EQ(receive({0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0}, small).outcome, Outcome::transport_error);
  EXPECT_TRUE(sensed(send({0x2A, 0, 0, 0, 0, 0, 0, 0, 16, 0}, small), 0xB, 0x4B, 0));
  std::vector<std::byte> large(65 * 1024);
  EXPECT_EQ(receive({0x12, 0, 0, 0, 36, 0}, large).outcome, Outcome::transport_error);
}

// ---- time

TEST_F(VirtualDrive, AnImmediateCloseTellsItsProgress) {
  start("dvd+r", 4096);
  fill(0, 64);
  ASSERT_TRUE(good(close_with(1, 1)));
  const Duration before = drive().clock().now();
  ASSERT_TRUE(good(close_with(6, 0, true)));
  EXPECT_EQ(drive().clock().now(), before) << "IMMED does not wait";
  int32_t last = -1;
  int looks = 0;
  while (true) {
    const Answer answer = run({0x00});
    if (answer.good()) break;
    ASSERT_TRUE(sensed(answer, 2, 0x04, 7));
    ASSERT_TRUE(answer.sense.progress);
    EXPECT_GE(*answer.sense.progress, last);
    last = *answer.sense.progress;
    EXPECT_TRUE(sensed(write(64, 16), 2, 0x04, 7));
    ASSERT_LT(++looks, 30);
  }
  EXPECT_GT(last, 0);
  EXPECT_GE(drive().clock().now() - before, 60s);
  EXPECT_TRUE(sensed(write(64, 16), 5, 0x30, 5));
}

TEST_F(VirtualDrive, ACloseThatWaitsLongerThanTheCommandMay) {
  start("dvd+r", 4096);
  fill(0, 64);
  ASSERT_TRUE(good(close_with(1, 1)));
  EXPECT_EQ(run({0x5B, 0, 6, 0, 0, 0, 0, 0, 0, 0}).outcome, Outcome::timeout) << "60 s are more than the 30 of the command";
  EXPECT_TRUE(sensed(run({0x00}), 2, 0x04, 7)) << "and the drive goes on";
}

TEST_F(VirtualDrive, RequestSenseTellsProgressToo) {
  start("dvd+r", 4096);
  fill(0, 64);
  ASSERT_TRUE(good(close_with(1, 1, true)));
  EXPECT_TRUE(parse_sense(ask({0x03, 0, 0, 0, 18, 0}, 18)).progress);
}

TEST_F(VirtualDrive, TheBufferFillsAndDrains) {
  start("dvd+r", 40960, {.speed = 1, .buffer_bytes = 1024 * 1024, .real_time = false, .faults = {}});
  const auto room = [&] { return uint32_t{ask_record<BufferCapacity>({0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0}).available}; };
  EXPECT_EQ(room(), 1024u * 1024u);
  uint32_t at = 0;
  Answer answer;
  while ((answer = write(at, 32)).good()) at += 32;
  EXPECT_TRUE(sensed(answer, 2, 0x04, 8));
  EXPECT_FALSE(answer.sense.progress);
  EXPECT_EQ(at, 512u) << "one MiB";
  EXPECT_EQ(track(1).next_writable, 512u) << "a WRITE that was put off has written nothing";
  EXPECT_TRUE(good(write(at, 32))) << "the look let half of the buffer drain";
  EXPECT_GT(room(), 400u * 1024u);
  const Duration before = drive().clock().now();
  EXPECT_TRUE(good(synchronize()));
  EXPECT_GT(drive().clock().now() - before, 300ms);
  EXPECT_EQ(room(), 1024u * 1024u);
  EXPECT_EQ(drive().disc()->link_stops, 0u) << "a buffer emptied by SYNCHRONIZE CACHE did not run dry";
}

TEST_F(VirtualDrive, ADryBufferOnDvdIsALinkingStop) {
  start("dvd+r", 40960, {.speed = 4, .buffer_bytes = 1024 * 1024, .real_time = false, .faults = {}});
  fill(0, 320);
  drive().clock().work(10s);
  EXPECT_TRUE(good(write(320, 32)));
  EXPECT_EQ(drive().disc()->link_stops, 1u);
  EXPECT_EQ(drive().disc()->underruns, 0u);
}

TEST_F(VirtualDrive, ADryBufferOnCdSpoilsATrackWithoutProtection) {
  start("cd-r", 20000, {.speed = 8, .buffer_bytes = 1024 * 1024, .real_time = false, .faults = {}});
  WriteParameters page = track_at_once();
  page.write_type_flags = WriteParameters::track_at_once;
  ASSERT_TRUE(good(set_write_parameters(page)));
  fill(0, 320);
  drive().clock().work(10s);
  EXPECT_TRUE(sensed(write(320, 32), 3, 0x0C, 9)) << "loss of streaming";
  EXPECT_TRUE(sensed(write(320, 32), 5, 0x21, 2)) << "the track is at its end";
  EXPECT_TRUE(track(1).damaged());
  EXPECT_EQ(drive().disc()->underruns, 1u);
  EXPECT_EQ(track(0xFF).track(), 2);
}

TEST_F(VirtualDrive, ADryBufferOnCdWithProtectionIsALinkingStop) {
  start("cd-r", 20000, {.speed = 8, .buffer_bytes = 1024 * 1024, .real_time = false, .faults = {}});
  ASSERT_TRUE(good(set_write_parameters(track_at_once())));
  fill(0, 320);
  drive().clock().work(10s);
  EXPECT_TRUE(good(write(320, 32)));
  EXPECT_FALSE(track(0xFF).damaged());
  EXPECT_EQ(drive().disc()->link_stops, 1u);
}

TEST_F(VirtualDrive, OnTheRealClockTimeIsReal) {
  constexpr uint32_t kBuffer = 256 * 1024, kSectors = 320;
  start("dvd+r", 40960, {.speed = 1, .buffer_bytes = kBuffer, .real_time = true, .faults = {}});
  const auto began = std::chrono::steady_clock::now();
  for (uint32_t at = 0; at < kSectors;) {
    const Answer answer = write(at, 32);
    if (answer.good())
      at += 32;
    else
      ASSERT_TRUE(sensed(answer, 2, 0x04, 8));  // full; again and again until there is room
  }
  // What does not fit in the buffer was burned meanwhile, at 1x, however busy the machine was.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took.count(), (kSectors * 2048.0 - kBuffer) / 1'385'000 * 0.99);
}

// ---- mode pages

TEST_F(VirtualDrive, ModePagesCanBeReadAndSentBack) {
  start("cd-r");
  for (const uint8_t page : {0x01, 0x05, 0x08, 0x1A, 0x1D, 0x2A}) {
    auto bytes = ask({0x5A, 0x08, page, 0, 0, 0, 0, 0, 255, 0}, 255);
    ASSERT_GT(bytes.size(), 8u);
    ModeHeader10 header;
    ASSERT_TRUE(fsi::load(bytes, 0, header));
    EXPECT_EQ(header.data_length, bytes.size() - 2);
    header.data_length = 0;
    std::copy_n(fsi::bytes_of(header).begin(), sizeof header, bytes.begin());
    EXPECT_TRUE(good(send({0x55, 0x10, 0, 0, 0, 0, 0, 0, static_cast<uint8_t>(bytes.size()), 0}, bytes))) << int(page);
  }
  EXPECT_GT(ask({0x5A, 0x08, 0x3F, 0, 0, 0, 0, 1, 0, 0}, 256).size(), 100u) << "all pages";
  EXPECT_GT(ask({0x1A, 0x08, 0x2A, 0, 255, 0}, 255).size(), 30u);
  EXPECT_TRUE(sensed(receive({0x5A, 8, 0x30, 0, 0, 0, 0, 0, 255, 0}, {}), 5, 0x24, 0)) << "no such page";
  EXPECT_TRUE(sensed(receive({0x5A, 8, 0xC5, 0, 0, 0, 0, 0, 255, 0}, {}), 5, 0x39, 0)) << "nothing is saved";
}

TEST_F(VirtualDrive, WriteParametersAreChecked) {
  start("cd-r");
  const auto refused = [&](auto change) {
    WriteParameters page = track_at_once();
    change(page);
    return sensed(set_write_parameters(page), 5, 0x26, 0);
  };
  EXPECT_TRUE(refused([](WriteParameters& p) { p.write_type_flags = WriteParameters::raw; })) << "without subchannel";
  EXPECT_TRUE(refused([](WriteParameters& p) { p.write_type_flags = WriteParameters::layer_jump; }));
  EXPECT_TRUE(refused([](WriteParameters& p) {
    p.isrc[0] = 0x80;
    p.isrc[1] = 'U';
  }));
  EXPECT_TRUE(refused([](WriteParameters& p) { p.write_type_flags = 0x0F; }));
  EXPECT_TRUE(refused([](WriteParameters& p) { p.block_type = WriteParameters::raw_2352; }));
  EXPECT_TRUE(refused([](WriteParameters& p) { p.block_type = WriteParameters::mode2_form2; }));
  EXPECT_TRUE(refused([](WriteParameters& p) { p.track_mode_flags = 0; })) << "audio";
  EXPECT_TRUE(refused([](WriteParameters& p) { p.track_mode_flags = kControlIncremental; })) << "not with track at once";
  EXPECT_TRUE(refused([](WriteParameters& p) { p.track_mode_flags = 0x40 | kControlData; })) << "reserved multisession value";
  EXPECT_TRUE(refused([](WriteParameters& p) { p.session_format = 0x33; }));
  EXPECT_TRUE(refused([](WriteParameters& p) { p.header.length = 0x30; }));
  const auto current = ask({0x5A, 0x08, 5, 0, 0, 0, 0, 0, 60, 0}, 60);
  EXPECT_EQ(current[8 + 2], std::byte{0}) << "a refused page has changed nothing";
  EXPECT_TRUE(good(set_write_parameters(track_at_once())));
  EXPECT_EQ(ask({0x5A, 0x08, 5, 0, 0, 0, 0, 0, 60, 0}, 60)[8 + 2], std::byte{0x41});
}

TEST_F(VirtualDrive, AModeListOfTheWrongLength) {
  start("cd-r");
  std::vector<std::byte> list(8 + 20);
  list[8] = std::byte{5};
  list[9] = std::byte{0x32};
  EXPECT_TRUE(sensed(send({0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0}, list), 5, 0x1A, 0)) << "the page reaches past the list";
  EXPECT_TRUE(sensed(send({0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0}, list), 5, 0x1A, 0)) << "less data than announced";
  EXPECT_TRUE(sensed(send({0x55, 0x00, 0, 0, 0, 0, 0, 0, 28, 0}, list), 5, 0x24, 0)) << "PF";
}

// ---- features and speeds

TEST_F(VirtualDrive, FeaturesFollowTheMedium) {
  const auto current = [&](uint16_t code) {
    const auto bytes = ask({0x46, 2, b(code, 1), b(code, 0), 0, 0, 0, 0, 255, 0}, 255);
    FeatureDescriptor descriptor;
    return fsi::load(bytes, 8, descriptor) && descriptor.code == code && descriptor.current();
  };
  start("dvd+r", 4096);
  EXPECT_TRUE(current(0x2B));
  EXPECT_TRUE(current(0x10));
  EXPECT_FALSE(current(0x2D));
  EXPECT_FALSE(current(0x41));
  fill(0, 64);
  ASSERT_TRUE(good(close_with(1, 1)));
  ASSERT_TRUE(good(close_with(6)));
  EXPECT_FALSE(current(0x2B)) << "a finalized disc cannot be written";
  close();
  registry().insert("d", "cd-r");
  open();
  EXPECT_TRUE(current(0x2D));
  EXPECT_FALSE(current(0x2B));
}

TEST_F(VirtualDrive, TheFeatureListAddsUp) {
  start("bd-r");
  FeatureHeader header;
  const auto short_answer = ask({0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0}, 8);
  ASSERT_TRUE(fsi::load(short_answer, 0, header));
  const auto bytes = ask({0x46, 0, 0, 0, 0, 0, 0, 0x10, 0, 0}, 4096);
  ASSERT_EQ(bytes.size(), header.data_length + 4u) << "the short answer told the length";
  uint16_t last = 0;
  size_t at = 8, features = 0;
  while (at < bytes.size()) {
    FeatureDescriptor descriptor;
    ASSERT_TRUE(fsi::load(bytes, at, descriptor));
    EXPECT_EQ(descriptor.additional_length % 4, 0);
    EXPECT_TRUE(features == 0 || descriptor.code > last);
    last = descriptor.code;
    at += sizeof descriptor + descriptor.additional_length;
    ++features;
  }
  EXPECT_EQ(at, bytes.size());
  EXPECT_GT(features, 10u);
}

TEST_F(VirtualDrive, SpeedsAreToldAndChosen) {
  start("dvd+r", 40960, {.speed = 8, .buffer_bytes = 1024 * 1024, .real_time = false, .faults = {}});
  const auto bytes = ask({0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 8, 3, 0}, 8 + 8 * 16);
  PerformanceHeader header;
  WriteSpeed first, last;
  ASSERT_TRUE(fsi::load(bytes, 0, header));
  ASSERT_EQ(bytes.size(), header.length + 4u);
  ASSERT_TRUE(fsi::load(bytes, 8, first));
  ASSERT_TRUE(fsi::load(bytes, bytes.size() - 16, last));
  EXPECT_EQ(first.write_speed, 8u * 1385u);
  EXPECT_EQ(last.write_speed, 4u * 1385u);

  StreamingDescriptor wanted;
  wanted.end_lba = 40959;
  wanted.read_size = wanted.write_size = 4 * 1385;
  wanted.read_time = wanted.write_time = 1000;
  ASSERT_TRUE(good(send({0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0}, fsi::bytes_of(wanted))));
  NominalPerformance now;
  ASSERT_TRUE(fsi::load(ask({0xAC, 0x14, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 24), 8, now));
  EXPECT_EQ(now.end_speed, 4u * 1385u);
  ASSERT_TRUE(good(run({0xBB, 0, 0xFF, 0xFF, 0xFF, 0xFF})));
  ASSERT_TRUE(fsi::load(ask({0xAC, 0x14, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 24), 8, now));
  EXPECT_EQ(now.end_speed, 8u * 1385u);
  wanted.write_time = 0;
  EXPECT_TRUE(sensed(send({0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0}, fsi::bytes_of(wanted)), 5, 0x26, 0));
}

// The reading half of what the tools of others send at their start must be answered.
TEST_F(VirtualDrive, StartupOfOtherTools) {
  for (const char* type : {"cd-r", "dvd+r", "bd-r"}) {
    if (registry().list().empty()) {
      start(type);
    } else {
      close();
      registry().insert("d", type);
      open();
      EXPECT_TRUE(sensed(run({0x00}), 6, 0x28, 0));
    }
    EXPECT_TRUE(good(run({0x00})));
    EXPECT_EQ(ask({0x12, 0, 0, 0, 36, 0}, 36).size(), 36u);
    EXPECT_TRUE(good(run({0x1E, 0, 0, 0, 1, 0})));
    EXPECT_TRUE(good(run({0x1B, 0, 0, 0, 1, 0})));
    EXPECT_EQ(ask({0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 10, 0}, 10).size(), 10u);
    EXPECT_GE(ask({0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 255, 0}, 255).size(), 8u + 28u);
    EXPECT_EQ(ask({0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0}, 8).size(), 8u);
    EXPECT_EQ(ask({0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0}, 8).size(), 8u);
    EXPECT_EQ(ask({0x23, 0, 0, 0, 0, 0, 0, 0, 12, 0}, 12).size(), 12u);
    EXPECT_EQ(disc_information().disc_status(), DiscStatus::empty);
    EXPECT_EQ(last_lba(), 0u);
    EXPECT_EQ(ask({0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0}, 8).size(), 8u);
    EXPECT_EQ(ask({0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0}, 16).size(), 16u);
    EXPECT_TRUE(good(run({0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0})));
    EXPECT_TRUE(good(run({0x1E, 0, 0, 0, 0, 0})));
  }
}

}  // namespace
}  // namespace rec::virt
