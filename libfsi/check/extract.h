// One extraction: the entries of a walk become files below one directory, never outside of it, whatever the image says.
// Internal to check/.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libfsi/base/file.h"
#include "libfsi/check/contents.h"
#include "libfsi/read/content.h"

namespace fsi {

/// One '/' before each name. Throws Error{usage} on "..".
std::string clean_tree_path(const std::string& path);

class Extraction final : public Visitor {
 public:
  /// Makes `directory` when it is not there. Throws Error when it cannot be opened.
  Extraction(const SectorSource& source, std::string path, const std::string& directory, std::stop_token stop);
  void entry(const TreeEntry& entry) override;
  void stream(std::string_view name, const TreeEntry& stream) override;
  /// Links, and times and modes of directories, which come last. Throws Error{usage} when the path was never met.
  ExtractReport finish();

 private:
  struct Late {  // a directory, or a symbolic link
    std::string path, target;
    std::optional<PosixAttributes> posix;
    EntryTime modified, accessed;
  };

  std::optional<std::string> place_of(std::string_view path) const;
  int parent_of(const std::string& place);
  void make(const TreeEntry& entry, const std::string& place);
  void make_file(const TreeEntry& entry, int parent, const std::string& name, const std::string& place);
  bool make_link(const TreeEntry& entry, int parent, const std::string& name, const std::string& place);
  void remember(const TreeEntry& entry, const std::string& place);
  struct Lost {
    uint64_t bytes = 0, first = 0;
    std::string why;
  };
  Lost write(const EntryContent& content, int fd);
  void give_attributes(int fd, const std::optional<PosixAttributes>& posix, const EntryTime& modified, const EntryTime& accessed,
                       const std::string& place);
  void fail(const std::string& place, const std::string& why);
  void warn(const std::string& place, const std::string& what);

  const SectorSource& source_;
  const std::string wanted_;
  std::string cut_;  // what of the image's paths is not part of ours
  std::stop_token stop_;
  Fd root_, parent_;
  std::string parent_path_;
  bool root_user_ = false, met_ = false;
  std::vector<Late> directories_, symlinks_;
  std::unordered_map<uint64_t, std::string> first_names_;  // of files with several names
  std::optional<std::string> last_;                        // what was made last, for its streams
  std::vector<std::byte> buffer_;
  ExtractReport report_;
};

}  // namespace fsi
