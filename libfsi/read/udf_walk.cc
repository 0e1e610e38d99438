#include "libfsi/read/udf_walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>

#include "libfsi/base/error.h"
#include "libfsi/base/progress.h"
#include "libfsi/read/iso_text.h"
#include "libfsi/read/udf_text.h"

namespace fsi {

using namespace disc;

namespace {

constexpr size_t kMostHashes = 1u << 20;     // names of one directory that are compared with each other
constexpr uint32_t kMostStreams = 1u << 16;  // of one file

constexpr std::string_view kSparedBlocks = "Non-Allocatable Space";

EntryKind kind_of(FileType type) {
  switch (type) {
    case FileType::directory: return EntryKind::directory;
    case FileType::block_device: return EntryKind::block_device;
    case FileType::char_device: return EntryKind::character_device;
    case FileType::fifo: return EntryKind::fifo;
    case FileType::socket: return EntryKind::socket;
    case FileType::symlink: return EntryKind::symlink;
    default: return EntryKind::file;
  }
}

uint32_t format_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::directory: return S_IFDIR;
    case EntryKind::symlink: return S_IFLNK;
    case EntryKind::character_device: return S_IFCHR;
    case EntryKind::block_device: return S_IFBLK;
    case EntryKind::fifo: return S_IFIFO;
    case EntryKind::socket: return S_IFSOCK;
    case EntryKind::file: break;
  }
  return S_IFREG;
}

bool is_file_type(FileType type) {
  return kind_of(type) != EntryKind::file || type == FileType::bytes || type == FileType::unspecified || type == FileType::real_time;
}

std::string block_text(const LongAd& ad) {
  return "block " + std::to_string(ad.location.block) + " of partition reference " + std::to_string(ad.location.partition);
}

}  // namespace

UdfWalk::UdfWalk(const UdfTree& tree, Visitor& visitor, IssueLog& log, std::stop_token stop)
    : tree_(tree),
      volume_(*tree.volume_),
      visitor_(visitor),
      log_(log),
      stop_(std::move(stop)),
      reader_(tree.source_, volume_.block_size, volume_.maps, volume_.third_edition, log, tree_.limits_),
      again_(tree.source_, volume_.block_size, volume_.maps, volume_.third_edition, said_, tree_.limits_) {}

void UdfWalk::run() {
  for (const auto& [range, name] : volume_.structures) visitor_.structure(range, name);
  if (!find_root(icb_)) return;
  path_ = "/";
  announce(icb_, "UDF file entry of ");
  directories_.push_back({.map = icb_.map, .block = icb_.block, .links = icb_.links, .icb_at = icb_.at});
  directories_seen_.insert(icb_.at / volume_.block_size);
  count_icb(icb_, true);
  TreeEntry root;
  root.path = path_;
  root.kind = EntryKind::directory;
  take_entry(icb_, root);
  root.record = static_cast<Lba>(icb_.at / kSectorSize);
  visitor_.entry(root);
  if (icb_.streams) visit_streams(UdfIcb(icb_));
  for (uint32_t index = 0; index < directories_.size(); ++index) {
    check_stop(stop_);
    walk_directory(index);
  }
  finish_links();
  finish_counts();
}

