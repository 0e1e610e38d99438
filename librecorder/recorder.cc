// The recipe of a burn: one call after the other, each with its reason. What the calls do is in the rooms.
#include "librecorder/recorder.h"

#include <cstdio>
#include <deque>
#include <utility>

#include "libfsi/base/progress.h"
#include "librecorder/locked_tray.h"
#include "librecorder/medium/probe.h"
#include "librecorder/open_drive.h"
#include "librecorder/pipeline/feeder.h"
#include "librecorder/pipeline/ring.h"
#include "librecorder/pipeline/writer.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;
using fsi::kSectorSize;
using SteadyClock = std::chrono::steady_clock;

namespace {
double seconds_since(SteadyClock::time_point then) { return std::chrono::duration<double>(SteadyClock::now() - then).count(); }

/// Tells the caller how it goes.
class Teller {
 public:
  explicit Teller(const BurnProgress& progress) : progress_(progress) {}

  void phase(std::string_view name) {
    event_.phase = name;
    event_.part.reset();
    tell();
  }
  void expect(std::optional<uint64_t> sectors) { event_.total = sectors; }
  void written(const Written& so_far, const Ring& ring) {
    event_.done = so_far.data_sectors;
    event_.ring_fill = ring.fill();
    event_.ring_size = ring.capacity();
    tell();
  }
  void part(std::optional<double> part) {
    event_.part = part;
    if (seconds_since(last_) >= 0.5) tell();
  }
  double seconds() const { return seconds_since(began_); }

 private:
  void tell() {
    last_ = SteadyClock::now();
    event_.seconds = seconds();
    // The rate of the last few seconds: steady enough to read, quick enough to be true.
    recent_.push_back({event_.seconds, event_.done});
    while (recent_.size() > 2 && event_.seconds - recent_.front().seconds > 5) recent_.pop_front();
    const double span = event_.seconds - recent_.front().seconds;
    event_.bytes_per_second = span > 0 ? static_cast<double>((event_.done - recent_.front().sectors) * kSectorSize) / span : 0;
    if (progress_) progress_(event_);
  }

  struct Sample {
    double seconds;
    uint64_t sectors;
  };
  const BurnProgress& progress_;
  BurnEvent event_;
  SteadyClock::time_point began_ = SteadyClock::now(), last_{};
  std::deque<Sample> recent_;
};

SourceFacts peek_source(Input& input, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [&] { input.cancel(); });
  const auto head = input.peek(kPeekSectors * kSectorSize);
  fsi::check_stop(stop);
  return source_facts(input.name(), input.bytes(), head);
}

/// Speed, tray and write parameters. Returns what the drive says about its speed.
std::optional<uint32_t> prepare_medium(Drive& drive, const Medium& medium, const WritePlan& plan, const WriteSettings& settings,
                                       std::vector<std::string>& notes) {
  drive.enter(Phase::prepare);
  if (plan.speed_kb) {
    const auto last = static_cast<fsi::Lba>(plan.start + plan.free_sectors - 1);
    if (!drive.set_write_speed(*plan.speed_kb, plan.profile, last).good())
      notes.push_back("the drive does not let its speed be set; it chooses one itself");
  }
  const auto speed = drive.current_write_speed(plan.profile);
  // Drives count a little differently in each command that tells a speed.
  if (plan.speed_kb && *plan.speed_kb != 0xFFFF && speed && (*speed > *plan.speed_kb * 1.1 || *speed < *plan.speed_kb * 0.9)) {
    char text[96];
    std::snprintf(text, sizeof text, "the drive chose speed %.1fx and not %.1fx", *speed / speed_1x(plan.profile),
                  *plan.speed_kb / speed_1x(plan.profile));
    notes.emplace_back(text);
  }
  const fsi::Lba start = plan.family->open(drive, medium, settings);
  if (start != plan.start)
    throw Error(
        ErrorKind::failed, drive.name(), "opening the track",
        "the drive wants to write at LBA " + std::to_string(start) + " and not at " + std::to_string(plan.start) + " any more; try again");
  return speed;
}

/// The plan as far as the writer has to know it.
WriteJob job_of(const WritePlan& plan, const WriteSettings& settings, std::optional<uint32_t> speed_kb) {
  WriteJob job;
  job.start = plan.start;
  job.least_sectors = plan.least_sectors;
  job.free_sectors = plan.free_sectors;
  job.chunk_sectors = plan.chunk_sectors;
  job.unit = plan.rules.unit;
  job.padding_after = [&plan](uint64_t sectors) { return plan.padding_after(sectors); };
  job.settings = settings;
  job.kb_per_second = speed_kb.value_or(0);
  return job;
}

std::string sectors_text(uint64_t sectors) { return std::to_string(sectors) + (sectors == 1 ? " sector" : " sectors"); }

/// Ends the track of a burn that has failed, as far as the drive goes along, and tells what became of the disc.
std::string rescue(Drive& drive, const Medium& medium, const WritePlan& plan, uint64_t acknowledged) {
  if (acknowledged == 0) return "nothing was written";
  drive.enter(Phase::close);
  const std::string written = sectors_text(acknowledged) + " were written, up to LBA " + std::to_string(plan.start + acknowledged - 1);
  try {
    plan.family->end_track(drive, medium, {});
    return written + "; the track was ended, the disc can take another session";
  } catch (const Error&) {
    return written + "; the track could not be ended, the disc is probably lost";
  }
}

