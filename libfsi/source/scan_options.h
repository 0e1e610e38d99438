// What to take from the sources and by which rules. Plain values; nothing here does anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libfsi/source/image_reader.h"
#include "libfsi/source/mode_rule.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// Where the image goes, so that it never becomes part of itself. What is not known stays empty.
struct OutputIdentity {
  struct Identity {
    uint64_t device = 0, inode = 0;  ///< st_dev and st_ino
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  std::optional<Identity> file;       ///< the output as it exists now (also standard output, when a file)
  std::optional<Identity> directory;  ///< the directory the output is made in
  std::string name;                   ///< its name there
};

/// What becomes of extended attributes. Only those of users ("user.") can be kept; files and directories alone have such.
enum class Xattrs : uint8_t {
  ignore,  ///< nobody asks the file system
  count,   ///< SourceTree::left_attributes
  keep,    ///< SourceTree::streams
};

struct ScanOptions {
  /// Globs over paths of the image; see ExcludeRules. They hold for what is found in directories and
  /// archives, not for what is named itself.
  std::vector<std::string> exclude;
  bool follow_links = false;     ///< what a symbolic link leads to instead of the link
  bool one_file_system = false;  ///< directories on another file system than their source stay empty
  bool skip_unreadable = false;  ///< warn and leave out, instead of failing
  bool dedupe = false;           ///< files of equal contents share them
  Xattrs xattrs = Xattrs::ignore;

  // Rules for everything in the image, applied when the tree is frozen.
  std::optional<uint32_t> uid, gid;
  std::optional<ModeRule> mode;
  std::optional<Time> time;               ///< all three times of everything
  std::optional<Time> source_date_epoch;  ///< later times are cut to it; atime and ctime become the mtime

  unsigned threads = 0;   ///< 0: as many as there are processors
  std::string spool_dir;  ///< for archives that cannot be read in place; empty: $TMPDIR, else /tmp
  OutputIdentity output;
  OpenImage open_image;  ///< reads file-system images; without it libarchive does what it can
};

}  // namespace fsi
