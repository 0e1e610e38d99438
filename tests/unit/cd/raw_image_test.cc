// The raw image of random layouts, looked at sector by sector as a reader would: what does Q say, what is in the main channel?
#include "librecorder/cd/raw_image.h"

#include <map>
#include <set>

#include "tests/unit/cd/cd_fixture.h"

namespace rec::cd {
namespace {

uint32_t from_bcd3(const QFrame& q, size_t at) { return (*from_bcd(q[at]) * 60u + *from_bcd(q[at + 1])) * 75u + *from_bcd(q[at + 2]); }

TEST(RawImage, TellsTheLayoutInItsSubchannelForManyRandomDiscs) {
  size_t sectors = 0, tracks = 0;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    const DiscLayout layout = random_layout(seed);
    check_recordable(layout);
    RawImageOptions options;
    options.lead_in_start = -1000 - static_cast<int32_t>(seed);
    const RawImage image(layout, options);
    std::map<int, int32_t> starts;
    std::map<int, std::vector<uint32_t>> indexes;
    std::set<std::string> mcns;
    std::map<int, std::set<std::string>> isrcs;
    int32_t last_mcn = -150;
    int before_track = 0, before_index = -1;
    for (int32_t lba = -150; lba < image.end(); ++lba, ++sectors) {
      std::array<std::byte, kSubchannelBytes> symbols;
      image.subchannel(lba, symbols);
      const QFrame q = q_of(symbols);
      ASSERT_TRUE(crc_matches(q)) << lba;
      if (const auto mcn = catalog_of(q)) {
        mcns.insert(*mcn);
        EXPECT_LE(lba - last_mcn, 100);
        last_mcn = lba;
        continue;
      }
      if (const auto isrc = isrc_of(q)) {
        isrcs[before_track].insert(*isrc);
        continue;
      }
      ASSERT_EQ(q[0] & 15, 1);
      ASSERT_EQ(static_cast<int32_t>(from_bcd3(q, 7)) - 150, lba);
      const int track = q[1] == 0xAA ? 0xAA : *from_bcd(q[1]), index = *from_bcd(q[2]);
      if (track != before_track) before_index = -1;
      if (track != before_track || index != before_index) {
        if (index == 1) starts[track] = lba;
        if (index > 1) indexes[track].push_back(static_cast<uint32_t>(lba - starts[track]));
        if (index > 0) {
          EXPECT_EQ(index, std::max(before_index, 0) + 1);
        }
      }
      if (index == 0) {
        EXPECT_TRUE(p_of(symbols));
      }
      before_track = track;
      before_index = index;
    }
    tracks += layout.tracks.size();
    ASSERT_EQ(starts.size(), layout.tracks.size() + 1);
    EXPECT_EQ(starts[0xAA], layout.lead_out());
    if (!layout.mcn.empty()) {
      EXPECT_EQ(mcns, std::set<std::string>{layout.mcn});
    }
    for (size_t i = 0; i < layout.tracks.size(); ++i) {
      EXPECT_EQ(starts[static_cast<int>(i + 1)], layout.start_of(i));
      EXPECT_EQ(indexes[static_cast<int>(i + 1)], layout.tracks[i].indexes);
      if (!layout.tracks[i].isrc.empty()) {
        EXPECT_EQ(isrcs[static_cast<int>(i + 1)], std::set<std::string>{layout.tracks[i].isrc});
      }
    }
    // The lead-in: every point, three times running; and the packs of CD-TEXT.
    std::map<int, int> points;
    std::vector<std::byte> packs;
    for (int32_t lba = image.first(); lba < -150; ++lba) {
      std::array<std::byte, kSubchannelBytes> symbols;
      image.subchannel(lba, symbols);
      const QFrame q = q_of(symbols);
      ASSERT_TRUE(crc_matches(q));
      ASSERT_EQ(q[1], 0);
      ++points[q[2]];
      if (q[2] == 0xA2) {
        EXPECT_EQ(static_cast<int32_t>(from_bcd3(q, 7)) - 150, layout.lead_out());
      }
      const auto rw = rw_of(symbols);
      packs.insert(packs.end(), rw.begin(), rw.end());
    }
    EXPECT_EQ(points.size(), layout.tracks.size() + 3);
    for (const auto& [point, count] : points) {
      EXPECT_GE(count, 9) << point;
    }
    const DecodedCdText decoded = decode_cd_text(packs);
    EXPECT_EQ(decoded.damaged, 0u);
    ASSERT_EQ(decoded.text.blocks.size(), layout.cd_text.blocks.size());
    for (size_t t = 0; !layout.cd_text.empty() && t <= layout.tracks.size(); ++t)
      EXPECT_EQ(decoded.text.blocks[0].get(CdTextType::title, t), layout.cd_text.blocks[0].get(CdTextType::title, t));
  }
  std::printf("%zu sectors of %zu tracks looked at\n", sectors, tracks);
}

TEST(RawImage, HasEveryDataSectorGoodAndAtItsPlace) {
  size_t data = 0;
  for (uint32_t seed = 100; seed < 112; ++seed) {
    const DiscLayout layout = random_layout(seed, {true, 4, 320});
    const RawImage image(layout, {});
    for (int32_t lba = -150; lba < layout.lead_out() + 3; ++lba) {
      std::array<std::byte, kRawBlockBytes> block;
      image.raw_block(lba, block);
      if (!(image.place_of(lba).control & kControlIsData)) continue;
      const auto main = std::span(block).first<kSectorBytes>();
      EXPECT_FALSE(check_sector(main).good() && check_sector(main).mode != 0) << "is not scrambled";
      scramble(main);
      const SectorCheck check = check_sector(main);
      ASSERT_TRUE(check.sync);
      ASSERT_EQ(check.lba, lba);
      const Place place = image.place_of(lba);
      const bool formless = place.track < 100 && layout.tracks[place.track - 1u].format == BlockFormat::mode2;
      if (!formless) {
        ASSERT_TRUE(check.good()) << "seed " << seed << " lba " << lba;
      }
      ++data;
    }
  }
  std::printf("%zu sectors of data checked\n", data);
}

TEST(RawImage, TellsOfTheNextSessionWhenTheDiscStaysOpen) {
  const DiscLayout layout = random_layout(1);
  RawImageOptions options;
  options.next_session = RawImageOptions::NextSession{359849};
  const RawImage image(layout, options);
  bool b0 = false, c0 = false;
  for (int32_t lba = image.first(); lba < -150; ++lba) {
    std::array<std::byte, kSubchannelBytes> symbols;
    image.subchannel(lba, symbols);
    const QFrame q = q_of(symbols);
    b0 |= q[2] == 0xB0 && (q[0] & 15) == 5 && static_cast<int32_t>(from_bcd3(q, 3)) - 150 == layout.lead_out() + 11250;
    c0 |= q[2] == 0xC0 && (q[0] & 15) == 5 && q[7] == 0x97;
  }
  EXPECT_TRUE(b0);
  EXPECT_TRUE(c0);
}

TEST(Layout, RefusesWhatNoCdCanBe) {
  const auto refused = [](const char* says, auto change) {
    DiscLayout layout = random_layout(3, {false, 3, 400});
    while (layout.tracks.size() < 2) layout.tracks.push_back(layout.tracks.front());
    layout.mcn.clear();
    change(layout);
    expect_error([&] { check_recordable(layout); }, fsi::ErrorKind::usage, says);
  };
  refused("it has no track", [](DiscLayout& d) { d.tracks.clear(); });
  refused("it has 100 tracks and a CD takes 99", [](DiscLayout& d) { d.tracks.resize(100, d.tracks.front()); });
  refused("catalog number '12' is not 13 digits", [](DiscLayout& d) { d.mcn = "12"; });
  refused("track 2: the ISRC 'us' is not", [](DiscLayout& d) { d.tracks[1].isrc = "us"; });
  refused("lead-in too short: the pause before track 1 has 149 sectors", [](DiscLayout& d) { d.tracks[0].pregap = 149; });
  refused("track 2 is 00:03:74 long", [](DiscLayout& d) { d.tracks[1].sectors = d.tracks[1].pregap + 299; });
  refused("its indexes do not ascend", [](DiscLayout& d) { d.tracks[1].indexes = {5, 5}; });
  refused("its last index lies after its end", [](DiscLayout& d) { d.tracks[1].indexes = {5, 5000}; });
  refused("no CD can be longer than 88:29:74", [](DiscLayout& d) { d.tracks[1].sectors = 400000; });
}

}  // namespace
}  // namespace rec::cd
