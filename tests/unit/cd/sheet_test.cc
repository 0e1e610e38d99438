// Readers of cue and toc files: what they say, what they refuse and at which line, and the samples of others.
#include "librecorder/cd/sheet.h"

#include "tests/unit/cd/cd_fixture.h"

namespace rec::cd {
namespace {

using fsi::ErrorKind;

std::vector<std::byte> sectors_of(size_t count) { return noise(count * kSectorBytes, 1); }

struct Wrong {
  const char* text;
  const char* says;
};

TEST(CueFile, TellsTracksPausesIndexesAndCodes) {
  Scratch scratch;
  scratch.file("a.bin", sectors_of(3000));
  const auto path = scratch.file("a.cue",
                                 "\xEF\xBB\xBFREM COMMENT \"anything goes: INDEX\"\r\n"
                                 "CATALOG 0724385356926\r\n"
                                 "PERFORMER \"Somebody\"\r\nTITLE \"An \xC3\x84lbum\"\r\n"
                                 "FILE a.bin BINARY\r\n"
                                 "  TRACK 01 AUDIO\r\n    TITLE One\r\n    FLAGS DCP PRE\r\n    ISRC USEM39600078\r\n"
                                 "    INDEX 01 00:00:00\r\n    INDEX 02 00:05:00\r\n"
                                 "  TRACK 02 AUDIO\r\n    PREGAP 00:02:00\r\n    INDEX 01 00:10:00\r\n    POSTGAP 00:01:00\r\n"
                                 "  TRACK 03 AUDIO\r\n    INDEX 00 00:20:00\r\n    INDEX 01 00:21:10\r\n");
  const DiscLayout disc = open_sheet(read_sheet(path));
  ASSERT_EQ(disc.tracks.size(), 3u);
  EXPECT_EQ(disc.mcn, "0724385356926");
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::title, 0), "An \xC4lbum");
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::title, 1), "One");
  EXPECT_EQ(disc.tracks[0].isrc, "USEM39600078");
  EXPECT_TRUE(disc.tracks[0].copy_permitted);
  EXPECT_TRUE(disc.tracks[0].pre_emphasis);
  EXPECT_EQ(disc.tracks[0].indexes, std::vector<uint32_t>{375});
  EXPECT_EQ(disc.pause_of(0), -150);
  EXPECT_EQ(disc.start_of(0), 0);
  EXPECT_EQ(disc.end_of(0), 750);
  EXPECT_EQ(disc.start_of(1), 900);
  EXPECT_EQ(disc.end_of(1), 900 + 750 + 75);
  EXPECT_EQ(disc.pause_of(2), 1725);
  EXPECT_EQ(disc.start_of(2), 1725 + 85);
  EXPECT_EQ(disc.lead_out(), 3000 + 150 + 75);
  // The bytes: INDEX 01 of track 2 is sector 750 of the file.
  const auto file = sectors_of(3000);
  std::vector<std::byte> sector(kSectorBytes);
  read_track(disc.tracks[1], 150 * kSectorBytes, sector);
  EXPECT_TRUE(std::equal(sector.begin(), sector.end(), file.begin() + 750 * kSectorBytes));
  read_track(disc.tracks[1], 149 * kSectorBytes, sector);
  EXPECT_EQ(sector, std::vector<std::byte>(kSectorBytes));
}

TEST(CueFile, TakesTextsAsPeopleWriteThem) {
  const auto title = [](const std::string& text) {
    return std::string(parse_cue("FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 1 0:0:0\n" + text, "a.cue").cd_text[0].get(CdTextType::title, 1));
  };
  EXPECT_EQ(title("TITLE \"The \"Best\" of\""), "The \"Best\" of");
  EXPECT_EQ(title("\ttitle\tWord  "), "Word");
  EXPECT_EQ(title("TITLE \"\""), "");
  EXPECT_EQ(title("TITLE \"\xE4\""), "\xC3\xA4");
  EXPECT_EQ(title("TITLE \"  a  b \" \r\n"), "  a  b ");
  expect_error([&] { title("TITLE Two Words"); }, ErrorKind::source, "a.cue:4: reading the cue sheet: it should read: TITLE \"text\"");
  expect_error([&] { title("SONGWRITER"); }, ErrorKind::source, "it should read: SONGWRITER \"text\"");
  expect_error([&] { title("TITLE \"Open"); }, ErrorKind::source, "a quotation mark has no end");
}

