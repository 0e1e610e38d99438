// The recipe of an audio or raw CD: one call after the other, each with its reason. MMC-6 annex on writing CDs; mode page 05 says how.
#include "librecorder/record_cd.h"

#include <algorithm>
#include <chrono>

#include "libfsi/base/progress.h"
#include "librecorder/cd/time.h"
#include "librecorder/cd_writer.h"
#include "librecorder/locked_tray.h"
#include "librecorder/medium/family.h"
#include "librecorder/medium/probe.h"
#include "librecorder/open_drive.h"
#include "librecorder/recorder.h"
#include "librecorder/scsi/feature.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;

namespace {

constexpr uint32_t kTrackPause = 152;  // what lies between two tracks written at once: run-out and pause

Error unsuitable(const std::string& drive, const std::string& why) { return {ErrorKind::unsuitable, drive, "choosing how to burn", why}; }

std::string length_text(uint64_t sectors) { return cd::time_text(sectors) + " (" + std::to_string(sectors) + " sectors)"; }

void check_medium(const std::string& drive, const Medium& medium, CdMode mode) {
  if (medium.state == MediumState::absent)
    throw unsuitable(drive,
                     medium.tray_open ? "the tray is open; put a blank CD in and close it" : "there is no disc in it; put a blank CD in");
  if (!is_cd(medium.profile)) throw unsuitable(drive, "the disc is " + medium.name() + " and this needs a CD-R or CD-RW; take one");
  if (medium.state == MediumState::closed)
    throw unsuitable(
        drive, "the disc is not blank and closed; take a blank one" + std::string(medium.erasable ? ", or erase it: burn erase" : ""));
  if (medium.state != MediumState::blank && mode != CdMode::track_at_once)
    throw unsuitable(drive, "the disc is not blank, and " + std::string(cd_mode_name(mode)) +
                                " needs one that is; take a blank one, or add tracks of audio with --mode tao");
  if (!medium.next_writable) throw unsuitable(drive, "the drive tells no address to write at; take another disc");
}

/// What the drive says it can do with this disc; a drive that says nothing is asked by doing.
void check_drive(Drive& drive, const CdPlan& plan) {
  const auto configuration = drive.configuration();
  if (!configuration) return;
  const bool tao = plan.mode == CdMode::track_at_once;
  const auto* feature = configuration->find(tao ? Feature::cd_track_at_once : Feature::cd_mastering);
  const uint8_t flags = feature && !feature->body.empty() ? std::to_integer<uint8_t>(feature->body[0]) : 0;
  const bool can =
      feature && feature->current && (tao || flags & (plan.mode == CdMode::raw_96 ? CdMasteringFeature::kRaw : CdMasteringFeature::kSao));
  if (!can)
    throw unsuitable(plan.drive, "this drive cannot write " + std::string(cd_mode_name(plan.mode)) + "; try " +
                                     (plan.mode == CdMode::raw_96 ? "--mode dao"
                                      : tao                       ? "--mode dao"
                                                                  : "--mode tao"));
  if (plan.simulate && !(flags & CdMasteringFeature::kTestWrite))
    throw unsuitable(plan.drive, "this drive cannot simulate; leave out --simulate");
}

/// Where the lead-in may begin and the lead-out at last: the disc's own pregroove tells.
void read_pregroove(Drive& drive, CdPlan& plan) {
  const auto bytes = drive.toc(TocFormat::atip);
  Atip atip;
  if (fsi::load(bytes, 0, atip)) {
    plan.lead_in_start = lba_of(atip.lead_in_start);
    plan.last_lead_out = lba_of(atip.last_lead_out_start);
  }
  const bool sensible = plan.lead_in_start < -static_cast<int32_t>(cd::kPregap) && plan.lead_in_start > -30000;
  if (!sensible && plan.mode == CdMode::raw_96)
    throw unsuitable(plan.drive, "the disc does not tell where its lead-in begins, and a raw disc must begin there; use --mode dao");
  if (!sensible) plan.lead_in_start = -11635;  // needed for CD-TEXT alone, and only to know how often it is repeated
}

/// The table of contents, three times each point, must have room before the program.
void check_lead_in(const CdPlan& plan, const cd::DiscLayout& layout) {
  const auto needed = static_cast<int32_t>(3 * (layout.tracks.size() + (plan.multi ? 5 : 3)));
  if (-static_cast<int32_t>(cd::kPregap) - plan.lead_in_start < needed)
    throw unsuitable(plan.drive, "lead-in too short: the disc has " + std::to_string(-150 - plan.lead_in_start) + " sectors for it and " +
                                     std::to_string(needed) + " are needed; take another disc");
}

CdPlan make_cd_plan(Drive& drive, const std::string& node, const Medium& medium, const cd::DiscLayout& layout,
                    const CdBurnOptions& options) {
  cd::check_recordable(layout);
  check_medium(node, medium, options.mode);
  CdPlan plan;
  plan.drive = node;
  plan.source = layout.name;
  plan.profile = medium.profile;
  plan.mode = options.mode;
  plan.multi = options.multi;
  plan.simulate = options.simulate;
  plan.underrun_protection = options.underrun_protection && medium.underrun_protection;
  plan.tracks = layout.tracks.size();
  plan.notes = layout.notes;
  plan.speed_kb = choose_speed(options.speed, medium);
  check_drive(drive, plan);
  read_pregroove(drive, plan);
  check_lead_in(plan, layout);
  plan.free_sectors = static_cast<uint32_t>(medium.free_sectors);
  plan.sectors = static_cast<uint32_t>(layout.lead_out());
  if (plan.mode == CdMode::track_at_once) {
    if (!layout.all_audio())
      throw Error(ErrorKind::usage, layout.name, "choosing how to burn",
                  "track at once is for audio alone; a disc with data needs --mode dao or raw");
    if (medium.tracks.size() + layout.tracks.size() > 99)
      throw Error(ErrorKind::usage, layout.name, "choosing how to burn",
                  "with the " + std::to_string(medium.tracks.size()) + " tracks on the disc there would be " +
                      std::to_string(medium.tracks.size() + layout.tracks.size()) + ", and a CD takes 99");
    plan.sectors = 0;
    for (const cd::Track& track : layout.tracks) plan.sectors += track.sectors - track.pregap + (plan.sectors ? kTrackPause : 0);
    if (!layout.cd_text.empty()) plan.notes.push_back("track at once has no CD-TEXT; use --mode dao for it");
    const bool gaps =
        std::any_of(layout.tracks.begin() + 1, layout.tracks.end(), [](const cd::Track& t) { return t.pregap != cd::kPregap; });
    if (gaps || layout.tracks.front().pregap != cd::kPregap)
      plan.notes.push_back(
          "track at once makes pauses of two seconds and nothing else; use --mode dao for other ones and for a hidden first track");
    if (std::any_of(layout.tracks.begin(), layout.tracks.end(), [](const cd::Track& t) { return !t.indexes.empty(); }))
      plan.notes.push_back("track at once has no indexes; use --mode dao for them");
  }
  if (plan.sectors > plan.free_sectors)
    throw unsuitable(node, "the disc is too small: " + layout.name + " needs " + length_text(plan.sectors) + ", " + medium.name() +
                               " has " + length_text(plan.free_sectors) + " free, " + length_text(plan.sectors - plan.free_sectors) +
                               " too few; take a larger one, or leave something out");
  return plan;
}

/// Writing as it goes, and what the caller is told of it.
class CdBurn {
 public:
  CdBurn(Drive& drive, const cd::DiscLayout& layout, const CdBurnOptions& options, CdReport& report, const BurnProgress& progress,
         std::stop_token stop)
      : drive_(drive),
        layout_(layout),
        plan_(report.plan),
        options_(options),
        report_(report),
        progress_(progress),
        stop_(std::move(stop)) {}