// 4/8.3.1: the file set descriptor, and from it the root.
bool UdfWalk::find_root(UdfIcb& icb) {
  const LongAd& at = volume_.file_set;
  const UdfMap* map = reader_.map(at.location.partition);
  if (!map) {
    lost("an address leads out of its partition", volume_.descriptor_at, "ECMA-167 4/3.1", {}, "file set descriptor: " + block_text(at));
    return false;
  }
  const auto found = reader_.fetch(*map, at.location.block, {TagId::file_set}, "file set descriptor", {}, volume_.descriptor_at);
  const uint64_t set_at = found.at;
  FileSetDescriptor set;
  if (found.bytes.empty() || !load(found.bytes, 0, set)) {
    if (!found.bytes.empty() || found.at == 0)
      lost("there is no file set descriptor", volume_.descriptor_at, "ECMA-167 4/8.3.1", {}, block_text(at));
    return false;
  }
  visitor_.structure({found.at / kSectorSize, sectors_for(found.at % kSectorSize + sizeof set)}, "UDF file set descriptor");
  if ((set.next.length & kExtentLengthMask) != 0)
    fault("there is more than one file set", found.at, "ECMA-167 4/8.3.1", {}, "the first one is read", Severity::note);
  const UdfMap* root_map = reader_.map(set.root.location.partition);
  if (!root_map) {
    lost("an address leads out of its partition", found.at, "ECMA-167 4/14.1.15", "/", block_text(set.root));
    return false;
  }
  if (!reader_.read_icb(*root_map, set.root.location.block, "/", icb, set_at)) return false;
  if (icb.type != FileType::directory) {
    lost("the root is not a directory", icb.at, "ECMA-167 4/14.1.15", "/", "file type " + std::to_string(static_cast<int>(icb.type)));
    return false;
  }
  if ((set.system_streams.length & kExtentLengthMask) != 0) {
    // Mappings and the like that systems keep there are structures, not files of the user's.
    UdfIcb streams;
    const UdfMap* streams_map = reader_.map(set.system_streams.location.partition);
    if (streams_map && reader_.read_icb(*streams_map, set.system_streams.location.block, "the system stream directory", streams, set_at))
      visitor_.structure({streams.at / kSectorSize, 1}, "UDF system stream directory");
  }
  return true;
}

void UdfWalk::announce(const UdfIcb& icb, std::string_view what) {
  what_ = what;
  what_ += path_;
  visitor_.structure({icb.at / kSectorSize, sectors_for(icb.at % kSectorSize + volume_.block_size)}, what_);
}

// The path of a directory, from the names of its ancestors; false when it is too long.
bool UdfWalk::build_path(uint32_t index) {
  size_t length = 1;
  for (uint32_t i = index; i != 0; i = directories_[i].parent) length += directories_[i].name_bytes + size_t{1};
  if (length > tree_.limits_.path_bytes) return false;
  prefix_.assign(length, '/');
  size_t end = length;
  for (uint32_t i = index; i != 0; i = directories_[i].parent) {
    const Directory& d = directories_[i];
    end -= d.name_bytes + size_t{1};
    std::copy_n(names_.data() + d.name_at, d.name_bytes, prefix_.data() + end);
  }
  return true;
}

void UdfWalk::walk_directory(uint32_t index) {
  const Directory directory = directories_[index];
  if (!build_path(index)) {
    prefix_.clear();
    return lost("a path is too long", directory.icb_at, "", {}, "directories below it are not read");
  }
  const std::string own = index == 0 ? prefix_ : prefix_.substr(0, prefix_.size() - 1);
  if (!again_.read_icb(*directory.map, directory.block, own, icb_, directory.icb_at)) return;
  again_.read_runs(icb_, own, runs_, [](SectorRange) {});
  hashes_.clear();
  UdfDirectory identifiers(reader_, runs_, own, volume_.third_edition);
  UdfIdentifier identifier;
  for (bool first = true; identifiers.next(identifier); first = false) {
    if (identifier.is(kFidParent)) {
      if (first)
        check_parent(directory, identifier);
      else
        fault("a directory has a parent entry in its midst", identifier.at, "ECMA-167 4/8.6", own);
      continue;
    }
    if (first && !identifiers.damaged()) fault("a directory does not begin with its parent entry", identifier.at, "ECMA-167 4/8.6", own);
    if (identifier.is(kFidDeleted)) continue;
    if (++entries_ > tree_.limits_.entries) {
      if (entries_ == tree_.limits_.entries + 1) lost("too many files", identifier.at, "", own, "the rest is not read");
      return;
    }
    if (entries_ % 4096 == 0) check_stop(stop_);
    visit(index, identifier);
  }
  std::ranges::sort(hashes_);
  if (std::ranges::adjacent_find(hashes_) != hashes_.end())
    fault("two entries of a directory have the same name", directory.icb_at, "ECMA-167 4/8.6", own);
}

