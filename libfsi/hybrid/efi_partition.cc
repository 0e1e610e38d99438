#include "libfsi/hybrid/efi_partition.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/source/builder.h"

namespace fsi {

namespace {

constexpr const char* kDoing = "making an EFI system partition of it";
constexpr uint64_t kFatSector = 512;

std::vector<std::string> with(std::vector<std::string> list, std::initializer_list<std::string> more) {
  list.insert(list.end(), more);
  return list;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (std::string& text : strings) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// A file that vanishes when it is closed.
Fd unnamed_file(std::string directory) {
  if (directory.empty()) {
    const char* tmp = std::getenv("TMPDIR");
    directory = tmp && *tmp ? tmp : "/tmp";
  }
  Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string name = directory + "/discpress-efi-XXXXXX";
    fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
    if (fd) ::unlink(name.c_str());
  }
  if (!fd) throw system_error(printable(directory), "making room for the EFI system partition");
  return fd;
}

// Runs one of mtools on an image that it sees as descriptor 3, with nothing of the user's settings.
class Mtools {
 public:
  Mtools(int image, std::string where, Time time) : image_(image), where_(std::move(where)) {
    environment_ = {"PATH=" + path(),     "LC_ALL=C.UTF-8",      "TZ=UTC",
                    "MTOOLSRC=/dev/null", "MTOOLS_SKIP_CHECK=1", "SOURCE_DATE_EPOCH=" + std::to_string(time / kSecond)};
  }

  void run(std::vector<std::string> command) {
    command.insert(command.begin() + 1, {"-i", "/proc/self/fd/3"});
    const Fd said(::memfd_create("mtools", MFD_CLOEXEC));
    if (!said) throw system_error(where_, kDoing);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, said.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said.get(), STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, image_, 3);
    // The tool is to hear signals, whatever this program does with them.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t child = 0;
    const int fault =
        ::posix_spawnp(&child, command[0].c_str(), &actions, &attributes, pointers(command).data(), pointers(environment_).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (fault == ENOENT) throw Error(ErrorKind::failed, where_, kDoing, command[0] + " is not installed; install the package mtools");
    if (fault) throw system_error(command[0], "starting it", fault);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
      if (errno != EINTR) throw system_error(command[0], "waiting for it");
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
      throw Error(ErrorKind::failed, where_, kDoing, command[0] + " could not be run; is the package mtools installed?");
    if (WEXITSTATUS(status) != 0) throw Error(ErrorKind::failed, where_, kDoing, command[0] + " said: " + first_line(said.get()));
  }

 private:
  static std::string path() {
    const char* path = std::getenv("PATH");
    return path ? path : "/usr/bin:/bin";
  }
  static std::string first_line(int fd) {
    std::string text(400, '\0');
    text.resize(read_at(fd, 0, std::as_writable_bytes(std::span(text.data(), text.size())), "mtools"));
    text = text.substr(0, text.find('\n'));
    return text.empty() ? "nothing" : printable(text);
  }

