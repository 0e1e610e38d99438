// The recipe of an audio or raw CD: one call after the other, each with its reason. MMC-6 annex on writing CDs; mode page 05 says how.
#include "librecorder/record_cd.h"

#include <algorithm>
#include <set>

#include "libfsi/base/progress.h"
#include "librecorder/cd_input.h"
#include "librecorder/cd_writer.h"
#include "librecorder/host/inhibit.h"
#include "librecorder/locked_tray.h"
#include "librecorder/medium/family.h"
#include "librecorder/medium/probe.h"
#include "librecorder/open_drive.h"
#include "librecorder/pipeline/feeder.h"
#include "librecorder/pipeline/priority.h"
#include "librecorder/pipeline/spool.h"
#include "librecorder/plan_cd.h"
#include "librecorder/recorder.h"
#include "librecorder/scsi/feature.h"
#include "librecorder/set_speed.h"
#include "librecorder/teller.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;

namespace {

constexpr uint32_t kShortestTrack = 300;  // four seconds, by the Orange Book

std::string counted(uint64_t n, const char* one) { return std::to_string(n) + " " + one + (n == 1 ? "" : "s"); }

/// Files, ring and drive joined; see pipeline/pump.h.
struct CdPump {
  CdPump(Input& input, size_t ring_bytes, Drive& drive, const cd::BlockStream& stream, const PaceFacts& facts, PacedDrive::Resend resend,
         bool real_time, const std::stop_token& stop)
      : ring(ring_bytes),
        writer(drive, ring, stream, facts, std::move(resend)),
        feeder(input, ring, std::nullopt, real_time),
        wake(stop, [this, &input] {
          ring.cancel();
          input.cancel();
        }) {}

  Ring ring;
  CdWriter writer;
  Feeder feeder;
  std::stop_callback<std::function<void()>> wake;
};

/// Writing as it goes, and what became of the disc when it does not.
class CdBurn {
 public:
  CdBurn(Drive& drive, const DriveEntry& entry, const Medium& medium, const cd::DiscLayout& layout, const CdBurnOptions& options,
         CdReport& report, Teller& teller, std::stop_token stop)
      : drive_(drive),
        entry_(entry),
        medium_(medium),
        layout_(layout),
        plan_(report.plan),
        options_(options),
        report_(report),
        teller_(teller),
        stop_(std::move(stop)) {}

  /// Everything from the write parameters to the closed session. Whatever fails, the drive is brought to rest and the error tells what
  /// became of the disc.
  void run() {
    try {
      if (plan_.mode == CdMode::track_at_once)
        tracks_at_once();
      else
        at_once();
    } catch (const DriveError& e) {
      throw DriveError(e.kind(), e.where(), e.doing(), e.why() + " (" + rescue() + ")", e.answer());
    } catch (const Error& e) {
      throw Error(e.kind(), e.where(), e.doing(), e.why() + " (" + rescue() + ")");
    }
  }

 private:
  enum class Stage : uint8_t { preparing, writing, ending, closing };

  void at_once() {
    cd::RawImageOptions image_options;
    image_options.lead_in_start = plan_.lead_in_start;
    if (plan_.multi) image_options.next_session = cd::RawImageOptions::NextSession{plan_.last_lead_out};
    image_.emplace(layout_, image_options);
    const bool raw = plan_.mode == CdMode::raw_96;
    stream_ = raw ? cd::raw_blocks(*image_) : cd::session_at_once_blocks(layout_, *image_);
    drive_.enter(Phase::prepare);
    set_parameters(nullptr);
    if (!raw) send_cue_sheet();
    if (!plan_.simulate) drive_.calibrate_power();
    teller_.expect(static_cast<uint64_t>(stream_->end() - stream_->first()));
    write();
    // There is no session to be closed: the drive has, or was sent, all of it.
    stage_ = Stage::ending;
    drive_.enter(Phase::close);
    teller_.phase("closing");
    end_writing("writing the end of the session");
  }

