#include "libfsi/against_tree.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "libfsi/against_links.h"
#include "libfsi/against_streams.h"
#include "libfsi/check/boot_catalog.h"
#include "libfsi/fsi.h"
#include "libfsi/layout/recorded_names.h"
#include "libfsi/read/data.h"

namespace fsi {

/// The sources as the formats would record them. Without formats when the tree is more than they can hold.
struct AgainstTree::Expected {
  std::unique_ptr<Image> image;
  const SourceTree& tree() const { return image->tree(); }
  const RecordedNames* names_of(std::string_view format) const {
    for (const auto& writer : image->formats())
      if (const auto* names = dynamic_cast<const RecordedNames*>(writer.get()); names && names->format_name() == format) return names;
    return nullptr;
  }
};

namespace {

constexpr NodeId kExtra = kNone - 1;
constexpr size_t kBlock = 1 << 20;

EntryKind kind_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::directory: return EntryKind::directory;
    case NodeKind::file: return EntryKind::file;
    case NodeKind::symlink: return EntryKind::symlink;
    case NodeKind::char_device: return EntryKind::character_device;
    case NodeKind::block_device: return EntryKind::block_device;
    case NodeKind::fifo: return EntryKind::fifo;
    case NodeKind::socket: return EntryKind::socket;
  }
  return EntryKind::file;
}

const char* kind_text(EntryKind kind) {
  switch (kind) {
    case EntryKind::directory: return "a directory";
    case EntryKind::file: return "a file";
    case EntryKind::symlink: return "a symbolic link";
    case EntryKind::character_device: return "a character device";
    case EntryKind::block_device: return "a block device";
    case EntryKind::fifo: return "a FIFO";
    case EntryKind::socket: return "a socket";
  }
  return "";
}

int64_t seconds_of(Time time) { return time / kSecond - (time % kSecond < 0); }

std::string date_text(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  char text[64] = "?";
  if (gmtime_r(&time, &utc)) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
  return text;
}

