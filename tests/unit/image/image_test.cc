#include "libfsi/image/image.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "libfsi/base/error.h"
#include "libfsi/disc/manifest.h"
#include "libfsi/image/sinks.h"

namespace fsi {
namespace {

// An image of contents in memory, without any file system: what the sinks see.
class ImageTest : public ::testing::Test {
 protected:
  struct Stamp : Region {
    Stamp() {
      zone = Zone::fixed;
      fixed_at = 16;
    }
    std::string what() const override { return "stamp"; }
    uint64_t measure() override { return 2; }
    void render(uint64_t first, std::span<std::byte> out) const override {
      for (uint64_t s = 0; s < out.size() / kSectorSize; ++s) out[s * kSectorSize] = static_cast<std::byte>(first + s + 1);
    }
  };

  struct Closing : Region {
    Closing() {
      zone = Zone::closing;
      fixed_at = 3;
    }
    std::string what() const override { return "closing"; }
    uint64_t measure() override { return 3; }
    void render(uint64_t, std::span<std::byte> out) const override { std::fill(out.begin(), out.end(), std::byte{0xC1}); }
  };

  std::unique_ptr<Image> make(const std::vector<size_t>& sizes, unsigned threads, DigestKind kind = DigestKind::xxh3, Lba start = 0,
                              bool closing = false) {
    Image::Parts parts;
    parts.threads = threads;
    parts.tree = std::make_unique<SourceTree>();
    parts.layout = std::make_unique<Layout>();
    SourceTree& tree = *parts.tree;
    tree.nodes.resize(1 + sizes.size());
    tree.nodes[0].kind = NodeKind::directory;
    std::mt19937_64 random(7);
    for (size_t i = 0; i < sizes.size(); ++i) {
      auto bytes = std::make_shared<std::vector<std::byte>>(sizes[i]);
      for (auto& b : *bytes) b = static_cast<std::byte>(random());
      const std::string name = "f" + std::to_string(i);
      tree.nodes[i + 1].name = {static_cast<uint32_t>(tree.text.size()), static_cast<uint32_t>(name.size())};
      tree.text.insert(tree.text.end(), name.begin(), name.end());
      tree.nodes[i + 1].content = static_cast<ContentId>(i);
      Content content;
      content.size = sizes[i];
      content.offset = 0;
      content.place = static_cast<uint32_t>(tree.blobs.size());
      content.origin = OriginKind::memory;
      content.first_node = static_cast<NodeId>(i + 1);
      tree.contents.push_back(content);
      tree.blobs.push_back(std::move(bytes));
    }
    parts.regions.push_back(std::make_unique<Stamp>());
    if (closing) parts.regions.push_back(std::make_unique<Closing>());
    if (kind != DigestKind::none) parts.manifest = std::make_unique<ManifestWriter>(tree, *parts.layout, kind);
    std::vector<Region*> regions;
    for (const auto& region : parts.regions) regions.push_back(region.get());
    if (parts.manifest)
      for (Region* region : parts.manifest->regions()) regions.push_back(region);
    assign_extents(tree, regions, measure_regions(regions), start, *parts.layout);
    return std::make_unique<Image>(std::move(parts));
  }

  static std::vector<std::byte> whole(const Image& image, uint64_t step) {
    std::vector<std::byte> bytes(image.sectors() * kSectorSize);
    for (uint64_t s = 0; s < image.sectors(); s += step) {
      const uint64_t n = std::min(step, image.sectors() - s);
      image.read({s, n}, std::span(bytes).subspan(s * kSectorSize, n * kSectorSize));
    }
    return bytes;
  }

  static std::vector<std::byte> slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> chars{std::istreambuf_iterator<char>(in), {}};
    std::vector<std::byte> bytes(chars.size());
    std::memcpy(bytes.data(), chars.data(), chars.size());
    return bytes;
  }

