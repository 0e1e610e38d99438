// A family of media: how one is opened for writing, written and closed. One file for each, chosen by the profile that
// is current. Stateless: what a burn is about comes in as values.
#pragma once

#include <cstdint>
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
};

struct WriteSettings {
  bool multi = false;  ///< leave the disc open for another session
  bool underrun_protection = true;
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
  /// Sends again what the drive has forgotten (mode parameters). Throws DriveError.
  virtual void resend(Drive& drive, const WriteSettings& settings) const = 0;
  /// After the last block: everything out of the drive's buffer, and the track ended. Throws DriveError.
  virtual void end_track(Drive& drive, const Medium& medium, const LongProgress& progress) const = 0;
  /// The session closed, and the disc too unless settings.multi. Throws DriveError.
  virtual void close(Drive& drive, const WriteSettings& settings, const LongProgress& progress) const = 0;
};

const MediumFamily& cd_r_family();
const MediumFamily& cd_rw_family();
const MediumFamily& dvd_plus_r_family();
const MediumFamily& bd_r_family();

/// Null: of a kind that cannot be written yet.
const MediumFamily* family_for(Profile profile);

/// The next writable address asked for anew. Throws Error (unsuitable) when there is none.
fsi::Lba next_writable_address(Drive& drive, TrackAddress address, uint32_t number);

}  // namespace rec
