#include "librecorder/drive/drive_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "libfsi/base/error.h"
#include "librecorder/transport/holders.h"

namespace rec {
namespace {

struct Node {
  char path[32] = "/tmp/lock-test-XXXXXX";
  Node() { close(mkstemp(path)); }
  ~Node() {
    unlink(path);
    unlink(("/run/lock/discpress." + std::string(path).substr(5)).c_str());
  }
};

/// Another process that owns the drive, until it is killed.
pid_t owner(const char* path) {
  int ready[2];
  if (pipe(ready) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    const DriveLock lock(path, DriveLock::Kind::exclusive, "another burn");
    if (write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

TEST(DriveLock, NamesItsOwnerAndEndsWithTheProcessThatHasIt) {
  const Node node;
  EXPECT_EQ(DriveLock::owner_of(node.path), "");
  const pid_t other = owner(node.path);
  const std::string name = "(process " + std::to_string(other) + ")";
  EXPECT_NE(DriveLock::owner_of(node.path).find(name), std::string::npos) << DriveLock::owner_of(node.path);
  EXPECT_NE(holders_of(node.path).find(name), std::string::npos) << holders_of(node.path);
  for (const auto kind : {DriveLock::Kind::exclusive, DriveLock::Kind::shared}) try {
      const DriveLock mine(node.path, kind);
      ADD_FAILURE();
    } catch (const fsi::Error& e) {
      EXPECT_EQ(e.kind(), fsi::ErrorKind::unsuitable);
      EXPECT_NE(std::string(e.what()).find(name), std::string::npos) << e.what();
    }
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  EXPECT_EQ(DriveLock::owner_of(node.path), "");
  const DriveLock mine(node.path, DriveLock::Kind::exclusive);
  EXPECT_NE(DriveLock::owner_of(node.path).find(std::to_string(getpid())), std::string::npos);
}

TEST(DriveLock, ThoseThatOnlyLookDoNotKeepEachOtherAway) {
  const Node node;
  const DriveLock one(node.path, DriveLock::Kind::shared), two(node.path, DriveLock::Kind::shared);
  EXPECT_EQ(DriveLock::owner_of(node.path), "");
}

TEST(DriveLock, ALinkInThePlaceOfTheLockFileIsNotFollowed) {
  const Node node, victim;
  const std::string file = "/run/lock/discpress." + std::string(node.path).substr(5);
  if (symlink(victim.path, file.c_str()) != 0) GTEST_SKIP() << "no /run/lock here";
  { const DriveLock lock(node.path, DriveLock::Kind::exclusive); }
  EXPECT_EQ(std::filesystem::file_size(victim.path), 0u);
}

TEST(Holders, AreReadFromLocksAndDescriptors) {
  const Node node;
  struct stat st {};
  ASSERT_EQ(stat(node.path, &st), 0);
  char dir[] = "/tmp/proc-XXXXXX";
  ASSERT_TRUE(mkdtemp(dir));
  const std::filesystem::path proc(dir);
  char device[64];
  std::snprintf(device, sizeof device, "%02x:%02x:%llu", major(st.st_dev), minor(st.st_dev), static_cast<unsigned long long>(st.st_ino));
  std::ofstream(proc / "locks") << "1: FLOCK  ADVISORY  WRITE 41 " << device << " 0 EOF\n"
                                << "1: -> FLOCK  ADVISORY  WRITE 42 " << device << " 0 EOF\n"
                                << "2: POSIX  ADVISORY  READ 43 00:00:1 0 EOF\nnonsense\n";
  std::filesystem::create_directories(proc / "41");
  std::ofstream(proc / "41" / "comm") << "cd\x1b[2Jskin\n";
  std::filesystem::create_directories(proc / "50" / "fd");
  std::ofstream(proc / "50" / "comm") << "player\n";
  std::filesystem::create_symlink(node.path, proc / "50" / "fd" / "3");
  std::filesystem::create_directories(proc / "51" / "fd");
  std::filesystem::create_symlink(node.path, proc / "51" / "fd" / "3");
  EXPECT_EQ(holders_in(proc, node.path, 51), "cd\\x1B[2Jskin (process 41), player (process 50)");
  EXPECT_EQ(holders_in(proc / "nowhere", node.path, 0), "");
  std::filesystem::remove_all(proc);
}

}  // namespace
}  // namespace rec