  const std::vector<size_t> sizes_{0, 1, 2047, 2048, 2049, 65536, 100000, 3 << 20, 5, 0, 65535, 1234567};
  const std::string directory_ = [] {
    std::string name = (std::filesystem::temp_directory_path() / "discpress-image-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    return name;
  }();
  ~ImageTest() override { std::filesystem::remove_all(directory_); }
};

TEST_F(ImageTest, AnyReadIsTheSameFunction) {
  const auto image = make(sizes_, 2);
  const auto a = whole(*image, 1), b = whole(*image, 32), c = whole(*image, 4096);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, c);
  EXPECT_EQ(std::to_integer<int>(a[17 * kSectorSize]), 2);
  const Extent extent = image->layout().extent(image->tree(), 6);
  EXPECT_EQ(0, std::memcmp(a.data() + uint64_t{extent.first} * kSectorSize, image->tree().blobs[6]->data(), 100000));
}

TEST_F(ImageTest, FileAndStreamAndFunctionAgreeForAnyThreads) {
  for (const Lba start : {0u, 1000u})
    for (const unsigned threads : {1u, 2u, 5u})
      for (const auto kind : {DigestKind::none, DigestKind::xxh3, DigestKind::sha256}) {
        const auto expected = whole(*make(sizes_, 1, kind, start), 64);
        const std::string path = directory_ + "/image", streamed = directory_ + "/stream";
        write_image_file(*make(sizes_, threads, kind, start), path, {});
        EXPECT_EQ(slurp(path), expected);
        {
          const Fd fd(::open(streamed.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600));
          write_image_stream(*make(sizes_, threads, kind, start), fd.get(), streamed, {});
        }
        EXPECT_EQ(slurp(streamed), expected);
      }
}

TEST_F(ImageTest, TheManifestSaysWhatItsTextSays) {
  const auto image = make(sizes_, 2);
  const auto bytes = whole(*image, 64);
  disc::ManifestLocator locator;
  ASSERT_TRUE(load(std::span<const std::byte>(bytes), disc::kLocatorSector * kSectorSize, locator));
  EXPECT_EQ(0, std::memcmp(locator.magic, disc::kLocatorMagic, sizeof locator.magic));
  EXPECT_EQ(locator.image_sectors, image->sectors());
  disc::ManifestHeader header;
  ASSERT_TRUE(load(std::span<const std::byte>(bytes), locator.manifest_first * kSectorSize, header));
  EXPECT_EQ(header.chunk_count * disc::kChunkSectors, locator.manifest_first);
  EXPECT_EQ(header.trouble_count, 0u);
  const auto table =
      std::span<const std::byte>(bytes).subspan(locator.manifest_first * kSectorSize + sizeof header, header.chunk_count * 16);
  for (uint64_t chunk = 0; chunk < header.chunk_count; ++chunk) {
    const Digest digest =
        digest_of(DigestKind::xxh3, std::span<const std::byte>(bytes).subspan(chunk * disc::kChunkBytes, disc::kChunkBytes));
    EXPECT_EQ(0, std::memcmp(digest.data(), table.data() + chunk * 16, 16)) << chunk;
  }
  EXPECT_EQ(0, std::memcmp(digest_of(DigestKind::xxh3, table).data(), header.root, 16));

  // Sums of single sectors: of every chunk but those inside of one file.
  const auto manifest = std::span<const std::byte>(bytes).subspan(locator.manifest_first * kSectorSize);
  const size_t sums_at = header.trouble_offset + header.trouble_bytes, bits = (header.chunk_count + 7) / 8;
  disc::SectorSumsHeader sums;
  ASSERT_TRUE(load(manifest, sums_at, sums));
  EXPECT_EQ(0, std::memcmp(sums.magic, disc::kSectorSumsMagic, sizeof sums.magic));
  std::vector<bool> inside(header.chunk_count);
  for (const ContentId id : image->layout().data_order) {
    const Extent extent = image->layout().extent(image->tree(), id);
    const uint64_t first = extent.first - image->session_start(), end = first + extent.bytes / kSectorSize;
    for (uint64_t chunk = 0; chunk < header.chunk_count; ++chunk)
      if (chunk * 32 >= first && chunk * 32 + 32 <= end) inside[chunk] = true;
  }
  EXPECT_TRUE(std::ranges::find(inside, true) != inside.end());
  auto next = manifest.subspan(sums_at + sizeof sums + bits);
  uint64_t with_sums = 0;
  for (uint64_t chunk = 0; chunk < header.chunk_count; ++chunk) {
    const bool has = (std::to_integer<unsigned>(manifest[sums_at + sizeof sums + chunk / 8]) >> chunk % 8 & 1) != 0;
    EXPECT_NE(has, inside[chunk]) << chunk;
    for (uint64_t s = chunk * 32; has && s < chunk * 32 + 32; ++s, next = next.subspan(4))
      EXPECT_EQ(0, std::memcmp(digest_of(DigestKind::xxh3, std::span(bytes).subspan(s * kSectorSize, kSectorSize)).data(), next.data(), 4));
    with_sums += has;
  }
  EXPECT_EQ(sums.chunk_count, with_sums);
  const size_t length = bits + with_sums * 128;
  EXPECT_EQ(0, std::memcmp(digest_of(DigestKind::xxh3, manifest.subspan(sums_at + sizeof sums, length)).data(), sums.digest, 32));
}

TEST_F(ImageTest, ClosingSectorsAreTheLastAndTheManifestCoversThem) {
  const auto image = make(sizes_, 2, DigestKind::xxh3, 0, true);
  const auto bytes = whole(*image, 64);
  EXPECT_EQ(bytes.back(), std::byte{0xC1});
  EXPECT_EQ(bytes[bytes.size() - 3 * kSectorSize], std::byte{0xC1});
  EXPECT_EQ(bytes[bytes.size() - 3 * kSectorSize - 1], std::byte{});
  EXPECT_EQ(image->item_at(static_cast<Lba>(image->sectors() - 1)).what, "closing");
  EXPECT_EQ(image->item_at(static_cast<Lba>(image->sectors() - 4)).what, "manifest");
  disc::ManifestLocator locator;
  ASSERT_TRUE(load(std::span<const std::byte>(bytes), disc::kLocatorSector * kSectorSize, locator));
  EXPECT_EQ(locator.manifest_first + locator.manifest_sectors, image->sectors());
  const auto manifest = std::span<const std::byte>(bytes).subspan(locator.manifest_first * kSectorSize);
  disc::ManifestHeader header;
  ASSERT_TRUE(load(manifest, 0, header));
  EXPECT_EQ(0, std::memcmp(digest_of(DigestKind::xxh3, manifest.subspan(sizeof header)).data(), header.body_digest, 16));
  write_image_file(*make(sizes_, 3, DigestKind::xxh3, 0, true), directory_ + "/image", {});
  EXPECT_EQ(slurp(directory_ + "/image"), bytes);
}

TEST_F(ImageTest, TheMapCoversEveryFileAndFindsIt) {
  const auto image = make(sizes_, 1, DigestKind::xxh3, 0, true);
  uint64_t last = 0;
  size_t files = 0;
  image->for_each_item([&](const MapItem& item) {
    EXPECT_GE(item.range.first, last);
    last = item.range.end();
    files += item.what.starts_with("file ");
    EXPECT_EQ(image->item_at(static_cast<Lba>(item.range.first)).what, item.what);
  });
  EXPECT_EQ(files, sizes_.size() - 2);
  EXPECT_EQ(image->item_at(0).what, "unused");
}

TEST_F(ImageTest, AnInterruptedFileLeavesTheOldOneUnharmed) {
  const std::string path = directory_ + "/image";
  std::ofstream(path) << "old";
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(write_image_file(*make(sizes_, 2), path, {{}, stop.get_token()}), Error);
  EXPECT_EQ(slurp(path).size(), 3u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(ImageTest, AReplacedFileKeepsItsModeAndLinksStayLinks) {
  const std::string path = directory_ + "/image", link = directory_ + "/link";
  std::ofstream(path) << "old";
  ::chmod(path.c_str(), 0640);
  ASSERT_EQ(::symlink("image", link.c_str()), 0);
  write_image_file(*make({10}, 1), link, {});
  struct stat now {};
  ASSERT_EQ(::lstat(link.c_str(), &now), 0);
  EXPECT_TRUE(S_ISLNK(now.st_mode));
  ASSERT_EQ(::stat(path.c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777, 0640u);
  EXPECT_EQ(now.st_size % 65536, 0);
}

TEST_F(ImageTest, TheErrorOfASinkReachesTheCaller) {
  for (const unsigned threads : {1u, 3u}) {
    const auto image = make(sizes_, threads);
    SlabWork work(*image, threads, {});
    uint64_t seen = 0;
    EXPECT_THROW(work.run_in_order([&](const Slab& slab) {
      EXPECT_EQ(slab.range.first, seen);
      seen = slab.range.end();
      if (seen > 1024) throw Error(ErrorKind::failed, "", "", "full");
    }),
                 Error);
  }
}

}  // namespace
}  // namespace fsi
