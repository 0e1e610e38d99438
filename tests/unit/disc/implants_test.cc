// The texts of isomd5sum and libisofs: what others wrote is read, what lies is refused.
#include <gtest/gtest.h>

#include <random>

#include "libfsi/base/digest.h"
#include "libfsi/disc/isomd5.h"
#include "libfsi/disc/libisofs_sums.h"

namespace fsi::disc {
namespace {

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

// What implantisomd5 1.2.3 wrote.
const std::string kText =
    "ISO MD5SUM = 80c893db59fcc61791192f53b927c279;SKIPSECTORS = 15;RHLISOSTATUS=1;FRAGMENT SUMS = "
    "9781944495355415bbf7b65899d26fb79d74fb4b4588c1d9015bb5d43318;FRAGMENT COUNT = 20;THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!";

std::string field(std::string text) {
  text.resize(512, ' ');
  return text;
}

TEST(Isomd5, ReadsAndWritesWhatImplantisomd5Writes) {
  const Isomd5Read read = read_isomd5(bytes(field(kText)));
  ASSERT_TRUE(read.sums) << read.fault;
  EXPECT_EQ(hex(read.sums->sum), "80c893db59fcc61791192f53b927c279");
  EXPECT_EQ(read.sums->skip_sectors, 15u);
  EXPECT_TRUE(read.sums->supported);
  EXPECT_EQ(read.sums->fragment_count, 20u);
  EXPECT_EQ(isomd5_text(*read.sums), kText);
}

TEST(Isomd5, NothingIsNothing) {
  for (const std::string& text : {std::string(512, '\0'), std::string(512, ' '), std::string(), field("SUSE: md5sum=123")}) {
    const Isomd5Read read = read_isomd5(bytes(text));
    EXPECT_FALSE(read.sums);
    EXPECT_EQ(read.fault, "");
  }
}

TEST(Isomd5, LiesAreRefused) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = kText;
    text.replace(text.find(from), from.size(), to);
    return field(text);
  };
  const std::string lies[] = {with("80c893", "80C893"),
                              with("80c893", "80c89"),
                              with("80c893", "zzzzzz"),
                              with("= 15", "= "),
                              with("= 15", "= -1"),
                              with("= 15", "= 1x"),
                              with("= 15", "= 99999999999999999999"),
                              with("= 15", "= 4294967296"),
                              with("SKIPSECTORS", "skipsectors"),
                              with("= 20", "= 61"),
                              with("= 20", "= many"),
                              with("STATUS=1", "STATUS=?"),
                              "xISO MD5SUM = 80c893db59fcc61791192f53b927c279;SKIPSECTORS = 15;",
                              std::string(470, ' ') + "ISO MD5SUM = 80c893db59fcc61791192f53b927c279"};
  for (const std::string& lie : lies) {
    const Isomd5Read read = read_isomd5(bytes(lie));
    EXPECT_FALSE(read.sums) << lie;
    EXPECT_NE(read.fault, "") << lie;
  }
}

TEST(Isomd5, FragmentsAreOptional) {
  const std::string sum = "ISO MD5SUM = 80c893db59fcc61791192f53b927c279;SKIPSECTORS = 0;";
  const Isomd5Read none = read_isomd5(bytes(field(sum + "FRAGMENT COUNT = 0;")));
  ASSERT_TRUE(none.sums);
  EXPECT_EQ(none.sums->fragment_count, 0u);
  const Isomd5Read no_sums = read_isomd5(bytes(field(sum + "FRAGMENT COUNT = 20;")));
  ASSERT_TRUE(no_sums.sums);
  EXPECT_EQ(no_sums.sums->fragment_count, 0u);
  const Isomd5Read few = read_isomd5(bytes(field(sum + "FRAGMENT SUMS = 123;FRAGMENT COUNT = 20;")));
  ASSERT_TRUE(few.sums);
  EXPECT_EQ(few.sums->fragment_digits.size(), 60u);
}