// ECMA-119 9.1.5 counts years from 1900 in one byte.
bool fits_short_time(int64_t seconds) { return seconds >= -2'208'988'800 && seconds < 5'869'583'999; }

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Names of plain ISO 9660 are found without regard to case, version and the dot of an empty extension.
std::string folded(std::string_view name) {
  if (const size_t semicolon = name.rfind(';'); semicolon != name.npos && semicolon > 0) name = name.substr(0, semicolon);
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  std::string text(name);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// How one tree of the volume names the nodes of the sources.
class Naming {
 public:
  Naming(const SourceTree& tree, const FileSystemReader& reader, const RecordedNames* names) : tree_(tree), names_(names) {
    const std::string_view format = reader.name();
    exact_ = format == "Rock Ridge" || !names;
    folds_ = format != "Rock Ridge" && format != "Joliet" && format != "UDF";
    lossy_ = format != "Rock Ridge" && format != "UDF";
    if (exact_) return;
    for (NodeId id = 1; id < tree.nodes.size(); ++id) {
      const std::string name = names->name_in_format(id);
      if (!name.empty()) by_name_.emplace(key(tree.nodes[id].parent, name), id);
    }
  }
  NodeId find(NodeId parent, std::string_view name) const {
    if (exact_) return child(parent, name);
    const auto found = by_name_.find(key(parent, name));
    return found == by_name_.end() ? kNone : found->second;
  }
  /// The name is that of a node that this tree cannot hold.
  bool stands_for_another(NodeId parent, std::string_view name) const {
    const NodeId id = child(parent, name);
    return id != kNone && !holds(id);
  }
  /// Whether the tree can hold it at all.
  bool holds(NodeId id) const {
    if (lossy_ && tree_.nodes[id].kind != NodeKind::directory && tree_.nodes[id].kind != NodeKind::file) return false;
    return exact_ || id == kRoot || !names_->name_in_format(id).empty();
  }
  /// Other makers may have found another name for what does not fit.
  bool lossy() const { return lossy_; }

 private:
  NodeId child(NodeId parent, std::string_view name) const {
    const Node& directory = tree_.nodes[parent];
    const auto children = tree_.children(directory);
    const auto found = std::ranges::lower_bound(children, name, {}, [&](const Node& node) { return tree_.str(node.name); });
    return found != children.end() && tree_.str(found->name) == name ? directory.first_child + static_cast<NodeId>(found - children.begin())
                                                                     : kNone;
  }
  std::string key(NodeId parent, std::string_view name) const {
    std::string text = folds_ ? folded(name) : std::string(name);
    text.push_back('/');
    text.append(reinterpret_cast<const char*>(&parent), sizeof parent);
    return text;
  }
  const SourceTree& tree_;
  const RecordedNames* names_;
  bool exact_ = true, folds_ = false, lossy_ = false;
  std::unordered_map<std::string, NodeId> by_name_;
};

/// Bytes to compare, in the order of the disc.
struct Work {
  uint64_t first = 0;
  NodeId node = 0;
  size_t extents = 0, extent_count = 0;
  int64_t modified = 0;
};

class Comparer final : public Visitor {
 public:
  Comparer(const AgainstTreeOptions& options, const SourceTree& tree, const VolumeRead& volume, const SectorSource& source, IssueLog& log)
      : options_(options), tree_(tree), volume_(volume), source_(source), log_(log), told_(tree.nodes.size()) {
    IssueLog ignored(0);
    for (const Lba lba : volume.boot_catalogs)
      for (const BootImage& image : read_boot_catalog(source, lba, ignored)) boot_images_.insert(image.lba);
  }

  void compare_names(const FileSystemReader& reader, const RecordedNames* names) {
    const Naming naming(tree_, reader, names);
    naming_ = &naming;
    format_ = reader.name();
    seen_.assign(tree_.nodes.size(), false);
    directories_.clear();
    extras_.clear();
    AgainstLinks links(tree_);
    AgainstStreams streams(tree_);
    links_ = &links;
    streams_ = &streams;
    IssueLog ignored(0);  // what is wrong with the trees is said by check_structure
    reader.walk(*this, ignored, options_.stop);
    compare_links(links);
    compare_streams(streams);
    links_ = nullptr;
    streams_ = nullptr;
    pair_left_overs();
    if (named_otherwise()) {
      log_.report("the names of a tree are shortened in another way than mkimage does it", [&] {
        return Issue{
            .severity = Severity::note, .finding = Finding::against, .detail = std::string(format_) + ": its names are not compared"};
      });
      naming_ = nullptr;
      return;
    }
    for (NodeId id = 1; id < tree_.nodes.size(); ++id)
      if (!seen_[id] && naming.holds(id) && seen_[tree_.nodes[id].parent]) missing_[id].emplace_back(format_);
    for (Extra& extra : extras_) extra_names_[extra.path].emplace_back(format_);
    naming_ = nullptr;
  }

  void report_names() {
    for (const auto& [id, formats] : missing_) {
      const Node& node = tree_.nodes[id];
      report("it is missing on the disc", tree_.path(id), 0,
             std::string(kind_text(kind_of(node.kind))) +
                 (node.kind == NodeKind::directory && node.child_count ? ", with all that is in it" : "") + in_trees(formats));
    }
    for (const auto& [path, formats] : extra_names_) report("it is on the disc only", path, 0, in_trees(formats).substr(2));
  }

  void compare_bytes() {
    std::ranges::sort(work_, {}, &Work::first);
    ContentReader reader(tree_);
    uint64_t done = 0, total = 0;
    for (const Work& work : work_) total += tree_.contents[tree_.nodes[work.node].content].size;
    auto tell_at = std::chrono::steady_clock::now();
    for (const Work& work : work_) {
      check_stop(options_.stop);
      if (const auto now = std::chrono::steady_clock::now(); options_.progress && now >= tell_at) {
        tell_at = now + std::chrono::milliseconds(500);
        const std::string path = tree_.path(work.node);
        options_.progress(ProgressEvent{"comparing files", path, done / kSectorSize, sectors_for(total)});
      }
      compare_file(work, reader);
      done += tree_.contents[tree_.nodes[work.node].content].size;
    }
  }

  void entry(const TreeEntry& entry) override {
    NodeId id = kNone, parent = kExtra;
    if (entry.path == "/") {
      id = kRoot;
    } else {
      parent = entry.parent < directories_.size() ? directories_[entry.parent] : kExtra;
      if (parent != kExtra && !entry.associated) id = naming_->find(parent, last_name(entry.path));
    }
    const bool directory = entry.kind == EntryKind::directory;
    if (directory) {
      if (directories_.size() <= entry.number) directories_.resize(entry.number + 1, kExtra);
      const bool known = id != kNone && tree_.nodes[id].kind == NodeKind::directory;
      directories_[entry.number] = known ? id : kExtra;
    }
    matched_ = id;
    if (id != kNone) return match(id, entry);
    // Below something extra everything is; associated files are the business of other systems. Some makers put an empty
    // file where the tree cannot hold a link.
    if (parent == kExtra || entry.associated || is_boot_catalog(entry) || naming_->stands_for_another(parent, last_name(entry.path)))
      return;
    Extra extra{parent, std::string(entry.path), entry.kind, entry.size, entry.modified, {}};
    extra.extents.assign(entry.extents.begin(), entry.extents.end());
    extras_.push_back(std::move(extra));
  }

  void stream(std::string_view name, const TreeEntry& stream) override {
    if (matched_ != kNone) streams_->add(matched_, name, stream);
  }

  AgainstTree::Facts facts;

 private:
  struct Extra {
    NodeId parent;
    std::string path;
    EntryKind kind;
    uint64_t size;
    EntryTime modified;
    std::vector<DataExtent> extents;
  };

  uint64_t size_of(const Node& node) const { return node.kind == NodeKind::file ? tree_.contents[node.content].size : 0; }

  static std::string in_trees(const std::vector<std::string_view>& formats) {
    std::string text = ": ";
    for (const auto& format : formats) text.append(&format == &formats.front() ? "" : ", ").append(format);
    return text;
  }

  void report(const char* what, std::string path, uint64_t size, std::string detail, SectorRange where = {}, uint64_t first_byte = 0,
              uint64_t bytes = 0, Severity severity = Severity::error) {
    log_.report(what, [&] {
      return Issue{.severity = severity,
                   .finding = Finding::against,
                   .where = where,
                   .paths = {{.path = std::move(path), .first_byte = first_byte, .bytes = bytes ? bytes : size, .size = size}},
                   .detail = std::move(detail)};
    });
  }

  bool is_boot_catalog(const TreeEntry& entry) const {
    return entry.kind == EntryKind::file && !entry.extents.empty() &&
           std::ranges::find(volume_.boot_catalogs, entry.extents.front().first / kSectorSize) != volume_.boot_catalogs.end();
  }

  void match(NodeId id, const TreeEntry& entry) {
    const Node& node = tree_.nodes[id];
    seen_[id] = true;
    ++facts.names;
    if (kind_of(node.kind) != entry.kind) {
      if (!std::exchange(told_[id].kind, true))
        report("it is something else", tree_.path(id), size_of(node),
               std::string(kind_text(entry.kind)) + " on the disc (" + std::string(format_) + "), " + kind_text(kind_of(node.kind)) +
                   " in the source");
      return;
    }
    compare_metadata(id, node, entry);
    links_->add(id, entry);
    if (node.kind != NodeKind::file) return;
    const uint64_t size = size_of(node);
    if (size != entry.size) {
      if (!std::exchange(told_[id].bytes, true))
        report("its size is another one", tree_.path(id), entry.size,
               std::to_string(entry.size) + " bytes on the disc (" + std::string(format_) + "), " + std::to_string(size) +
                   " in the source" + changed_since(node, entry.modified));
    } else if (size > 0) {
      add_work(id, entry.extents, entry.modified);
    }
  }

  void add_work(NodeId id, std::span<const DataExtent> extents, EntryTime modified) {
    const uint64_t first = extents.empty() ? 0 : extents.front().first;
    // The same data under another name, or in another tree, need not be read again.
    if (!compared_.insert({tree_.nodes[id].content, first}).second) return;
    work_.push_back({first, id, extents_.size(), extents.size(), modified.seconds});
    extents_.insert(extents_.end(), extents.begin(), extents.end());
  }

  static std::string changed_since(const Node& node, EntryTime modified) {
    const int64_t now = seconds_of(node.mtime);
    if (!modified.known || now <= modified.seconds) return {};
    return "; the source was changed since: " + date_text(now) + ", on the disc " + date_text(modified.seconds);
  }

  void compare_metadata(NodeId id, const Node& node, const TreeEntry& entry) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    const auto octal = [](uint32_t mode) {
      char digits[16];
      std::snprintf(digits, sizeof digits, "%04o", mode & 07777);
      return std::string(digits);
    };
    if (entry.posix && options_.modes && (entry.posix->mode & 07777) != node.mode && node.kind != NodeKind::symlink)
      add("mode " + octal(entry.posix->mode) + " instead of " + octal(node.mode));
    if (entry.posix && options_.owners && (entry.posix->uid != node.uid || entry.posix->gid != node.gid))
      add("owner " + std::to_string(entry.posix->uid) + ":" + std::to_string(entry.posix->gid) + " instead of " + std::to_string(node.uid) +
          ":" + std::to_string(node.gid));
    const int64_t modified = seconds_of(node.mtime);
    if (options_.times && entry.modified.known && entry.modified.seconds != modified && fits_short_time(modified))
      add("last change " + date_text(entry.modified.seconds) + " instead of " + date_text(modified));
    if (node.kind == NodeKind::symlink && entry.target != tree_.str(node.target))
      add("target " + printable(entry.target) + " instead of " + printable(tree_.str(node.target)));
    if ((node.kind == NodeKind::char_device || node.kind == NodeKind::block_device) && entry.posix &&
        (entry.device_high << 32 | entry.device_low) != node.device)
      add("another device number");
    if (text.empty() || std::exchange(told_[id].metadata, true)) return;
    report("its metadata differ", tree_.path(id), 0, text + " (" + std::string(format_) + ")");
  }

  void compare_links(const AgainstLinks& links) {
    if (!options_.links) return;
    // Other makers number each name of Rock Ridge by itself unless they are asked to keep links.
    const bool theirs = volume_.primary && !made_by_us() && format_ == "Rock Ridge";
    links.for_each_difference([&](NodeId id, const std::string& text) {
      if (!std::exchange(told_[id].links, true))
        report("its hard links differ", tree_.path(id), 0, text + " (" + std::string(format_) + ")", {}, 0, 0,
               theirs ? Severity::warning : Severity::error);
    });
  }

  void compare_streams(const AgainstStreams& streams) {
    if (!options_.xattrs || !streams.any()) return;
    streams.for_each_difference(source_, seen_, [&](NodeId id, const std::string& text) {
      report("its extended attributes differ", tree_.path(id), 0, text + " (" + std::string(format_) + ")");
    });
  }

  bool made_by_us() const { return volume_.primary && volume_.primary->descriptor.application_id.text() == "DISCPRESS"; }

  // Other makers choose other short names. That says nothing as long as another tree has the whole ones.
  bool named_otherwise() const {
    if (made_by_us()) return false;
    if (!naming_->lossy() || volume_.trees.size() < 2 || extras_.empty()) return false;
    for (NodeId id = 1; id < tree_.nodes.size(); ++id)
      if (!seen_[id] && naming_->holds(id) && seen_[tree_.nodes[id].parent]) return true;
    return false;
  }

  // In a tree that cannot hold every name, what is over on both sides in one directory belongs together when kind and
  // size agree: other makers shorten names in other ways.
  void pair_left_overs() {
    if (!naming_->lossy() || extras_.empty()) return;
    std::map<std::pair<NodeId, uint64_t>, std::vector<NodeId>> open;
    for (NodeId id = 1; id < tree_.nodes.size(); ++id)
      if (!seen_[id] && naming_->holds(id) && seen_[tree_.nodes[id].parent] && tree_.nodes[id].kind == NodeKind::file)
        open[{tree_.nodes[id].parent, size_of(tree_.nodes[id])}].push_back(id);
    std::erase_if(extras_, [&](const Extra& extra) {
      if (extra.kind != EntryKind::file) return false;
      const auto found = open.find({extra.parent, extra.size});
      if (found == open.end() || found->second.size() != 1) return false;
      const NodeId id = found->second.front();
      found->second.clear();
      seen_[id] = true;
      ++facts.names;
      if (extra.size > 0) add_work(id, extra.extents, extra.modified);
      return true;
    });
  }

  // Where boot programs are told their place: the boot information table, and GRUB's.
  bool is_boot_information(const Work& work, uint64_t first, uint64_t last) const {
    if (!boot_images_.contains(static_cast<Lba>(work.first / kSectorSize))) return false;
    return (first >= 8 && last < 64) || (first >= 2548 && last < 2556);
  }

  void compare_file(const Work& work, ContentReader& reader) {
    const Node& node = tree_.nodes[work.node];
    const uint64_t size = size_of(node);
    const FileData data({extents_.begin() + static_cast<std::ptrdiff_t>(work.extents),
                         extents_.begin() + static_cast<std::ptrdiff_t>(work.extents + work.extent_count)});
    std::optional<uint64_t> first;
    uint64_t last = 0;
    ++facts.files;
    for (uint64_t at = 0; at < size; at += kBlock) {
      check_stop(options_.stop);
      const size_t count = static_cast<size_t>(std::min<uint64_t>(kBlock, size - at));
      const auto there = std::span(there_).first(count), here = std::span(here_).first(count);
      if (const auto drift = reader.read(node.content, at, there))
        return report("the source could not be read as it was found", tree_.path(work.node), size,
                      drift->error ? errno_text(drift->error) : "it changed while it was compared");
      size_t got = 0;
      try {
        got = data.read(source_, at, here);
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable) throw;
        return report("its bytes cannot be read from the disc", tree_.path(work.node), size, error.why(), {}, at, size - at);
      }
      facts.bytes += got;
      if (got == count && std::memcmp(there.data(), here.data(), count) == 0) continue;
      for (size_t i = 0; i < count; ++i)
        if (i >= got || there[i] != here[i]) {
          if (!first) first = at + i;
          last = at + i;
        }
    }
    if (!first) return;
    const auto run = data.run_at(*first);
    const SectorRange where = run && run->kind == DataExtent::Kind::recorded ? SectorRange{run->first / kSectorSize, 1} : SectorRange{};
    if (is_boot_information(work, *first, last))
      return report("a boot program was told its place on the disc", tree_.path(work.node), size, {}, where, *first, last - *first + 1,
                    Severity::note);
    if (std::exchange(told_[work.node].bytes, true)) return;
    EntryTime modified{work.modified, true};
    std::string detail = changed_since(node, modified);
    detail = detail.empty() ? "the source is not newer than what is on the disc" : detail.substr(2);
    report("its bytes differ", tree_.path(work.node), size, std::move(detail), where, *first, last - *first + 1);
  }

  struct Told {
    bool kind = false, bytes = false, metadata = false, links = false;
  };
  struct PairHash {
    size_t operator()(const std::pair<ContentId, uint64_t>& p) const {
      return std::hash<uint64_t>()(p.second * 0x9E3779B97F4A7C15 ^ p.first);
    }
  };

  const AgainstTreeOptions& options_;
  const SourceTree& tree_;
  const VolumeRead& volume_;
  const SectorSource& source_;
  IssueLog& log_;
  std::set<Lba> boot_images_;
  std::vector<Told> told_;  // by node: said once, whatever the number of trees
  std::map<NodeId, std::vector<std::string_view>> missing_;
  std::map<std::string, std::vector<std::string_view>> extra_names_;
  std::unordered_set<std::pair<ContentId, uint64_t>, PairHash> compared_;
  std::vector<Work> work_;
  std::vector<DataExtent> extents_;
  std::vector<std::byte> here_ = std::vector<std::byte>(kBlock), there_ = std::vector<std::byte>(kBlock);

  // Of the tree being walked.
  const Naming* naming_ = nullptr;
  std::string_view format_;
  std::vector<bool> seen_;           // by node
  std::vector<NodeId> directories_;  // by the number of the walk
  std::vector<Extra> extras_;
  AgainstLinks* links_ = nullptr;
  AgainstStreams* streams_ = nullptr;
  NodeId matched_ = kNone;  // the entry visited last
};