  void phase(std::string_view name) {
    event_.phase = name;
    event_.part.reset();
    tell();
  }

  void at_once() {
    cd::RawImageOptions image_options;
    image_options.lead_in_start = plan_.lead_in_start;
    if (plan_.multi) image_options.next_session = cd::RawImageOptions::NextSession{plan_.last_lead_out};
    const cd::RawImage image(layout_, image_options);
    const bool raw = plan_.mode == CdMode::raw_96;
    const auto stream = raw ? cd::raw_blocks(image) : cd::session_at_once_blocks(layout_, image);
    set_parameters(nullptr);
    if (!raw) send_cue_sheet();
    if (!plan_.simulate) drive_.calibrate_power();
    event_.total = static_cast<uint64_t>(stream->end() - stream->first());
    write(*stream, "the disc is lost, for it was to be written at once");
    // There is no session to be closed: the drive has, or was sent, all of it.
    drive_.enter(Phase::close);
    phase("closing");
    end_writing("writing the end of the session");
  }

  void tracks_at_once() {
    event_.total = plan_.sectors;
    for (size_t i = 0; i < layout_.tracks.size(); ++i) {
      const cd::Track& track = layout_.tracks[i];
      drive_.enter(Phase::prepare);
      set_parameters(&track);
      if (i == 0 && !plan_.simulate) drive_.calibrate_power();
      const fsi::Lba start = next_writable_address(drive_, TrackAddress::track, kInvisibleTrack);
      const auto stream = cd::track_at_once_blocks(track, static_cast<int32_t>(start));
      write(*stream, "tracks before this one are good; the disc can take more");
      drive_.enter(Phase::close);
      end_writing("ending track " + std::to_string(i + 1));
      if (plan_.simulate) break;  // a track that is not there has no next one
    }
    if (plan_.simulate) return;
    phase("closing");
    drive_.close_track_session(CloseFunction::session, 0);
    wait_ready(drive_, "closing the session", limit::kWholeOperation, [&](std::optional<double> part) { tell_part(part); });
  }

