#include "libfsi/read/iso_walk.h"

#include <sys/stat.h>

#include <algorithm>

#include "libfsi/base/error.h"
#include "libfsi/base/progress.h"

namespace fsi {

using namespace disc;

namespace {
constexpr size_t kBlockSectors = 64;  // how much of a directory is read at once

EntryKind kind_of_mode(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return EntryKind::directory;
    case S_IFLNK: return EntryKind::symlink;
    case S_IFCHR: return EntryKind::character_device;
    case S_IFBLK: return EntryKind::block_device;
    case S_IFIFO: return EntryKind::fifo;
    case S_IFSOCK: return EntryKind::socket;
    default: return EntryKind::file;
  }
}

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}
}  // namespace

IsoWalk::IsoWalk(const IsoTree& tree, Visitor& visitor, IssueLog& log, std::stop_token stop, std::vector<PhysicalDirectory>* physical)
    : tree_(tree),
      visitor_(visitor),
      log_(log),
      stop_(std::move(stop)),
      physical_(physical),
      reader_(tree.source_, log),
      rock_ridge_(reader_, log, tree_.limits_, tree.skip_.value_or(0)),
      budget_(reader_.sectors()) {
  continuation_ = [this](Lba lba) {
    if (lba == last_continuation_) return;
    last_continuation_ = lba;
    visitor_.structure({lba, 1}, "Rock Ridge continuation area");
  };
  rock_ridge_.place = [this] { return place(); };
}

void IsoWalk::fault(const char* what, Lba where, const char* clause, const std::string& detail, Severity severity) {
  log_.report(what, [&] {
    Issue issue{.severity = severity, .where = {where, 1}, .clause = clause, .detail = detail};
    if (!prefix_.empty()) issue.paths.push_back({.path = place(), .is_structure = !current_});
    return issue;
  });
}

// What a fault is about: the name in the record being read, or the directory. Asked for issues only, so it may read the name anew.
std::string IsoWalk::place() const {
  std::string path = prefix_;
  if (!current_) {
    if (path.size() > 1) path.pop_back();
    return "directory records of " + path;
  }
  const std::string_view identifier = current_->identifier;
  if (identifier.size() == 1 && static_cast<unsigned char>(identifier[0]) <= 1) return path + (identifier[0] == 0 ? "." : "..");
  std::string name;
  if (tree_.rock_ridge()) {
    IssueLog ignored(0);
    CarefulReader reader(tree_.source_, ignored);
    SystemUseRead use;
    SystemUseReader(reader, ignored, tree_.limits_, *tree_.skip_).read(current_->system_use, current_->lba, use, [](Lba) {});
    name = use.name;
  }
  if (name.empty())
    append_name(tree_.names_, identifier, name);
  else
    make_safe_name(name, 0);
  return path + name;
}

void IsoWalk::lost(const char* what, Lba where, const char* clause, const std::string& detail) {
  log_.report(what, [&] {
    Issue issue{.where = {where, 1}, .clause = clause, .detail = detail, .incomplete = true};
    if (!prefix_.empty()) issue.paths.push_back({.path = place(), .is_structure = !current_});
    return issue;
  });
}

void IsoWalk::run() {
  const DirectoryRecord& root = tree_.at_.descriptor.root;
  const uint64_t extent = uint64_t{root.extent.little()} + root.extended_attribute_length;
  if (extent >= reader_.sectors()) return lost("the root directory lies beyond the end", tree_.at_.lba, "ECMA-119 8.4.18");
  Directory first{.extent = static_cast<Lba>(extent), .bytes = root.data_length.little(), .physical_parent = static_cast<Lba>(extent)};
  directories_.push_back(first);
  seen_.insert(first.extent);
  if (physical_) physical_->push_back({first.extent, first.extent, identifier_hash(std::string_view("\0", 1))});
  size_t relocated_taken = 0;
  for (uint32_t index = 0;; ++index) {
    if (index == directories_.size()) {
      // Relocated directories that no child link led to are shown where they are.
      while (relocated_taken < relocated_directories_.size() && index == directories_.size()) {
        const Directory& lost = relocated_directories_[relocated_taken++];
        if (!seen_.insert(lost.extent).second) continue;
        lost_.push_back(index);
        directories_.push_back(lost);
      }
      if (index == directories_.size()) break;
    }
    check_stop(stop_);
    walk_directory(index);
  }
  prefix_.clear();
  finish_moved();
}