void UdfWalk::check_parent(const Directory& directory, const UdfIdentifier& identifier) {
  const Directory& parent = directories_[directory.parent];
  const LongAd& icb = identifier.fixed.icb;
  if (reader_.map(icb.location.partition) == parent.map && icb.location.block == parent.block) return;
  fault("the parent entry of a directory does not lead to its parent", identifier.at, "ECMA-167 4/8.6", prefix_,
        "it names " + block_text(icb) + ", the parent is at block " + std::to_string(parent.block));
}

bool UdfWalk::take_name(const UdfIdentifier& identifier) {
  name_.clear();
  bool legal = append_cs0(identifier.name, name_) && identifier.name.size() >= 2;
  legal &= make_safe_name(name_, 0);
  path_ = prefix_;
  path_ += name_;
  if (!legal)
    fault("a name has something in it that cannot be in a name", identifier.at, "UDF 2.3.4.4", path_,
          identifier.name.empty() ? "it is empty"
                                  : "its compression id is " + std::to_string(static_cast<unsigned char>(identifier.name[0])));
  if (hashes_.size() < kMostHashes) hashes_.push_back(std::hash<std::string>()(name_));
  return legal;
}

void UdfWalk::take_entry(const UdfIcb& icb, TreeEntry& entry) {
  entry.posix = PosixAttributes{mode_of(icb.permissions, icb.flags) | format_of(entry.kind), icb.links, icb.uid, icb.gid, icb.at};
  if (entry.kind == EntryKind::directory) entry.posix->links = icb.links + 1u;
  entry.unique_id = icb.unique_id;
  entry.created = icb.created;
  entry.modified = icb.modified;
  entry.accessed = icb.accessed;
  entry.changed = icb.changed;
  const UdfAttributes attributes = reader_.read_attributes(icb, path_);
  if (!entry.created.known) entry.created = attributes.created;
  if (entry.kind == EntryKind::character_device || entry.kind == EntryKind::block_device) {
    if (!attributes.device)
      fault("a device has no device numbers", icb.at, "ECMA-167 4/14.10.7", path_, {}, Severity::warning);
    else
      entry.device_high = attributes.device->first, entry.device_low = attributes.device->second;
  }
  entry.size = icb.size;
  reader_.read_runs(icb, path_, file_runs_, [&](SectorRange range) {
    what_ = "UDF allocation descriptors of ";
    what_ += path_;
    visitor_.structure(range, what_);
  });
  join_runs(file_runs_, extents_);
  entry.extents = extents_;
  if (entry.kind == EntryKind::file || entry.kind == EntryKind::directory) return;
  // Only files have data of their own.
  if (entry.kind == EntryKind::symlink) {
    take_target(icb);
    entry.target = target_;
  }
  entry.extents = {};
  entry.size = entry.target.size();
}

void UdfWalk::take_target(const UdfIcb& icb) {
  target_.clear();
  if (icb.size > tree_.limits_.target_bytes) return lost("the target of a symbolic link is too long", icb.at, "ECMA-167 4/8.7", path_);
  std::vector<std::byte> bytes(icb.size);
  size_t done = 0;
  for (const DataExtent& extent : extents_) {
    if (extent.kind != DataExtent::Kind::recorded) break;
    reader_.blocks().read(extent.first, std::span(bytes).subspan(done, extent.bytes));
    done += extent.bytes;
    if (icb.embedded()) continue;
    what_ = "UDF target of the symbolic link ";
    what_ += path_;
    visitor_.structure(extent.range(), what_);
  }
  bytes.resize(done);
  if (!append_link_target(bytes, target_))
    lost("the components of a symbolic link are not legal", icb.at, "ECMA-167 4/14.16", path_, "shown as " + printable(target_));
  else if (target_.empty())
    lost("a symbolic link has no target", icb.at, "ECMA-167 4/14.16", path_);
}