/// The source or the user ended the burn early; the drive is fine. The track is ended and nothing is closed.
Error early_end(const Written& written, const WritePlan& plan, const std::string& disc) {
  const std::string have = sectors_text(written.data_sectors);
  switch (written.end) {
    case WriteEnd::short_source:
      return {ErrorKind::source, plan.source, "burning",
              "it ended after " + have + ", its volume has " + sectors_text(plan.least_sectors) +
                  "; find out why its sender stopped, and burn it again (" + disc + ")"};
    case WriteEnd::broken_source: try { std::rethrow_exception(written.source_error);
      } catch (const Error& e) {
        return {e.kind(), e.where(), e.doing(), e.why() + " (" + disc + ")"};
      } catch (const std::exception& e) {
        return {ErrorKind::source, plan.source, "reading", std::string(e.what()) + " (" + disc + ")"};
      }
    case WriteEnd::medium_full:
      return {ErrorKind::unsuitable, plan.drive, "burning " + plan.source,
              "the disc is full after " + have + " and more was to come; take a larger one (" + disc + ")"};
    default: return {ErrorKind::interrupted, plan.drive, "burning", "interrupted after " + have + " (" + disc + ")"};
  }
}
}  // namespace

WritePlan plan_burn(const DriveEntry& entry, Input& input, const BurnOptions& options, const std::stop_token& stop) {
  OpenDrive open = open_drive(entry, Access::look);
  const Medium medium = probe_medium(*open.drive, stop);
  const SourceFacts source = peek_source(input, stop);
  return make_plan(entry.node, medium, source, options, open.drive->transport().limits().max_bytes);
}

WriteReport burn(const DriveEntry& entry, Input& input, const BurnOptions& options, const BurnProgress& progress,
                 const std::stop_token& stop) {
  Teller teller(progress);
  teller.phase("preparing");

  // Nobody else may touch the drive until the disc is finished.
  OpenDrive open = open_drive(entry, Access::own);
  Drive& drive = *open.drive;

  // What is in the drive now decides how it is written; nothing remembered from before counts.
  const Medium medium = probe_medium(drive, stop);

  // The stream's own volume descriptors tell its size, also on a pipe, and for which session it was made.
  const SourceFacts source = peek_source(input, stop);

  // All that can be refused is refused here, with the disc untouched.
  WriteReport report;
  report.plan = make_plan(entry.node, medium, source, options, drive.transport().limits().max_bytes);
  const WritePlan& plan = report.plan;
  report.notes = plan.notes;
  teller.expect(plan.data_sectors);
  fsi::check_stop(stop);

  // From here on the disc stays in, and the drive knows how the track will be written.
  std::optional<LockedTray> tray(std::in_place, drive);
  const WriteSettings settings{plan.multi, plan.underrun_protection};
  report.speed_kb = prepare_medium(drive, medium, plan, settings, report.notes);

  // The ring is full before the first block is written: an early underrun is the one that is easy to avoid.
  Ring ring(plan.buffer_bytes);
  report.ring_size = ring.capacity();
  report.ring_locked = ring.locked_in_memory();
  const auto limit = plan.data_sectors ? std::optional(*plan.data_sectors * kSectorSize) : std::nullopt;
  Feeder feeder(input, ring, limit);
  const std::stop_callback wake(stop, [&] {
    ring.cancel();
    input.cancel();
  });
  Writer writer(drive, *plan.family, ring, job_of(plan, settings, report.speed_kb));
  const auto tell = [&](const Written& so_far, const Ring& r) { teller.written(so_far, r); };
  teller.phase("filling");
  writer.fill_ring(tell, stop);

  // The one part that cannot be undone.
  drive.enter(Phase::write);
  teller.phase("writing");
  const double writing_began = teller.seconds();
  Written written;
  try {
    written = writer.write(tell, stop);
  } catch (const DriveError& e) {
    throw DriveError(e.kind(), e.where(), e.doing(), e.why() + " (" + rescue(drive, medium, plan, writer.acknowledged()) + ")", e.answer());
  }
  report.data_sectors = written.data_sectors;
  report.padding_sectors = written.padding_sectors;
  report.lowest_fill = written.lowest_fill;
  report.stops = written.stops;
  report.drive_waits = written.drive_waits;
  if (written.end != WriteEnd::complete && written.end != WriteEnd::odd_source) {
    const std::string disc = rescue(drive, medium, plan, writer.acknowledged());
    // Ctrl-C reaches the sender of a pipe as well, and its end may have been seen before the stop was.
    if (stop.stop_requested()) written.end = WriteEnd::interrupted;
    throw early_end(written, plan, disc);
  }

  // Without lead-out and without its place in the table of contents a track cannot be found by other drives.
  drive.enter(Phase::close);
  teller.phase("closing");
  const auto closing = [&](std::optional<double> part) { teller.part(part); };
  plan.family->end_track(drive, medium, closing);
  report.writing_seconds = teller.seconds() - writing_began;
  plan.family->close(drive, settings, closing);

  // The disc is done. What is left is to let go of it and to tell.
  drive.enter(Phase::probe);
  tray.reset();
  if (written.end == WriteEnd::odd_source)
    throw Error(ErrorKind::source, plan.source, "burning",
                "it ended in the middle of a sector of 2048 bytes; the disc has all of it, filled up with zeros, and is closed, but check "
                "whether the stream was cut off");
  if (feeder.surplus(std::chrono::seconds(2)))
    report.notes.push_back(
        "the stream goes on after the end of its volume; that part was not burned (burn it from a file, or with --spool, to have it all)");
  if (const auto recovered = drive.take_recovered())
    report.notes.push_back("the drive had trouble and recovered from it: " + sense_text(*recovered));
  if (plan.eject) drive.open_tray();
  report.seconds = teller.seconds();
  teller.phase("done");
  return report;
}

}  // namespace rec
