// A virtual disc as a value: what kind it is and what has been recorded where. It can be stored as JSON. It knows no
// rules; the media_… files do.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "librecorder/scsi/profile.h"

namespace rec::virt {

struct MediaType {
  std::string_view name;  ///< of DESIGN 8: "dvd+r"
  Profile profile;
  uint32_t capacity;     ///< sectors
  uint32_t bytes_at_1x;  ///< of user data a second
  uint32_t kb_at_1x;     ///< as the commands count
  uint16_t speeds[4];    ///< multiples of 1x, fastest first
  uint8_t layers;
  bool rewritable = false;
  std::string_view maker = "DISCPRES";  ///< as the disc itself says
};

std::span<const MediaType> media_types();
/// Null when there is no such type.
const MediaType* find_media_type(std::string_view name);

struct Track {
  uint16_t session = 1;
  uint32_t start = 0;
  uint32_t size = 0;        ///< sectors: of a closed or reserved track; of an open one without reservation, up to the end of the disc
  uint32_t written_to = 0;  ///< first LBA without user data: the next writable address while open
  bool open = true;
  bool reserved = false;
  bool damaged = false;
  uint8_t control = 4;    ///< Q control nibble
  bool raw = false;       ///< CD: its sectors are in the CdLayer, 2352 + 96 bytes each
  uint8_t data_mode = 1;  ///< CD: 0 audio, 1, 2

  uint32_t end() const { return start + size; }
};

/// What formatting has made of a disc that can be formatted.
struct Format {
  enum class State : uint8_t {
    none,
    partial,   ///< DVD-RW restricted overwrite: an open border, readable as far as it is written
    stopped,   ///< DVD+RW: formatting in the background was stopped
    running,   ///< DVD+RW: formatting goes on in the background
    complete,  ///< all of it
  };
  State state = State::none;
  uint32_t blocks = 0;        ///< sectors for the host
  uint32_t formatted_to = 0;  ///< while partial, stopped or running
  bool spares = false;        ///< with spare areas: writes are verified and moved away from bad spots
  bool pseudo_overwrite = false;
};

inline constexpr int32_t kUsualLeadInStart = -11635;  ///< 97:26:65
inline constexpr uint32_t kMostLeadIn = 19000;        ///< sectors, all of which the CdLayer has room for

struct Disc {
  const MediaType* type = nullptr;
  uint32_t capacity = 0;            ///< sectors; usually the type's
  std::string label;                ///< name on the shelf
  Profile profile = Profile::none;  ///< the one that is current; the type's until formatting or blanking makes it another
  Format format;
  bool minimally_blanked = false;             ///< DVD-RW: nothing but disc at once is possible
  bool write_protected = false;               ///< the cartridge's or the maker's switch
  uint32_t spare_sectors = 0;                 ///< BD-R: taken from the capacity by formatting
  int32_t lead_in_start = kUsualLeadInStart;  ///< CD: as the ATIP tells it
  uint32_t layer_break = 0;                   ///< sectors of the first layer, when somebody chose them
  std::vector<Track> tracks;
  uint16_t closed_sessions = 0;
  bool finalized = false;
  uint8_t session_format = 0;  ///< CD: 00 CD-DA or CD-ROM, 10 CD-I, 20 CD-ROM XA
  uint32_t link_stops = 0;     ///< the buffer ran dry and recording went on later: harmless
  uint32_t underruns = 0;      ///< the buffer ran dry and a track was spoiled

  bool blank() const { return tracks.empty() && closed_sessions == 0 && !finalized; }
  bool formatted() const { return format.state != Format::State::none; }
  uint16_t current_session() const { return static_cast<uint16_t>(finalized ? closed_sessions : closed_sessions + 1); }
};

/// A blank disc as it leaves the factory, which for some kinds means formatted. `capacity` 0: the type's.
Disc new_disc(const MediaType& type, uint32_t capacity);

nlohmann::json to_json(const Disc& disc);
/// Throws fsi::Error (corrupt) naming `where` when the JSON is not a legal disc.
Disc disc_from_json(const nlohmann::json& json, const std::string& where);

}  // namespace rec::virt
