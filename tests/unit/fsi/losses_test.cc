#include "libfsi/losses.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace fsi {
namespace {

std::vector<std::string> said(const std::string& file_systems, int files, const std::string& name, Time time) {
  std::vector<std::string> lines;
  ImageOptions options;
  options.file_systems = parse_file_systems(file_systems);
  options.warn = [&](const std::string& where, const std::string& what) { lines.push_back(where + ": " + what); };
  FileSystemImage image(options);
  Attributes attributes;
  attributes.mtime = attributes.atime = attributes.ctime = time;
  for (int i = 0; i < files; ++i) image.tree().add_memory("/" + name + std::to_string(i), {}, attributes);
  image.tree().add_symlink("/link", "target");
  image.create_result();
  return lines;
}

TEST(Losses, ManyOfAKindAreCounted) {
  const Time year_1850 = -3786825600 * kSecond;
  const auto lines = said("iso9660,joliet,rockridge", 9, "x", year_1850);
  ASSERT_EQ(lines.size(), 3u * 4) << lines[0];  // modification, access and change; Joliet repeats nothing
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("6 more: "); }), 3);
}

TEST(Losses, ChangedNamesOfTheRichestTreeAreCounted) {
  const std::string name(120, 'n');
  EXPECT_EQ(said("iso9660,rockridge,joliet", 9, name, {}), std::vector<std::string>{});
  EXPECT_EQ(said("iso9660,joliet", 9, name, {}),
            (std::vector<std::string>{
                "Joliet: 9 names had to change; --names FILE lists them",
                "Joliet: 1 entry that it cannot hold (links, devices) left out; add rockridge or udf to --fs to have them"}));
  EXPECT_EQ(said("iso9660", 1, name, {}).front(), "ISO 9660: 1 name had to change; --names FILE lists them");
}

}  // namespace
}  // namespace fsi
