// The recipe of a burn: one call after the other, each with its reason. What the calls do is in the rooms.
#include "librecorder/recorder.h"

#include <algorithm>
#include <utility>

#include "libfsi/base/progress.h"
#include "librecorder/content.h"
#include "librecorder/host/inhibit.h"
#include "librecorder/host/kernel_size.h"
#include "librecorder/locked_tray.h"
#include "librecorder/medium/erase.h"
#include "librecorder/open_drive.h"
#include "librecorder/pipeline/priority.h"
#include "librecorder/pipeline/pump.h"
#include "librecorder/plan/superblock.h"
#include "librecorder/set_speed.h"
#include "librecorder/teller.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;
using fsi::kSectorSize;

namespace {
SourceFacts peek_source(Input& input, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [&] { input.cancel(); });
  const auto head = input.peek(kPeekSectors * kSectorSize);
  fsi::check_stop(stop);
  return source_facts(input.name(), input.bytes(), head);
}

WritePlan plan_with(const DriveEntry& entry, Drive& drive, const Medium& medium, const SourceFacts& source, const BurnOptions& options) {
  WritePlan plan = make_plan(entry.node, medium, source, options, drive.transport().limits().max_bytes);
  if (options.buffer_bytes == 0) plan.buffer_bytes = modest_ring(plan.buffer_bytes);
  return plan;
}

/// Speed, tray and write parameters. Returns what the drive says about its speed.
std::optional<uint32_t> prepare_medium(Drive& drive, const Medium& medium, const WritePlan& plan, const WriteSettings& settings,
                                       std::vector<std::string>& notes) {
  drive.enter(Phase::prepare);
  const auto speed = set_speed(drive, plan.profile, plan.speed_kb, static_cast<fsi::Lba>(plan.start + plan.free_sectors - 1), notes);
  const fsi::Lba start = plan.family->open(drive, medium, settings);
  if (start != plan.start)
    throw Error(
        ErrorKind::failed, drive.name(), "opening the track",
        "the drive wants to write at LBA " + std::to_string(start) + " and not at " + std::to_string(plan.start) + " any more; try again");
  return speed;
}

/// The plan as far as the family has to know it.
WriteSettings settings_of(const WritePlan& plan, const Medium& medium) {
  WriteSettings settings;
  settings.xa = continues_as_xa(medium);
  settings.multi = plan.multi;
  settings.underrun_protection = plan.underrun_protection;
  settings.simulate = plan.simulate;
  settings.dvd_compat = plan.dvd_compat;
  settings.streaming = plan.streaming;
  settings.start = plan.start;
  if (plan.data_sectors) settings.sectors = *plan.data_sectors + plan.padding_after(*plan.data_sectors);
  settings.layer_break = plan.layer_break;
  settings.insist_on_layer_break = plan.insist_on_layer_break;
  return settings;
}

/// On media without sessions readers look at the start of the disc only: the descriptors of what was just written go there too.
void renew_start(Drive& drive, const WritePlan& plan, uint64_t end) {
  std::vector<std::byte> sectors(size_t{kDescriptorSectors} * kSectorSize);
  const auto copy = [&](uint64_t from, fsi::Lba to, size_t count, const auto& change) {
    const auto piece = std::span(sectors).first(count * kSectorSize);
    if (const Answer answer = drive.read(static_cast<fsi::Lba>(from), piece); !answer.good() || answer.residual)
      drive.fail("reading the volume descriptors back", answer);
    if (!change(piece)) return;
    if (const Answer answer = drive.write(to, piece); !answer.good() || answer.residual)
      drive.fail("writing the volume descriptors to the start of the disc", answer);
  };
  copy(uint64_t{plan.start} + kDescriptorSectors, kDescriptorSectors, kDescriptorSectors, [&](std::span<std::byte> piece) {
    move_descriptors(piece, static_cast<uint32_t>(end));
    return true;
  });
  // Whole ECC blocks; the anchor is the first sector of one.
  if (plan.start + kAnchorSector < end)
    copy(uint64_t{plan.start} + kAnchorSector, kAnchorSector, plan.rules.unit == 32 ? 1 : kDescriptorSectors,
         [](std::span<std::byte> piece) { return move_anchor(piece, kAnchorSector); });
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
  job.speeds_kb = speeds_up_to(speed_kb, medium);
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
    if (plan.rules.overwrites) {
      plan.family->close(drive, settings_of(plan, medium), {});
      return written + "; the disc can be written to again";
    }
    if (plan.simulate) return written + " in a simulation; the disc is as it was";
    if (plan.rules.needs_length)
      return written + "; a disc that is written at once cannot be ended early, it is lost unless it can be erased";
    // With the end of the first layer set, the disc has as much room as this burn needed and no more.
    if (plan.layer_break) return written + "; the track was ended, and what is free cannot hold this burn again";
    return written + "; the track was ended, the disc can take another session";
  } catch (const Error&) {
    if (plan.rules.overwrites) return written + "; what the disc holds now cannot be relied on, write it again";
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
  const Medium medium = look_at_medium(*open.drive, stop);
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
  Medium medium = look_at_medium(drive, stop);

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

  // From here on the disc stays in.
  std::optional<LockedTray> tray(std::in_place, drive);

  // What is on a rewritable disc goes only when all that could be refused was not.
  if (plan.erase_first) {
    teller.phase("erasing");
    drive.enter(Phase::format);
    erase_medium(
        drive, medium, *plan.erase_first, [&](std::optional<double> part) { teller.part(part); }, stop);
    medium = look_at_medium(drive, stop);
    BurnOptions then = options;
    then.overwrite = false;
    const bool erased = *plan.erase_first;
    report.plan = plan_with(entry, drive, medium, source, then);
    report.plan.erase_first = erased;
    fsi::check_stop(stop);
  }

  // Now the drive is told how the track will be written.
  WriteSettings settings = settings_of(plan, medium);
  report.speed_kb = prepare_medium(drive, medium, plan, settings, report.notes);

  // The ring is full before the first block is written: an early underrun is the one that is easy to avoid.
  const auto limit = plan.data_sectors ? std::optional(*plan.data_sectors * kSectorSize) : std::nullopt;
  const WriteJob job = job_of(plan, medium, settings, report.speed_kb);
  const auto tell = [&](const Written& so_far, const Ring& r) { teller.written(so_far.data_sectors, so_far, r); };
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
    plan.family->begin(drive, settings);
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
  if (plan.renews_start) {
    renew_start(drive, plan, plan.start + report.data_sectors);
    plan.family->end_track(drive, medium, closing);
  }
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
