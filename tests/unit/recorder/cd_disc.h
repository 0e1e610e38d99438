// A CD in a virtual drive asked for everything that it tells: READ CD with subchannel, READ TOC, READ SUB-CHANNEL, READ TRACK INFORMATION;
// and held against the layout it was made from.
#pragma once

#include <map>
#include <set>

#include "librecorder/cd/raw_image.h"
#include "librecorder/open_drive.h"
#include "librecorder/recorder.h"
#include "librecorder/scsi/cue_sheet.h"
#include "tests/unit/cd/cd_fixture.h"

namespace rec {

/// One sector with everything, as READ CD gives it.
struct Whole {
  cd::Sector main;
  std::array<std::byte, 96> sub;
};

inline std::vector<Whole> read_all(Drive& drive, int32_t first, int32_t end) {
  std::vector<Whole> out(static_cast<size_t>(end - first));
  static_assert(sizeof(Whole) == 2448);
  for (int32_t lba = first; lba < end; lba += 26) {
    const auto count = static_cast<uint32_t>(std::min(26, end - lba));
    const auto bytes = std::as_writable_bytes(std::span(out).subspan(static_cast<size_t>(lba - first), count));
    const Answer answer = drive.read_cd(lba, count, read_cd::kWholeSector, read_cd::kRaw96, bytes);
    EXPECT_TRUE(answer.good()) << "at " << lba << ": " << sense_text(answer.sense);
    EXPECT_EQ(answer.residual, 0u);
    if (!answer.good()) break;
  }
  return out;
}

/// What the Q channel of a disc tells, from INDEX 00 of track 1 to the lead-out.
struct Told {
  std::map<int, int32_t> pauses, starts;
  std::map<int, std::vector<uint32_t>> indexes;
  std::map<int, uint8_t> controls;
  std::set<std::string> mcns;
  std::map<int, std::set<std::string>> isrcs;
  size_t bad = 0;
};

inline Told listen(const std::vector<Whole>& sectors, int32_t first) {
  Told told;
  int track = 0, index = -1;
  for (size_t i = 0; i < sectors.size(); ++i) {
    const int32_t lba = first + static_cast<int32_t>(i);
    const cd::QFrame q = cd::q_of(sectors[i].sub);
    if (!cd::crc_matches(q)) {
      ++told.bad;
      continue;
    }
    if (const auto mcn = cd::catalog_of(q)) told.mcns.insert(*mcn);
    if (const auto isrc = cd::isrc_of(q)) told.isrcs[track].insert(*isrc);
    if ((q[0] & 15) != 1) continue;
    const int now = *cd::from_bcd(q[1]), here = *cd::from_bcd(q[2]);
    const int32_t address = (*cd::from_bcd(q[7]) * 60 + *cd::from_bcd(q[8])) * 75 + *cd::from_bcd(q[9]) - 150;
    if (address != lba) ++told.bad;
    if (now != track || here != index) {
      if (here == 0) told.pauses[now] = lba;
      if (here == 1) told.starts[now] = lba;
      if (here > 1) told.indexes[now].push_back(static_cast<uint32_t>(lba - told.starts[now]));
      told.controls[now] = q[0] >> 4;
    }
    track = now;
    index = here;
  }
  return told;
}

inline std::string code_of_sub_channel(Drive& drive, SubChannelFormat format, uint8_t track) {
  std::vector<std::byte> bytes(24);
  Command command;
  command.cdb = {0x42, 0, 0x40, static_cast<uint8_t>(format), 0, 0, track, 0, 24, 0};
  command.direction = Direction::from_drive;
  command.in = bytes;
  const Answer answer = drive.run(command);
  EXPECT_TRUE(answer.good()) << sense_text(answer.sense);
  SubChannelCode code;
  if (!fsi::load(bytes, sizeof(SubChannelHeader), code) || !(code.valid & SubChannelCode::kValid)) return {};
  return std::string(code.code, format == SubChannelFormat::mcn ? 13 : 12);
}

/// The table of contents, three ways.
inline void expect_contents(Drive& drive, const std::vector<int32_t>& starts, const std::vector<uint8_t>& controls, int32_t lead_out) {
  const auto toc = drive.toc(TocFormat::toc);
  ASSERT_EQ(toc.size(), sizeof(TocHeader) + (starts.size() + 1) * sizeof(TocTrack));
  for (size_t i = 0; i <= starts.size(); ++i) {
    TocTrack entry;
    ASSERT_TRUE(fsi::load(toc, sizeof(TocHeader) + i * sizeof entry, entry));
    EXPECT_EQ(static_cast<int32_t>(entry.start.get()), i < starts.size() ? starts[i] : lead_out);
    if (i < starts.size()) {
      EXPECT_EQ(entry.control(), controls[i]);
    }
  }
  const auto full = drive.toc(TocFormat::full_toc, 1);
  size_t found = 0;
  FullTocEntry entry;
  for (size_t at = sizeof(TocHeader); fsi::load(full, at, entry); at += sizeof entry) {
    if (entry.point >= 1 && entry.point <= 99) {
      EXPECT_EQ(lba_of(entry.ptime), starts.at(entry.point - 1u));
      ++found;
    }
    if (entry.point == 0xA2) {
      EXPECT_EQ(lba_of(entry.ptime), lead_out);
    }
  }
  EXPECT_EQ(found, starts.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    const auto info = drive.track_information(TrackAddress::track, static_cast<uint32_t>(i + 1));
    ASSERT_TRUE(info);
    EXPECT_EQ(static_cast<int32_t>(info->start.get()), starts[i]);
    EXPECT_EQ(info->control(), controls[i]);
    EXPECT_FALSE(info->damaged());
  }
}

inline void expect_disc(const DriveEntry& entry, const cd::DiscLayout& layout, const std::string& where) {
  SCOPED_TRACE(where);
  OpenDrive open = open_drive(entry, Access::look);
  Drive& drive = *open.drive;
  wait_ready(drive, "test", std::chrono::seconds(60));
  drive.enter(Phase::read);
  const auto sectors = read_all(drive, -150, layout.lead_out());
  const cd::RawImage image(layout, {});
  for (int32_t lba = -150; lba < layout.lead_out(); ++lba) {
    cd::Sector wanted;
    image.main_channel(lba, wanted);
    ASSERT_EQ(sectors[static_cast<size_t>(lba + 150)].main, wanted) << "LBA " << lba;
  }
  const Told told = listen(sectors, -150);
  EXPECT_EQ(told.bad, 0u);
  EXPECT_EQ(told.mcns, layout.mcn.empty() ? std::set<std::string>{} : std::set<std::string>{layout.mcn});
  std::vector<int32_t> starts;
  std::vector<uint8_t> controls;
  for (size_t i = 0; i < layout.tracks.size(); ++i) {
    const cd::Track& track = layout.tracks[i];
    const int number = static_cast<int>(i + 1);
    starts.push_back(layout.start_of(i));
    controls.push_back(track.control());
    EXPECT_EQ(told.starts.at(number), layout.start_of(i));
    if (track.pregap) {
      EXPECT_EQ(told.pauses.at(number), layout.pause_of(i));
    }
    EXPECT_EQ(told.controls.at(number), track.control());
    EXPECT_EQ(told.indexes.contains(number) ? told.indexes.at(number) : std::vector<uint32_t>{}, track.indexes);
    EXPECT_EQ(told.isrcs.contains(number) ? told.isrcs.at(number) : std::set<std::string>{},
              track.isrc.empty() ? std::set<std::string>{} : std::set<std::string>{track.isrc});
    EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::isrc, static_cast<uint8_t>(number)), track.isrc);
  }
  EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::mcn, 0), layout.mcn);
  expect_contents(drive, starts, controls, layout.lead_out());
  // CD-TEXT as the drive gives it back: READ TOC format 5.
  const auto packs = drive.toc(TocFormat::cd_text);
  ASSERT_EQ(packs.empty(), layout.cd_text.empty());
  if (packs.empty()) return;
  const cd::DecodedCdText text = cd::decode_cd_text(std::span(packs).subspan(4));
  EXPECT_EQ(text.damaged, 0u);
  EXPECT_EQ(text.packs, image.cd_text().size());
  ASSERT_EQ(text.text.blocks.size(), layout.cd_text.blocks.size());
  for (size_t b = 0; b < text.text.blocks.size(); ++b) {
    const cd::CdTextBlock &read = text.text.blocks[b], &wanted = layout.cd_text.blocks[b];
    EXPECT_EQ(read.language, wanted.language);
    EXPECT_EQ(read.charset, wanted.charset);
    for (const auto& [type, texts] : wanted.texts)
      for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(read.get(type, i), texts[i]);
  }
}