TEST(CueFile, APauseMayLieInTheFileBefore) {
  Scratch scratch;
  scratch.file("a.bin", sectors_of(1000));
  scratch.file("B.BIN", sectors_of(500));
  const auto path = scratch.file("a.cue",
                                 "FILE \"a.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 00 00:10:00\n"
                                 "FILE \"C:\\music\\b.bin\" MOTOROLA\nINDEX 01 00:00:00\n");
  const DiscLayout disc = open_sheet(read_sheet(path));
  EXPECT_EQ(disc.end_of(0), 750);
  EXPECT_EQ(disc.tracks[1].pregap, 250u);
  EXPECT_EQ(disc.lead_out(), 1500);
  // MOTOROLA: the bytes of each sample change places.
  const auto file = sectors_of(500);
  std::vector<std::byte> two(3);
  read_track(disc.tracks[1], 250 * kSectorBytes + 1, two);
  EXPECT_EQ(two, (std::vector<std::byte>{file[0], file[3], file[2]}));
}

TEST(CueFile, AHiddenFirstTrackIsThePauseOfTheFirst) {
  Scratch scratch;
  scratch.file("a.bin", sectors_of(1000));
  const auto path = scratch.file("a.cue", "FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 00 00:00:00\nINDEX 01 00:08:00\n");
  const DiscLayout disc = open_sheet(read_sheet(path));
  EXPECT_EQ(disc.start_of(0), 600);
  EXPECT_EQ(disc.tracks[0].pregap, 750u);
}

TEST(CueFile, MixesBlockSizesInOneFile) {
  Scratch scratch;
  std::vector<std::byte> file = noise(400 * 2048 + 500 * 2352, 4);
  scratch.file("a.bin", file);
  const auto path = scratch.file("a.cue", "FILE a.bin BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:05:25\n");
  const DiscLayout disc = open_sheet(read_sheet(path));
  EXPECT_EQ(disc.end_of(0), 400);
  EXPECT_EQ(disc.lead_out(), 900);
  std::vector<std::byte> sector(kSectorBytes);
  read_track(disc.tracks[1], 0, sector);
  EXPECT_TRUE(std::equal(sector.begin(), sector.end(), file.begin() + 400 * 2048));
}