  int image_;
  std::string where_;
  std::vector<std::string> environment_;
};

// Entries of 32 bytes that a name takes in its directory: the short one and the pieces of the long one.
uint64_t entries_of(std::string_view name) { return 1 + (name.size() + 12) / 13; }

std::string folded(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void check(const SourceTree& tree, const std::string& directory) {
  for (NodeId id = 0; id < tree.nodes.size(); ++id) {
    const Node& node = tree.nodes[id];
    auto refuse = [&](const std::string& why) { throw Error(ErrorKind::usage, printable(directory + tree.path(id)), kDoing, why); };
    if (node.kind == NodeKind::file) {
      // mcopy reads the file by its name on the host.
      if (tree.contents[node.content].origin != OriginKind::host_file) refuse("it is not a file of this machine");
      continue;
    }
    if (node.kind != NodeKind::directory) refuse("FAT holds only files and directories, and this is neither; leave it out with --exclude");
    std::set<std::string> names;
    for (const Node& child : tree.children(node))
      if (!names.insert(folded(tree.str(child.name))).second)
        refuse("it holds two names that differ in case only (\"" + printable(tree.str(child.name)) + "\"), which FAT cannot");
  }
}

void copy_files(const SourceTree& tree, Mtools& mtools) {
  constexpr size_t kAtOnce = 200;
  for (NodeId id = 0; id < tree.nodes.size(); ++id) {
    const Node& directory = tree.nodes[id];
    if (directory.kind != NodeKind::directory) continue;
    const std::string target = "::" + tree.path(id) + (id == kRoot ? "" : "/");
    std::vector<std::string> files;
    auto flush = [&] {
      if (files.empty()) return;
      std::vector<std::string> command{"mcopy", "-Q"};
      command.insert(command.end(), files.begin(), files.end());
      command.push_back(target);
      mtools.run(std::move(command));
      files.clear();
    };
    for (const Node& child : tree.children(directory)) {
      const auto child_id = static_cast<NodeId>(&child - tree.nodes.data());
      if (child.kind == NodeKind::directory) mtools.run({"mmd", "::" + tree.path(child_id)});
      if (child.kind != NodeKind::file) continue;
      // A file may stand in the tree under another name than on the host (a link that was followed).
      std::string host = tree.origin_path(child.content);
      if (host[0] != '/') host.insert(0, "./");  // never an option or a drive
      if (host.substr(host.rfind('/') + 1) == tree.str(child.name))
        files.push_back(host);
      else
        mtools.run({"mcopy", "-Q", host, "::" + tree.path(child_id)});
      if (files.size() == kAtOnce) flush();
    }
    flush();
  }
}

}  // namespace

FatShape shape_fat(const SourceTree& tree) {
  FatShape shape;
  uint64_t root_entries = 1;  // the label
  for (const Node& child : tree.children(tree.nodes[kRoot])) root_entries += entries_of(tree.str(child.name));
  shape.root_sectors = static_cast<unsigned>(std::max<uint64_t>(32, (root_entries * 32 + kFatSector - 1) / kFatSector));

  // A larger cluster until the number of clusters fits 16 bits; what is larger than that is FAT32.
  for (unsigned per_cluster = 4;; per_cluster *= 2) {
    shape.fat32 = per_cluster > 64;
    if (shape.fat32) per_cluster = 8;
    const uint64_t cluster = per_cluster * kFatSector;
    uint64_t clusters = 0;
    for (NodeId id = 0; id < tree.nodes.size(); ++id) {
      const Node& node = tree.nodes[id];
      uint64_t bytes = 0;
      if (node.kind == NodeKind::file) bytes = tree.contents[node.content].size;
      if (bytes > UINT32_MAX)
        throw Error(ErrorKind::limit, printable(tree.origin_path(node.content)), kDoing, "it is larger than 4 GiB, which FAT cannot hold");
      if (node.kind == NodeKind::directory && (id != kRoot || shape.fat32)) {
        uint64_t entries = 3;
        for (const Node& child : tree.children(node)) entries += entries_of(tree.str(child.name));
        bytes = entries * 32;
      }
      clusters += (bytes + cluster - 1) / cluster;
    }
    clusters += 16;
    if (!shape.fat32 && clusters > 60000) continue;
    if (shape.fat32) clusters = std::max<uint64_t>(clusters, 70000);  // fewer would be FAT16 to a reader
    if (clusters > 0x0FFFFF00) throw Error(ErrorKind::limit, "", kDoing, "it is too large for FAT32");
    const uint64_t tables = 2 * ((clusters + 2) * (shape.fat32 ? 4 : 2) + kFatSector - 1) / kFatSector + 2;
    const uint64_t needed = 32 + tables + shape.root_sectors + clusters * per_cluster;
    shape.sectors_per_cluster = per_cluster;
    shape.sectors = (needed + 2047) / 2048 * 2048;  // whole MiB, as partitions are
    return shape;
  }
}

std::shared_ptr<Fd> make_efi_partition(const EfiPartitionOptions& options) {
  const std::string where = printable(options.directory);
  open_file(options.directory, O_RDONLY | O_DIRECTORY, "opening the folder of the EFI system partition").reset();
  ScanOptions scan = options.scan;
  scan.follow_links = true;
  scan.dedupe = false;
  TreeBuilder builder(scan);
  builder.add_directory(options.directory);
  const SourceTree tree = builder.finish(options.warn);
  if (tree.nodes.size() == 1) throw Error(ErrorKind::usage, where, kDoing, "the folder is empty");
  check(tree, options.directory);
  const FatShape shape = shape_fat(tree);

  auto image = std::make_shared<Fd>(unnamed_file(options.scan.spool_dir));
  if (::posix_fallocate(image->get(), 0, static_cast<off_t>(shape.sectors * kFatSector)) != 0)
    throw Error(ErrorKind::no_space, where, kDoing,
                "there is no room for " + std::to_string(shape.sectors * kFatSector) + " bytes of it in $TMPDIR");
  constexpr Time kFatEpoch = 315532800 * kSecond;  // 1980-01-01
  Mtools mtools(image->get(), where, std::max(options.time, kFatEpoch));
  char serial[16];
  std::snprintf(serial, sizeof serial, "%08x", options.serial);
  std::vector<std::string> format{"mformat",
                                  "-T",
                                  std::to_string(shape.sectors),
                                  "-h",
                                  "64",
                                  "-s",
                                  "32",
                                  "-H",
                                  "0",
                                  "-c",
                                  std::to_string(shape.sectors_per_cluster),
                                  "-N",
                                  serial,
                                  "-v",
                                  "EFI"};
  if (shape.fat32)
    format.push_back("-F");
  else
    format = with(std::move(format), {"-r", std::to_string(shape.root_sectors)});
  mtools.run(with(std::move(format), {"::"}));
  copy_files(tree, mtools);
  return image;
}

}  // namespace fsi