  void tracks_at_once() {
    uint64_t blocks = 0;
    for (const cd::Track& track : layout_.tracks) blocks += std::max(track.sectors - track.pregap, kShortestTrack);
    teller_.expect(blocks);
    fsi::Lba end = 0;
    for (const cd::Track& track : layout_.tracks) {
      fsi::check_stop(stop_);
      stage_ = Stage::preparing;
      drive_.enter(Phase::prepare);
      set_parameters(&track);
      if (tracks_done_ == 0 && !plan_.simulate) drive_.calibrate_power();
      const fsi::Lba start = next_writable_address(drive_, TrackAddress::track, kInvisibleTrack);
      if (start < end)
        throw Error(ErrorKind::failed, plan_.drive, "opening track " + std::to_string(tracks_done_ + 1),
                    "the drive goes on at LBA " + std::to_string(start) +
                        ", before the end of the track it has just written; the disc was changed");
      stream_ = cd::track_at_once_blocks(track, static_cast<int32_t>(start));
      end = static_cast<fsi::Lba>(stream_->end());
      write();
      stage_ = Stage::ending;
      drive_.enter(Phase::close);
      end_writing("ending track " + std::to_string(tracks_done_ + 1));
      ++tracks_done_;
      if (plan_.simulate) return;  // a track that is not there has no next one
    }
    stage_ = Stage::closing;
    teller_.phase("closing");
    // Closes the disc as well when the write parameters said that no session follows.
    drive_.close_track_session(CloseFunction::session, 0);
    wait_ready(drive_, "closing the session", limit::kWholeOperation, [&](std::optional<double> part) { teller_.part(part); });
  }

  /// Mode page 05 for the whole disc, or for one track of audio.
  void set_parameters(const cd::Track* track) {
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
    parameters_ = page;
    send_parameters();
  }

  void send_parameters() {
    if (const Answer answer = drive_.mode_select(fsi::bytes_of(parameters_)); !answer.good() || answer.residual)
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
      throw Error(ErrorKind::unsuitable, plan_.drive, "sending the cue sheet",
                  "the drive takes cue sheets of " + std::to_string(mastering.max_cue_sheet_length / sizeof(CueSheetEntry)) +
                      " entries and this disc needs " + std::to_string(sheet.size()) + "; leave indexes out, or use --mode raw");
    if (const Answer answer = drive_.send_cue_sheet(bytes); !answer.good() || answer.residual) drive_.fail("sending the cue sheet", answer);
  }

  /// The blocks of the disc, or of one track.
  void write() {
    blocks_.emplace(*stream_, plan_.source);
    tell_ = [this, before = report_.blocks, lost = report_.seconds_lost](const CdWritten& so_far, const Ring& ring) {
      teller_.track(track_after(so_far.blocks), static_cast<uint32_t>(plan_.tracks));
      teller_.written(before + so_far.blocks, so_far, ring);
      report_.seconds_lost = lost + so_far.seconds_lost;
    };
    fill_ring(*blocks_);
    report_.source_rate = blocks_->rate();
    // Where an empty buffer spoils the disc, files that have not shown to be fast enough go through one that is at hand.
    if (!plan_.underrun_protection && !stop_.stop_requested() && !proven()) {
      if (options_.spool == BurnOptions::Spool::never)
        throw Error(ErrorKind::unsuitable, plan_.drive, "burning " + plan_.source,
                    "this drive cannot wait for data, and the files have not shown to be fast enough; leave out --no-spool, or copy them "
                    "to a faster disk");
      teller_.phase("spooling");
      auto file = spool(
          pump_->ring, plan_.source, blocks_->bytes(), [&](uint64_t bytes) { teller_.spooled(bytes); }, stop_);
      pump_.reset();
      spooled_ = std::move(file);
      report_.spooled = true;
      fill_ring(*spooled_);
    }
    fsi::check_stop(stop_);
    report_.ring_size = pump_->ring.capacity();
    report_.ring_locked = pump_->ring.locked_in_memory();
    stage_ = Stage::writing;
    drive_.enter(Phase::write);
    teller_.phase("writing");
    const double began = teller_.seconds();
    try {
      pump_->writer.write(tell_, stop_);
    } catch (...) {
      add_up();
      throw;
    }
    report_.writing_seconds += teller_.seconds() - began;
    add_up();
    end_early();
    pump_.reset();
  }

  /// May a disc be begun that an empty buffer would spoil? Only if all of it is in the ring, or the files themselves have shown to be
  /// twice as fast as the slowest speed. Lead-in and silence fill the ring faster than any file, and prove nothing.
  bool proven() const {
    const auto slowest = static_cast<double>(pump_->writer.slowest_rate());
    return pump_->ring.ended() || (slowest > 0 && blocks_->rate() >= 2 * slowest);
  }

