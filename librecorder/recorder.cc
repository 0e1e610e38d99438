// The recipe of a burn: one call after the other, each with its reason. What the calls do is in the rooms.
#include "librecorder/recorder.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <utility>

#include "libfsi/base/progress.h"
#include "librecorder/host/inhibit.h"
#include "librecorder/host/kernel_size.h"
#include "librecorder/locked_tray.h"
#include "librecorder/medium/probe.h"
#include "librecorder/open_drive.h"
#include "librecorder/pipeline/priority.h"
#include "librecorder/pipeline/pump.h"

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
    event_.speed_kb = so_far.speed_kb;
    event_.stops = so_far.stops;
    tell();
  }
  void spooled(uint64_t bytes) {
    event_.done = bytes / kSectorSize;
    if (seconds_since(last_) >= 0.5) tell();
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

WritePlan plan_with(const DriveEntry& entry, Drive& drive, const Medium& medium, const SourceFacts& source, const BurnOptions& options) {
  WritePlan plan = make_plan(entry.node, medium, source, options, drive.transport().limits().max_bytes);
  // A ring that nobody asked for must not crowd out everything else.
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (options.buffer_bytes == 0 && pages > 0 && page > 0)
    plan.buffer_bytes =
        std::min(plan.buffer_bytes, std::max(static_cast<size_t>(pages) * static_cast<size_t>(page) / 8, 4 * Ring::kSmallest));
  return plan;
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
WriteJob job_of(const WritePlan& plan, const Medium& medium, const WriteSettings& settings, std::optional<uint32_t> speed_kb) {
  WriteJob job;
  job.start = plan.start;
  job.least_sectors = plan.least_sectors;
  job.free_sectors = plan.free_sectors;
  job.chunk_sectors = plan.chunk_sectors;
  job.unit = plan.rules.unit;
  job.padding_after = [&plan](uint64_t sectors) { return plan.padding_after(sectors); };
  job.settings = settings;
  job.profile = plan.profile;
  job.may_stop = plan.underrun_protection;
  // What the user or the drive has chosen is the ceiling; below it are the speeds the drive offers.
  if (speed_kb) job.speeds_kb.push_back(*speed_kb);
  for (const uint32_t offered : medium.write_speeds)
    if (!speed_kb || offered < *speed_kb * 0.95) job.speeds_kb.push_back(offered);
  return job;
}

/// May a disc be begun that an empty buffer would spoil?
bool sure(const Pump& pump, const Input& input) {
  return input.may_be_held_up() ? pump.ring.ended() : pump.writer.proven(input.bytes().has_value());
}

/// What is in the ring and all that follows, into a file; the disc is still as it was.
std::unique_ptr<FileInput> spool_late_source(Pump& pump, const WritePlan& plan, const BurnOptions& options, const SpoolProgress& progress,
                                             const std::stop_token& stop) {
  if (options.spool == BurnOptions::Spool::never)
    throw Error(
        ErrorKind::unsuitable, plan.drive, "burning " + plan.source,
        "this drive cannot wait for data, and the stream has not shown to be fast enough; leave out --no-spool, or burn from a file "
        "(nothing was written)");
  auto file =
      spool(pump.ring, plan.source, plan.data_sectors ? std::optional(*plan.data_sectors * kSectorSize) : std::nullopt, progress, stop);
  const uint64_t sectors = fsi::sectors_for(file->bytes().value_or(0));
  if (sectors < plan.least_sectors || sectors > plan.free_sectors || sectors == 0)
    throw Error(sectors > plan.free_sectors ? ErrorKind::unsuitable : ErrorKind::source, plan.source, "copying the stream",
                "it has " + std::to_string(sectors) + " sectors, and " +
                    (sectors > plan.free_sectors
                         ? "the disc has " + std::to_string(plan.free_sectors) + " free; take a larger one"
                         : std::to_string(std::max<uint64_t>(plan.least_sectors, 1)) + " are needed; find out why its sender stopped") +
                    " (nothing was written)");
  return file;
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
    case WriteEnd::late_source:
      return {ErrorKind::source, plan.source, "burning",
              "it fell silent after " + have + ", and this drive cannot wait for data; burn it again with --spool (" + disc + ")"};
    default: return {ErrorKind::interrupted, plan.drive, "burning", "interrupted after " + have + " (" + disc + ")"};
  }
}
}  // namespace

