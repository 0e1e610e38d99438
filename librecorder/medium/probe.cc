#include "librecorder/medium/probe.h"

#include <algorithm>

#include "librecorder/medium/family.h"
#include "librecorder/medium/finish.h"

namespace rec {

namespace {
// More than any disc can have; a drive that claims more is not believed.
constexpr uint32_t kMostTracks = 8192;

void add(Medium& medium, uint32_t bit, std::string reason) {
  medium.status |= bit;
  medium.reasons.push_back(std::move(reason));
}

/// False: nothing loaded.
bool wait_for_medium(Drive& drive, Medium& medium, const std::stop_token& stop) {
  try {
    wait_ready(drive, "waiting for the disc", limit::kBecomingReady, {}, stop);
    return true;
  } catch (const DriveError& e) {
    if (!e.sense().is(2, 0x3A)) throw;
    medium.state = MediumState::absent;
    medium.tray_open = e.sense().ascq == 2;
    return false;
  }
}

Track track_of(const TrackInformation& info, uint16_t number) {
  Track track;
  track.number = info.track() ? info.track() : number;
  track.session = info.session();
  track.start = info.start;
  track.sectors = info.size;
  track.free = info.free_blocks;
  track.blank = info.blank();
  track.reserved = info.reserved();
  track.damaged = info.damaged();
  track.packet = info.data_mode & TrackInformation::kPacket;
  track.data = info.control() & kControlData;
  track.mode2 = track.data && info.mode() == 2;
  if (info.next_writable_valid()) {
    track.next_writable = info.next_writable;
    // Some drives answer -150 (or 0) for the first address of a track that begins later.
    if (static_cast<int32_t>(info.next_writable.get()) < static_cast<int32_t>(info.start.get())) track.next_writable = info.start;
  }
  if (info.last_recorded_valid()) track.last_recorded = info.last_recorded;
  return track;
}

void read_tracks(Drive& drive, Medium& medium, const DiscInformation& disc) {
  const uint16_t last = disc.last_track_in_last_session();
  for (uint32_t number = std::max<uint32_t>(disc.first_track, 1); number <= last && number < kMostTracks; ++number) {
    const auto info = drive.track_information(TrackAddress::track, number);
    if (!info) continue;
    Track track = track_of(*info, static_cast<uint16_t>(number));
    if (track.damaged)
      add(medium, kDamaged,
          "track " + std::to_string(track.number) + " was not ended properly; what was being written there is incomplete");
    // Reserved and never written to: the session cannot be closed before it is, so that is where writing goes on.
    if (track.reserved && track.next_writable && track.free && !medium.open_track) medium.open_track = track;
    if (track.blank || (track.next_writable && *track.next_writable == track.start)) continue;
    medium.tracks.push_back(track);
  }
}

/// Where writing goes on. CD and DVD+R call that track FF, the others by the last number; a drive that does not know
/// the one is asked for the other.
void find_open_track(Drive& drive, Medium& medium, const DiscInformation& disc) {
  if (medium.open_track) {
    medium.next_writable = medium.open_track->next_writable;
    medium.free_sectors = medium.open_track->free;
    return;
  }
  const uint32_t last = disc.last_track_in_last_session();
  const bool invisible = is_cd(medium.profile) || medium.profile == Profile::dvd_plus_r || medium.profile == Profile::dvd_plus_r_dl;
  for (const uint32_t number : {invisible ? uint32_t{kInvisibleTrack} : last, last}) {
    const auto info = drive.track_information(TrackAddress::track, number);
    if (!info || !info->next_writable_valid()) continue;
    const Track track = track_of(*info, static_cast<uint16_t>(last));
    medium.open_track = track;
    medium.next_writable = track.next_writable;
    medium.free_sectors = track.free;
    return;
  }
}

/// Of media without sessions: all of it can be written to, now or after the format that comes first.
void take_size(Medium& medium, const DiscInformation& disc, const std::optional<FormatCapacities>& formats) {
  medium.tracks.clear();
  medium.open_track.reset();
  medium.next_writable.reset();
  medium.sessions = 0;
  uint64_t blocks = formats ? formats->current.blocks.get() : 0;
  const bool unformatted = formats ? (formats->current.type & 3) == CurrentCapacity::unformatted : disc.disc_status() == DiscStatus::empty;
  if (unformatted) medium.status |= kFormatRequired | kBlankMedium;
  // A format takes room for spares; restricted overwrite grows up to what a full format would have.
  if (formats && (unformatted || medium.profile == Profile::dvd_rw_overwrite))
    for (const auto& entry : formats->formattable)
      if (entry.format_type() == static_cast<uint8_t>(FormatType::full)) blocks = entry.blocks;
  medium.total_sectors = medium.free_sectors = blocks;
  if (blocks == 0) add(medium, kUnsupported, "the drive does not tell how large it is");
}

/// How much an erasable disc holds when it is blank.
uint64_t blank_capacity(Drive& drive, const Medium& medium, const std::optional<FormatCapacities>& formats) {
  if (is_cd(medium.profile)) {
    const auto answer = drive.toc(TocFormat::atip);
    Atip atip;
    // The lead-out's last possible start; the track has two run-out sectors before it.
    return fsi::load(answer, 0, atip) && lba_of(atip.last_lead_out_start) > 2 ? static_cast<uint64_t>(lba_of(atip.last_lead_out_start) - 2)
                                                                              : 0;
  }
  uint64_t most = 0;
  if (formats)
    for (const auto& entry : formats->formattable) most = std::max<uint64_t>(most, entry.blocks);
  return most;
}

/// What the disc itself says: who made it, whether it may be written to, where its layers part.
void read_structures(Drive& drive, Medium& medium) {
  if (is_cd(medium.profile)) return;
  const auto media = is_bd(medium.profile) ? StructureMedia::bd : StructureMedia::dvd;
  WriteProtectionStatus protection;
  if (fsi::load(drive.disc_structure(media, kWriteProtection), 0, protection) && protection.flags != 0)
    add(medium, kWriteProtected,
        protection.flags & WriteProtectionStatus::kCartridge ? "it is write-protected by the switch on its cartridge; move the switch"
                                                             : "it is write-protected; take off the protection, or take another disc");
  const auto text = [](const char* from, size_t length) {
    std::string out(from, length);
    out.erase(std::find(out.begin(), out.end(), '\0'), out.end());
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return fsi::printable(out);
  };
  if (media == StructureMedia::bd) {
    BdDiscInformation unit;
    if (fsi::load(drive.disc_structure(media, kBdDiscInformation), 0, unit))
      medium.maker = text(unit.manufacturer, sizeof unit.manufacturer);
  } else if (const auto bytes = drive.disc_structure(media, kDvdPhysical); !bytes.empty()) {
    DvdPhysicalFormat physical;
    if (fsi::load(bytes, 0, physical)) {
      const uint8_t book = physical.book >> 4;
      // Only the books of the + kinds have the maker at this place.
      if (book >= 9) medium.maker = text(physical.manufacturer, sizeof physical.manufacturer);
      if ((physical.layers >> 5 & 3) == 1 && physical.layer0_end > physical.data_start)
        medium.layer0 = physical.layer0_end - physical.data_start + 1;
    }
  }
  medium.m_disc = medium.maker.rfind("MILLEN", 0) == 0;
}

void decide_state(Medium& medium, const DiscInformation& disc, const std::optional<FormatCapacities>& formats) {
  switch (disc.disc_status()) {
    case DiscStatus::empty: medium.state = MediumState::blank; break;
    case DiscStatus::incomplete: medium.state = MediumState::appendable; break;
    case DiscStatus::finalized: medium.state = MediumState::closed; break;
    case DiscStatus::other: medium.state = MediumState::rewritable; break;
  }
  switch (medium.profile) {
    case Profile::dvd_ram:
    case Profile::dvd_plus_rw:
    case Profile::dvd_plus_rw_dl:
    case Profile::dvd_rw_overwrite:
    case Profile::bd_re:
      // These say "complete" when full and "appendable" when new; both mean that they can be written anywhere.
      medium.state = MediumState::rewritable;
      medium.status |= kOverwriteOnly;
      break;
    case Profile::cd_rom:
    case Profile::dvd_rom:
    case Profile::bd_rom: medium.state = MediumState::closed; break;
    case Profile::bd_r_srm:
      // Freshly formatted it says "appendable", with an empty session and nothing recorded.
      if (medium.state == MediumState::appendable && medium.tracks.empty() && disc.sessions() <= 1 &&
          disc.last_session_state() == SessionState::empty)
        medium.state = MediumState::blank;
      break;
    default: break;
  }
  medium.sessions = disc.sessions();
  // The number counts the session that is still empty or open, too.
  if (medium.sessions > 0 && (medium.state == MediumState::blank || medium.state == MediumState::appendable)) --medium.sessions;

  if (medium.state == MediumState::blank) medium.status |= kBlankMedium;
  if (medium.state == MediumState::appendable) medium.status |= kAppendable;
  if (medium.state == MediumState::closed && medium.erasable) {
    medium.status |= kFinalized;
    add(medium, kEraseRequired, "it is closed; burn erase makes it blank again, and --overwrite does so before it burns");
  } else if (medium.state == MediumState::closed) {
    add(medium, kFinalized, "it is closed, nothing can be added; take a blank disc");
  }
  if (medium.state == MediumState::appendable && disc.last_session_state() == SessionState::incomplete && !medium.tracks.empty() &&
      medium.tracks.back().session > medium.sessions)
    medium.status |= kOpenSession;
  if (disc.last_session_state() == SessionState::damaged)
    add(medium, kDamaged, "its last session was not closed properly, burning it was interrupted");
  // NWA and free space are of use where writing goes on at one place only.
  medium.formatted = formats && (formats->current.type & 3) == CurrentCapacity::formatted;
  if (medium.state == MediumState::rewritable) {
    take_size(medium, disc, formats);
  } else if (medium.state == MediumState::blank || medium.state == MediumState::appendable) {
    if (!medium.next_writable) {
      add(medium, kDamaged, "the drive tells no address to go on writing at; close it, and take another one");
      medium.free_sectors = 0;
    }
    medium.total_sectors = medium.next_writable.value_or(0) + medium.free_sectors;
  } else {
    medium.free_sectors = 0;
    medium.next_writable.reset();
    medium.open_track.reset();
    medium.total_sectors = recorded_end(medium);
  }
}
}  // namespace

Medium probe_medium(Drive& drive, const std::stop_token& stop) {
  Medium medium;
  drive.enter(Phase::probe);
  if (!wait_for_medium(drive, medium, stop)) return medium;

  const auto configuration = drive.configuration();
  if (!configuration)
    throw fsi::Error(fsi::ErrorKind::unsuitable, drive.name(), "looking at the disc",
                     "the drive is too old to tell what is in it (no GET CONFIGURATION)");
  medium.profile = configuration->profile;
  if (medium.profile == Profile::none) {
    medium.state = MediumState::unknown;
    add(medium, kUnsupported, "the drive does not recognise it; it may be upside down, dirty or of a kind the drive does not know");
    return medium;
  }
  medium.write_unit = ecc_sectors(medium.profile);
  if (const auto* feature = configuration->find(Feature::cd_track_at_once); feature && is_cd(medium.profile) && !feature->body.empty())
    medium.underrun_protection = (feature->body[0] & std::byte{CdTrackAtOnceFeature::kBufferUnderrunFree}) != std::byte{0};

  const auto disc = drive.disc_information();
  if (!disc) {
    medium.state = MediumState::unknown;
    add(medium, kUnsupported, "the drive tells nothing about its state");
    return medium;
  }
  medium.erasable = disc->erasable();
  medium.spare_areas = configuration->current(Feature::defect_management);
  const bool dvd_minus =
      medium.profile == Profile::dvd_r || medium.profile == Profile::dvd_rw_sequential || medium.profile == Profile::dvd_r_dl_sequential;
  medium.at_once_only = dvd_minus && configuration->find(Feature::incremental_streaming_writable) &&
                        !configuration->current(Feature::incremental_streaming_writable) && configuration->current(Feature::dvd_r_rw_write);
  read_tracks(drive, medium, *disc);
  find_open_track(drive, medium, *disc);
  // Of an empty session the track is empty, too, whatever a drive says of the track.
  if (medium.open_track && disc->last_session_state() == SessionState::empty) medium.open_track->blank = true;
  if (has_unended_track(medium))
    add(medium, kOpenSession, "track " + std::to_string(medium.open_track->number) + " was begun and not ended; burn close ends it");
  const auto formats = drive.format_capacities();
  decide_state(medium, *disc, formats);
  if (medium.erasable) medium.capacity_sectors = blank_capacity(drive, medium, formats);
  read_structures(drive, medium);
  if (!family_for(medium.profile)) add(medium, kUnsupported, "it is of a kind that burn cannot write yet (" + medium.name() + ")");

  for (const WriteSpeedKb& speed : drive.write_speeds()) {
    medium.write_speeds.push_back(speed.kb_per_second);
    if (speed.cav) medium.cav_speeds.push_back(speed.kb_per_second);
  }
  medium.write_speed = drive.current_write_speed(medium.profile);
  return medium;
}

}  // namespace rec