bool UdfWalk::add_directory(uint32_t parent, const UdfIcb& icb) {
  if (directories_[parent].depth >= tree_.limits_.depth || directories_.size() >= tree_.limits_.directories) {
    lost("directories are nested too deep or are too many", icb.at, "", path_, "what is below is not read");
    return false;
  }
  if (!directories_seen_.insert(icb.at / volume_.block_size)) {
    lost("a directory is reached a second time", icb.at, "ECMA-167 4/8.6", path_, "it is not followed again");
    return false;
  }
  ++directories_[parent].inside;
  directories_.push_back({.map = icb.map,
                          .block = icb.block,
                          .parent = parent,
                          .links = icb.links,
                          .depth = static_cast<uint16_t>(directories_[parent].depth + 1),
                          .name_bytes = static_cast<uint16_t>(name_.size()),
                          .name_at = names_.size(),
                          .icb_at = icb.at});
  names_ += name_;
  return true;
}

// Each file entry once: its unique id. And how many names lead to it.
void UdfWalk::count_icb(const UdfIcb& icb, bool directory) {
  const uint64_t block = icb.at / volume_.block_size;
  const bool is_new = icbs_seen_.insert(block);
  if (is_new) {
    if (!directory) ++files_;
    largest_id_ = std::max(largest_id_, icb.unique_id);
    // 0 is the root's; writers that do not number use it for all.
    if (icb.unique_id != 0 && !ids_seen_.insert(icb.unique_id))
      fault("two files have the same unique id", icb.at, "UDF 3.2.1.1", path_, std::to_string(icb.unique_id), Severity::warning);
  }
  if (directory) return;
  ++names_of_files_;
  if (is_new && icb.links == 1) return;
  Links& links = links_[icb.at];
  if (!is_new && links.seen == 0) links = {1, 1};  // it said one link when its first name was seen
  if (is_new) links.said = icb.links;
  ++links.seen;
}

void UdfWalk::visit(uint32_t index, const UdfIdentifier& identifier) {
  take_name(identifier);
  const LongAd& at = identifier.fixed.icb;
  const bool directory = identifier.is(kFidDirectory);
  const UdfMap* map = reader_.map(at.location.partition);
  if (!map)
    return lost("an address leads out of its partition", identifier.at, "ECMA-167 4/14.4.5", path_, "file entry: " + block_text(at));
  if (!reader_.read_icb(*map, at.location.block, path_, icb_, identifier.at)) {
    // Damage there is named all the same.
    if (const auto run = map->find(at.location.block, reader_.blocks())) {
      icb_.at = run->first * volume_.block_size;
      announce(icb_, "UDF file entry of ");
    }
    return;
  }
  announce(icb_, "UDF file entry of ");
  // UDF 3.3.7.1: what cannot be used, as a file. It is counted like one.
  if (index == 0 && identifier.is(kFidHidden) && name_ == kSparedBlocks) return count_icb(icb_, false);
  if (!is_file_type(icb_.type))
    lost("a name leads to something that is no file", icb_.at, "ECMA-167 4/14.6.6", path_,
         "file type " + std::to_string(static_cast<int>(icb_.type)));
  TreeEntry entry;
  entry.path = path_;
  entry.kind = kind_of(icb_.type);
  if (directory != (entry.kind == EntryKind::directory)) {
    lost("a file identifier says directory and its file entry does not, or the other way", identifier.at, "ECMA-167 4/14.4.3", path_);
    // A directory that is not followed has nothing to show.
    if (entry.kind == EntryKind::directory) entry.kind = EntryKind::file;
  }
  entry.parent = index;
  entry.hidden = identifier.is(kFidHidden);
  entry.record = static_cast<Lba>(identifier.at / kSectorSize);
  if (directory && entry.kind == EntryKind::directory) {
    entry.number = static_cast<uint32_t>(directories_.size());
    if (!add_directory(index, icb_)) return;
  }
  count_icb(icb_, entry.kind == EntryKind::directory);
  take_entry(icb_, entry);
  visitor_.entry(entry);
  if (icb_.streams) visit_streams(UdfIcb(icb_));
}

