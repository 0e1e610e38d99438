// Images made by others raise no false alarm, are listed completely, and reveal a damage that is done to them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "libfsi/base/image_file.h"
#include "libfsi/check/verify.h"
#include "tests/unit/read/listing.h"
#include "tests/unit/read/tiny_image.h"

namespace fixture {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

// A visible skip on a user's machine; in CI a missing tool is a failure.
#define SKIP_OR_FAIL(reason)                                                 \
  do {                                                                       \
    const char* ci = getenv("CI");                                           \
    if (ci && std::string(ci) == "true") FAIL() << (reason) << " (CI=true)"; \
    GTEST_SKIP() << (reason);                                                \
  } while (false)

bool have(const std::string& tool) { return std::system(("command -v " + tool + " >/dev/null 2>&1").c_str()) == 0; }

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "discpress-check-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path;
};

void write(const fs::path& path, size_t bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  for (size_t i = 0; i < bytes; ++i) out.put(static_cast<char>(i * 31 + bytes));
}

void make_tree(const fs::path& root, bool deep) {
  for (int i = 0; i < 60; ++i) write(root / "many" / ("file number " + std::to_string(i) + ".txt"), static_cast<size_t>(i) * 97);
  write(root / "a.b.c" / "x.tar.gz", 70000);
  write(root / "README", 5);
  write(root /
            "\xC3\x9C"
            "nicode \xE2\x82\xAC.txt",
        9);
  write(root / (std::string(180, 'n') + ".bin"), 100000);
  fs::create_directories(root / "empty dir");
  fs::create_symlink("many/file number 1.txt", root / "link");
  fs::create_symlink("/a/../b/" + std::string(90, 'x') + "/" + std::string(90, 'y'), root / "long link");
  fs::create_hard_link(root / "README", root / "hard");
  write(root / (deep ? "1/2/3/4/5/6/7/8/9/10/deep" : "1/2/3/deep"), 3);
}

struct Maker {
  const char* name;
  const char* tool;
  const char* command;  // %1 image, %2 tree
  bool rock_ridge;
};

void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }

class ForeignMaker : public testing::TestWithParam<Maker> {
 protected:
  void make(const fs::path& tree, const fs::path& image) {
    std::string command = GetParam().command;
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"%1", image.string()}, {"%2", tree.string()}})
      while (command.find(from) != std::string::npos) command.replace(command.find(from), 2, to);
    ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
  }
};

std::string describe(const fsi::VerifyReport& report) {
  std::string text;
  for (const auto& issue : report.issues)
    if (issue.severity == fsi::Severity::error)
      text += issue.what + " at LBA " + std::to_string(issue.where.first) + ": " + issue.detail + "\n";
  return text;
}

TEST_P(ForeignMaker, NoFalseAlarm) {
  if (!have(GetParam().tool)) SKIP_OR_FAIL(std::string(GetParam().tool) + " is not installed");
  const Folder folder;
  make_tree(folder.path / "tree", true);
  make(folder.path / "tree", folder.path / "image");
  const auto report = fsi::verify(fsi::ImageFile((folder.path / "image").string()));
  EXPECT_TRUE(report.ok()) << describe(report);
  EXPECT_FALSE(report.manifest.found);
}

TEST_P(ForeignMaker, EveryNameIsSeen) {
  if (!have(GetParam().tool)) SKIP_OR_FAIL(std::string(GetParam().tool) + " is not installed");
  if (!GetParam().rock_ridge) return;
  const Folder folder;
  const fs::path tree = folder.path / "tree";
  make_tree(tree, true);
  make(tree, folder.path / "image");
  const fsi::ImageFile image((folder.path / "image").string());
  const Read r = read_all(image);
  std::set<std::string> expected{"/"};
  for (const auto& item : fs::recursive_directory_iterator(tree)) expected.insert("/" + fs::relative(item.path(), tree).string());
  const bool marks_relocated = std::string_view(GetParam().tool) != "makefs";  // makefs shows them where their records are
  for (const std::string& path : expected) {
    const auto it = r.list.entries.find(path);
    if (it == r.list.entries.end()) {
      EXPECT_FALSE(marks_relocated || path.find("/8") == std::string::npos) << path;
      continue;
    }
    const fs::path source = tree / path.substr(1);
    struct stat st {};
    ASSERT_EQ(lstat(source.c_str(), &st), 0);
    if (S_ISREG(st.st_mode)) {
      EXPECT_EQ(it->second.size, static_cast<uint64_t>(st.st_size)) << path;
      std::ifstream in(source, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(in)), {});
      std::string found;
      for (const fsi::DataExtent& extent : it->second.extents) {
        std::vector<std::byte> sectors(extent.range().count * fsi::kSectorSize);
        image.read(extent.range(), sectors);
        found.append(reinterpret_cast<const char*>(sectors.data()), extent.bytes);
      }
      EXPECT_EQ(found, bytes) << path;
    }
    if (S_ISLNK(st.st_mode)) {
      EXPECT_EQ(it->second.target, fs::read_symlink(source).string()) << path;
    }
    ASSERT_TRUE(it->second.posix) << path;
    EXPECT_EQ(it->second.posix->mode & S_IFMT, st.st_mode & S_IFMT) << path;
  }
}