// The points by their definition: buffer after buffer.
std::vector<std::pair<uint32_t, uint64_t>> slow_points(uint64_t sectors, uint32_t fragments) {
  std::vector<std::pair<uint32_t, uint64_t>> points;
  const uint64_t total = sectors * 2048, part = total / (fragments + 1);
  uint64_t previous = 0;
  for (uint64_t offset = 0; offset < total; offset += 32768)
    if (offset / part != previous) {
      previous = offset / part;
      points.emplace_back(previous, std::min(offset + 32768, total) / 2048);
    }
  return points;
}

TEST(Isomd5, PointsAreWhereTheBuffersEnd) {
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    const uint64_t sectors = 32 + random() % (i % 2 ? 500 : 20'000);
    const uint32_t fragments = i % 3 ? 20 : 1 + random() % 60;
    std::vector<std::pair<uint32_t, uint64_t>> points;
    for (const Isomd5Point& point : isomd5_points(sectors, fragments)) points.emplace_back(point.fragment, point.sector);
    ASSERT_EQ(points, slow_points(sectors, fragments)) << sectors << " sectors, " << fragments;
  }
  EXPECT_EQ(isomd5_points(UINT32_MAX, 20).size(), 20u);
  EXPECT_TRUE(isomd5_points(1000, 0).empty());
  EXPECT_FALSE(isomd5_fragments_usable(335));
  EXPECT_TRUE(isomd5_fragments_usable(336));
}

TEST(Isomd5, DigitsAreUnpadded) {
  Md5 state{};
  state[0] = std::byte{0x5a}, state[1] = std::byte{0x0b}, state[2] = std::byte{0};
  EXPECT_EQ(isomd5_digits(state, 20), "5b0");
  EXPECT_EQ(isomd5_digits(state, 1).size(), 16u) << "no more than the sum has";
}

// What xorriso 1.5.4 wrote.
const std::string kTags[] = {
    "libisofs_rlsb32_checksum_tag_v1 pos=19 range_start=0 range_size=19 session_start=32 md5=d6c19f7a199b1d6991906ee545ba8a75 "
    "self=1bc7cd8e9188d18aa09e441624a3d97a\n",
    "libisofs_sb_checksum_tag_v1 pos=51 range_start=32 range_size=19 next=58 md5=3d5d1aa0666b24732d54e3b77eadc825 "
    "self=446822f3914ae5ba316b7ee7b28c29a2\n",
    "libisofs_tree_checksum_tag_v1 pos=58 range_start=32 range_size=26 next=1630 md5=991882c0b9fcd5cb175dc1b52f8c4231 "
    "self=d9bcdc4f4ef2805927540dd61d9f2e55\n",
    "libisofs_checksum_tag_v1 pos=1630 range_start=32 range_size=1598 md5=7a84774cb661f258cf3c2c783bd3e780 "
    "self=5aefde2acaac40d68d73f1c21e69ca77\n"};

std::string sector(std::string line) {
  line.resize(2048);
  return line;
}

TEST(LibisofsTag, ReadsAndWritesWhatXorrisoWrites) {
  const TagKind kinds[] = {TagKind::relocated, TagKind::superblock, TagKind::tree, TagKind::session};
  for (size_t i = 0; i < 4; ++i) {
    const TagRead read = read_tag(bytes(sector(kTags[i])));
    ASSERT_TRUE(read.tag) << kTags[i];
    EXPECT_EQ(read.tag->kind, kinds[i]);
    EXPECT_EQ(tag_line(*read.tag), kTags[i]);
  }
  EXPECT_EQ(read_tag(bytes(sector(kTags[1]))).tag->next, 58u);
  EXPECT_EQ(read_tag(bytes(sector(kTags[0]))).tag->next, 32u);
}

TEST(LibisofsTag, EveryFlippedBitIsSeen) {
  for (const std::string& line : kTags)
    for (size_t at = 0; at < line.size(); ++at)
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string bad = sector(line);
        bad[at] = static_cast<char>(bad[at] ^ 1 << bit);
        EXPECT_FALSE(read_tag(bytes(bad)).tag) << line << at;
      }
}

