// Drives and discs as things that are made, moved and removed; the lock; what a killed process leaves; export.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/virtual/rig.h"

namespace rec::virt {
namespace {

using fsi::ErrorKind;

class Drives : public Rig {
 protected:
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& drive : registry().list()) found.push_back(drive.name);
    return found;
  }
  std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

TEST_F(Drives, AreListedInOrderOfCreation) {
  EXPECT_TRUE(registry().list().empty());
  registry().add("zebra", "cd-r");
  registry().add("ant");
  registry().add("monkey", "bd-r", {.speed = 4, .buffer_bytes = 1 << 20, .real_time = true, .faults = {"op=2A,timeout"}});
  EXPECT_THAT(names(), testing::ElementsAre("zebra", "ant", "monkey"));
  registry().remove("zebra");
  registry().add("zebra");
  EXPECT_THAT(names(), testing::ElementsAre("ant", "monkey", "zebra"));
  const auto monkey = registry().list()[1];
  EXPECT_EQ(monkey.options.speed, 4u);
  EXPECT_TRUE(monkey.options.real_time);
  EXPECT_THAT(monkey.options.faults, testing::ElementsAre("op=2A,timeout"));
  ASSERT_TRUE(monkey.disc);
  EXPECT_EQ(monkey.disc->type, "bd-r");
  EXPECT_EQ(monkey.disc->state, "blank");
  EXPECT_FALSE(registry().list()[0].disc);
}

TEST_F(Drives, WrongNamesTypesAndOptions) {
  registry().add("a");
  registry().add("b");
  expect_error([&] { registry().open("c"); }, ErrorKind::usage, "there are: a, b");
  expect_error([&] { registry().remove("../a"); }, ErrorKind::usage, "there are: a, b");
  expect_error([&] { registry().add("a"); }, ErrorKind::usage, "choose another");
  for (const char* name : {"", ".x", "a/b", "a b", "\xff"})
    expect_error([&] { registry().add(name); }, ErrorKind::usage, "use 1 to 64 letters");
  expect_error([&] { registry().add("c", "dvd-rom"); }, ErrorKind::usage, "cd-r, cd-rw, ");
  expect_error([&] { registry().add("c", "dvd+r", {}, {.capacity = 4095}); }, ErrorKind::usage, "a multiple of 16");
  expect_error([&] { registry().add("c", "dvd+r", {}, {.capacity = 3'000'000}); }, ErrorKind::usage, "2295104");
  expect_error([&] { registry().add("c", {}, {.buffer_bytes = 1000}); }, ErrorKind::usage, "256 KiB");
  expect_error([&] { registry().add("c", {}, {.faults = {"boom"}}); }, ErrorKind::usage, "boom");
  EXPECT_THAT(names(), testing::ElementsAre("a", "b")) << "nothing is left of those";
}

TEST_F(Drives, WithoutAny) {
  expect_error([&] { registry().open("c"); }, ErrorKind::usage, "burn virtual add");
}

TEST_F(Drives, OneOwnerAtATime) {
  start("dvd+r", 4096);
  expect_error([&] { registry().open("d"); }, ErrorKind::unsuitable, "in use by process " + std::to_string(::getpid()));
  expect_error([&] { registry().remove("d"); }, ErrorKind::unsuitable, "in use by");
  expect_error([&] { registry().insert("d", "cd-r"); }, ErrorKind::unsuitable, "in use by");
  EXPECT_THAT(registry().list()[0].in_use_by, testing::HasSubstr(std::to_string(::getpid())));
  close();
  EXPECT_EQ(registry().list()[0].in_use_by, "");
  open();
}

TEST_F(Drives, ARecordedDiscIsNeverThrownAway) {
  start("dvd+r", 4096);
  fill(0, 64);
  close();
  registry().insert("d", "cd-r");
  ASSERT_EQ(registry().discs().size(), 1u);
  EXPECT_EQ(registry().discs()[0].label, "dvd+r-1");
  EXPECT_EQ(registry().discs()[0].recorded, 64u);
  registry().insert("d", "dvd+r-1");
  EXPECT_TRUE(registry().discs().empty()) << "the blank CD-R is gone, the DVD is in the drive";
  open();
  EXPECT_TRUE(sensed(run({0x00}), 6, 0x28, 0));
  EXPECT_TRUE(sensed(run({0x00}), 6, 0x28, 0)) << "one for each change";
  expect_readable(0, 64);
  fill(64, 32);
  close();
  EXPECT_EQ(registry().remove_medium("d"), "dvd+r-1");
  EXPECT_FALSE(registry().list()[0].disc);
  expect_error([&] { registry().remove_medium("d"); }, ErrorKind::unsuitable, "no disc");
  expect_error([&] { registry().insert("d", "dvd+r-9"); }, ErrorKind::usage, "dvd+r-1");
  expect_error([&] { registry().discard("../drives/d"); }, ErrorKind::usage, "no such disc");
  registry().discard("dvd+r-1");
  EXPECT_TRUE(registry().discs().empty());
}

TEST_F(Drives, ARefusedInsertLeavesTheDiscIn) {
  start("dvd+r", 4096);
  fill(0, 64);
  close();
  expect_error([&] { registry().insert("d", "cd-r", {.capacity = 1}); }, ErrorKind::usage, "capacity");
  ASSERT_TRUE(registry().list()[0].disc);
  EXPECT_EQ(registry().list()[0].disc->recorded, 64u);
}

TEST_F(Drives, ExportIsTheRecordedDataAndSparse) {
  start("dvd+r", 1 << 20);
  expect_error(
      [&] {
        close();
        registry().export_disc("d", directory() / "x.iso");
      },
      ErrorKind::unsuitable, "blank");
  open();
  fill(0, 64);
  const std::vector<std::byte> zeros(32 * 2048);
  ASSERT_TRUE(good(close_with(1, 1)));
  ASSERT_TRUE(good(close_with(2)));
  const uint32_t second = track(2).next_writable;
  fill(second, 32);
  close();
  const auto file = directory() / "x.iso";
  registry().export_disc("d", file);
  EXPECT_EQ(content(file).size(), 64u * 2048u) << "the second session is not complete";
  open();
  ASSERT_TRUE(good(close_with(1, 2)));
  ASSERT_TRUE(good(close_with(2)));
  close();
  registry().export_disc("d", file);
  const std::string image = content(file);
  ASSERT_EQ(image.size(), size_t{second + 32} * 2048);
  const auto first = pattern(0, 64), last = pattern(second, 32);
  EXPECT_EQ(image.substr(0, first.size()), std::string(reinterpret_cast<const char*>(first.data()), first.size()));
  EXPECT_EQ(image.substr(size_t{second} * 2048), std::string(reinterpret_cast<const char*>(last.data()), last.size()));
  EXPECT_EQ(image.find_first_not_of('\0', first.size()), size_t{second} * 2048) << "the gap is zeros";
  struct stat about;
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_LT(static_cast<uint64_t>(about.st_blocks) * 512, image.size() / 2) << "and takes no room";
  expect_error([&] { registry().export_disc("d", directory()); }, ErrorKind::usage, "not a regular file");
}

TEST_F(Drives, AKilledProcessLeavesADiscThatGoesOn) {
  registry().add("d", "dvd+r", {}, {.capacity = 1 << 20});
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    open();
    while (run({0x00}).sense.key == 6) {
    }
    for (uint32_t at = 0;; at += 32) {
      if (!write(at, 32).good()) ::_exit(1);
      if (at == 3200 && ::write(ready[1], "x", 1) != 1) ::_exit(1);
    }
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ::close(ready[0]);
  ::close(ready[1]);

  open();
  const uint32_t next = track(1).next_writable;
  EXPECT_GE(next, 3232u);
  EXPECT_EQ(next % 32, 0u);
  expect_readable(0, next);
  fill(next, 64);
  ASSERT_TRUE(good(close_with(1, 1)));
  ASSERT_TRUE(good(close_with(6)));
}

TEST_F(Drives, ABrokenStateIsToldAndCanBeRemoved) {
  registry().add("good", "cd-r");
  registry().add("bad", "dvd+r");
  std::ofstream(directory() / "drives/bad/drive.json") << "{\"version\": 1, \"number\": \"x\"";
  const auto all = registry().list();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].name, "bad");
  EXPECT_NE(all[1].problem, "");
  expect_error([&] { registry().open("bad"); }, ErrorKind::corrupt, "remove the drive");
  registry().remove("bad");
  EXPECT_THAT(names(), testing::ElementsAre("good"));
}