TEST(CueFile, RefusesWhatIsWrongAndSaysWhere) {
  const std::string head = "FILE a.bin BINARY\nTRACK 01 AUDIO\n";
  std::string hundred = head + "INDEX 01 00:00:00\n";
  for (int i = 2; i <= 100; ++i) hundred += "TRACK " + std::to_string(i) + " AUDIO\nINDEX 01 " + std::to_string(i) + ":00:00\n";
  const std::pair<std::string, std::string> cases[] = {
      {"", "a.cue:0: reading the cue sheet: it has no TRACK"},
      {"CATALOG\n", "a.cue:1: reading the cue sheet: it should read: CATALOG"},
      {"CATALOG 123\n", "a.cue:1: reading the cue sheet: the catalog number '123' is not 13 digits"},
      {"\n\nTRACK 01 AUDIO\n", "a.cue:3: reading the cue sheet: TRACK comes before the first FILE"},
      {"FILE a.bin\n", "a.cue:1"},
      {"FILE a.bin NERO\n", "is no type of FILE"},
      {"FILE \"a.bin BINARY\n", "a quotation mark has no end"},
      {"FILE a.bin BINARY\nTRACK 01 MODE3/2352\n", "a.cue:2: reading the cue sheet: 'MODE3/2352' is no mode"},
      {"FILE a.bin BINARY\nTRACK 00 AUDIO\n", "is not a number from 1 to 99"},
      {head + "TRACK 02 AUDIO\n", "a.cue:2: reading the cue sheet: the track has no INDEX 01"},
      {head + "INDEX 00 00:00:00\n", "a.cue:2: reading the cue sheet: the track has no INDEX 01"},
      {head + "INDEX 01 00:00:00\nTRACK 03 AUDIO\n", "a.cue:4: reading the cue sheet: track 3 follows track 1"},
      {head + "INDEX 02 00:00:00\n", "a.cue:3: reading the cue sheet: index 2 is the first of its track"},
      {head + "INDEX 01 00:00:75\n", "a.cue:3: reading the cue sheet: '00:00:75' is not a time"},
      {head + "INDEX 01 00:60:00\n", "is not a time"},
      {head + "INDEX 01 0:0\n", "is not a time"},
      {head + "INDEX 01 00:02:00\nINDEX 02 00:01:00\n", "a.cue:4: reading the cue sheet: indexes not ascending"},
      {head + "INDEX 01 00:02:00\nTRACK 02 AUDIO\nINDEX 01 00:02:00\n", "a.cue:5: reading the cue sheet: indexes not ascending"},
      {head + "INDEX 01 00:00:00\nPREGAP 00:02:00\n", "PREGAP comes after an INDEX"},
      {head + "POSTGAP 00:02:00\n", "POSTGAP comes before INDEX 01"},
      {head + "FLAGS XYZ\n", "is no flag"},
      {"rem session 01\n" + head + "INDEX 01 00:00:00\n  REM SESSION 02\n", "a.cue:5: reading the cue sheet: here begins another session"},
      {head + "ISRC 123\n", "a.cue:3: reading the cue sheet: the ISRC '123'"},
      {"ISRC USEM39600078\n", "ISRC comes before the first TRACK"},
      {"HELLO WORLD\n", "a.cue:1: reading the cue sheet: 'HELLO' is no word of a cue sheet"},
      {hundred, "the track '100' is not a number from 1 to 99"},
      {std::string("FILE a.bin BINARY\0\n", 19), "it holds a zero byte"},
  };
  for (const auto& [text, says] : cases) expect_error([&] { parse_cue(text, "a.cue"); }, ErrorKind::source, says);
}

TEST(CueFile, ThatLiesIsFoundOut) {
  Scratch scratch;
  scratch.file("a.bin", sectors_of(100));
  const auto cue = [&](const std::string& text) { return [&scratch, text] { open_sheet(read_sheet(scratch.file("l.cue", text))); }; };
  expect_error(cue("FILE b.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"), ErrorKind::source,
               "l.cue:1: reading the description of a CD: there is no file 'b.bin'");
  expect_error(cue("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:02:00\n"), ErrorKind::source,
               "l.cue:3: reading the description of a CD: 'a.bin' is too short");
  expect_error(cue("FILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:05:00\n"), ErrorKind::source, "it begins at 00:05:00");
  expect_error(cue("FILE a.bin BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\n"), ErrorKind::source, "no multiple of its blocks of 2048");
  expect_error(cue("FILE a.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n"), ErrorKind::source,
               "l.cue:2: reading the description of a CD: the track shall be raw data, and its first sector has no sync");
  scratch.file("w.bin", "RIFF....WAVEfmt " + std::string(2352 * 300, 'x'));
  expect_error(cue("FILE w.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"), ErrorKind::source,
               "l.cue:1: reading the description of a CD: " + (scratch.path() / "w.bin").string() +
                   ": it shall be plain samples, and is WAVE; its type is wrong");
  expect_error(cue("FILE a.bin WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"), ErrorKind::source, "no audio file that can be read");
  expect_error(cue("CDTEXTFILE a.bin\nFILE a.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"), ErrorKind::source,
               "l.cue:1: reading the description of a CD: the file of CD-TEXT has no good pack");
  Sector mode2;
  encode_sector(SectorForm::mode2_form1, 0, std::vector<std::byte>(2048), mode2);
  scratch.file("m2.bin", {mode2.begin(), mode2.end()});
  expect_error(cue("FILE m2.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n"), ErrorKind::source,
               "shall be mode 1, and its first sector is mode 2");
}

