// Recording CDs that are more than a track of data: audio, mixed and raw discs. Public, as recorder.h; what a disc is made of is a
// cd::DiscLayout (cd/layout.h), read from a description (cd/sheet.h) or made from audio files (cd/audio_disc.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "librecorder/cd/audio_disc.h"
#include "librecorder/cd/layout.h"
#include "librecorder/cd/sheet.h"
#include "librecorder/pipeline/paced_drive.h"
#include "librecorder/plan/plan.h"

namespace rec {

enum class CdMode : uint8_t {
  track_at_once,    ///< audio alone; the drive makes two seconds of pause before each track, and no CD-TEXT; also on appendable discs
  session_at_once,  ///< by a cue sheet: the drive makes Q, EDC and ECC; needs a blank disc
  raw_96,           ///< everything from us, lead-in to lead-out with subchannel (DAO-96); needs a blank disc and a drive that can
};
/// "track at once", "disc at once", "raw (DAO-96)".
std::string_view cd_mode_name(CdMode mode);

struct CdBurnOptions {
  CdMode mode = CdMode::session_at_once;
  SpeedWish speed;
  bool multi = false;     ///< leave the disc open for another session
  bool simulate = false;  ///< the laser stays low
  bool underrun_protection = true;
  bool eject = false;
  size_t buffer_bytes = 0;                                   ///< of the ring; 0: as the drive's speeds need
  BurnOptions::Spool spool = BurnOptions::Spool::if_needed;  ///< files that must not be late, into a temporary file
};

/// What a burn will do, decided before anything is done.
struct CdPlan {
  std::string drive, source;
  Profile profile = Profile::none;
  CdMode mode = CdMode::session_at_once;
  bool multi = false, simulate = false, underrun_protection = true;
  size_t tracks = 0;
  uint32_t sectors = 0;       ///< of the program area, from LBA 0 to the lead-out
  uint32_t free_sectors = 0;  ///< that the medium has
  int32_t lead_in_start = 0;  ///< of the medium
  int32_t last_lead_out = 0;
  std::optional<uint32_t> speed_kb;  ///< to be asked of the drive; none: leave it to the drive
  size_t buffer_bytes = 0;
  std::vector<std::string> notes;
};

/// The pace is that of all tracks together; its changes of speed come after so many blocks.
struct CdReport : Pace {
  CdPlan plan;
  uint64_t blocks = 0;                     ///< written, lead-in and lead-out included where they come from us
  std::optional<uint32_t> first_speed_kb;  ///< what the drive began with, as it says
  size_t ring_size = 0;
  bool ring_locked = false;  ///< in memory
  double source_rate = 0;    ///< bytes a second that the files seemed to sustain before writing began; 0: not measured
  bool spooled = false;      ///< the files went through a temporary file
  std::string kept_awake;    ///< what logind held off meanwhile; empty when there is none
  double seconds = 0, writing_seconds = 0;
  std::vector<std::string> notes;
};

}  // namespace rec
