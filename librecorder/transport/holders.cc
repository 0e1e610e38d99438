#include "librecorder/transport/holders.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "libfsi/base/error.h"

namespace rec {

namespace fs = std::filesystem;

namespace {
/// proc(5): "3: FLOCK  ADVISORY  WRITE 1234 00:05:671 0 EOF"; those that wait have "->" after the number.
std::set<int> lockers(const std::string& proc, const struct stat& node) {
  char device[64];
  std::snprintf(device, sizeof device, "%02x:%02x:%llu", major(node.st_dev), minor(node.st_dev),
                static_cast<unsigned long long>(node.st_ino));
  std::set<int> out;
  std::ifstream file(proc + "/locks");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string number, kind, advice, access, where;
    int pid = 0;
    if (fields >> number >> kind && kind != "->" && fields >> advice >> access >> pid >> where && where == device && pid > 0)
      out.insert(pid);
  }
  return out;
}

bool is_open_in(const fs::path& process, const struct stat& node) {
  std::error_code none;
  for (fs::directory_iterator it(process / "fd", none), end; !none && it != end; it.increment(none)) {
    struct stat st {};
    if (stat(it->path().c_str(), &st) != 0) continue;
    if ((S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)) == (S_ISBLK(node.st_mode) || S_ISCHR(node.st_mode)) &&
        (st.st_rdev ? st.st_rdev == node.st_rdev && (st.st_mode & S_IFMT) == (node.st_mode & S_IFMT)
                    : st.st_dev == node.st_dev && st.st_ino == node.st_ino))
      return true;
  }
  return false;
}
}  // namespace

std::string holders_in(const std::string& proc, const std::string& node, int self) {
  struct stat st {};
  if (stat(node.c_str(), &st) != 0) return {};
  std::set<int> pids = lockers(proc, st);
  std::error_code none;
  for (fs::directory_iterator it(proc, none), end; !none && it != end; it.increment(none)) {
    const std::string name = it->path().filename();
    int pid = 0;
    const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && last == name.data() + name.size() && is_open_in(it->path(), st)) pids.insert(pid);
  }
  pids.erase(self);
  std::string out;
  for (const int pid : pids) {
    std::ifstream comm(proc + "/" + std::to_string(pid) + "/comm");
    std::string name;
    std::getline(comm, name);
    out += (out.empty() ? "" : ", ") + (name.empty() ? "a program" : fsi::printable(name)) + " (process " + std::to_string(pid) + ")";
  }
  return out;
}

std::string holders_of(const std::string& node) { return holders_in("/proc", node, getpid()); }

}  // namespace rec
