#include "libfsi/real_time.h"

#include <gtest/gtest.h>

#include "libfsi/base/error.h"
#include "libfsi/fsi.h"
#include "libfsi/layout/recorded_names.h"

namespace fsi {
namespace {

TEST(RealTime, GlobsNameFilesAndAllTheirNames) {
  TreeBuilder builder{ScanOptions{}};
  builder.add_memory("/AV/1.m2ts", std::vector<std::byte>(10));
  builder.add_memory("/AV/1.txt", std::vector<std::byte>(10));
  builder.add_memory("/2.m2ts", std::vector<std::byte>(10));
  builder.add_hard_link("/zz", "/2.m2ts");
  builder.add_symlink("/3.m2ts", "2.m2ts");
  const SourceTree plain = builder.finish();
  const auto marked = [&](const std::vector<std::string>& globs) {
    SourceTree tree = plain;
    std::string paths;
    const uint64_t count = mark_real_time(tree, globs);
    uint64_t found = 0;
    for (NodeId id = 0; id < tree.nodes.size(); ++id)
      if (tree.nodes[id].real_time) {
        ++found;
        paths += tree.path(id) + " ";
        EXPECT_TRUE(tree.contents[tree.nodes[id].content].real_time);
      }
    EXPECT_EQ(count, found);
    return paths;
  };
  EXPECT_EQ(marked({}), "");
  EXPECT_EQ(marked({"*.m2ts"}), "/2.m2ts /AV/1.m2ts ");
  EXPECT_EQ(marked({"/AV/*"}), "/AV/1.m2ts /AV/1.txt ");
  EXPECT_EQ(marked({"zz"}), "/2.m2ts ");
  EXPECT_EQ(marked({"nothing"}), "");
  EXPECT_THROW(marked({""}), Error);
}

ErrorKind kind_of_error(const std::function<void(ImageOptions&)>& change) {
  ImageOptions options;
  change(options);
  try {
    FileSystemImage image(options);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::failed;
}

TEST(UdfWishes, NeedTheRevisionThatHasThem) {
  const auto xattrs = [](unsigned revision, bool alone) {
    return kind_of_error([=](ImageOptions& o) {
      o.file_systems = {!alone, !alone, !alone, true};
      o.udf_revision = revision;
      o.scan.xattrs = Xattrs::keep;
    });
  };
  EXPECT_EQ(xattrs(0x0102, true), ErrorKind::usage);
  EXPECT_EQ(xattrs(0x0150, false), ErrorKind::usage);
  EXPECT_EQ(xattrs(0, false), ErrorKind::usage);
  EXPECT_EQ(xattrs(0, true), ErrorKind::failed);
  EXPECT_EQ(xattrs(0x0200, false), ErrorKind::failed);
  EXPECT_EQ(kind_of_error([](ImageOptions& o) { o.scan.xattrs = Xattrs::keep; }), ErrorKind::usage);
  EXPECT_EQ(kind_of_error([](ImageOptions& o) {
              o.file_systems.udf = true;
              o.udf_revision = 0x0200;
              o.real_time = {"*"};
            }),
            ErrorKind::usage);
}

TEST(LargeFiles, BringUdfUnlessItIsForbidden) {
  const auto image = [](uint64_t size, const std::function<void(ImageOptions&)>& change = {}) {
    std::vector<std::string> warnings;
    ImageOptions options;
    options.warn = [&](const std::string& where, const std::string& what) { warnings.push_back(where + ": " + what); };
    if (change) change(options);
    FileSystemImage description(options);
    description.tree().add_callback("/large", size, [](uint64_t, std::span<std::byte> out) { return out.size(); });
    const auto result = description.create_result();
    bool udf = false;
    for (const auto& format : result->formats())
      if (const auto* names = dynamic_cast<const RecordedNames*>(format.get())) udf |= names->format_name() == "UDF";
    EXPECT_EQ(udf && change == nullptr, warnings.size() == 1 && warnings[0].find("--no-udf") != std::string::npos);
    return udf;
  };
  EXPECT_FALSE(image((uint64_t{4} << 30) - 1));
  EXPECT_TRUE(image(uint64_t{4} << 30));
  EXPECT_FALSE(image(uint64_t{4} << 30, [](ImageOptions& o) { o.udf_for_large_files = false; }));
}

}  // namespace
}  // namespace fsi