WritePlan plan_burn(const DriveEntry& entry, Input& input, const BurnOptions& options, const std::stop_token& stop) {
  OpenDrive open = open_drive(entry, Access::look);
  const Medium medium = probe_medium(*open.drive, stop);
  const SourceFacts source = peek_source(input, stop);
  return plan_with(entry, *open.drive, medium, source, options);
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
  report.plan = plan_with(entry, drive, medium, source, options);
  const WritePlan& plan = report.plan;
  report.notes = plan.notes;
  teller.expect(plan.data_sectors);
  fsi::check_stop(stop);

  // A machine that falls asleep spoils the disc.
  const Inhibit awake("burning " + source.name + " on " + medium.name() + " in " + entry.node);
  report.kept_awake = awake.held();
  const RealTime priority(!entry.is_virtual);  // a virtual drive is busy, not late

  // From here on the disc stays in, and the drive knows how the track will be written.
  std::optional<LockedTray> tray(std::in_place, drive);
  const WriteSettings settings{plan.multi, plan.underrun_protection};
  report.speed_kb = prepare_medium(drive, medium, plan, settings, report.notes);

  // The ring is full before the first block is written: an early underrun is the one that is easy to avoid.
  const auto limit = plan.data_sectors ? std::optional(*plan.data_sectors * kSectorSize) : std::nullopt;
  const WriteJob job = job_of(plan, medium, settings, report.speed_kb);
  const auto tell = [&](const Written& so_far, const Ring& r) { teller.written(so_far, r); };
  teller.phase("filling");
  std::unique_ptr<FileInput> spooled;  // outlives the pump
  std::optional<Pump> pump(std::in_place, input, plan.buffer_bytes, limit, drive, *plan.family, job, !entry.is_virtual, stop);
  pump->writer.fill_ring(tell, stop);
  report.source_rate = pump->writer.sustained();

  // Where an empty buffer spoils the disc, a source that has not shown to be fast enough goes through a file first.
  bool surplus = false;
  if (!plan.underrun_protection && !stop.stop_requested() && !sure(*pump, input)) {
    teller.phase("spooling");
    spooled = spool_late_source(
        *pump, plan, options, [&](uint64_t bytes) { teller.spooled(bytes); }, stop);
    surplus = pump->feeder.surplus(std::chrono::seconds(2));
    report.spooled = true;
    pump.emplace(*spooled, plan.buffer_bytes, limit, drive, *plan.family, job, !entry.is_virtual, stop);
    teller.phase("filling");
    pump->writer.fill_ring(tell, stop);
  }
  report.ring_size = pump->ring.capacity();
  report.ring_locked = pump->ring.locked_in_memory();
  Writer& writer = pump->writer;

  // The one part that cannot be undone.
  drive.enter(Phase::write);
  teller.phase("writing");
  const double writing_began = teller.seconds();
  Written written;
  try {
    written = writer.write(tell, stop);
  } catch (const DriveError& e) {
    input.cancel();  // others may read it too, and need not wait until this disc is rescued
    throw DriveError(e.kind(), e.where(), e.doing(), e.why() + " (" + rescue(drive, medium, plan, writer.acknowledged()) + ")", e.answer());
  }
  report.data_sectors = written.data_sectors;
  report.padding_sectors = written.padding_sectors;
  report.lowest_fill = written.lowest_fill;
  report.stops = written.stops;
  report.drive_waits = written.drive_waits;
  report.speeds = written.speeds;
  report.seconds_lost = written.seconds_lost;
  if (written.speed_refused) report.notes.push_back("the drive does not let its speed be changed while it writes");
  if (written.end != WriteEnd::complete && written.end != WriteEnd::odd_source) {
    input.cancel();
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
  if (surplus || pump->feeder.surplus(std::chrono::seconds(2)))
    report.notes.push_back(
        "the stream goes on after the end of its volume; that part was not burned (burn it from a file, or with --spool, to have it all)");
  if (const auto recovered = drive.take_recovered())
    report.notes.push_back("the drive had trouble and recovered from it: " + sense_text(*recovered));
  if (plan.eject)
    drive.open_tray();
  else if (const auto known = kernel_sectors(entry.block_node); known && *known < plan.start + report.data_sectors)
    report.notes.push_back("the kernel has not noticed what is on the disc now; to mount it: burn eject, then burn load");
  report.seconds = teller.seconds();
  teller.phase("done");
  return report;
}

}  // namespace rec