  void fill_ring(Input& input) {
    PaceFacts facts;
    facts.profile = plan_.profile;
    facts.last = static_cast<fsi::Lba>(plan_.free_sectors - 1);
    facts.speeds_kb = speeds_up_to(report_.first_speed_kb, medium_);
    facts.may_stop = plan_.underrun_protection;
    pump_ = std::make_unique<CdPump>(
        input, plan_.buffer_bytes, drive_, *stream_, facts, [this] { send_parameters(); }, !entry_.is_virtual, stop_);
    teller_.phase("filling");
    pump_->writer.fill_ring(tell_, stop_);
  }

  /// The track of the sector that comes after so many blocks, as Teller::track() counts.
  uint32_t track_after(uint64_t blocks) const {
    if (!image_) return static_cast<uint32_t>(tracks_done_ + 1);
    const uint8_t track = image_->place_of(stream_->first() + static_cast<int32_t>(blocks)).track;
    return track == cd::kLeadOutNumber ? static_cast<uint32_t>(plan_.tracks + 1) : track;
  }

  /// What the writer has seen, into the report.
  void add_up() {
    const CdWritten& written = pump_->writer.written();
    report_.lowest_fill = tracks_done_ ? std::min(report_.lowest_fill, written.lowest_fill) : written.lowest_fill;
    report_.stops += written.stops;
    report_.drive_waits += written.drive_waits;
    report_.speed_kb = written.speed_kb;
    for (const SpeedChange& change : written.speeds) report_.speeds.push_back({report_.blocks + change.sectors, change.kb_per_second});
    if (written.speed_refused && !report_.speed_refused) {
      report_.speed_refused = true;
      report_.notes.push_back("the drive does not let its speed be changed while it writes");
    }
    report_.blocks += written.blocks;
  }

  /// The files or the user ended it before the last block.
  void end_early() {
    const CdWritten& written = pump_->writer.written();
    const std::string after = " after " + counted(written.blocks, "sector");
    // Ctrl-C may have been seen as the end of the files first.
    const WriteEnd end = written.end != WriteEnd::complete && stop_.stop_requested() ? WriteEnd::interrupted : written.end;
    switch (end) {
      case WriteEnd::complete: return;
      case WriteEnd::interrupted: throw Error(ErrorKind::interrupted, plan_.drive, "burning", "interrupted" + after);
      case WriteEnd::broken_source: try { std::rethrow_exception(written.source_error);
        } catch (const Error&) {
          throw;
        } catch (const std::exception& e) {
          throw Error(ErrorKind::source, plan_.source, "reading", e.what());
        }
      case WriteEnd::late_source:
        throw Error(ErrorKind::source, plan_.source, "burning",
                    "its files fell silent" + after + ", and this drive cannot wait for data; copy them to a faster disk and burn again");
      default: throw Error(ErrorKind::source, plan_.source, "burning", "its blocks ended" + after + " and more were to come");
    }
  }

  void end_writing(const std::string& doing) {
    drive_.synchronize_cache();
    wait_ready(drive_, doing, limit::kWholeOperation, [&](std::optional<double> part) { teller_.part(part); });
  }

  /// The drive comes to rest, and tracks are ended as far as it goes along. Returns what became of the disc.
  std::string rescue() noexcept {
    const uint64_t blocks = pump_ ? pump_->writer.written().blocks : 0;
    // The first WRITE may have been taken in part, or without an answer.
    if (report_.blocks == 0 && (stage_ != Stage::writing || status() == DiscStatus::empty)) return "nothing was written";
    bool rested = true;
    try {
      drive_.enter(Phase::close);
      if (plan_.mode == CdMode::track_at_once && stage_ == Stage::writing) fill_up_track();
      end_writing("coming to rest");
    } catch (...) {
      rested = false;  // there is an error to be told already
    }
    if (plan_.simulate) return "it was a simulation, the disc is as it was";
    if (plan_.mode != CdMode::track_at_once) return state_at_once();
    return state_of_tracks(blocks, rested);
  }

  /// A track that is too short cannot be ended. The drive may have taken more of it than it has acknowledged.
  void fill_up_track() {
    const int64_t least = int64_t{stream_->first()} + kShortestTrack;
    const int64_t at = plan_.simulate ? stream_->first() + static_cast<int64_t>(pump_->writer.written().blocks)
                                      : next_writable_address(drive_, TrackAddress::track, kInvisibleTrack);
    if (at >= stream_->first() && at < least) pump_->writer.fill_up(static_cast<int32_t>(at), static_cast<uint32_t>(least - at));
  }