 private:
  /// Mode page 05 for the whole disc, or for one track of audio.
  void set_parameters(const cd::Track* track) {
    current_ = track;
    WriteParameters page;
    const uint8_t type = plan_.mode == CdMode::track_at_once     ? WriteParameters::track_at_once
                         : plan_.mode == CdMode::session_at_once ? WriteParameters::session_at_once
                                                                 : WriteParameters::raw;
    page.write_type_flags =
        type | (plan_.underrun_protection ? WriteParameters::kBufferUnderrunFree : 0) | (plan_.simulate ? WriteParameters::kTestWrite : 0);
    const uint8_t control = track ? track->control() : layout_.tracks.front().control() & cd::kControlIsData;
    page.track_mode_flags = (plan_.multi ? WriteParameters::next_session : WriteParameters::no_next_session) | control;
    page.block_type = plan_.mode == CdMode::raw_96 || (plan_.mode == CdMode::session_at_once && !layout_.cd_text.empty())
                          ? WriteParameters::raw_2352_rw
                          : WriteParameters::raw_2352;
    page.session_format = static_cast<uint8_t>(layout_.session_format);
    page.audio_pause_length = cd::kPregap;
    const auto code = [](fsi::U8(&field)[16], const std::string& text) {
      if (text.empty()) return;
      field[0] = 0x80;
      for (size_t i = 0; i < text.size(); ++i) field[i + 1] = static_cast<uint8_t>(text[i]);
    };
    if (track) {
      code(page.media_catalog_number, layout_.mcn);
      code(page.isrc, track->isrc);
    }
    if (const Answer answer = drive_.mode_select(fsi::bytes_of(page)); !answer.good())
      drive_.fail("setting the write parameters for " + std::string(cd_mode_name(plan_.mode)), answer);
  }

  void send_cue_sheet() {
    const auto sheet = cd::cue_sheet_of(layout_);
    const auto bytes = std::as_bytes(std::span(sheet));
    const auto configuration = drive_.configuration();
    const auto* feature = configuration ? configuration->find(Feature::cd_mastering) : nullptr;
    CdMasteringFeature mastering;
    if (feature && fsi::load(feature->body, 0, mastering) && mastering.max_cue_sheet_length &&
        bytes.size() > mastering.max_cue_sheet_length)
      throw unsuitable(plan_.drive,
                       "the drive takes cue sheets of " + std::to_string(mastering.max_cue_sheet_length / sizeof(CueSheetEntry)) +
                           " entries and this disc needs " + std::to_string(sheet.size()) + "; leave indexes out, or use --mode raw");
    if (const Answer answer = drive_.send_cue_sheet(bytes); !answer.good()) drive_.fail("sending the cue sheet", answer);
  }

