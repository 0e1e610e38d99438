#include "libfsi/source/image_members.h"

#include <sys/stat.h>

#include <optional>
#include <unordered_map>

#include "libfsi/source/host_path.h"
#include "libfsi/source/xattrs.h"

namespace fsi {

using draft::Aside;
using draft::Entry;

namespace {

class ImageMembers final : public ImageSink {
 public:
  ImageMembers(const ScanJob& job, std::shared_ptr<Fd> fd, const std::string& name, const std::string& at, draft::Draft& draft,
               std::vector<Finding>& findings)
      : job_(job), fd_(std::move(fd)), name_(printable(name)), at_(at), draft_(draft), findings_(findings) {
    source_ = draft_.add_source("image " + name_);
    struct stat st;
    if (::fstat(fd_->get(), &st) != 0) throw system_error(name_, "looking at the image");
    time_ = to_time(st.st_mtim.tv_sec, static_cast<uint32_t>(st.st_mtim.tv_nsec));
  }

  void item(const ImageItem& item) override {
    finish();
    job_.counter.add(1, item.path);
    if (excluded(item.path, item.kind == NodeKind::directory)) return;
    std::string at = at_;
    if (!item.path.empty()) at.append(at.ends_with('/') ? "" : "/").append(item.path);
    if (item.kind == NodeKind::directory) return add_directory(at, item);
    const std::string what = "file " + printable(item.path) + " of image " + name_;
    if (item.inode)
      if (const auto first = inodes_.find(*item.inode); first != inodes_.end()) {
        if (Entry* there = draft_.find(first->second); there && from_here(*there)) {
          link(*there->aside, *item.inode);
          const Entry copy = *there;
          draft_.put(at, copy, what);
          return;
        }
      }
    Entry made;
    attributes(made, item);
    made.kind = item.kind;
    Aside& aside = aside_of(made, draft_.pool());
    aside.source = source_;
    switch (item.kind) {
      case NodeKind::symlink: aside.payload.target = draft_.pool().keep(item.target); break;
      case NodeKind::char_device:
      case NodeKind::block_device: aside.payload.number = item.device; break;
      case NodeKind::file: put_data(aside, item); break;
      default: break;
    }
    draft_.put(at, made, what);
    if (item.inode) inodes_.emplace(*item.inode, at);
    streams_of_ = at;
  }

  void stream(std::string_view name, std::string_view value) override {
    if (!streams_of_ || job_.options.xattrs == Xattrs::ignore) return;
    if (!taker_) taker_.emplace(job_.options.xattrs, draft_.pool(), draft_.left_attributes);
    const std::string full = "user." + std::string(name);
    if (taker_->wants(full)) taker_->take(full, value);
  }

  void warn(const std::string& what) override { findings_.push_back({Finding::Weight::warning, name_, what}); }
  void missing(const std::string& what) override { findings_.push_back({Finding::Weight::skipped, name_, what}); }

  /// Once more behind the last item: its streams are all there.
  void finish() {
    if (taker_) {
      Entry* const entry = draft_.find(*streams_of_);
      if (entry && from_here(*entry) && !taker_->finish(*entry))
        warn(printable(*streams_of_) + ": two streams have one name; they are left out");
    }
    taker_.reset();
    streams_of_.reset();
  }

 private:
  bool from_here(const Entry& entry) const { return entry.is(draft::kAside) && entry.aside->source == source_; }

  // No device of the host has such a number.
  void link(Aside& inode, uint64_t number) const {
    inode.hard_linked = true;
    inode.device = UINT64_MAX - source_;
    inode.inode = number;
  }

  void put_data(Aside& aside, const ImageItem& item) {
    aside.payload.number = item.size;
    if (item.offset || item.size == 0) {
      aside.origin = OriginKind::descriptor;
      aside.offset = item.offset.value_or(0);
      if (place_ == kNone) {
        place_ = static_cast<uint32_t>(draft_.descriptors.size());
        draft_.descriptors.push_back(fd_);
      }
      aside.place = place_;
    } else {
      aside.origin = OriginKind::callback;
      aside.place = static_cast<uint32_t>(draft_.callbacks.size());
      draft_.callbacks.push_back(item.read);
    }
  }

  void attributes(Entry& entry, const ImageItem& item) const {
    entry.mode = item.mode.value_or(item.kind == NodeKind::directory ? 0755 : 0644);
    entry.uid = item.uid;
    entry.gid = item.gid;
    entry.mtime = item.mtime.value_or(time_);
    entry.atime = item.atime.value_or(entry.mtime);
    entry.ctime = item.ctime.value_or(entry.mtime);
    if (item.hidden) entry.flags |= draft::kHidden;
  }

  void add_directory(const std::string& at, const ImageItem& item) {
    Entry& made = draft_.make_directory(at, "image " + name_);
    if (!made.is(draft::kImplied)) return;  // another source brought it first
    Entry given;
    attributes(given, item);
    copy_attributes(made, given, draft_.pool());
    aside_of(made, draft_.pool()).source = source_;
    streams_of_ = at;
  }

  bool excluded(std::string_view path, bool is_directory) const {
    if (job_.exclude.empty()) return false;
    std::string holder = at_;
    for (size_t begin = 0; begin < path.size();) {
      const size_t end = std::min(path.find('/', begin), path.size());
      const std::string name(path.substr(begin, end - begin));
      begin = end + 1;
      if (job_.exclude.matches(holder, name, is_directory || end < path.size())) return true;
      holder.append(holder.ends_with('/') ? "" : "/").append(name);
    }
    return false;
  }

  const ScanJob& job_;
  const std::shared_ptr<Fd> fd_;
  const std::string name_, at_;
  draft::Draft& draft_;
  uint32_t source_ = 0, place_ = kNone;
  Time time_ = 0;
  std::vector<Finding>& findings_;
  std::optional<std::string> streams_of_;  // what the streams to come belong to
  std::optional<XattrTaker> taker_;
  std::unordered_map<uint64_t, std::string> inodes_;  // of files with several names: the first
};

}  // namespace

void add_image_members(const ScanJob& job, ImageReader& image, std::shared_ptr<Fd> fd, const std::string& name, const std::string& at,
                       draft::Draft& draft, std::vector<Finding>& findings) {
  ImageMembers members(job, std::move(fd), name, at, draft, findings);
  image.walk(members, job.stop);
  members.finish();
}

}  // namespace fsi