/// The same of tracks that were written at once on a blank disc, and closed.
inline void expect_tracks(const DriveEntry& entry, const cd::DiscLayout& layout, const std::string& where) {
  SCOPED_TRACE(where);
  OpenDrive open = open_drive(entry, Access::look);
  Drive& drive = *open.drive;
  wait_ready(drive, "test", std::chrono::seconds(60));
  int32_t start = 0;
  std::vector<int32_t> starts;
  std::vector<uint8_t> controls;
  for (size_t i = 0; i < layout.tracks.size(); ++i) {
    const cd::Track& track = layout.tracks[i];
    const auto length = static_cast<int32_t>(track.sectors - track.pregap);
    const auto sectors = read_all(drive, start - 150, start + length);
    for (int32_t s = -150; s < length; ++s) {
      cd::Sector wanted{};
      if (s >= 0) read_track(track, (track.pregap + static_cast<uint64_t>(s)) * cd::kSectorBytes, wanted);
      ASSERT_EQ(sectors[static_cast<size_t>(s + 150)].main, wanted) << "track " << i + 1 << " sector " << s;
    }
    const Told told = listen(sectors, start - 150);
    EXPECT_EQ(told.bad, 0u);
    EXPECT_EQ(told.starts.at(static_cast<int>(i + 1)), start);
    EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::isrc, static_cast<uint8_t>(i + 1)), track.isrc);
    EXPECT_EQ(told.mcns.empty(), layout.mcn.empty());
    starts.push_back(start);
    controls.push_back(track.control());
    start += length + 152;
  }
  EXPECT_EQ(code_of_sub_channel(drive, SubChannelFormat::mcn, 0), layout.mcn);
  expect_contents(drive, starts, controls, start - 150);
}