std::unique_ptr<Image> describe(const AgainstTreeOptions& options, FileSystems file_systems) {
  ImageOptions how;
  how.file_systems = file_systems;
  how.digest = DigestKind::none;
  how.scan = options.scan;
  if (options.xattrs) how.scan.xattrs = Xattrs::keep;
  how.udf_revision = 0x0201;  // knows named streams; names are those of any
  how.progress = options.progress;
  how.stop = options.stop;
  std::vector<std::string> said;
  how.warn = [&](const std::string& where, const std::string& what) {
    if (constexpr std::string_view kFatal = "scanning: "; what.starts_with(kFatal))
      said.push_back(printable(where) + ": " + what.substr(kFatal.size()));
  };
  FileSystemImage description(how);
  try {
    for (const std::string& source : options.sources) description.tree().add_source(source);
    return description.create_result();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::source || said.empty() || !error.where().empty()) throw;
    constexpr size_t kShown = 5;
    const std::string more = said.size() > kShown ? "; and " + std::to_string(said.size() - kShown) + " more" : "";
    said.resize(std::min(said.size(), kShown));
    std::string all;
    for (const std::string& one : said) all += (all.empty() ? "" : "; ") + one;
    throw Error(ErrorKind::source, "--against", "reading what to compare with",
                all + more + "; make it readable, or leave it out with --exclude");
  }
}

}  // namespace

AgainstTree::AgainstTree(AgainstTreeOptions options) : options_(std::move(options)), expected_(std::make_unique<Expected>()) {
  try {
    expected_->image = describe(options_, {true, true, true, true});
  } catch (const Error& error) {
    // More than one of the formats can hold: then there is no disc with it, and names are compared as they are.
    if (error.kind() != ErrorKind::limit) throw;
    expected_->image = describe(options_, {false, false, false, true});
  }
}

AgainstTree::~AgainstTree() = default;

AgainstTree::Facts AgainstTree::check(const VolumeRead& volume, const SectorSource& source, IssueLog& log) const {
  Comparer comparer(options_, expected_->tree(), volume, source, log);
  for (const auto& tree : volume.trees) {
    // Which of two short names is whose depends on what else there was. Beside a better tree that says nothing: that the
    // two hold the same files is for check_structure to say.
    if (tree->name() == "ISO 9660" && volume.trees.size() > 1) continue;
    comparer.compare_names(*tree, expected_->names_of(tree->name()));
  }
  comparer.report_names();
  comparer.compare_bytes();
  return comparer.facts;
}

}  // namespace fsi