TEST(LibisofsTag, LiesAreRefused) {
  // With a right sum of their own, so that only the form is wrong.
  const auto sealed = [](const std::string& head) { return sector(head + " self=" + hex(md5_of(bytes(head))) + "\n"); };
  const std::string md5 = " md5=7a84774cb661f258cf3c2c783bd3e780";
  EXPECT_TRUE(read_tag(bytes(sealed("libisofs_checksum_tag_v1 pos=9 range_start=0 range_size=9" + md5))).tag);
  for (const std::string head :
       {"libisofs_checksum_tag_v1 pos=-9 range_start=0 range_size=9", "libisofs_checksum_tag_v1 pos= range_start=0 range_size=9",
        "libisofs_checksum_tag_v1 pos=99999999999 range_start=0 range_size=9", "libisofs_checksum_tag_v1 range_start=0 range_size=9",
        "libisofs_checksum_tag_v1  pos=9 range_start=0 range_size=9", "libisofs_sb_checksum_tag_v1 pos=9 range_start=0 range_size=9",
        "libisofs_checksum_tag_v1 pos=9 range_start=0 range_size=9 next=3", "libisofs_checksum_tag_v2 pos=9 range_start=0 range_size=9"})
    EXPECT_FALSE(read_tag(bytes(sealed(head + md5))).tag) << head;
  EXPECT_FALSE(read_tag(bytes("libisofs_checksum_tag_v1")).tag);
  EXPECT_FALSE(read_tag({}).tag);
  EXPECT_FALSE(read_tag(bytes(sector(""))).damaged);
}

TEST(LibisofsArray, ReadsTheValuesOfItsDescription) {
  const std::string short_form{"\x01\x20\x03\x0f\x42\x40\x02\x02\x08\x01\x10MD5", 14};
  const std::string long_form{"\x04\0\0\0\x20\x04\0\x0f\x42\x40\x04\0\0\x02\x08\x01\x10MD5", 20};
  for (const std::string& value : {short_form, long_form}) {
    const auto array = read_checksum_array(value);
    ASSERT_TRUE(array);
    EXPECT_EQ(array->start, 32u);
    EXPECT_EQ(array->end, 1'000'000u);
    EXPECT_EQ(array->count, 520u);
    EXPECT_EQ(array->range(), (SectorRange{1'000'000, 5}));
  }
  EXPECT_EQ(read_checksum_index(std::string{"\x01\xe2\x40", 3}), 123456u);
  EXPECT_EQ(read_checksum_index(std::string(8, '\xff')), UINT64_MAX);
  EXPECT_FALSE(read_checksum_index(std::string(9, '\xff')));
}

TEST(LibisofsArray, LiesAreRefused) {
  const auto array = [](const std::string& start, const std::string& end, const std::string& count, const std::string& size,
                        const std::string& kind) {
    std::string value;
    for (const std::string& number : {start, end, count, size}) value += static_cast<char>(number.size()) + number;
    return value + kind;
  };
  const std::string good = array(" ", "A", "\x05", "\x10", "MD5");
  ASSERT_TRUE(read_checksum_array(good));
  for (size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(read_checksum_array(good.substr(0, cut)));
  EXPECT_FALSE(read_checksum_array(good + "x"));
  EXPECT_FALSE(read_checksum_array(array("A", " ", "\x05", "\x10", "MD5"))) << "the end before the start";
  EXPECT_FALSE(read_checksum_array(array(" ", "A", "\x01", "\x10", "MD5"))) << "less than two entries";
  EXPECT_FALSE(read_checksum_array(array(" ", "A", "\x05", "\x20", "MD5"))) << "another size";
  EXPECT_FALSE(read_checksum_array(array(" ", "A", "\x05", "\x10", "SHA"))) << "another sum";
  const std::string huge(8, '\xff');
  EXPECT_FALSE(read_checksum_array(array(" ", huge, "\x05", "\x10", "MD5")));
  EXPECT_FALSE(read_checksum_array(array(" ", "A", huge, "\x10", "MD5")));
  EXPECT_FALSE(read_checksum_array(array(" ", "A", std::string(9, '\1'), "\x10", "MD5")));
  EXPECT_FALSE(read_checksum_array(std::string(1, '\xff') + good)) << "a number that runs past the end";
}

}  // namespace
}  // namespace fsi::disc