// 4/9.2: the streams of a file are named in a directory of their own. They have none themselves.
void UdfWalk::visit_streams(const UdfIcb& owner) {
  const std::string path = path_;
  const LongAd at = *owner.streams;
  const UdfMap* map = reader_.map(at.location.partition);
  UdfIcb icb;
  if (!map) return lost("an address leads out of its partition", owner.at, "ECMA-167 4/14.17", path, "stream directory: " + block_text(at));
  if (!reader_.charge(1, owner.at, path) || !reader_.read_icb(*map, at.location.block, path, icb, owner.at)) return;
  announce(icb, "UDF stream directory of ");
  if (icb.type != FileType::stream_directory && icb.type != FileType::directory)
    return lost("a stream directory is something else", icb.at, "ECMA-167 4/14.17", path,
                "file type " + std::to_string(static_cast<int>(icb.type)));
  std::vector<UdfRun> runs;
  reader_.read_runs(icb, path, runs, [&](SectorRange range) { visitor_.structure(range, what_); });
  for (const UdfRun& run : runs)
    if (!icb.embedded() && run.extent.range().count > 0) visitor_.structure(run.extent.range(), what_);
  UdfDirectory identifiers(reader_, runs, path, volume_.third_edition);
  UdfIdentifier identifier;
  for (uint32_t n = 0; identifiers.next(identifier) && n < kMostStreams; ++n) {
    if (identifier.is(kFidParent)) check_stream_parent(owner, identifier);
    if (identifier.is(kFidParent) || identifier.is(kFidDeleted)) continue;
    std::string name;
    append_cs0(identifier.name, name);
    make_safe_name(name, 0);
    const LongAd& icb_at = identifier.fixed.icb;
    const UdfMap* stream_map = reader_.map(icb_at.location.partition);
    const std::string stream_path = path + " (stream " + name + ")";
    if (!stream_map || !reader_.charge(1, identifier.at, path)) continue;
    if (!reader_.read_icb(*stream_map, icb_at.location.block, stream_path, icb, identifier.at)) continue;
    if (icb.streams || identifier.is(kFidDirectory))
      lost("a stream has streams or is a directory", icb.at, "ECMA-167 4/9.2", stream_path, "they are not read");
    path_ = stream_path;
    announce(icb, "UDF file entry of ");
    TreeEntry entry;
    entry.kind = EntryKind::file;
    take_entry(icb, entry);
    entry.path = path;
    entry.hidden = identifier.is(kFidHidden);
    entry.record = static_cast<Lba>(identifier.at / kSectorSize);
    visitor_.stream(name, entry);
  }
  path_ = path;
}

// 4/14.9.6: the parent entry of a stream directory is one more that identifies the file. Not every writer counts it.
void UdfWalk::check_stream_parent(const UdfIcb& owner, const UdfIdentifier& identifier) {
  const LongAd& at = identifier.fixed.icb;
  if (reader_.map(at.location.partition) != owner.map || at.location.block != owner.block)
    return fault("the parent entry of a stream directory does not lead to its file", identifier.at, "ECMA-167 4/9.2", path_,
                 block_text(at));
  stream_parents_.insert(owner.at);
}

void UdfWalk::finish_links() {
  const auto fits = [&](uint64_t icb_at, uint64_t said, uint64_t counted) {
    return said == counted || (said == counted + 1 && stream_parents_.contains(icb_at));
  };
  for (uint32_t i = 0; i < directories_.size(); ++i) {
    const Directory& d = directories_[i];
    // Its own name, or the root's parent entry, and the parent entry of each directory in it.
    if (fits(d.icb_at, d.links, d.inside + uint64_t{1})) continue;
    if (!build_path(i)) prefix_.clear();
    fault("the link count of a directory is wrong", d.icb_at, "ECMA-167 4/14.9.6", prefix_,
          std::to_string(d.links) + " instead of " + std::to_string(d.inside + uint64_t{1}), Severity::warning);
  }
  prefix_.clear();
  constexpr size_t kNamed = 20;
  for (const auto& [at, links] : links_)
    if (!fits(at, links.said, links.seen) && wrong_links_.size() < kNamed)
      wrong_links_[at] = std::to_string(links.said) + " instead of " + std::to_string(links.seen);
}