TEST_F(Drives, ADiscStateThatLiesIsRefused) {
  start("dvd+r", 4096);
  fill(0, 64);
  close();
  const auto file = directory() / "drives/d/disc/disc.json";
  const std::string text = content(file);
  const std::pair<const char*, const char*> kLies[] = {
      {"\"start\": 0", "\"start\": 5000"},
      {"\"size\": 4096", "\"size\": 4294967295"},
      {"\"type\": \"dvd+r\"", "\"type\": \"tape\""},
      {"\"session\": 1", "\"session\": 7"},
      {"\"session\": 1", "\"session\": -1"},
      {"\"label\": \"dvd+r-1\"", "\"label\": \"../x\""},
      {"\"finalized\": false", "\"finalized\": true"},
  };
  for (const auto& [from, to] : kLies) {
    std::string lie = text;
    ASSERT_NE(lie.find(from), lie.npos) << from;
    lie.replace(lie.find(from), std::string(from).size(), to);
    std::ofstream(file) << lie;
    expect_error([&] { open(); }, ErrorKind::corrupt, "virtual disc");
  }
  std::ofstream(file) << text;
  open();
}

TEST(StateDirectory, FollowsTheEnvironment) {
  const auto with = [](const char* here, const char* xdg) {
    ::setenv("DISCPRESS_STATE_DIR", here, 1);
    ::setenv("XDG_STATE_HOME", xdg, 1);
    return state_directory();
  };
  EXPECT_EQ(with("/a/b", "/x"), "/a/b");
  EXPECT_EQ(with("", "/x"), "/x/discpress");
  EXPECT_THAT(with("", "relative").string(), testing::EndsWith(".local/state/discpress"));
  ::unsetenv("DISCPRESS_STATE_DIR");
  ::unsetenv("XDG_STATE_HOME");
}

}  // namespace
}  // namespace rec::virt