  void write(const cd::BlockStream& stream, const std::string& lost) {
    CdWriter writer(drive_, options_.buffer_bytes, plan_.speed_kb.value_or(0), [this] { set_parameters(current_); });
    const uint64_t before = report_.blocks;
    const auto tell_written = [&](const CdWritten& written, const Ring& ring) {
      event_.done = before + written.blocks;
      event_.ring_fill = ring.fill();
      event_.ring_size = ring.capacity();
      event_.stops = written.stops;
      tell();
    };
    drive_.enter(Phase::write);
    phase("writing");
    const auto state = [&] { return state_of_the_disc(writer.written().blocks, lost); };
    bool all = false;
    try {
      all = writer.write(stream, tell_written, stop_);
    } catch (const DriveError& e) {
      const std::string disc = state();
      rescue();
      throw DriveError(e.kind(), e.where(), e.doing(), e.why() + " (" + disc + ")", e.answer());
    } catch (const Error& e) {
      const std::string disc = state();
      rescue();
      throw Error(e.kind(), e.where(), e.doing(), e.why() + " (" + disc + ")");
    }
    const CdWritten& written = writer.written();
    report_.blocks += written.blocks;
    report_.ring_size = written.ring_size;
    report_.lowest_fill = report_.lowest_fill ? std::min(report_.lowest_fill, written.lowest_fill) : written.lowest_fill;
    report_.stops += written.stops;
    report_.drive_waits += written.drive_waits;
    if (all) return;
    const std::string disc = state();
    rescue();
    throw Error(ErrorKind::interrupted, plan_.drive, "burning",
                "interrupted after " + std::to_string(written.blocks) + " sectors (" + disc + ")");
  }

  std::string state_of_the_disc(uint64_t blocks, const std::string& lost) const {
    if (blocks == 0 && report_.blocks == 0) return "nothing was written";
    return plan_.simulate ? "it was a simulation, the disc is as it was" : lost;
  }

  /// The drive comes to rest, whatever it has.
  void rescue() noexcept {
    try {
      drive_.enter(Phase::close);
      drive_.synchronize_cache();
      wait_ready(drive_, "coming to rest", limit::kWholeOperation);
    } catch (...) {
      // There is an error to be told already.
    }
  }

  void end_writing(const std::string& doing) {
    drive_.synchronize_cache();
    wait_ready(drive_, doing, limit::kWholeOperation, [&](std::optional<double> part) { tell_part(part); });
  }

  void tell_part(std::optional<double> part) {
    event_.part = part;
    tell();
  }

  void tell() {
    event_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    event_.bytes_per_second = event_.seconds > 0 ? static_cast<double>(event_.done) * fsi::kSectorSize / event_.seconds : 0;
    if (progress_) progress_(event_);
  }

  Drive& drive_;
  const cd::DiscLayout& layout_;
  const CdPlan& plan_;
  const CdBurnOptions& options_;
  CdReport& report_;
  const BurnProgress& progress_;
  std::stop_token stop_;
  const cd::Track* current_ = nullptr;
  BurnEvent event_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace

std::string_view cd_mode_name(CdMode mode) {
  switch (mode) {
    case CdMode::track_at_once: return "track at once";
    case CdMode::session_at_once: return "disc at once";
    default: return "raw (DAO-96)";
  }
}

CdPlan plan_cd(const DriveEntry& entry, const cd::DiscLayout& layout, const CdBurnOptions& options, const std::stop_token& stop) {
  OpenDrive open = open_drive(entry, Access::look);
  const Medium medium = probe_medium(*open.drive, stop);
  return make_cd_plan(*open.drive, entry.node, medium, layout, options);
}

CdReport burn_cd(const DriveEntry& entry, const cd::DiscLayout& layout, const CdBurnOptions& options, const BurnProgress& progress,
                 const std::stop_token& stop) {
  const auto began = std::chrono::steady_clock::now();
  CdReport report;
  // Nobody else may touch the drive until the disc is finished.
  OpenDrive open = open_drive(entry, Access::own);
  Drive& drive = *open.drive;
  const Medium medium = probe_medium(drive, stop);

  // All that can be refused is refused here, with the disc untouched.
  report.plan = make_cd_plan(drive, entry.node, medium, layout, options);
  report.notes = report.plan.notes;
  fsi::check_stop(stop);

  std::optional<LockedTray> tray(std::in_place, drive);
  drive.enter(Phase::prepare);
  if (report.plan.speed_kb &&
      !drive.set_write_speed(*report.plan.speed_kb, medium.profile, static_cast<fsi::Lba>(report.plan.free_sectors)).good())
    report.notes.push_back("the drive does not let its speed be set; it chooses one itself");
  CdBurn burn(drive, layout, options, report, progress, stop);
  burn.phase("preparing");
  if (report.plan.mode == CdMode::track_at_once)
    burn.tracks_at_once();
  else
    burn.at_once();
  if (const auto recovered = drive.take_recovered())
    report.notes.push_back("the drive had to try more than once: " + sense_text(*recovered));
  tray.reset();
  if (options.eject) drive.open_tray();
  burn.phase("done");
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return report;
}

}  // namespace rec