TEST(TocFile, TellsTracksPausesIndexesAndTexts) {
  Scratch scratch;
  scratch.file("a.bin", sectors_of(1200));
  scratch.file("d.iso", noise(400 * 2048, 2));
  const auto path = scratch.file(
      "a.toc",
      "CD_ROM_XA // a mixed one\nCATALOG \"0724385356926\"\n"
      "CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE \"Say \\\"A\\\" \\344\" } }\n"
      "TRACK MODE1\nDATAFILE \"d.iso\"\nZERO MODE1 00:02:00\n"
      "TRACK AUDIO\nCOPY\nPRE_EMPHASIS\nISRC \"US-EM3-96-00078\"\nPREGAP 00:01:00\nFILE \"a.bin\" 0 00:08:00\nINDEX 00:02:00\n"
      "TRACK AUDIO\nNO COPY\nFILE \"a.bin\" SWAP 00:08:00 00:08:00\nSTART 00:00:50\nCD_TEXT { LANGUAGE 0 { TITLE \"Last\" } }\n");
  const DiscLayout disc = open_sheet(read_sheet(path));
  ASSERT_EQ(disc.tracks.size(), 3u);
  EXPECT_EQ(disc.session_format, SessionFormat::cd_xa);
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::title, 0), "Say \"A\" \xE4");
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::title, 3), "Last");
  EXPECT_EQ(disc.end_of(0), 550);
  EXPECT_EQ(disc.start_of(1), 625);
  EXPECT_EQ(disc.tracks[1].indexes, std::vector<uint32_t>{150});
  EXPECT_EQ(disc.tracks[1].isrc, "USEM39600078");
  EXPECT_TRUE(disc.tracks[1].pre_emphasis && disc.tracks[1].copy_permitted);
  EXPECT_EQ(disc.start_of(2), 625 + 600 + 50);
  EXPECT_EQ(disc.lead_out(), 625 + 1200);
  const auto file = sectors_of(1200);
  std::vector<std::byte> two(2);
  read_track(disc.tracks[1], 75 * kSectorBytes, two);
  EXPECT_EQ(two, (std::vector<std::byte>{file[1], file[0]}));
  read_track(disc.tracks[2], 0, two);
  EXPECT_EQ(two, (std::vector<std::byte>{file[600 * kSectorBytes], file[600 * kSectorBytes + 1]}));
}

TEST(TocFile, HasSeveralLanguagesEncodingsAndAGenre) {
  Scratch scratch;
  scratch.file("a.bin", sectors_of(400));
  const auto path = scratch.file(
      "l.toc",
      "\xEF\xBB\xBF"
      "CD_DA\nCD_TEXT {\n LANGUAGE_MAP { 0 : EN 1:105  2 : 8 }\n"
      " LANGUAGE 0 { TITLE \"Songs\" GENRE { 0, 27, 82, 111, 99, 107, 0 } SIZE_INFO { 1, 2, 3 } }\n"
      " LANGUAGE 1 { ENCODING_MS_JIS TITLE \"\xE6\xAD\x8C\" PERFORMER \"\\223\\372\\226\\173\" }\n"
      " LANGUAGE 2 { TITLE \"Lieder \\374ber\" }\n}\n"
      "TRACK AUDIO\nCD_TEXT { LANGUAGE 0 { TITLE \"One\" } LANGUAGE 1 { TITLE \"\xE4\xB8\x80\" } LANGUAGE 2 { TITLE \"Eins\" } }\n"
      "FILE \"a.bin\" 0\n");
  const DiscLayout disc = open_sheet(read_sheet(path));
  ASSERT_EQ(disc.cd_text.blocks.size(), 3u);
  const auto& [english, japanese, german] = std::tie(disc.cd_text.blocks[0], disc.cd_text.blocks[1], disc.cd_text.blocks[2]);
  EXPECT_EQ(english.language, 9);
  EXPECT_EQ(english.genre_code, 27);
  EXPECT_EQ(english.get(CdTextType::genre, 0), "Rock");
  EXPECT_EQ(japanese.language, 105);
  EXPECT_EQ(japanese.charset, CdTextCharset::ms_jis);
  EXPECT_EQ(japanese.get(CdTextType::title, 0), "\x89\xCC");
  EXPECT_EQ(japanese.get(CdTextType::performer, 0), "\x93\xFA\x96\x7B");
  EXPECT_EQ(japanese.get(CdTextType::title, 1), "\x88\xEA");
  EXPECT_EQ(german.language, 8);
  EXPECT_EQ(german.get(CdTextType::title, 0),
            "Lieder \xFC"
            "ber");
  // And there and back.
  const auto packs = encode_cd_text(disc.cd_text, 1, 1);
  const DecodedCdText back = decode_cd_text(std::as_bytes(std::span(packs)));
  EXPECT_EQ(back.damaged, 0u);
  ASSERT_EQ(back.text.blocks.size(), 3u);
  EXPECT_EQ(back.text.blocks[0].genre_code, 27);
  for (size_t b = 0; b < 3; ++b) {
    EXPECT_EQ(back.text.blocks[b].language, disc.cd_text.blocks[b].language);
    EXPECT_EQ(back.text.blocks[b].get(CdTextType::title, 1), disc.cd_text.blocks[b].get(CdTextType::title, 1));
  }
}