// The path of a directory, from the names of its ancestors; false when it is too long.
bool IsoWalk::build_path(uint32_t index) {
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

// What a child link does not say: how long the directory is.
uint32_t IsoWalk::length_from_dot(const Directory& directory) {
  const auto sector = reader_.cached(directory.extent);
  Record record;
  if (sector.empty() || !take_record(sector, 0, directory.extent, record)) return kSectorSize;
  return record.identifier == std::string_view("\0", 1) ? record.fixed.data_length.little() : kSectorSize;
}

void IsoWalk::walk_directory(uint32_t index) {
  if (!build_path(index)) {
    prefix_.clear();
    return lost("a path is too long", directories_[index].extent, "", "directories below it are not read");
  }
  if (directories_[index].bytes == 0) directories_[index].bytes = length_from_dot(directories_[index]);
  const Directory directory = directories_[index];
  record_number_ = 0;
  previous_.clear();
  previous_continues_ = false;
  if (directory.bytes % kSectorSize != 0)
    fault("the length of a directory is not a multiple of the sector size", directory.extent, "ECMA-119 6.8.1.3",
          std::to_string(directory.bytes) + " bytes");
  uint64_t count = sectors_for(directory.bytes);
  if (directory.extent + count > reader_.sectors()) {
    lost("a directory reaches beyond the end", directory.extent, "ECMA-119 9.1.3", std::to_string(directory.bytes) + " bytes");
    count = reader_.sectors() - directory.extent;
  }
  if (count > budget_) {
    lost("directories overlap each other", directory.extent, "ECMA-119 6.8",
         "their lengths add up to more than there is; the rest is not read");
    count = budget_;
  }
  budget_ -= count;
  std::vector<std::byte> block;
  for (uint64_t done = 0; done < count;) {
    const uint64_t now = std::min<uint64_t>(kBlockSectors, count - done);
    block.resize(now * kSectorSize);
    reader_.read(directory.extent + done, block);
    for (uint64_t i = 0; i < now; ++i)
      walk_sector(index, std::span(block).subspan(i * kSectorSize, kSectorSize), static_cast<Lba>(directory.extent + done + i));
    done += now;
    check_stop(stop_);
  }
  if (open_) {
    lost("the last section of a file is missing", directory.extent, "ECMA-119 9.1.6", file_path_);
    finish_file();
  }
  if (record_number_ < 2) fault("a directory does not begin with \".\" and \"..\"", directory.extent, "ECMA-119 6.8.2.2");
}

void IsoWalk::walk_sector(uint32_t index, std::span<const std::byte> sector, Lba lba) {
  size_t at = 0;
  while (at < sector.size()) {
    current_ = nullptr;
    if (sector[at] == std::byte{0}) {
      if (!all_zero(sector.subspan(at)))
        fault("a directory sector has bytes behind its last record", lba, "ECMA-119 6.8.1.1", "at byte " + std::to_string(at),
              Severity::warning);
      return;
    }
    Record record;
    if (!take_record(sector, at, lba, record))
      return lost("a directory record does not fit its sector", lba, "ECMA-119 9.1.1",
                  "at byte " + std::to_string(at) + "; the rest of the sector is not read");
    at += record.fixed.length;
    current_ = &record;
    const bool special = record.identifier.size() == 1 && static_cast<unsigned char>(record.identifier[0]) <= 1;
    check_fields(record);
    if (record_number_ < 2) {
      const char expected = static_cast<char>(record_number_);
      ++record_number_;
      if (special && record.identifier[0] == expected) {
        expected == 0 ? visit_dot(index, record) : visit_dotdot(index, record);
        continue;
      }
      fault("a directory does not begin with \".\" and \"..\"", lba, "ECMA-119 6.8.2.2");
    }
    if (special) {
      fault("a directory has \".\" or \"..\" in its midst", lba, "ECMA-119 6.8.2.2");
      continue;
    }
    visit_record(index, record);
  }
  current_ = nullptr;
}

bool IsoWalk::take_record(std::span<const std::byte> sector, size_t at, Lba lba, Record& record) {
  if (!load(sector, at, record.fixed)) return false;
  const size_t length = record.fixed.length, name = record.fixed.identifier_length;
  if (length < sizeof record.fixed + 1 || length > sector.size() - at || name == 0 || sizeof record.fixed + name > length) return false;
  const auto whole = sector.subspan(at, length);
  record.identifier = {reinterpret_cast<const char*>(whole.data()) + sizeof record.fixed, name};
  const size_t used = std::min(length, sizeof record.fixed + name + (name % 2 == 0));  // 9.1.12: a pad byte makes the length even
  record.system_use = whole.subspan(used);
  record.lba = lba;
  return true;
}

void IsoWalk::check_fields(const Record& record) {
  const DirectoryRecord& r = record.fixed;
  if (!r.extent.agree())
    fault("a number recorded in both byte orders disagrees with itself (directory record)", record.lba, "ECMA-119 9.1.3",
          both_text("location of extent", r.extent));
  if (!r.data_length.agree())
    fault("a number recorded in both byte orders disagrees with itself (directory record)", record.lba, "ECMA-119 9.1.4",
          both_text("data length", r.data_length));
  if (!r.volume_sequence.agree())
    fault("a number recorded in both byte orders disagrees with itself (directory record)", record.lba, "ECMA-119 9.1.9",
          both_text("volume sequence number", r.volume_sequence));
  if (r.length % 2 != 0) fault("a directory record has an odd length", record.lba, "ECMA-119 9.1.12", {}, Severity::warning);
  bool legal = true;
  time_of(r.time, legal);
  if (!legal) fault("a time is not a date", record.lba, "ECMA-119 9.1.5", {}, Severity::warning);
}

void IsoWalk::visit_dot(uint32_t index, const Record& record) {
  Directory& directory = directories_[index];
  if (record.fixed.extent.little() + uint64_t{record.fixed.extended_attribute_length} != directory.extent ||
      record.fixed.data_length.little() != directory.bytes)
    fault("\".\" does not describe its own directory", record.lba, "ECMA-119 6.8.2.2",
          "LBA " + std::to_string(record.fixed.extent.little()) + ", " + std::to_string(record.fixed.data_length.little()) + " bytes");
  if (directory.announced) return;
  directory.announced = true;
  use_.clear();
  if (tree_.rock_ridge())
    index == 0 ? rock_ridge_.read_root(record.system_use, record.lba, use_, continuation_)
               : rock_ridge_.read(record.system_use, record.lba, use_, continuation_);
  TreeEntry entry;
  const std::string_view prefix = prefix_;
  entry.path = index == 0 ? prefix : prefix.substr(0, prefix.size() - 1);
  take_attributes(entry);
  bool legal = true;
  if (!entry.modified.known) entry.modified = time_of(record.fixed.time, legal);
  entry.kind = EntryKind::directory;
  entry.parent = directory.parent;
  entry.number = index;
  entry.relocated = directory.moved;
  entry.size = directory.bytes;
  const DataExtent extent = DataExtent::of({directory.extent, directory.bytes});
  entry.extents = {&extent, 1};
  entry.record = record.lba;
  ++entries_;
  visitor_.entry(entry);
}

void IsoWalk::visit_dotdot(uint32_t index, const Record& record) {
  const Directory& directory = directories_[index];
  const uint64_t dotdot = record.fixed.extent.little() + uint64_t{record.fixed.extended_attribute_length};
  if (directory.moved) {
    moved_.push_back({index, static_cast<Lba>(dotdot)});
    use_.clear();
    if (tree_.rock_ridge()) rock_ridge_.read(record.system_use, record.lba, use_, continuation_);
    const Lba parent = directories_[directory.parent].extent;
    if (!use_.parent || *use_.parent != parent)
      fault("the parent link of a relocated directory does not lead to its parent", record.lba, "RRIP 4.1.5.2",
            "the parent is at LBA " + std::to_string(parent));
  } else if (dotdot == directory.extent && dotdot != directory.physical_parent) {
    // xorriso writes Joliet so; nobody reads it.
    fault("\"..\" leads to its own directory", record.lba, "ECMA-119 6.8.2.2",
          "the parent is at LBA " + std::to_string(directory.physical_parent), Severity::warning);
  } else if (dotdot != directory.physical_parent) {
    fault("\"..\" does not lead to the parent directory", record.lba, "ECMA-119 6.8.2.2",
          "it names LBA " + std::to_string(dotdot) + ", the parent is at " + std::to_string(directory.physical_parent));
  }
}

std::string IsoWalk::shown(std::string_view identifier) const {
  std::string name;
  append_name(tree_.names_, identifier, name);
  return name;
}

void IsoWalk::check_order(const Record& record) {
  if (!previous_.empty() && !previous_continues_ && out_of_order(tree_.names_, previous_, record.identifier))
    fault("directory records are not in order", record.lba, "ECMA-119 9.3", shown(record.identifier) + " comes behind " + shown(previous_));
  if (previous_ == record.identifier && !previous_continues_ && !(record.fixed.flags & kAssociated))
    fault("two records of a directory have the same identifier", record.lba, "ECMA-119 7.6", shown(record.identifier));
  previous_ = record.identifier;
  previous_continues_ = record.fixed.flags & (kMultiExtent | kAssociated);
}

void IsoWalk::visit_record(uint32_t index, const Record& record) {
  check_order(record);
  if (open_ && (record.identifier != file_identifier_ || record.fixed.flags & kDirectory)) {
    lost("the last section of a file is missing", record.lba, "ECMA-119 9.1.6", file_path_);
    finish_file();
  }
  if (++entries_ > tree_.limits_.entries) {
    if (entries_ == tree_.limits_.entries + 1) lost("too many files", record.lba, "", "the rest is not read");
    return;
  }
  if (entries_ % 4096 == 0) check_stop(stop_);
  if (open_) {
    add_extent(record);
    if (!(record.fixed.flags & kMultiExtent)) finish_file();
    return;
  }
  use_.clear();
  if (tree_.rock_ridge()) rock_ridge_.read(record.system_use, record.lba, use_, continuation_);
  take_name(record);
  if (use_.child && !(record.fixed.flags & kDirectory)) return visit_child_link(index, record);
  if (record.fixed.flags & kDirectory) return visit_directory(index, record);
  visit_file(index, record);
}

void IsoWalk::take_name(const Record& record) {
  name_.clear();
  bool legal = true;
  if (use_.has_name) {
    name_ = use_.name;
    legal = make_safe_name(name_, 0);
  } else {
    std::string_view identifier = record.identifier;
    if (tree_.names_ == IsoNames::iso && identifier.ends_with('\0')) {
      // makefs fills short ones so; nobody minds.
      identifier = identifier.substr(0, identifier.find_last_not_of('\0') + 1);
      fault("an identifier ends with zeros", record.lba, "ECMA-119 7.5", "shown as " + printable(identifier), Severity::warning);
    }
    legal = append_name(tree_.names_, identifier, name_);
  }
  if (!legal)
    fault("a name has something in it that cannot be in a name", record.lba, use_.has_name ? "RRIP 4.1.4" : "ECMA-119 7.5",
          "shown as " + printable(name_));
}

void IsoWalk::take_attributes(TreeEntry& entry) const {
  entry.posix = use_.posix;
  entry.created = use_.created;
  entry.modified = use_.modified;
  entry.accessed = use_.accessed;
  entry.changed = use_.changed;
  entry.device_high = use_.device_high;
  entry.device_low = use_.device_low;
  entry.compressed = use_.compressed;
  entry.attributes = use_.attributes;
}

void IsoWalk::add_directory(const Directory& directory, const Record& record) {
  if (directory.depth > tree_.limits_.depth || directories_.size() >= tree_.limits_.directories)
    return lost("directories are nested too deep or are too many", record.lba, "ECMA-119 6.8.2.1", "what is below is not read");
  if (directory.extent >= reader_.sectors())
    return lost("a directory lies beyond the end", record.lba, "ECMA-119 9.1.3", "LBA " + std::to_string(directory.extent));
  if (!seen_.insert(directory.extent).second)
    return lost("a directory is reached a second time", record.lba, "ECMA-119 6.8.2",
                "LBA " + std::to_string(directory.extent) + " as " + printable(name_) + "; it is not followed again");
  directories_.push_back(directory);
  directories_.back().name_at = names_.size();
  directories_.back().name_bytes = static_cast<uint16_t>(name_.size());
  names_ += name_;
}

void IsoWalk::visit_directory(uint32_t index, const Record& record) {
  const uint64_t extent = uint64_t{record.fixed.extent.little()} + record.fixed.extended_attribute_length;
  if (extent >= reader_.sectors())
    return lost("a directory lies beyond the end", record.lba, "ECMA-119 9.1.3", "LBA " + std::to_string(extent));
  if (record.fixed.flags & kMultiExtent)
    lost("a directory has more than one section", record.lba, "ECMA-119 6.8.1", "only the first is read");
  const Directory& parent = directories_[index];
  Directory child{.extent = static_cast<Lba>(extent),
                  .bytes = record.fixed.data_length.little(),
                  .parent = index,
                  .physical_parent = parent.extent,
                  .depth = static_cast<uint16_t>(parent.depth + 1)};
  if (physical_) physical_->push_back({child.extent, child.physical_parent, identifier_hash(record.identifier)});
  if (child.bytes == 0) fault("a directory is empty: it lacks even \".\"", record.lba, "ECMA-119 6.8.2.2");
  if (use_.relocated) {
    // Shown where its child link is. Should there be none, it is shown here in the end.
    if (!relocated_.emplace(child.extent, child.physical_parent).second)
      fault("a directory is relocated twice", record.lba, "RRIP 4.1.5.3");
    child.name_at = names_.size();
    child.name_bytes = static_cast<uint16_t>(name_.size());
    names_ += name_;
    if (relocated_directories_.size() < tree_.limits_.directories) relocated_directories_.push_back(child);
    return;
  }
  if (use_.posix && kind_of_mode(use_.posix->mode) != EntryKind::directory)
    fault("a directory has the mode of something else", record.lba, "RRIP 4.1.1", printable(name_));
  child.announced = true;
  const size_t number = directories_.size();
  add_directory(child, record);
  const bool followed = directories_.size() > number;
  TreeEntry entry;
  file_path_ = prefix_;
  file_path_ += name_;
  entry.path = file_path_;
  entry.kind = EntryKind::directory;
  take_attributes(entry);
  bool legal = true;
  if (!entry.modified.known) entry.modified = time_of(record.fixed.time, legal);
  entry.parent = index;
  entry.number = static_cast<uint32_t>(number);
  entry.size = child.bytes;
  const DataExtent at = DataExtent::of({child.extent, child.bytes});
  entry.extents = {&at, 1};
  entry.record = record.lba;
  if (followed) visitor_.entry(entry);
}

void IsoWalk::visit_child_link(uint32_t index, const Record& record) {
  Directory child{.extent = *use_.child, .parent = index, .depth = static_cast<uint16_t>(directories_[index].depth + 1), .moved = true};
  if (child.extent < reader_.sectors()) {
    // A child link to something that is no directory is found here, before it is followed.
    const auto sector = reader_.cached(child.extent);
    Record dot;
    if (!sector.empty() && (!take_record(sector, 0, child.extent, dot) || dot.identifier != std::string_view("\0", 1)))
      return lost("a child link does not lead to a directory", record.lba, "RRIP 4.1.5.1",
                  printable(name_) + " to LBA " + std::to_string(child.extent));
  }
  if (seen_.contains(child.extent) && !is_ancestor(child.extent, index))
    // makefs leaves the mark out, so that the directory was already found where its record is.
    return fault("a child link leads to a directory that is not marked as relocated", record.lba, "RRIP 4.1.5.3",
                 printable(name_) + " to LBA " + std::to_string(child.extent), Severity::warning);
  add_directory(child, record);
}

bool IsoWalk::is_ancestor(Lba extent, uint32_t index) const {
  for (uint32_t i = index;; i = directories_[i].parent) {
    if (directories_[i].extent == extent) return true;
    if (i == 0) return false;
  }
}

void IsoWalk::visit_file(uint32_t index, const Record& record) {
  open_ = true;
  file_ = TreeEntry{};
  extents_.clear();
  file_path_ = prefix_;
  file_path_ += name_;
  file_identifier_ = record.identifier;
  take_attributes(file_);
  file_attributes_ = use_.attributes;
  file_.associated = record.fixed.flags & kAssociated;
  file_.hidden = record.fixed.flags & kHidden;
  bool legal = true;
  if (!file_.modified.known) file_.modified = time_of(record.fixed.time, legal);
  if (use_.posix) file_.kind = kind_of_mode(use_.posix->mode);
  if (file_.kind == EntryKind::directory) {
    fault("a file has the mode of a directory", record.lba, "RRIP 4.1.1", printable(name_));
    file_.kind = EntryKind::file;
  }
  if (use_.has_target) {
    file_target_ = use_.target;
    if (use_.posix && file_.kind != EntryKind::symlink)
      fault("a symbolic link has the mode of something else", record.lba, "RRIP 4.1.3", printable(name_));
    file_.kind = EntryKind::symlink;
  } else {
    file_target_.clear();
    if (file_.kind == EntryKind::symlink) lost("a symbolic link has no target", record.lba, "RRIP 4.1.3", printable(name_));
  }
  file_.parent = index;
  file_.record = record.lba;
  add_extent(record);
  if (!(record.fixed.flags & kMultiExtent)) finish_file();
}

void IsoWalk::add_extent(const Record& record) {
  const uint64_t bytes = record.fixed.data_length.little();
  const uint64_t first = uint64_t{record.fixed.extent.little()} + record.fixed.extended_attribute_length;
  if (record.fixed.unit_size != 0 || record.fixed.interleave_gap != 0)
    fault("a file is interleaved", record.lba, "ECMA-119 6.4.3", printable(name_) + ": not supported, its extent is taken as it is",
          Severity::warning);
  if (bytes == 0) return;
  if (!extents_.empty() && file_.size % kSectorSize != 0)
    fault("a section in the midst of a file does not end with a sector", record.lba, "ECMA-119 6.5.1", file_path_);
  file_.size += bytes;
  if (first > UINT32_MAX) return lost("the data of a file lie beyond the end", record.lba, "ECMA-119 9.1.3", file_path_);
  if (!extents_.empty()) {
    DataExtent& last = extents_.back();
    if (last.bytes % kSectorSize == 0 && last.first + last.bytes == first * kSectorSize) {
      last.bytes += bytes;
      return;
    }
  }
  if (extents_.size() >= tree_.limits_.extents) return lost("a file has too many sections", record.lba, "ECMA-119 6.5.1", file_path_);
  extents_.push_back(DataExtent::of({static_cast<Lba>(first), bytes}));
}

void IsoWalk::finish_file() {
  open_ = false;
  file_.path = file_path_;
  file_.attributes = file_attributes_;
  file_.target = file_target_;
  if (file_.kind != EntryKind::file) {
    // Only files have data; some writers leave a length and an address on the others.
    extents_.clear();
    file_.size = file_target_.size();
  }
  file_.extents = extents_;
  visitor_.entry(file_);
}

// ".." of a relocated directory leads to where its record is, and that is known only now.
void IsoWalk::finish_moved() {
  // mkisofs marks the directory that holds the relocated ones as relocated too; no link leads to that one.
  std::unordered_set<Lba> holders;
  for (const auto& [extent, parent] : relocated_) holders.insert(parent);
  for (const uint32_t index : lost_) {
    if (holders.contains(directories_[index].extent)) continue;
    if (!build_path(index)) prefix_.clear();
    fault("a relocated directory is linked from nowhere", directories_[index].extent, "RRIP 4.1.5.3");
  }
  prefix_.clear();
  for (const Moved& moved : moved_) {
    const Directory& directory = directories_[moved.directory];
    const auto found = relocated_.find(directory.extent);
    if (found == relocated_.end())
      fault("a child link leads to a directory that is not marked as relocated", directory.extent, "RRIP 4.1.5.3");
    else if (moved.dotdot != found->second)
      fault("\"..\" does not lead to the parent directory", directory.extent, "ECMA-119 6.8.2.2",
            "it names LBA " + std::to_string(moved.dotdot) + ", the parent is at " + std::to_string(found->second));
  }
}

}  // namespace fsi