/// What a burn that failed says of the disc is true, and what it promises is kept.
inline void expect_promise(const DriveEntry& drive, const cd::DiscLayout& layout, const std::string& message) {
  const Medium medium = drive_info(drive).medium;
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  // Without a word about the disc nothing was done to it yet.
  const bool about_disc =
      says("disc is lost") || says("disc is probably lost") || says("can take more tracks") || says("drive does not tell");
  if (!about_disc) {
    EXPECT_EQ(medium.state, MediumState::blank) << message;
  }
  if (says("nothing was written")) {
    EXPECT_FALSE(about_disc) << message;
  }
  if (says("tracks 1 to 2 are complete")) {
    EXPECT_EQ(medium.tracks.size(), 2u) << message;
  } else if (says("track 1 is complete")) {
    EXPECT_GE(medium.tracks.size(), 1u) << message;
    EXPECT_LE(medium.tracks.size(), 2u) << message;
  }
  if (says("can take more tracks")) {
    CdBurnOptions options;
    options.mode = CdMode::track_at_once;
    EXPECT_NO_THROW(burn_cd(drive, layout, options)) << "after: " << message;
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::closed);
  }
  if (says("can be erased")) {
    EXPECT_NO_THROW(erase(drive, {})) << "after: " << message;
    EXPECT_EQ(drive_info(drive).medium.state, MediumState::blank);
  }
}

}  // namespace rec