TEST(TocFile, FillsUpDataAsCdrdaoDoes) {
  Scratch scratch;
  scratch.file("d.iso", noise(400 * 2048 + 100, 2));
  const DiscLayout disc = open_sheet(read_sheet(scratch.file("d.toc", "CD_ROM\nTRACK MODE1\nDATAFILE \"d.iso\"\n")));
  EXPECT_EQ(disc.lead_out(), 401);
  ASSERT_EQ(disc.notes.size(), 1u);
  EXPECT_THAT(disc.notes[0], testing::HasSubstr("its last sector is filled up with zeros"));
}

TEST(TocFile, RefusesWhatIsWrongAndSaysWhere) {
  const Wrong cases[] = {
      {"CD_DA\n", "it has no TRACK"},
      {"CD_DA\nTRACK AUDIO\n", "a.toc:2: reading the toc file: the track has no data"},
      {"TRACK MODE7\n", "a.toc:1: reading the toc file: 'MODE7' is no mode"},
      {"TRACK AUDIO\nFILE \"a\" 0:0:75\n", "a.toc:2: reading the toc file: '0:0:75' is not a time"},
      {"TRACK AUDIO\nFILE a 0\n", "must be a string"},
      {"TRACK AUDIO\nSILENCE\n", "need a length"},
      {"TRACK AUDIO\nSILENCE 1:0:0\nPREGAP 0:2:0\n", "a.toc:3: reading the toc file: PREGAP comes after the data"},
      {"TRACK AUDIO\nSTART 0:0:0\nSTART 0:0:0\n", "has a START or PREGAP already"},
      {"CATALOG \"12\"\n", "a.toc:1: reading the toc file: the catalog number"},
      {"ISRC \"USEM39600078\"\n", "ISRC comes before the first TRACK"},
      {"TRACK AUDIO\nISRC \"XX\"\n", "a.toc:2: reading the toc file: the ISRC"},
      {"CD_TEXT { LANGUAGE 0 { TITLE \"x\" }\n", "a brace has no end"},
      {"CD_TEXT {\nLANGUAGE 8 { } }\n", "a.toc:2: reading the toc file: language '8' is not a number from 0 to 7"},
      {"CD_TEXT { LANGUAGE_MAP { 0 : XX } }\n", "is not a number that makes sense here"},
      {"CD_TEXT { LANGUAGE_MAP { 0 EN } }\n", "a LANGUAGE_MAP has entries like 0 : EN"},
      {"CD_TEXT { LANGUAGE 0 { GENRE { 0, 256 } } }\n", "'256' is not a byte from 0 to 255"},
      {"CD_TEXT { LANGUAGE 0 { NONSENSE \"x\" } }\n", "is no item of CD_TEXT"},
      {"CD_DA\nHELLO\n", "a.toc:2: reading the toc file: 'HELLO' is no word of a toc file"},
      {"TRACK AUDIO\nFILE \"a\n", "a quotation mark has no end"},
  };
  for (const auto& [text, says] : cases) expect_error([&] { parse_toc(text, "a.toc"); }, ErrorKind::source, says);
}

