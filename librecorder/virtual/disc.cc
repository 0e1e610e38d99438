#include "librecorder/virtual/disc.h"

#include <nlohmann/json.hpp>

#include "libfsi/base/error.h"
#include "librecorder/scsi/media_size.h"
#include "librecorder/scsi/performance.h"

namespace rec::virt {
namespace {

constexpr MediaType kTypes[] = {
    {"cd-r", Profile::cd_r, media_size::kCdR80, kCd1xBytes, kCd1xKb, {48, 24, 16, 8}, 1},
    {"cd-rw", Profile::cd_rw, media_size::kCdR80, kCd1xBytes, kCd1xKb, {24, 16, 10, 4}, 1, true},
    {"dvd-r", Profile::dvd_r, media_size::kDvdR, kDvd1xBytes, kDvd1xKb, {16, 8, 6, 4}, 1},
    {"dvd-rw", Profile::dvd_rw_sequential, media_size::kDvdR, kDvd1xBytes, kDvd1xKb, {6, 4, 2, 1}, 1, true},
    {"dvd-r-dl", Profile::dvd_r_dl_sequential, media_size::kDvdRDl, kDvd1xBytes, kDvd1xKb, {8, 6, 4, 2}, 2},
    {"dvd+r", Profile::dvd_plus_r, media_size::kDvdPlusR, kDvd1xBytes, kDvd1xKb, {16, 8, 6, 4}, 1},
    {"dvd+r-dl", Profile::dvd_plus_r_dl, media_size::kDvdPlusRDl, kDvd1xBytes, kDvd1xKb, {8, 6, 4, 2}, 2},
    {"dvd+rw", Profile::dvd_plus_rw, media_size::kDvdPlusR, kDvd1xBytes, kDvd1xKb, {8, 6, 4, 3}, 1, true},
    {"dvd-ram", Profile::dvd_ram, media_size::kDvdRam, kDvd1xBytes, kDvd1xKb, {12, 5, 3, 2}, 1, true},
    {"m-disc", Profile::dvd_plus_r, media_size::kDvdPlusR, kDvd1xBytes, kDvd1xKb, {4, 3, 2, 1}, 1, false, "MILLENIA"},
    {"bd-r", Profile::bd_r_srm, media_size::kBdR, kBd1xBytes, kBd1xKb, {16, 8, 6, 4}, 1},
    {"bd-r-dl", Profile::bd_r_srm, media_size::kBdRDl, kBd1xBytes, kBd1xKb, {12, 8, 6, 4}, 2},
    {"bd-r-xl", Profile::bd_r_srm, media_size::kBdRXl, kBd1xBytes, kBd1xKb, {6, 4, 3, 2}, 3},
    {"bd-r-xl-quad", Profile::bd_r_srm, media_size::kBdRXlQuad, kBd1xBytes, kBd1xKb, {4, 3, 2, 1}, 4},
    {"m-disc-bd", Profile::bd_r_srm, media_size::kBdR, kBd1xBytes, kBd1xKb, {6, 4, 2, 1}, 1, false, "MILLEN"},
    {"bd-re", Profile::bd_re, media_size::kBdR, kBd1xBytes, kBd1xKb, {2, 1, 1, 1}, 1, true},
    {"bd-re-dl", Profile::bd_re, media_size::kBdRDl, kBd1xBytes, kBd1xKb, {2, 1, 1, 1}, 2, true},
    {"bd-re-xl", Profile::bd_re, media_size::kBdRXl, kBd1xBytes, kBd1xKb, {2, 1, 1, 1}, 3, true},
};

}  // namespace

std::span<const MediaType> media_types() { return kTypes; }

const MediaType* find_media_type(std::string_view name) {
  for (const MediaType& type : kTypes)
    if (type.name == name) return &type;
  return nullptr;
}

Disc new_disc(const MediaType& type, uint32_t capacity) {
  Disc disc;
  disc.type = &type;
  disc.capacity = capacity ? capacity : type.capacity;
  disc.profile = type.profile;
  if (type.profile == Profile::dvd_ram) {
    disc.format.state = Format::State::complete;
    disc.format.blocks = disc.capacity;
    disc.format.spares = true;
    Track track;
    track.size = disc.capacity;
    disc.tracks.push_back(track);
  }
  return disc;
}

nlohmann::json to_json(const Disc& disc) {
  nlohmann::json tracks = nlohmann::json::array();
  for (const Track& t : disc.tracks)
    tracks.push_back({{"session", t.session},
                      {"start", t.start},
                      {"size", t.size},
                      {"written_to", t.written_to},
                      {"open", t.open},
                      {"reserved", t.reserved},
                      {"damaged", t.damaged},
                      {"control", t.control},
                      {"raw", t.raw},
                      {"data_mode", t.data_mode}});
  const Format& f = disc.format;
  return {{"version", 2},
          {"type", disc.type->name},
          {"capacity", disc.capacity},
          {"label", disc.label},
          {"profile", static_cast<uint16_t>(disc.profile)},
          {"format",
           {{"state", static_cast<uint8_t>(f.state)},
            {"blocks", f.blocks},
            {"formatted_to", f.formatted_to},
            {"spares", f.spares},
            {"pseudo_overwrite", f.pseudo_overwrite}}},
          {"minimally_blanked", disc.minimally_blanked},
          {"write_protected", disc.write_protected},
          {"spare_sectors", disc.spare_sectors},
          {"lead_in_start", disc.lead_in_start},
          {"layer_break", disc.layer_break},
          {"tracks", tracks},
          {"closed_sessions", disc.closed_sessions},
          {"finalized", disc.finalized},
          {"session_format", disc.session_format},
          {"link_stops", disc.link_stops},
          {"underruns", disc.underruns}};
}

Disc disc_from_json(const nlohmann::json& json, const std::string& where) {
  const auto corrupt = [&](const std::string& why) {
    throw fsi::Error(fsi::ErrorKind::corrupt, where, "reading the state of a virtual disc", why + "; remove the disc and insert a new one");
  };
  Disc disc;
  try {
    if (json.at("version").get<int>() != 2) corrupt("it was written by another version");
    disc.type = find_media_type(json.at("type").get<std::string>());
    if (!disc.type) corrupt("its type is not known");
    json.at("capacity").get_to(disc.capacity);
    json.at("label").get_to(disc.label);
    disc.profile = static_cast<Profile>(json.at("profile").get<uint16_t>());
    const auto& format = json.at("format");
    const auto format_state = format.at("state").get<uint8_t>();
    if (format_state > static_cast<uint8_t>(Format::State::complete)) corrupt("its format is not known");
    disc.format.state = static_cast<Format::State>(format_state);
    format.at("blocks").get_to(disc.format.blocks);
    format.at("formatted_to").get_to(disc.format.formatted_to);
    format.at("spares").get_to(disc.format.spares);
    format.at("pseudo_overwrite").get_to(disc.format.pseudo_overwrite);
    json.at("minimally_blanked").get_to(disc.minimally_blanked);
    json.at("write_protected").get_to(disc.write_protected);
    json.at("spare_sectors").get_to(disc.spare_sectors);
    disc.lead_in_start = json.value("lead_in_start", disc.lead_in_start);
    json.at("layer_break").get_to(disc.layer_break);
    json.at("closed_sessions").get_to(disc.closed_sessions);
    json.at("finalized").get_to(disc.finalized);
    disc.session_format = json.value("session_format", disc.session_format);
    json.at("link_stops").get_to(disc.link_stops);
    json.at("underruns").get_to(disc.underruns);
    for (const auto& entry : json.at("tracks")) {
      Track t;
      entry.at("session").get_to(t.session);
      entry.at("start").get_to(t.start);
      entry.at("size").get_to(t.size);
      entry.at("written_to").get_to(t.written_to);
      entry.at("open").get_to(t.open);
      entry.at("reserved").get_to(t.reserved);
      entry.at("damaged").get_to(t.damaged);
      entry.at("control").get_to(t.control);
      t.raw = entry.value("raw", t.raw);
      t.data_mode = entry.value("data_mode", t.data_mode);
      disc.tracks.push_back(t);
    }
  } catch (const nlohmann::json::exception& error) {
    corrupt(error.what());
  }

  // The label becomes the name of a directory.
  if (disc.label.empty() || disc.label[0] == '.' || disc.label.find('/') != disc.label.npos) corrupt("its label is not a name");

  if (disc.lead_in_start >= -150 || disc.lead_in_start < -150 - static_cast<int32_t>(kMostLeadIn))
    corrupt("its lead-in lies outside of its place");
  if (disc.format.blocks > disc.capacity || disc.format.formatted_to > disc.format.blocks || disc.layer_break > disc.capacity)
    corrupt("it is formatted to more than it holds");
  // Whatever the file says, the rules below may rely on: tracks in order, inside of the disc, sessions counting up.
  uint64_t free_from = 0;
  uint16_t session = 1;
  for (const Track& t : disc.tracks) {
    const uint64_t end = uint64_t{t.start} + t.size;
    if (t.start < free_from || end > uint64_t{disc.capacity} + 2 || t.written_to < t.start || t.written_to > end)
      corrupt("a track lies outside of its place");
    if (t.session < session || t.session > disc.closed_sessions + 1) corrupt("a session number is out of order");
    if (t.open && (t.session <= disc.closed_sessions || disc.finalized)) corrupt("a closed session has an open track");
    free_from = end;
    session = t.session;
  }
  if (disc.finalized && disc.closed_sessions == 0) corrupt("it is finalized without a session");
  return disc;
}

}  // namespace rec::virt