// One field of a good image is damaged; formats.md 5.1 lists those that no other tool sees.
TEST_P(ForeignMaker, DamagedFieldsAreFound) {
  if (!have(GetParam().tool)) SKIP_OR_FAIL(std::string(GetParam().tool) + " is not installed");
  const Folder folder;
  make_tree(folder.path / "tree", false);
  make(folder.path / "tree", folder.path / "image");
  std::ifstream in(folder.path / "image", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const Bytes good(text.begin(), text.end());
  const auto before = fsi::verify(MemorySource(good));
  ASSERT_TRUE(before.ok()) << describe(before);
  auto u32 = [&](size_t at) { return good[at] | good[at + 1] << 8 | good[at + 2] << 16 | static_cast<uint32_t>(good[at + 3]) << 24; };
  const size_t pvd = 16 * 2048, root = size_t{u32(pvd + 158)} * 2048, table = size_t{u32(pvd + 140)} * 2048;
  const size_t second = root + good[root], third = second + good[second];  // "..", and the first record behind it
  const struct {
    const char* what;
    size_t at;
    int bit;
  } damages[] = {{"size of the volume, big-endian", pvd + 87, 1}, {"address of path table L", pvd + 140, 1},
                 {"parent in path table L", table + 10 + 6, 2},   {"size of a record, big-endian", third + 17, 1},
                 {"address of a record", third + 2, 0x40},        {"\"..\" of the root", second + 2, 1},
                 {"order of records", third + 33, 0x20},          {"length of a record", third, 0x80}};
  for (const auto& damage : damages) {
    Bytes bad = good;
    bad[damage.at] ^= static_cast<unsigned char>(damage.bit);
    if (std::string_view(damage.what) == "order of records") bad[damage.at] = 'Z';
    const auto report = fsi::verify(MemorySource(bad));
    EXPECT_FALSE(report.ok()) << damage.what;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Foreign, ForeignMaker,
    testing::Values(Maker{"genisoimage", "genisoimage", "genisoimage -quiet -R -J -joliet-long -o %1 %2", true},
                    Maker{"genisoimage_plain", "genisoimage", "genisoimage -quiet -o %1 %2", false},
                    Maker{"genisoimage_udf", "genisoimage", "genisoimage -quiet -R -J -joliet-long -udf -o %1 %2", true},
                    Maker{"genisoimage_level4", "genisoimage", "genisoimage -quiet -iso-level 4 -D -R -o %1 %2", true},
                    Maker{"xorriso_mkisofs", "xorriso", "xorriso -as mkisofs -quiet -R -J -joliet-long -o %1 %2", true},
                    Maker{"xorriso_native", "xorriso", "xorriso -md5 on -joliet on -hardlinks on -outdev %1 -map %2 / -commit", true},
                    Maker{"bsdtar", "bsdtar", "bsdtar -cf %1 --format iso9660 -C %2 .", true},
                    Maker{"makefs", "makefs", "makefs -t cd9660 -o rockridge %1 %2", true}),
    [](const auto& p) { return p.param.name; });

// ---- samples made by others ----

// Beside the checkout, or where DISCPRESS_CORPUS says.
fs::path corpus() {
  if (const char* place = getenv("DISCPRESS_CORPUS")) return place;
  return fs::path(DISCPRESS_SOURCE_DIR).parent_path() / "shared" / "corpus";
}

std::string unpack(const fs::path& sample, const fs::path& to) {
  const fs::path image = to / sample.stem();
  return std::system(("xz -dc '" + sample.string() + "' > '" + image.string() + "'").c_str()) == 0 ? image.string() : "";
}

TEST(Corpus, SamplesAreReadToTheirEndAndGoodOnesAreGood) {
  if (!fs::exists(corpus())) GTEST_SKIP() << "no samples in " << corpus();  // they are nobody's package
  const std::set<std::string> broken{"bad-dir.iso", "malformed.iso", "test_read_format_iso_rockridge_ce_loop.iso",
                                     "test_read_format_iso_zisofs_overflow.iso",
                                     // not images of 2048-byte sectors
                                     "cdda.bin", "isofs-m1.bin"};
  const Folder folder;
  int seen = 0;
  for (const auto& item : fs::recursive_directory_iterator(corpus())) {
    if (item.path().extension() != ".xz") continue;
    const std::string image = unpack(item.path(), folder.path);
    ASSERT_NE(image, "") << item.path();
    const auto report = fsi::verify(fsi::ImageFile(image));
    if (!broken.contains(fs::path(image).filename().string())) {
      EXPECT_TRUE(report.ok()) << image << "\n" << describe(report);
    } else {
      EXPECT_FALSE(report.ok()) << image;
    }
    fs::remove(image);
    ++seen;
  }
  EXPECT_GT(seen, 20);
}

}  // namespace
}  // namespace fixture
