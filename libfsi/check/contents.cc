#include "libfsi/check/contents.h"

#include <algorithm>

#include "libfsi/base/error.h"
#include "libfsi/check/extract.h"
#include "libfsi/read/content.h"

namespace fsi {

namespace {

// "Rock Ridge" and "rockridge" are the same.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      plain += c;
    else if (c >= 'A' && c <= 'Z')
      plain += static_cast<char>(c - 'A' + 'a');
  if (plain == "rr") return "rockridge";
  if (plain == "iso") return "iso9660";
  return plain;
}

class Lister final : public Visitor {
 public:
  explicit Lister(const std::function<void(const TreeEntry&, std::string_view)>& name) : name_(name) {}
  void entry(const TreeEntry& entry) override { name_(entry, {}); }
  void stream(std::string_view name, const TreeEntry& stream) override { name_(stream, name); }

 private:
  const std::function<void(const TreeEntry&, std::string_view)>& name_;
};

// Ends the walk when it has what it wants.
class Finder final : public Visitor {
 public:
  struct Found {};
  explicit Finder(std::string path) : path_(std::move(path)) {}
  EntryContent content;
  EntryKind kind = EntryKind::file;
  void entry(const TreeEntry& entry) override {
    if (entry.path != path_ || entry.associated) return;
    kind = entry.kind;
    content = EntryContent(entry);
    throw Found{};
  }

 private:
  const std::string path_;
};

}  // namespace

std::string clean_tree_path(const std::string& path) {
  std::string clean;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = std::string_view(path).substr(begin, end - begin);
    begin = end + 1;
    if (name.empty() || name == ".") continue;
    if (name == "..") throw Error(ErrorKind::usage, printable(path), "looking for a path of the image", "a path with \"..\" is refused");
    clean.append("/").append(name);
  }
  return clean.empty() ? "/" : clean;
}

ImageContents::ImageContents(const SectorSource& source, ContentsOptions options) : source_(source), options_(std::move(options)) {
  volume_ = read_volume(source_, options_.session_start, log_);
  std::string there;
  for (const auto& tree : volume_.trees) {
    there.append(there.empty() ? "" : ", ").append(tree->name());
    if (!reader_ && (options_.tree.empty() || plain_name(tree->name()) == plain_name(options_.tree))) reader_ = tree.get();
  }
  if (reader_) return;
  if (!volume_.trees.empty())
    throw Error(ErrorKind::usage, source_.name(), "looking for the tree \"" + printable(options_.tree) + "\"", "there are only: " + there);
  std::string why = "there is none that is known, or it is damaged";
  for (const Issue& issue : log_.take())
    if (issue.severity == Severity::error) {
      why = issue.what + (issue.detail.empty() ? "" : ": " + issue.detail) + " (LBA " + std::to_string(issue.where.first) + ")";
      break;
    }
  throw Error(ErrorKind::corrupt, source_.name(), "looking for a file system", why);
}

void ImageContents::list(const std::function<void(const TreeEntry&, std::string_view)>& name) {
  Lister lister(name);
  reader_->walk(lister, log_, options_.stop);
}

void ImageContents::cat(const std::string& path, const std::function<void(std::span<const std::byte>)>& bytes) {
  Finder finder(clean_tree_path(path));
  try {
    reader_->walk(finder, log_, options_.stop);
    throw Error(ErrorKind::usage, printable(path), "reading it from " + printable(source_.name()),
                "there is no such path in the " + std::string(tree()) + " tree");
  } catch (const Finder::Found&) {
  }
  if (finder.kind != EntryKind::file)
    throw Error(ErrorKind::usage, printable(path), "reading it from " + printable(source_.name()), "it is no file");
  std::vector<std::byte> buffer(1 << 20);
  for (uint64_t at = 0; at < finder.content.size();) {
    check_stop(options_.stop);
    const size_t n = finder.content.read(source_, at, buffer);
    bytes(std::span(buffer).first(n));
    at += n;
  }
}

ExtractReport ImageContents::extract(const std::string& path, const std::string& directory) {
  Extraction extraction(source_, clean_tree_path(path), directory, options_.stop);
  reader_->walk(extraction, log_, options_.stop);
  return extraction.finish();
}

std::vector<Issue> ImageContents::faults() {
  std::vector<Issue> faults = log_.take();
  std::erase_if(faults, [](const Issue& issue) { return issue.severity != Severity::error; });
  return faults;
}

}  // namespace fsi
