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

struct Disc {
  const MediaType* type = nullptr;
  uint32_t capacity = 0;  ///< sectors; usually the type's
  std::string label;      ///< name on the shelf
  std::vector<Track> tracks;
  uint16_t closed_sessions = 0;
  bool finalized = false;
  uint8_t session_format = 0;  ///< CD: 00 CD-DA or CD-ROM, 10 CD-I, 20 CD-ROM XA
  uint32_t link_stops = 0;     ///< the buffer ran dry and recording went on later: harmless
  uint32_t underruns = 0;      ///< the buffer ran dry and a track was spoiled

  bool blank() const { return tracks.empty() && closed_sessions == 0 && !finalized; }
  uint16_t current_session() const { return static_cast<uint16_t>(finalized ? closed_sessions : closed_sessions + 1); }
};

nlohmann::json to_json(const Disc& disc);
/// Throws fsi::Error (corrupt) naming `where` when the JSON is not a legal disc.
Disc disc_from_json(const nlohmann::json& json, const std::string& where);

}  // namespace rec::virt
