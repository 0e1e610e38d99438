// What was loaded when we looked: a value. Nothing here sends a command; probe.h makes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libfsi/base/sectors.h"
#include "librecorder/scsi/profile.h"

namespace rec {

enum class MediumState : uint8_t {
  absent,      ///< nothing is loaded, or the tray is open
  blank,       ///< nothing recorded
  appendable,  ///< recorded, and another track or session fits
  closed,      ///< recorded, and no drive will add to it
  rewritable,  ///< can be written anywhere at any time (DVD+RW, DVD-RAM, BD-RE); what "blank" means, content decides
  unknown,     ///< the drive tells too little
};

/// Bits of Medium::status. The lower half informs, each of the upper half is a reason why it cannot be written.
enum MediumStatus : uint32_t {
  kOverwriteOnly = 0x0001,
  kBlankMedium = 0x0002,
  kAppendable = 0x0004,
  kFinalSession = 0x0008,
  kFormatRequired = 0x0010,  ///< new and not formatted yet; writing does it first
  kDamaged = 0x0400,
  kEraseRequired = 0x0800,
  kOpenSession = 0x1000,  ///< the last session is open and has something in it
  kWriteProtected = 0x2000,
  kFinalized = 0x4000,
  kUnsupported = 0x8000,
};

struct Track {
  uint16_t number = 0, session = 0;
  fsi::Lba start = 0;
  uint32_t sectors = 0;  ///< as the drive counts it; a CD track written at once has two run-out blocks more than can be read
  std::optional<fsi::Lba> next_writable;
  uint32_t free = 0;
  std::optional<fsi::Lba> last_recorded;
  bool blank = false;  ///< nothing is recorded in it
  bool reserved = false;
  bool damaged = false;
  bool packet = false;  ///< CD: written in packets
  bool data = true;     ///< CD: not audio
  bool mode2 = false;   ///< CD: of data in mode 2, as CD-ROM XA has it
};

struct Medium {
  Profile profile = Profile::none;
  MediumState state = MediumState::absent;
  bool tray_open = false;
  uint32_t status = 0;
  /// One sentence for each bit of `status` that stands in the way, with what can be done.
  std::vector<std::string> reasons;

  uint64_t total_sectors = 0;  ///< recorded and free together
  uint64_t free_sectors = 0;
  std::optional<fsi::Lba> next_writable;  ///< none: there is no place to write at
  uint32_t write_unit = 1;                ///< sectors that the drive writes at once: CD 1, DVD 16, BD 32
  uint16_t sessions = 0;                  ///< complete ones
  std::vector<Track> tracks;              ///< recorded ones, in order
  std::optional<Track> open_track;        ///< where writing goes on
  bool erasable = false;
  bool formatted = false;
  bool spare_areas = false;        ///< the drive reads back what it writes and moves it away from bad spots
  bool at_once_only = false;       ///< DVD-RW, blanked quickly: nothing but disc at once is possible
  bool m_disc = false;             ///< made to last, as the maker's mark says; written like any other of its profile
  uint64_t capacity_sectors = 0;   ///< of an erasable disc, when it is blank; 0 when the drive does not tell
  std::optional<uint32_t> layer0;  ///< sectors of the first of two layers
  std::string maker;               ///< as the disc says; may be empty

  /// Media without sessions: what is at their start. volume_end is the first sector after the volume.
  std::optional<uint64_t> volume_end;
  fsi::Lba volume_start = 0;
  bool looks_blank = false;  ///< nothing but zeros where a volume would begin

  std::vector<uint32_t> write_speeds;   ///< kB/s, fastest first
  std::vector<uint32_t> cav_speeds;     ///< those of them that are reached at the outer edge only
  std::optional<uint32_t> write_speed;  ///< what the drive has chosen or was told
  bool underrun_protection = true;      ///< the drive can stop and go on without harm

  std::string name() const { return std::string(profile_name(profile)) + (m_disc ? " (M-DISC)" : ""); }
};

/// What is in a drive, in two words.
struct MediumBrief {
  std::string name;   ///< as Medium::name(); empty when there is no medium
  std::string state;  ///< state_name(), "tray open", or what a drive does that is not ready: "becoming ready", "busy"
};

/// "blank", "appendable", …
std::string_view state_name(MediumState state);

/// How fast 1x is, in kB/s, for a profile: CD 176.4, DVD 1385, BD 4495.5.
double speed_1x(Profile profile);

/// Where the last session that has something in it begins.
fsi::Lba last_session_start(const Medium& medium);

/// Must the next track of data on this CD be mode 2 form 1 of a CD-ROM XA? Behind audio that is what makes an Enhanced CD (the
/// "Blue Book"); else a disc goes on as it was begun.
bool continues_as_xa(const Medium& medium);

struct SessionRange {
  fsi::Lba first = 0, last = 0;
};
/// The last complete session, from its first sector to the last one written; none on a disc without one.
std::optional<SessionRange> previous_session(const Medium& medium);

/// The first sector after everything that is recorded in the last session and can be read. `sectors` of a track that
/// has run-out blocks counts them; see Track.
uint64_t recorded_end(const Medium& medium);

}  // namespace rec
