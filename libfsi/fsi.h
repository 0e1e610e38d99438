// libfsi, the public face: describe what shall be on a disc, and get an image of it.
//
//   fsi::FileSystemImage description(options);
//   description.tree().add_directory("/usr/share/doc");
//   std::unique_ptr<fsi::Image> image = description.create_result();
//   fsi::write_image_file(*image, "doc.iso", {});
//
// What is where: TreeBuilder (source/builder.h) takes directories, files, archives and items made by a
// program; Image (image/image.h) is the result: total_blocks(), block_size(), read(), for_each_item(),
// item_at(); write_image_file() and write_image_stream() (image/sinks.h) send it somewhere; verify()
// (check/verify.h) proves an image or a disc, alone or against something else (check/sidecar.h, against_tree.h);
// ImageContents (check/contents.h) lists and extracts.
//
// Threads: a description is used by one thread; an Image by any number. Errors: fsi::Error.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libfsi/against_tree.h"
#include "libfsi/base/digest.h"
#include "libfsi/base/image_file.h"
#include "libfsi/base/progress.h"
#include "libfsi/check/contents.h"
#include "libfsi/check/sidecar.h"
#include "libfsi/check/verify.h"
#include "libfsi/eltorito/eltorito.h"
#include "libfsi/hybrid/efi_partition.h"
#include "libfsi/hybrid/hybrid.h"
#include "libfsi/image/image.h"
#include "libfsi/image/sinks.h"
#include "libfsi/layout/volume.h"
#include "libfsi/read/content.h"
#include "libfsi/read/session_image.h"
#include "libfsi/source/builder.h"

namespace fsi {

/// Which file systems describe the tree. All of them share the files' data.
struct FileSystems {
  bool iso9660 = true;
  bool rock_ridge = true;
  bool joliet = true;
  bool udf = false;
  friend bool operator==(const FileSystems&, const FileSystems&) = default;
};

/// "iso9660,rockridge,joliet,udf" and the short words iso, rr. Throws Error{usage} for unknown words and for
/// sets that cannot be (Rock Ridge or Joliet without ISO 9660).
FileSystems parse_file_systems(const std::string& list);
/// "2.01" is 0x0201. Throws Error{usage} for a revision of UDF that does not exist.
unsigned parse_udf_revision(const std::string& word);

struct ImageOptions {
  FileSystems file_systems;
  bool udf_for_large_files = true;     ///< UDF joins ISO 9660 by itself, and it is said, for a file of 4 GiB or more
  unsigned udf_revision = 0;           ///< 0x0102 to 0x0260; 0: 1.02 beside ISO 9660, 2.01 alone
  bool duplicate_metadata = true;      ///< UDF 2.50 and up: the mirror of the metadata is a copy, not the same blocks
  bool count_xattrs = true;            ///< in UDF that could hold them, 2.00 and up: when nobody asked for them, say how many are left out
  std::vector<std::string> real_time;  ///< globs of files that are real-time files; UDF 2.01 and up, else Error{usage}
  Volume volume;                       ///< empty ids get their defaults in create_result()
  BootOptions boot;                    ///< without entries nothing boots
  std::string efi_directory;           ///< a folder of the host that becomes an EFI system partition and a boot entry
  HybridOptions hybrid;                ///< so that a disk with the image on it boots too
  bool dvd_video = false;              ///< files lie as DVD players want them: see dvd_video.h
  std::vector<std::string> required;   ///< paths that the image must have, else Error{usage}
  uint64_t capacity = 0;               ///< most sectors it may have, else Error{limit}; 0: no matter
  DigestKind digest = DigestKind::xxh3;  ///< none: no manifest
  ImplantOptions implants;               ///< sums of other programs
  std::vector<SumKind> sums;             ///< of every file, for Image::for_each_file_sum()
  Lba session_start = 0;                 ///< LBA of the first sector; shifts every absolute address
  unsigned threads = 0;                  ///< 0: as many as there are processors
  ScanOptions scan;
  Progress progress;
  Warn warn;
  std::stop_token stop;
};

/// A name that a file system could not hold as it is.
struct ChangedName {
  std::string file_system;  ///< "ISO 9660", "Joliet", "UDF"
  std::string path;         ///< in the tree
  std::string recorded;     ///< the name as it is recorded
};

class FileSystemImage {
 public:
  explicit FileSystemImage(ImageOptions options = {});
  ~FileSystemImage();

  TreeBuilder& tree() { return tree_; }

  /// The recipe: scans, freezes the tree, names, measures and hands out every address. Nothing is written
  /// and no file data is read (but for `dedupe`). The result does not depend on this object. Once only.
  std::unique_ptr<Image> create_result();

 private:
  ImageOptions options_;
  TreeBuilder tree_;
};

/// Names that had to change, in the order of the tree, one file system after the other.
void for_each_changed_name(const Image& image, const std::function<void(const ChangedName&)>& name);

}  // namespace fsi
