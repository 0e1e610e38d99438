// librecorder: drives, and burning on them. The public face; recorder.cc is the recipe of a burn.
//
// A drive is named by its number in list_drives() (from 0), its name, its node (/dev/sr0, /dev/sg1) or its address
// (iscsi://HOST[:PORT]/TARGET/LUN). Virtual drives come after the real ones. All functions block, throw fsi::Error (DriveError with the
// drive's sense) and may be called from any thread; a Recorder belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/sectors.h"
#include "libfsi/base/timed_source.h"
#include "librecorder/drive/drive_error.h"
#include "librecorder/drives.h"
#include "librecorder/medium/format.h"
#include "librecorder/medium/medium.h"
#include "librecorder/pipeline/input.h"
#include "librecorder/pipeline/spool.h"
#include "librecorder/pipeline/writer.h"
#include "librecorder/plan/plan.h"
#include "librecorder/record_cd.h"
#include "librecorder/virtual/registry.h"

namespace rec {

/// What a burn is doing now. Called from the thread that burns, about twice a second and at each change of phase.
struct BurnEvent {
  std::string_view phase;               ///< "preparing", "filling", "spooling", "writing", "closing", "done"
  uint64_t done = 0;                    ///< sectors written
  std::optional<uint64_t> total;        ///< of the data; none when the stream's length is not known
  size_t ring_fill = 0, ring_size = 0;  ///< bytes
  double seconds = 0;                   ///< since the burn began
  double bytes_per_second = 0;          ///< of the last few seconds
  uint32_t speed_kb = 0;                ///< what the drive is set to; 0: not known
  uint32_t stops = 0;                   ///< so far
  std::optional<double> part;           ///< closing: how far the drive says it is, 0 to 1
  /// burn_cd(): the track that is being written, of so many; 0 is the lead-in and tracks + 1 the lead-out. A sector counts as 2048 bytes
  /// here too, whatever it holds.
  uint32_t track = 0, tracks = 0;
};
using BurnProgress = std::function<void(const BurnEvent&)>;

struct WriteReport {
  WritePlan plan;
  uint64_t data_sectors = 0, padding_sectors = 0;
  std::optional<uint32_t> speed_kb;  ///< what the drive wrote with, as it says
  size_t ring_size = 0;
  bool ring_locked = false;         ///< in memory
  size_t lowest_fill = 0;           ///< bytes in the ring since it was full first and as long as the source went on
  uint32_t stops = 0;               ///< how often the source was late and the drive had to stop
  uint64_t drive_waits = 0;         ///< how often the drive's own buffer was full
  std::vector<SpeedChange> speeds;  ///< that were set while writing, because the source was slower or faster than thought
  double seconds_lost = 0;          ///< by stops and lower speeds
  double source_rate = 0;           ///< bytes a second that the source seemed to sustain before writing began; 0: not measured
  std::string kept_awake;           ///< what logind held off meanwhile; empty when there is none
  bool spooled = false;             ///< the stream went through a temporary file
  double seconds = 0, writing_seconds = 0;
  std::vector<std::string> notes;  ///< what the user should know, a sentence each
};

struct DriveInfo {
  DriveEntry entry;
  std::string vendor, product, revision;  ///< as the drive itself says
  std::string serial;                     ///< empty when the drive keeps it to itself
  std::vector<Profile> profiles;          ///< of media that it knows
  struct FeatureState {
    uint16_t code = 0;
    std::string name;  ///< as MMC calls it; empty for a number that has no name
    bool current = false;
  };
  std::vector<FeatureState> features;              ///< MMC-6 5.3, current with this medium or not
  std::vector<std::vector<std::byte>> mode_pages;  ///< as they are now, each with its header
  uint32_t buffer_bytes = 0;                       ///< its own buffer; 0 when it does not tell
  bool has_tray = false;
  std::vector<std::string> mounted_at;
  Medium medium;
};

/// Looks at a drive and what is in it; waits until the disc is ready.
DriveInfo drive_info(const DriveEntry& drive, const std::stop_token& stop = {});

/// What burn() would do, without doing it. Reads the first MiB of the input.
WritePlan plan_burn(const DriveEntry& drive, Input& input, const BurnOptions& options, const std::stop_token& stop = {});

/// Burns the input as one track of one session. On a stop request the track is ended as its kind allows, so that the
/// medium stays as usable as it can be, and Error (interrupted) is thrown; likewise when the input or the drive fails.
WriteReport burn(const DriveEntry& drive, Input& input, const BurnOptions& options, const BurnProgress& progress = {},
                 const std::stop_token& stop = {});

struct EraseOptions {
  bool full = false;   ///< every sector, which takes long; else what says that something is recorded
  bool eject = false;  ///< open the tray when all went well
};

struct EraseReport {
  std::string drive;
  Medium before, after;
  double seconds = 0;  ///< as the drive lived them
  std::vector<std::string> notes;
};

/// Makes a rewritable disc blank. The phases of its events are "preparing", "erasing" and "done"; `part` is what the drive
/// tells. A drive that is blanking cannot be stopped; then a stop request counts at the end. Throws Error (unsuitable) when
/// the disc cannot be erased.
EraseReport erase(const DriveEntry& drive, const EraseOptions& options, const BurnProgress& progress = {},
                  const std::stop_token& stop = {});

struct FormatOptions {
  FormatWish wish;
  bool eject = false;
};

/// Gives a disc the shape that its kind needs or allows: DVD-RW for restricted overwrite, DVD+RW, DVD-RAM, BD-RE, and BD-R
/// with spare areas. The phase is "formatting". Likewise.
EraseReport format(const DriveEntry& drive, const FormatOptions& options, const BurnProgress& progress = {},
                   const std::stop_token& stop = {});

struct CloseOptions {
  bool multi = false;  ///< the session alone: another can follow
  bool eject = false;
};

/// Closes a disc that was left open, by --multi or by a burn that died: a track that is open is ended, then the session and the
/// disc are closed. Nothing that is recorded is lost. The phase is "closing". Throws Error (unsuitable) when there is nothing to
/// close, or when its kind is closed only together with a session. Likewise.
EraseReport close_disc(const DriveEntry& drive, const CloseOptions& options, const BurnProgress& progress = {},
                       const std::stop_token& stop = {});

/// A disc in a drive. Threads take turns. A sector that could not be read alone is not tried again.
class DiscSource : public fsi::TimedSource {
 public:
  /// From the start of each session to the start of the next; at least one.
  virtual const std::vector<fsi::SectorRange>& sessions() const = 0;
  /// Where the last session begins; 0 when there is only one.
  fsi::Lba session_start() const { return static_cast<fsi::Lba>(sessions().back().first); }
  /// Blocks at the end of the last track that the drive counts and nobody can read: 2 behind a CD track written at once.
  /// They are not in sectors().
  virtual uint64_t run_out_sectors() const = 0;
};
/// What burn_cd() would do, without doing it.
CdPlan plan_cd(const DriveEntry& drive, const cd::DiscLayout& layout, const CdBurnOptions& options, const std::stop_token& stop = {});

/// Records a CD of audio, data or both as the layout has it. On a stop request, or when the source or the drive fails, the drive is brought
/// to rest and the error says what became of the disc.
CdReport burn_cd(const DriveEntry& drive, const cd::DiscLayout& layout, const CdBurnOptions& options, const BurnProgress& progress = {},
                 const std::stop_token& stop = {});

/// The disc in a drive, read by command blocks alone and never through the kernel's cache. sectors() is the end of what is
/// recorded and can be read. Throws Error (unsuitable) when there is nothing to read.
std::unique_ptr<DiscSource> disc_source(const DriveEntry& drive, const std::stop_token& stop = {});

/// Several drives from one input, each with its own ring and thread; a drive that fails does not stop the others, and a stream
/// goes on as fast as the slowest of those that are left. Progress comes from all of them, one call at a time, with the index.
struct DriveOutcome {
  std::optional<WriteReport> report;
  std::exception_ptr error;  ///< when there is no report
};
using ManyProgress = std::function<void(size_t, const BurnEvent&)>;
std::vector<DriveOutcome> burn_many(const std::vector<DriveEntry>& drives, Input& input, const BurnOptions& options,
                                    const ManyProgress& progress = {}, const std::stop_token& stop = {});

void eject(const DriveEntry& drive);
void load(const DriveEntry& drive);

}  // namespace rec
