// The recipe of verify over anything that has sectors: an image file or a disc. It proves, from the sectors alone, that
// what was meant to be written is what can be read, and names what is not.
#pragma once

#include <chrono>
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
#include "libfsi/check/manifest_reader.h"
#include "libfsi/check/pass_state.h"
#include "libfsi/check/survey.h"
#include "libfsi/read/volume.h"

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

  /// A manifest from elsewhere (sidecar.h). It is what counts then; one in the image is compared with it.
  const Manifest* manifest = nullptr;
  /// Another image or disc, compared sector by sector from `against_start` on; sectors behind the end of either that are
  /// not zeros are findings.
  const SectorSource* against = nullptr;
  uint64_t against_start = 0;
  /// Further checks of the volume, e.g. against a folder (against_tree.h). Findings go to the log.
  std::vector<std::function<void(const VolumeRead&, const SectorSource&, IssueLog&)>> more_checks{};
  /// not none: report.sidecar is made, if all sectors can be read and nothing is damaged. Of the full level only.
  DigestKind sidecar = DigestKind::none;

  /// not 0: report.survey tells what lies in each of about so many equal parts of the image.
  size_t survey_cells = 0;

  /// Of a drive: how much time may go into sectors that read badly (disc_pass.h).
  std::chrono::nanoseconds patience = std::chrono::minutes(30);
  /// Where an earlier run came to, by its last checkpoint on the same source with the same options.
  const PassState* go_on = nullptr;
  Checkpoint checkpoint{};

  Progress progress{};
  std::stop_token stop{};
};

struct ManifestFacts {
  bool found = false;      ///< and its header is whole
  bool elsewhere = false;  ///< it is the one that was given, not one in the image
  bool believed = false;   ///< its table of digests is whole, or some of it: sectors were compared
  std::string digest;      ///< "xxh3", "sha256"
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
  Reading reading;                        ///< of a drive
  std::string against;                    ///< the other image or disc, if any
  uint64_t sectors_against = 0;           ///< compared with it
  std::optional<uint64_t> files_against;  ///< the same, with what a tree was made from
  std::vector<SurveyCell> survey;
  std::vector<std::byte> sidecar;  ///< when asked for and everything is right
  std::vector<Issue> issues;       ///< damage first, then the manifest, troubles, structure

  /// Nothing is wrong: notes and warnings only.
  bool ok() const;
};

/// Never changes the source. Throws Error(interrupted) when a stop is asked for; anything wrong with the source itself
/// is an Issue.
VerifyReport verify(const SectorSource& source, const VerifyOptions& options = {});

}  // namespace fsi
