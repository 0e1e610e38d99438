#include "libfsi/image_source.h"

#include <sys/stat.h>

#include "libfsi/base/error.h"
#include "libfsi/read/content.h"
#include "libfsi/read/volume.h"

namespace fsi {

namespace {

class DescriptorSource final : public SectorSource {
 public:
  DescriptorSource(std::shared_ptr<Fd> fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {
    struct stat st;
    if (::fstat(fd_->get(), &st) == 0 && S_ISREG(st.st_mode)) sectors_ = static_cast<uint64_t>(st.st_size) / kSectorSize;
  }
  uint64_t sectors() const override { return sectors_; }
  void read(SectorRange range, std::span<std::byte> out) const override {
    if (read_at(fd_->get(), range.first * kSectorSize, out, name_) != out.size())
      throw Error(ErrorKind::source, printable(name_), "reading the image", "it shrank");
  }
  std::string name() const override { return name_; }

 private:
  std::shared_ptr<Fd> fd_;
  std::string name_;
  uint64_t sectors_ = 0;
};

NodeKind kind_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::directory: return NodeKind::directory;
    case EntryKind::symlink: return NodeKind::symlink;
    case EntryKind::character_device: return NodeKind::char_device;
    case EntryKind::block_device: return NodeKind::block_device;
    case EntryKind::fifo: return NodeKind::fifo;
    case EntryKind::socket: return NodeKind::socket;
    case EntryKind::file: break;
  }
  return NodeKind::file;
}

std::optional<Time> time_of(const EntryTime& time) {
  if (!time.known || time.seconds > INT64_MAX / kSecond - 1 || time.seconds < INT64_MIN / kSecond + 1) return std::nullopt;
  return time.seconds * kSecond + time.nanoseconds / 1000;
}

// Trees name an owner that nobody is by all ones (UDF 2.3.6.1).
uint32_t owner_of(uint32_t id) { return id == UINT32_MAX ? 0 : id; }

constexpr uint64_t kNamed = 3;               // of what is missing, for each reason
constexpr uint64_t kMostStream = 64 * 1024;  // what Linux takes for an extended attribute

class Items final : public Visitor {
 public:
  Items(std::shared_ptr<const SectorSource> source, ImageSink& sink) : source_(std::move(source)), sink_(sink) {}

  void entry(const TreeEntry& entry) override {
    const std::string path = printable(entry.path);
    if (entry.associated) return sink_.warn(path + ": its associated file is left out");
    ImageItem item;
    item.path = entry.path.substr(1);
    item.kind = kind_of(entry.kind);
    item.hidden = entry.hidden;
    if (entry.posix) {
      item.mode = static_cast<uint16_t>(entry.posix->mode & 07777);
      item.uid = owner_of(entry.posix->uid);
      item.gid = owner_of(entry.posix->gid);
      if (entry.kind != EntryKind::directory && entry.posix->links > 1) item.inode = identity_of(entry);
    }
    item.mtime = time_of(entry.modified);
    item.atime = time_of(entry.accessed);
    item.ctime = time_of(entry.changed);
    item.target = entry.target;
    item.device = device_number(entry);
    if (item.kind == NodeKind::symlink && item.target.empty()) return;  // said by the reader
    if (item.kind == NodeKind::file && !put_data(entry, path, item)) return;
    sink_.item(item);
  }

  /// After the walk.
  void finish() {
    if (missed_ > kNamed) sink_.missing(std::to_string(missed_ - kNamed) + " more of its files cannot be read either");
  }

  void stream(std::string_view name, const TreeEntry& stream) override {
    const EntryContent content(stream);
    const std::string what = printable(stream.path) + ": its stream " + printable(name);
    if (content.size() > kMostStream) return sink_.warn(what + " is left out: it has more than 64 KiB");
    std::string value(content.size(), '\0');
    try {
      content.read(*source_, 0, {reinterpret_cast<std::byte*>(value.data()), value.size()});
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      return miss(what + ": " + error.why());
    }
    sink_.stream(name, value);
  }

 private:
  // Before RRIP 1.12 the names of one file can be told by their common data only.
  static std::optional<uint64_t> identity_of(const TreeEntry& entry) {
    if (entry.posix->serial) return entry.posix->serial;
    if (entry.extents.empty()) return std::nullopt;
    return entry.extents.front().first;
  }

  // A truncated image would have a line for each file.
  void miss(const std::string& what) {
    if (++missed_ <= kNamed) sink_.missing(what);
  }

  bool put_data(const TreeEntry& entry, const std::string& path, ImageItem& item) {
    const uint64_t end = source_->sectors() * kSectorSize;
    uint64_t there = 0;
    for (const DataExtent& extent : entry.extents) {
      if (extent.kind == DataExtent::Kind::lost) return false;  // said by the reader
      if (extent.kind == DataExtent::Kind::recorded && (extent.first > end || extent.bytes > end - extent.first)) {
        miss(path + ": its data lies beyond the end of the image, which is truncated or damaged");
        return false;
      }
      there += extent.bytes;
    }
    if (there < entry.size) {
      miss(path + ": its data is not all there");
      return false;
    }
    const EntryContent content(entry);
    item.size = content.size();
    if (item.size == 0) return true;
    if (content.plain() && entry.extents.size() == 1 && entry.extents.front().kind == DataExtent::Kind::recorded) {
      item.offset = entry.extents.front().first;
      return true;
    }
    if (entry.compressed && entry.compressed->block_log2 == 0) {
      miss(path + ": it is compressed in a way that is not known");
      return false;
    }
    item.read = [source = source_, kept = std::make_shared<const EntryContent>(content)](uint64_t offset, std::span<std::byte> out) {
      return kept->read(*source, offset, out);
    };
    return true;
  }

  const std::shared_ptr<const SectorSource> source_;
  ImageSink& sink_;
  uint64_t missed_ = 0;
};

std::string text_of(const Issue& issue) {
  std::string text = issue.what;
  if (!issue.detail.empty()) text += ": " + printable(std::string_view(issue.detail).substr(0, 200));
  text += " (LBA " + std::to_string(issue.where.first) + ")";
  if (!issue.paths.empty()) text = printable(issue.paths.front().path) + ": " + text;
  if (issue.more > 0) text += ", and " + std::to_string(issue.more) + " more of this kind";
  return text;
}

class ImageTree final : public ImageReader {
 public:
  ImageTree(std::shared_ptr<const SectorSource> source, VolumeRead volume) : source_(std::move(source)), volume_(std::move(volume)) {}

  void walk(ImageSink& sink, std::stop_token stop) override {
    Items items(source_, sink);
    IssueLog log(kNamed);
    volume_.trees.front()->walk(items, log, std::move(stop));
    items.finish();
    uint64_t odd = 0;
    for (const Issue& issue : log.take())
      if (issue.incomplete)
        sink.missing(text_of(issue));
      else if (issue.severity == Severity::error)
        odd += 1 + issue.more;
    if (odd > 0) sink.warn(std::to_string(odd) + (odd == 1 ? " fault" : " faults") + " of its structures lose nothing; verify names them");
  }

 private:
  std::shared_ptr<const SectorSource> source_;
  VolumeRead volume_;
};

}  // namespace

std::unique_ptr<ImageReader> open_image_source(const std::shared_ptr<Fd>& fd, const std::string& name) {
  auto source = std::make_shared<const DescriptorSource>(fd, name);
  IssueLog log;
  VolumeRead volume = read_volume(*source, 0, log);
  if (volume.trees.empty()) return nullptr;
  return std::make_unique<ImageTree>(std::move(source), std::move(volume));
}

}  // namespace fsi
