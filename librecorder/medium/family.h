// A family of media: how one is opened for writing, written and closed. One file for each, chosen by the profile that
// is current. Stateless: what a burn is about comes in as values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "librecorder/drive/drive.h"
#include "librecorder/medium/medium.h"

namespace rec {

/// What the plan must know of a family.
struct TrackRules {
  uint32_t unit = 1;                       ///< a track's length is a multiple of this, in sectors
  uint32_t smallest_track = 0;             ///< sectors; shorter ones are filled up with zeros
  uint32_t postgap = 0;                    ///< sectors of zeros after data, so that drives can read ahead over its end
  double speed_1x = 0;                     ///< kB/s
  bool needs_underrun_protection = false;  ///< it is always on and cannot be switched off
  bool needs_length = false;               ///< how many sectors there are must be known before the first one
  bool closes_disc = false;                ///< no session can follow
  bool can_simulate = false;               ///< there is a test write, for which the laser stays low
  bool overwrites = false;                 ///< anywhere at any time; there are neither sessions nor a next writable address
  bool can_stream = false;                 ///< the drive can be told not to read back what it writes
};

struct WriteSettings {
  bool multi = false;  ///< leave the disc open for another session
  bool underrun_protection = true;
  bool simulate = false;
  bool dvd_compat = false;            ///< close in the way that most players understand, however long it takes
  bool streaming = false;             ///< see TrackRules::can_stream
  bool xa = false;                    ///< CD: as mode 2 form 1 of a CD-ROM XA; else mode 1
  fsi::Lba start = 0;                 ///< where to write, on media that are written anywhere
  std::optional<uint64_t> sectors{};  ///< all that will be written, when that is known
  std::optional<uint32_t> layer_break{};
  bool insist_on_layer_break = false;  ///< somebody chose it; else a drive may know better
};

class MediumFamily {
 public:
  virtual ~MediumFamily() = default;
  /// "CD-R, track at once".
  virtual std::string_view name() const = 0;
  virtual TrackRules rules() const = 0;

  /// All that comes before the first block: write parameters, calibration. Ends with the address to write at, which
  /// is asked for anew because settings may move it. Throws DriveError.
  virtual fsi::Lba open(Drive& drive, const Medium& medium, const WriteSettings& settings) const = 0;
  /// What comes right before the first block, when the ring is full already: nothing, but for a pregap.
  virtual void begin(Drive&, const WriteSettings&) const {}
  /// Sends again what the drive has forgotten (mode parameters). Throws DriveError.
  virtual void resend(Drive& drive, const WriteSettings& settings) const = 0;
  /// After the last block: everything out of the drive's buffer, and the track ended. Throws DriveError.
  virtual void end_track(Drive& drive, const Medium& medium, const LongProgress& progress) const = 0;
  /// The session closed, and the disc too unless settings.multi. Throws DriveError.
  virtual void close(Drive& drive, const WriteSettings& settings, const LongProgress& progress) const = 0;
};

const MediumFamily& cd_r_family();
const MediumFamily& cd_rw_family();
const MediumFamily& cd_session_at_once_family();
const MediumFamily& dvd_incremental_family();
const MediumFamily& dvd_at_once_family();
const MediumFamily& dvd_rw_overwrite_family();
const MediumFamily& dvd_plus_rw_family();
const MediumFamily& dvd_plus_r_family();
const MediumFamily& dvd_plus_r_dl_family();
const MediumFamily& dvd_ram_family();
const MediumFamily& bd_r_family();
const MediumFamily& bd_re_family();

/// How a disc of this profile is written when nothing else is known. Null: it is of a kind that cannot be written.
const MediumFamily* family_for(Profile profile);

/// What a choice between ways of writing depends on.
struct WriteWish {
  bool known_length = false;
  bool multi = false;
  bool at_once = false;     ///< asked for
  bool dvd_compat = false;  ///< asked for
};

/// The way to write this disc. One that does not fit the wish (its rules() tell) is returned all the same when the disc
/// takes no other, or when it was asked for.
const MediumFamily* family_for(const Medium& medium, const WriteWish& wish);

/// The next writable address asked for anew. Throws Error (unsuitable) when there is none.
fsi::Lba next_writable_address(Drive& drive, TrackAddress address, uint32_t number);

}  // namespace rec
