// What a burn will do, worked out before anything is done: Medium x source x options -> WritePlan, or an Error that
// says what to do. Pure: no drive, no file; `--dry-run` prints it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "librecorder/medium/family.h"
#include "librecorder/medium/medium.h"
#include "librecorder/plan/source_facts.h"

namespace rec {

/// What speed is wished for.
struct SpeedWish {
  enum class Kind : uint8_t { automatic, slowest, fastest, times } kind = Kind::automatic;  ///< automatic: the drive's own choice
  double times = 0;                                                                         ///< as a multiple of 1x of the medium
};

struct BurnOptions {
  SpeedWish speed;
  bool multi = false;  ///< leave the disc open for another session; else it is closed
  bool underrun_protection = true;
  bool overwrite = false;   ///< a rewritable disc that has something on it
  bool simulate = false;    ///< a test write: all but the laser's power
  bool at_once = false;     ///< the whole disc at once, where there is another way
  bool dvd_compat = false;  ///< as most players understand it
  bool streaming = false;   ///< do without reading back what is written, on media with spare areas
  /// Sectors of the first of two layers. Not set: half of what is written; 0: as the drive has it.
  std::optional<uint32_t> layer_break{};
  bool eject = false;                                                        ///< open the tray when all went well
  size_t buffer_bytes = 0;                                                   ///< of the ring; 0: as the medium needs, see buffer_size.h
  enum class Spool : uint8_t { if_needed, never } spool = Spool::if_needed;  ///< a stream that must not be late, into a temporary file
};

struct WritePlan {
  std::string drive, source;
  const MediumFamily* family = nullptr;  ///< static storage
  Profile profile = Profile::none;
  fsi::Lba start = 0;
  std::optional<uint64_t> data_sectors;  ///< of the source; none: as many as come
  uint64_t least_sectors = 0;            ///< a source with fewer is cut off: an error
  uint64_t free_sectors = 0;             ///< from `start`
  TrackRules rules;
  uint64_t postgap = 0;         ///< zeros after the data that are wished for, if they fit
  uint32_t chunk_sectors = 32;  ///< sent with one command
  bool multi = false;
  uint16_t session = 1;  ///< number of the session that is written
  bool underrun_protection = true;
  bool simulate = false;
  bool dvd_compat = false;
  bool streaming = false;
  std::optional<uint32_t> layer_break{};  ///< to be set; none: as the drive has it
  bool insist_on_layer_break = false;
  std::optional<bool> erase_first{};  ///< the disc is blanked before: in full, or quickly
  bool renews_start = false;          ///< the volume descriptors are copied to the start of the disc
  bool eject = false;
  size_t buffer_bytes = 0;
  std::optional<uint32_t> speed_kb;  ///< to be asked of the drive; none: leave it to the drive
  std::vector<std::string> notes;    ///< what the user should know, a sentence each

  /// Zeros that follow so many sectors of data: postgap, smallest track, whole units; what of the postgap does not
  /// fit is left out.
  uint64_t padding_after(uint64_t sectors) const;
};

/// Throws Error: unsuitable (medium) or usage (source, options).
WritePlan make_plan(const std::string& drive, const Medium& medium, const SourceFacts& source, const BurnOptions& options,
                    uint32_t transport_max_bytes);

/// The speed to ask for. Throws Error usage when it makes no sense.
std::optional<uint32_t> choose_speed(const SpeedWish& wish, const Medium& medium);
/// A sentence about a wish that the drive does not offer, and the nearest that was chosen for it.
std::optional<std::string> speed_note(const SpeedWish& wish, std::optional<uint32_t> chosen_kb, const Medium& medium);

}  // namespace rec
