// The recipe of verify over anything that has sectors: an image file or a disc. It proves, from the sectors alone, that
// what was meant to be written is what can be read, and names what is not.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/progress.h"
#include "libfsi/base/running_digest.h"
#include "libfsi/base/sectors.h"
#include "libfsi/check/foreign_sums.h"
#include "libfsi/read/issue.h"

namespace fsi {

struct VerifyOptions {
  /// full: every sector is read and compared. quick: descriptors, every directory, the whole manifest, and a sample of
  /// 512 chunks of 64 KiB spread over the image (the first and the last included).
  enum class Level : uint8_t { quick, full };
  Level level = Level::full;
  bool parallel = true;             ///< false for a drive: one reader, in ascending order
  unsigned threads = 0;             ///< 0: as many as there are processors
  uint64_t session_start = 0;       ///< absolute sector where the session to verify starts
  size_t paths_of_an_issue = 1000;  ///< paths kept for one damaged range; the others are counted
  /// The sums of others that are in the image: isomd5sum's and libisofs'. They are MD5 and serial; without them nothing
  /// takes longer.
  bool foreign_sums = true;
  /// Sums of every file, computed from what was read (full only). `file_sum` gets them in the order of the best tree, one
  /// kind after the other; `sum` is empty for a file that could not be read whole.
  std::vector<SumKind> file_sums{};
  std::function<void(SumKind kind, std::string_view path, const std::optional<Sum>& sum)> file_sum{};
  Progress progress{};
  std::stop_token stop{};
};

struct ManifestFacts {
  bool found = false;     ///< and its header is whole
  bool believed = false;  ///< its table of digests is whole: sectors were compared
  std::string digest;     ///< "xxh3", "sha256"
  uint64_t image_sectors = 0;
  uint64_t chunks = 0;    ///< with a digest
  std::string root;       ///< hex; stands for the whole image
  uint64_t troubles = 0;  ///< files that were not as promised while the image was made
};

struct VerifyReport {
  std::string source;
  uint64_t source_sectors = 0;
  std::string volume_id;
  std::vector<std::string> file_systems;
  ManifestFacts manifest;
  std::vector<ForeignSum> foreign_sums;
  uint64_t files = 0, directories = 0;  ///< of the best tree
  uint64_t sectors_read = 0;            ///< by the pass over the sectors
  uint64_t sectors_compared = 0;        ///< with a digest; the manifest's own sectors come on top
  bool sampled = false;
  std::vector<Issue> issues;  ///< damage first, then the manifest, troubles, structure

  /// Nothing is wrong: notes and warnings only.
  bool ok() const;
};

/// Never changes the source. Throws Error(interrupted) when a stop is asked for; anything wrong with the source itself
/// is an Issue.
VerifyReport verify(const SectorSource& source, const VerifyOptions& options = {});

}  // namespace fsi
