#include "librecorder/host/mounts.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

namespace rec {

namespace {
/// proc(5): space, tab, newline and backslash are written as \ooo.
std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](size_t k) { return i + k < text.size() && text[i + k] >= '0' && text[i + k] <= '7'; };
    if (text[i] == '\\' && octal(1) && octal(2) && octal(3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}
}  // namespace

std::vector<std::string> mount_points_in(std::string_view mountinfo, unsigned major, unsigned minor) {
  const std::string device = std::to_string(major) + ":" + std::to_string(minor);
  std::vector<std::string> out;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string id, parent, number, root, point;  // 36 35 98:0 /mnt1 /mnt2 …
    if (fields >> id >> parent >> number >> root >> point && number == device) out.push_back(unescaped(point));
  }
  return out;
}

std::vector<std::string> mount_points(const std::string& node) {
  struct stat st {};
  if (stat(node.c_str(), &st) != 0 || !S_ISBLK(st.st_mode)) return {};
  std::ifstream in("/proc/self/mountinfo");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return mount_points_in(text, major(st.st_rdev), minor(st.st_rdev));
}

}  // namespace rec
