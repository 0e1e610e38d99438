// BLANK: what becomes of a rewritable disc, and of one that is not.
#include "tests/unit/virtual/rig.h"

namespace rec::virt {
namespace {

class Blank : public Rig {
 protected:
  Answer blank(uint8_t type, bool immediate = true) {
    return drive().execute(Command{.cdb = {0xA1, static_cast<uint8_t>((immediate ? 0x10 : 0) | type), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}});
  }
  void until_ready() {
    for (int i = 0; i < 50 && !run({0x00}).good(); ++i) {
    }
  }
};

TEST_F(Blank, ACdRwIsAsNew) {
  start("cd-rw", 20000);
  EXPECT_EQ(profile(), 0x0A);
  EXPECT_TRUE(disc_information().erasable());
  EXPECT_TRUE(ask_record<Atip>({0x43, 2, 4, 0, 0, 0, 0, 0, 28, 0}).rewritable());
  for (const uint8_t type : {1, 0}) {
    ASSERT_TRUE(good(set_write_parameters(track_at_once())));
    fill(0, 400);
    ASSERT_TRUE(good(synchronize()));
    ASSERT_TRUE(good(close_with(2)));
    EXPECT_EQ(disc_information().disc_status(), DiscStatus::finalized);
    ASSERT_TRUE(good(blank(type)));
    const Answer busy = run({0x00});
    EXPECT_TRUE(sensed(busy, 2, 0x04, 0x07));
    EXPECT_TRUE(busy.sense.progress.has_value());
    EXPECT_TRUE(sensed(write(0, 1), 2, 0x04, 0x07)) << "nothing goes while it blanks";
    until_ready();
    EXPECT_EQ(disc_information().disc_status(), DiscStatus::empty);
    EXPECT_TRUE(sensed(read(0, 1), 8, 0x00, 0));
    EXPECT_EQ(track(0xFF).next_writable, 0u);
    close();
    open();
    EXPECT_EQ(disc_information().disc_status(), DiscStatus::empty);
  }
}

TEST_F(Blank, WithoutImmediateItTakesLongerThanTheCommandMay) {
  start("cd-rw");
  EXPECT_EQ(blank(0, false).outcome, Outcome::timeout);
}

TEST_F(Blank, OtherTypesAreRefused) {
  start("cd-rw", 20000);
  for (const uint8_t type : {2, 3, 4, 5, 6, 7}) EXPECT_TRUE(sensed(blank(type), 5, 0x24, 0)) << int(type);
}

TEST_F(Blank, ADiscThatIsWrittenOnceIsNotBlanked) {
  for (const char* media : {"cd-r", "dvd+r", "bd-r"}) {
    registry().add("d", media);
    open();
    while (run({0x00}).sense.key == 6) {
    }
    EXPECT_TRUE(sensed(blank(1), 5, 0x30, 5)) << media;
    close();
    registry().remove("d");
  }
}

}  // namespace
}  // namespace rec::virt
