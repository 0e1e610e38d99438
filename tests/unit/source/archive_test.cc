// Archives in: every format, made here by libarchive's own writers, and everything that is wrong with one.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include <functional>
#include <thread>

#include "libfsi/source/builder.h"
#include "libfsi/source/spool.h"
#include "libfsi/source/tar_header.h"
#include "tests/unit/source/temp_tree.h"

namespace fsi {
namespace {

struct Member {
  std::string path, bytes;
  mode_t type = AE_IFREG;
  std::string link = {};  // target of a symlink, or of a hard link when type is 0
  uint64_t hole = 0;      // bytes of nothing before the data
};

using MakeFormat = std::function<void(::archive*)>;

void write_archive(const std::string& path, const MakeFormat& setup, const std::vector<Member>& members) {
  ::archive* a = ::archive_write_new();
  setup(a);
  ASSERT_EQ(::archive_write_open_filename(a, path.c_str()), ARCHIVE_OK) << ::archive_error_string(a);
  for (const Member& member : members) {
    ::archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, member.path.c_str());
    ::archive_entry_set_perm(entry, member.type == AE_IFDIR ? 0750 : 0640);
    ::archive_entry_set_mtime(entry, 1234567890, 0);
    ::archive_entry_set_uid(entry, 12);
    ::archive_entry_set_gid(entry, 34);
    ::archive_entry_set_filetype(entry, member.type ? member.type : AE_IFREG);
    if (member.type == 0) ::archive_entry_set_hardlink(entry, member.link.c_str());
    if (member.type == AE_IFLNK) ::archive_entry_set_symlink(entry, member.link.c_str());
    if (member.type == AE_IFCHR) ::archive_entry_set_rdev(entry, makedev(1, 3));
    const uint64_t size = member.hole + member.bytes.size();
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(member.type == 0 ? 0 : size));
    if (member.hole)
      ::archive_entry_sparse_add_entry(entry, static_cast<la_int64_t>(member.hole), static_cast<la_int64_t>(member.bytes.size()));
    ASSERT_GE(::archive_write_header(a, entry), ARCHIVE_WARN) << ::archive_error_string(a);
    if (member.type == AE_IFREG) {
      const std::string all = std::string(member.hole, '\0') + member.bytes;
      ASSERT_EQ(::archive_write_data(a, all.data(), all.size()), static_cast<la_ssize_t>(all.size())) << ::archive_error_string(a);
    }
    ::archive_entry_free(entry);
  }
  ASSERT_EQ(::archive_write_close(a), ARCHIVE_OK) << ::archive_error_string(a);
  ::archive_write_free(a);
}

std::string noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 12345;
  for (char& c : bytes) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::vector<Member> some_members() {
  return {{"d", "", AE_IFDIR}, {"d/small", "hello"}, {"d/big", noise(300001)}, {"empty", ""}, {"far/away/file", "no directory of its own"}};
}

SourceTree read(const std::string& path, ScanOptions options = {}) {
  TreeBuilder builder(std::move(options));
  builder.add_source(path);
  return builder.finish();
}

Error error_reading(const std::string& path, ScanOptions options = {}) {
  return error_of([&] { read(path, std::move(options)); });
}

// Whether a file's data is read from the archive itself.
bool in_place(const SourceTree& tree, const std::string& path, const std::string& archive) {
  const Content& content = tree.contents[tree.nodes[find_node(tree, path)].content];
  struct stat own, file;
  return content.origin == OriginKind::descriptor && ::fstat(tree.descriptors[content.place]->get(), &own) == 0 &&
         ::stat(archive.c_str(), &file) == 0 && own.st_ino == file.st_ino;
}

struct Format {
  const char* name;
  MakeFormat setup;
  bool stays;   // read in place
  bool owners;  // the format has owners
};

class ArchiveFormats : public ::testing::TestWithParam<Format> {};

TEST_P(ArchiveFormats, MembersBecomeTheTree) {
  const TempTree t;
  const std::string path = t.path(GetParam().name);
  write_archive(path, GetParam().setup, some_members());
  const SourceTree tree = read(path);
  EXPECT_EQ(paths(tree), (std::vector<std::string>{"/", "/d", "/empty", "/far", "/d/big", "/d/small", "/far/away", "/far/away/file"}));
  EXPECT_EQ(bytes_at(tree, "/d/small"), "hello");
  EXPECT_EQ(bytes_at(tree, "/d/big"), noise(300001));
  EXPECT_EQ(bytes_at(tree, "/empty"), "");
  EXPECT_EQ(bytes_at(tree, "/far/away/file"), "no directory of its own");
  const Node& small = tree.nodes[find_node(tree, "/d/small")];
  EXPECT_EQ(small.mtime, 1234567890 * kSecond);
  EXPECT_EQ(small.mode & 0777, std::string(GetParam().name).ends_with("iso") ? small.mode & 0777 : 0640);
  if (GetParam().owners) {
    EXPECT_EQ(small.uid, 12u);
    EXPECT_EQ(small.gid, 34u);
  }
  EXPECT_EQ(in_place(tree, "/d/big", path), GetParam().stays);
  EXPECT_EQ(in_place(tree, "/d/small", path), GetParam().stays);
}