void UdfWalk::finish_counts() {
  if (!volume_.integrity) return;
  const UdfIntegrity& said = *volume_.integrity;
  const auto numbers = [](uint64_t a, uint64_t b) { return std::to_string(a) + " instead of " + std::to_string(b); };
  if (said.counted && said.files != names_of_files_ && said.files != files_)
    fault("the number of files that the volume says it has is wrong", said.at, "UDF 2.2.6.4", {}, numbers(said.files, names_of_files_),
          Severity::warning);
  if (said.counted && said.directories != directories_.size())
    fault("the number of directories that the volume says it has is wrong", said.at, "UDF 2.2.6.4", {},
          numbers(said.directories, directories_.size()), Severity::warning);
  if (said.next_unique_id && *said.next_unique_id <= largest_id_ && largest_id_ != 0)
    fault("the next unique id is used already", said.at, "UDF 3.2.1.1", {}, numbers(*said.next_unique_id, largest_id_ + 1),
          Severity::warning);
}

namespace {

// Finds a name of a few files.
class Namer final : public Visitor {
 public:
  explicit Namer(const std::unordered_map<uint64_t, std::string>& wanted) : wanted_(wanted) {}
  std::unordered_map<uint64_t, std::pair<std::string, Lba>> found;
  void entry(const TreeEntry& entry) override {
    if (entry.kind != EntryKind::directory && entry.posix && wanted_.contains(*entry.posix->serial))
      found.emplace(*entry.posix->serial, std::pair(std::string(entry.path), entry.record));
  }

 private:
  const std::unordered_map<uint64_t, std::string>& wanted_;
};

}  // namespace

void UdfTree::walk(Visitor& visitor, IssueLog& log, std::stop_token stop) const {
  UdfWalk walk(*this, visitor, log, stop);
  walk.run();
  if (walk.wrong_links().empty()) return;
  // Names are not kept while walking: once more for the few that are wanted.
  Namer namer(walk.wrong_links());
  IssueLog said(0);
  UdfWalk(*this, namer, said, stop).run();
  for (const auto& [at, detail] : walk.wrong_links())
    log.report("the link count of a file is wrong", [&] {
      return Issue{.severity = Severity::warning,
                   .where = {at / kSectorSize, 1},
                   .paths = {{.path = namer.found[at].first}},
                   .clause = "ECMA-167 4/14.9.6",
                   .detail = detail};
    });
}

void UdfTree::check_mirror(IssueLog& log, std::stop_token stop) const {
  CarefulReader sectors(source_, log);
  UdfBlocks blocks(sectors, volume_->block_size);
  constexpr size_t kPiece = 128 * 1024;
  std::vector<std::byte> a(kPiece), b(kPiece);
  for (const UdfMap& map : volume_->maps) {
    if (map.kind != UdfMap::Kind::metadata || map.mirror.bytes() == 0) continue;
    for (uint64_t at = 0; at < std::min(map.file.bytes(), map.mirror.bytes());) {
      check_stop(stop);
      const auto main = map.file.run_at(at), mirror = map.mirror.run_at(at);
      if (!main || !mirror) break;
      const uint64_t bytes = std::min({main->bytes, mirror->bytes, uint64_t{kPiece}});
      at += bytes;
      if (main->kind != DataExtent::Kind::recorded || mirror->kind != DataExtent::Kind::recorded) continue;
      const auto one = std::span(a).first(bytes), other = std::span(b).first(bytes);
      if (main->first + bytes > source_.sectors() * kSectorSize || mirror->first + bytes > source_.sectors() * kSectorSize) break;
      blocks.read(main->first, one);
      blocks.read(mirror->first, other);
      for (uint64_t i = 0; i < bytes; i += kSectorSize) {
        const auto length = std::min<uint64_t>(kSectorSize, bytes - i);
        if (std::ranges::equal(one.subspan(i, length), other.subspan(i, length))) continue;
        log.report("the metadata mirror is not the metadata file", [&] {
          return Issue{.where = {(mirror->first + i) / kSectorSize, 1},
                       .paths = {{.path = "UDF metadata mirror", .is_structure = true}},
                       .clause = "UDF 2.2.13.1",
                       .detail = "the metadata file has it at LBA " + std::to_string((main->first + i) / kSectorSize)};
        });
      }
    }
  }
}

}  // namespace fsi