TEST(Samples, ThoseOfLibcdioAreReadAndTheBadOnesRefused) {
  if (samples().empty()) GTEST_SKIP() << "no samples of libcdio beside the checkout";
  Scratch scratch;
  scratch.file("cdda.bin", unpacked(samples() / "cdda.bin.xz"));
  scratch.file("isofs-m1.bin", unpacked(samples() / "isofs-m1.bin.xz"));
  size_t read = 0, refused = 0;
  for (const auto& item : std::filesystem::directory_iterator(samples())) {
    const std::string name = item.path().filename();
    if (item.path().extension() != ".cue" && item.path().extension() != ".toc") continue;
    std::filesystem::copy_file(item.path(), scratch.path() / name);
    const auto sheet = [&] { return read_sheet(scratch.path() / name); };
    if (name.starts_with("bad-")) {
      ++refused;
      const char* line = name == "bad-cat1.cue" ? ":4:" : name == "bad-mode1.cue" ? ":6:" : ":7:";
      if (name == "bad-msf-1.toc") line = ":6:";
      expect_error(sheet, ErrorKind::source, name + line);
    } else {
      ++read;
      EXPECT_NO_THROW(sheet()) << name;
    }
  }
  EXPECT_EQ(refused, 4u);
  EXPECT_EQ(read, 11u);

  // What is in them, as cd-info and cdrdao show-toc tell.
  const auto layout = [&](const char* name) { return open_sheet(read_sheet(scratch.path() / name)); };
  DiscLayout disc = layout("cdda.cue");
  EXPECT_EQ(disc.lead_out(), 302);
  EXPECT_EQ(disc.mcn, "0000010271955");
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::title, 0), "Join us now we have the software");
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::performer, 1), "Richard S");
  EXPECT_TRUE(disc.tracks.at(0).copy_permitted);
  for (const char* name : {"isofs-m1.cue", "isofs-m1.toc"}) {
    disc = layout(name);
    EXPECT_EQ(disc.lead_out(), 302);
    EXPECT_EQ(disc.tracks.at(0).format, BlockFormat::mode1_raw);
  }
  EXPECT_EQ(layout("cdda.toc").lead_out(), 25);
  disc = layout("cdtext.toc");
  EXPECT_EQ(disc.lead_out(), 4500);
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::disc_id, 0), "XY12345");
  EXPECT_EQ(disc.cd_text.blocks.at(0).get(CdTextType::title, 1), "Track Title");
  EXPECT_EQ(layout("t1.toc").lead_out(), 74);
  EXPECT_EQ(layout("data1.toc").lead_out(), 4499);
  // And those that ask for more than their files have, as cdrdao says of the same lines.
  expect_error([&] { layout("t3.toc"); }, ErrorKind::source, "t3.toc:5: reading the description of a CD: it begins at 180:00:00");
  expect_error([&] { layout("t7.toc"); }, ErrorKind::source, "t7.toc:6:");
  expect_error([&] { layout("data5.toc"); }, ErrorKind::source, "data5.toc:12: reading the description of a CD: it begins at");
  expect_error([&] { layout("t9.toc"); }, ErrorKind::source, "t9.toc:8:");
}

TEST(BinFile, TellsByItsFirstSectorWhatItIs) {
  Scratch scratch;
  const auto audio = scratch.file("audio.bin", sectors_of(400));
  EXPECT_EQ(open_bin(audio).tracks.at(0).format, BlockFormat::audio);
  EXPECT_EQ(open_bin(audio).lead_out(), 400);
  Sector sector;
  encode_sector(SectorForm::mode1, 0, std::vector<std::byte>(2048), sector);
  EXPECT_EQ(open_bin(scratch.file("data.bin", {sector.begin(), sector.end()})).tracks.at(0).format, BlockFormat::mode1_raw);
  std::vector<std::byte> with_subchannel(sector.begin(), sector.end());
  with_subchannel.resize(2448);
  EXPECT_TRUE(open_bin(scratch.file("sub.bin", with_subchannel)).tracks.at(0).has_rw);
  expect_error([&] { open_bin(scratch.file("odd.bin", noise(5000, 1))); }, ErrorKind::source, "no multiple of 2352 or 2448");
  expect_error([&] { open_bin(scratch.file("none.bin", "")); }, ErrorKind::source, "it is empty");
}

}  // namespace
}  // namespace rec::cd