TEST_P(ArchiveFormats, TruncatedIsCorrupt) {
  const TempTree t;
  const std::string path = t.path(GetParam().name);
  write_archive(path, GetParam().setup, some_members());
  ASSERT_EQ(::truncate(path.c_str(), 150000), 0);
  const Error error = error_reading(path);
  EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
  EXPECT_EQ(error.where(), path);
}

void tar(::archive* a) { ::archive_write_set_format_pax_restricted(a); }
void gnutar(::archive* a) { ::archive_write_set_format_gnutar(a); }
MakeFormat tar_with(int (*filter)(::archive*)) {
  return [filter](::archive* a) {
    tar(a);
    ASSERT_EQ(filter(a), ARCHIVE_OK);
  };
}
void zip(::archive* a) { ::archive_write_set_format_zip(a); }
void iso(::archive* a) {
  ::archive_write_set_format_iso9660(a);
  ::archive_write_set_options(a, "!pad");
}

INSTANTIATE_TEST_SUITE_P(All, ArchiveFormats,
                         ::testing::Values(Format{"x.tar", tar, true, true}, Format{"gnu.tar", gnutar, true, true},
                                           Format{"v7.tar", [](::archive* a) { ::archive_write_set_format_v7tar(a); }, true, true},
                                           Format{"x.tar.gz", tar_with(::archive_write_add_filter_gzip), false, true},
                                           Format{"x.tbz2", tar_with(::archive_write_add_filter_bzip2), false, true},
                                           Format{"x.TXZ", tar_with(::archive_write_add_filter_xz), false, true},
                                           Format{"x.tar.zst", tar_with(::archive_write_add_filter_zstd), false, true},
                                           Format{"x.tar.lz4", tar_with(::archive_write_add_filter_lz4), false, true},
                                           Format{"x.tar.lz", tar_with(::archive_write_add_filter_lzip), false, true},
                                           Format{"x.zip", zip, false, true},
                                           Format{"stored.zip",
                                                  [](::archive* a) {
                                                    zip(a);
                                                    ::archive_write_zip_set_compression_store(a);
                                                  },
                                                  false, true},
                                           Format{"x.7z", [](::archive* a) { ::archive_write_set_format_7zip(a); }, false, false},
                                           Format{"x.cpio", [](::archive* a) { ::archive_write_set_format_cpio_newc(a); }, true, true},
                                           Format{"odc.cpio", [](::archive* a) { ::archive_write_set_format_cpio(a); }, true, true},
                                           Format{"x.iso", iso, true, false}),
                         [](const auto& of) {
                           std::string name = of.param.name;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

TEST(Archive, LinksAndDevicesOfMembersAreKept) {
  const TempTree t;
  const std::string path = t.path("x.tar");
  write_archive(path, tar,
                {{"a", "data"}, {"d/hard", "", 0, "a"}, {"soft", "", AE_IFLNK, "../a b"}, {"null", "", AE_IFCHR}, {"pipe", "", AE_IFIFO}});
  TreeBuilder builder({});
  builder.add_source("sub/=" + path);
  const SourceTree tree = builder.finish();
  EXPECT_EQ(tree.nodes[find_node(tree, "/sub/d/hard")].link_leader, find_node(tree, "/sub/a"));
  EXPECT_EQ(tree.nodes[find_node(tree, "/sub/a")].links, 2u);
  EXPECT_EQ(bytes_at(tree, "/sub/d/hard"), "data");
  EXPECT_EQ(tree.str(tree.nodes[find_node(tree, "/sub/soft")].target), "../a b");
  EXPECT_EQ(tree.nodes[find_node(tree, "/sub/null")].device, makedev(1, 3));
  EXPECT_EQ(tree.nodes[find_node(tree, "/sub/pipe")].kind, NodeKind::fifo);
}

TEST(Archive, LinksOfTwoArchivesStayApart) {
  const TempTree t;
  for (const char* name : {"one.tar", "two.tar"}) {
    const std::string prefix(name, 3);
    write_archive(t.path(name), tar, {{prefix, prefix}, {prefix + "-link", "", 0, prefix}});
  }
  TreeBuilder builder({});
  builder.add_source(t.path("one.tar"));
  builder.add_source(t.path("two.tar"));
  const SourceTree tree = builder.finish();
  EXPECT_EQ(bytes_at(tree, "/one-link"), "one");
  EXPECT_EQ(bytes_at(tree, "/two-link"), "two");
}

TEST(Archive, SparseMembersReadRight) {
  const TempTree t;
  const std::string data = noise(5000);
  for (const MakeFormat& setup : {MakeFormat(tar), tar_with(::archive_write_add_filter_gzip)}) {
    const std::string path = t.path("sparse.tar");
    write_archive(path, setup, {{"before", "b"}, {"sparse", data, AE_IFREG, "", 1 << 20}, {"after", "a"}});
    const SourceTree tree = read(path);
    EXPECT_EQ(bytes_at(tree, "/sparse"), std::string(1 << 20, '\0') + data);
    EXPECT_EQ(bytes_at(tree, "/before"), "b");
    EXPECT_EQ(bytes_at(tree, "/after"), "a");
  }
}

TEST(Archive, FromAStream) {
  const TempTree t;
  write_archive(t.path("x.tar"), tar, some_members());
  std::ifstream file(t.path("x.tar"), std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Fd in(ends[0]);
  std::jthread writer([out = Fd(ends[1]), &all]() { write_stream(out.get(), std::as_bytes(std::span(all)), "pipe"); });
  TreeBuilder builder({});
  builder.add_archive(in.get(), "a pipe");
  const SourceTree tree = builder.finish();
  EXPECT_EQ(bytes_at(tree, "/d/big"), noise(300001));
  EXPECT_EQ(bytes_at(tree, "/empty"), "");
}

TEST(Archive, LaterMembersReplaceEarlierOnesOfTheSameArchive) {
  const TempTree t;
  const std::string path = t.path("x.tar");
  write_archive(path, tar, {{"f", "old"}, {"f", "new"}});
  EXPECT_EQ(bytes_at(read(path), "/f"), "new");
  TreeBuilder builder({});
  builder.add_memory("f", {});
  EXPECT_THROW(builder.add_source(path), Error);
}

TEST(Archive, ExcludesReachMembers) {
  const TempTree t;
  const std::string path = t.path("x.tar");
  write_archive(path, tar, some_members());
  ScanOptions options;
  options.exclude = {"/d", "away"};
  EXPECT_EQ(paths(read(path, options)), (std::vector<std::string>{"/", "/empty"}));
}

TEST(Archive, NamesAreBytesInAnyLocale) {
  const TempTree t;
  const std::string name = "gr\xC3\xBC\xC3\x9F \xE6\x97\xA5\xE6\x9C\xAC";
  for (const auto& [file, setup] :
       {std::pair<const char*, MakeFormat>{"x.tar", tar}, {"x.7z", [](::archive* a) { ::archive_write_set_format_7zip(a); }}}) {
    // The writer, too, asks the locale of its thread.
    const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr), before = ::uselocale(utf8);
    write_archive(t.path(file), setup, {{name, "x"}});
    ::uselocale(before);
    ::freelocale(utf8);
    EXPECT_EQ(paths(read(t.path(file))), (std::vector<std::string>{"/", "/" + name})) << file;
  }
  write_archive(t.path("raw.tar"), gnutar, {{"latin\xFC", "x"}});
  EXPECT_EQ(paths(read(t.path("raw.tar"))).back(), "/latin\xFC");
}

TEST(Archive, MembersThatLeadOutAreRefused) {
  const TempTree t;
  const std::string path = t.path("x.tar");
  for (const char* name : {"/etc/passwd", "../up", "a/../../up", "a/.."}) {
    write_archive(path, gnutar, {{"ok", "x"}, {name, "bad"}});
    const Error error = error_reading(path);
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << name;
    EXPECT_EQ(error.where(), path);
    EXPECT_NE(error.doing().find(name), std::string::npos) << error.what();
  }
  write_archive(path, gnutar, {{"ok", "x"}, {"link", "", 0, "../ok"}});
  EXPECT_EQ(error_reading(path).kind(), ErrorKind::corrupt);
  write_archive(path, gnutar, {{"link", "", 0, "nowhere"}});
  EXPECT_EQ(error_reading(path).kind(), ErrorKind::corrupt);
  write_archive(path, gnutar, {{"f", "x"}, {"f/below", "x"}});
  EXPECT_EQ(error_reading(path).where(), "/f");
}

TEST(Archive, NotAnArchive) {
  const TempTree t;
  for (const std::string& bytes : {std::string(), std::string("just text\n"), noise(5000)}) {
    const Error error = error_reading(t.file("x.tar", bytes));
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_NE(error.why().find("NAME="), std::string::npos) << error.what();
  }
}

TEST(Archive, DamagedDataIsFound) {
  const TempTree t;
  for (const auto& [name, setup] :
       {std::pair<const char*, MakeFormat>{"x.tar.gz", tar_with(::archive_write_add_filter_gzip)}, {"x.zip", zip}}) {
    const std::string path = t.path(name);
    write_archive(path, setup, {{"f", noise(100000)}});
    {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(50000);
      file << "damage";
    }
    EXPECT_EQ(error_reading(path).kind(), ErrorKind::corrupt) << name;
  }
}

TEST(Archive, GzipOfSeveralPartsAndWithPadding) {
  const TempTree t;
  const std::string path = t.path("x.tar.gz");
  write_archive(t.path("x.tar"), tar, some_members());
  ASSERT_EQ(std::system(("cd " + t.path() +
                         " && head -c 100000 x.tar | gzip > x.tar.gz && tail -c +100001 x.tar | gzip >> x.tar.gz && "
                         "head -c 1000 /dev/zero >> x.tar.gz")
                            .c_str()),
            0);
  EXPECT_EQ(bytes_at(read(path), "/d/big"), noise(300001));
}

TEST(Archive, EncryptedIsSaid) {
  const TempTree t;
  const std::string path = t.path("x.zip");
  write_archive(path,
                [](::archive* a) {
                  zip(a);
                  ASSERT_EQ(::archive_write_set_options(a, "zip:encryption=aes256"), ARCHIVE_OK);
                  ASSERT_EQ(::archive_write_set_passphrase(a, "secret"), ARCHIVE_OK);
                },
                {{"f", "x"}});
  const Error error = error_reading(path);
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_NE(error.why().find("encrypted"), std::string::npos) << error.what();
}

TEST(Archive, TheOutputIsNoSource) {
  const TempTree t;
  const std::string path = t.path("x.tar");
  write_archive(path, tar, some_members());
  struct stat st;
  ASSERT_EQ(::stat(path.c_str(), &st), 0);
  ScanOptions options;
  options.output.file = {st.st_dev, st.st_ino};
  EXPECT_EQ(error_reading(path, options).kind(), ErrorKind::usage);
}

TEST(Archive, RoomIsAskedForBeforeItIsUsed) {
  const TempTree t;
  Spool spool(t.path());
  try {
    spool.need(uint64_t{1} << 60, "a very large thing");
    FAIL() << "there is not that much room anywhere";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_EQ(error.where(), t.path());
    EXPECT_NE(error.why().find(std::to_string(uint64_t{1} << 60)), std::string::npos);
  }
}

TEST(Archive, NoSpaceForTheSpool) {
  const TempTree t;
  const std::string small = t.directory("small");
  if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=128k") != 0) GTEST_SKIP() << "cannot mount a small file system here";
  write_archive(t.path("x.tar.gz"), tar_with(::archive_write_add_filter_gzip), some_members());
  write_archive(t.path("x.zip"), zip, some_members());
  // A sparse member does not say how much of it is data: the room runs out on the way.
  write_archive(t.path("sparse.tar"), tar, {{"sparse", noise(300000), AE_IFREG, "", 1 << 20}});
  ScanOptions options;
  options.spool_dir = small;
  for (const char* name : {"x.tar.gz", "x.zip", "sparse.tar"}) {
    const Error error = error_reading(t.path(name), options);
    EXPECT_EQ(error.kind(), ErrorKind::no_space) << name;
    EXPECT_EQ(error.where(), small);
  }
  EXPECT_TRUE(std::filesystem::is_empty(small));
  ::umount(small.c_str());
}

TEST(TarHeader, ProvesOnlyWhatIsThere) {
  const TempTree t;
  write_archive(t.path("x.tar"), gnutar, {{"f", "hello"}});
  const Fd fd(::open(t.path("x.tar").c_str(), O_RDONLY));
  EXPECT_TRUE(tar_data_begins_at(fd.get(), 512, 5));
  EXPECT_FALSE(tar_data_begins_at(fd.get(), 512, 6));
  EXPECT_FALSE(tar_data_begins_at(fd.get(), 1024, 5));
  EXPECT_FALSE(tar_data_begins_at(fd.get(), 0, 5));
  EXPECT_FALSE(tar_data_begins_at(fd.get(), 1 << 20, 5));
}

}  // namespace
}  // namespace fsi