  std::string state_at_once() const {
    const std::string lost = std::string("the disc is lost") + (medium_.erasable ? ", but can be erased: burn erase" : "");
    if (stage_ == Stage::writing && report_.blocks == 0)
      return status() ? "the first sectors were written in part; " + lost : "what became of the disc the drive does not tell";
    if (stage_ == Stage::writing)
      return counted(report_.blocks, "sector") + " were written; what is written at once cannot be ended early, " + lost;
    return "all of it was sent, and the drive did not say that it has written the end; unless burn info shows the disc as closed, " + lost;
  }

  std::string state_of_tracks(uint64_t blocks, bool rested) const {
    const std::string done = tracks_done_ == 0   ? ""
                             : tracks_done_ == 1 ? "track 1 is complete, "
                                                 : "tracks 1 to " + std::to_string(tracks_done_) + " are complete, ";
    const std::string now = "track " + std::to_string(tracks_done_ + 1);
    std::string text = done;
    if (stage_ == Stage::writing)
      text += now + (rested ? " was ended after " : " could not be ended after ") + counted(blocks, "sector") + ", ";
    if (stage_ == Stage::ending) text += now + (rested ? " was ended, " : " could not be ended, ");
    if (!rested) return text + "the disc is probably lost";
    return text + (takes_more() ? "the session is open: the disc can take more tracks, with --mode tao"
                                : "what the disc can still take the drive does not tell");
  }

  /// What the drive says of the disc now; nothing when it says nothing.
  std::optional<DiscStatus> status() const noexcept {
    try {
      drive_.enter(Phase::probe);
      const auto disc = drive_.disc_information();
      return disc ? std::optional(disc->disc_status()) : std::nullopt;
    } catch (...) {
      return std::nullopt;
    }
  }
  bool takes_more() const noexcept {
    try {
      if (status() != DiscStatus::incomplete) return false;
      next_writable_address(drive_, TrackAddress::track, kInvisibleTrack);
      return true;
    } catch (...) {
      return false;
    }
  }

  Drive& drive_;
  const DriveEntry& entry_;
  const Medium& medium_;
  const cd::DiscLayout& layout_;
  const CdPlan& plan_;
  const CdBurnOptions& options_;
  CdReport& report_;
  Teller& teller_;
  const std::stop_token stop_;
  WriteParameters parameters_;
  Stage stage_ = Stage::preparing;
  size_t tracks_done_ = 0;
  // Each outlives those below it: the pump's thread reads from all of them.
  CdWriter::Progress tell_;
  std::optional<cd::RawImage> image_;
  std::unique_ptr<cd::BlockStream> stream_;
  std::optional<CdInput> blocks_;
  std::unique_ptr<FileInput> spooled_;
  std::unique_ptr<CdPump> pump_;
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
  Teller teller(progress);
  teller.phase("preparing");

  // Nobody else may touch the drive until the disc is finished.
  OpenDrive open = open_drive(entry, Access::own);
  Drive& drive = *open.drive;
  const Medium medium = probe_medium(drive, stop);

  // All that can be refused is refused here, with the disc untouched.
  CdReport report;
  report.plan = make_cd_plan(drive, entry.node, medium, layout, options);
  report.notes = report.plan.notes;
  fsi::check_stop(stop);

  std::set<const cd::ByteSource*> checked;
  for (const cd::Track& track : layout.tracks)
    for (const cd::Part& part : track.parts)
      if (part.source && checked.insert(part.source.get()).second) part.source->check(stop);

  // A machine that falls asleep spoils the disc.
  const Inhibit awake("burning " + layout.name + " on " + medium.name() + " in " + entry.node);
  report.kept_awake = awake.held();
  const RealTime priority(!entry.is_virtual);  // a virtual drive is busy, not late

  // From here on the disc stays in.
  std::optional<LockedTray> tray(std::in_place, drive);
  drive.enter(Phase::prepare);
  report.first_speed_kb =
      set_speed(drive, medium.profile, report.plan.speed_kb, static_cast<fsi::Lba>(report.plan.free_sectors - 1), report.notes);
  CdBurn(drive, entry, medium, layout, options, report, teller, stop).run();
  if (const auto recovered = drive.take_recovered())
    report.notes.push_back("the drive had trouble and recovered from it: " + sense_text(*recovered));
  drive.enter(Phase::probe);
  tray.reset();
  if (options.eject) drive.open_tray();
  report.seconds = teller.seconds();
  teller.phase("done");
  return report;
}

}  // namespace rec
