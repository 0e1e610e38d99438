// The recipes of erasing and of formatting a disc. What that takes on each kind of medium is in medium/.
#include "librecorder/medium/erase.h"

#include <utility>

#include "librecorder/content.h"
#include "librecorder/locked_tray.h"
#include "librecorder/medium/format.h"
#include "librecorder/open_drive.h"
#include "librecorder/recorder.h"

namespace rec {

namespace {
using SteadyClock = std::chrono::steady_clock;

/// Tells the caller how a long operation of the drive goes, twice a second at most.
class PartTeller {
 public:
  explicit PartTeller(const BurnProgress& progress) : progress_(progress) {}

  void phase(std::string_view name) {
    event_.phase = name;
    event_.part.reset();
    tell();
  }
  void part(std::optional<double> part) {
    event_.part = part;
    if (SteadyClock::now() - last_ >= std::chrono::milliseconds(500)) tell();
  }

 private:
  void tell() {
    last_ = SteadyClock::now();
    event_.seconds = std::chrono::duration<double>(last_ - began_).count();
    if (progress_) progress_(event_);
  }

  const BurnProgress& progress_;
  BurnEvent event_;
  SteadyClock::time_point began_ = SteadyClock::now(), last_{};
};
}  // namespace

namespace {
/// What both have in common: look, check, lock, do, look again.
template <class Check, class Work>
EraseReport reshape(const DriveEntry& entry, std::string_view phase, bool eject, const BurnProgress& progress, const std::stop_token& stop,
                    const Check& check, const Work& work) {
  PartTeller teller(progress);
  teller.phase("preparing");
  OpenDrive open = open_drive(entry, Access::own);
  Drive& drive = *open.drive;
  EraseReport report;
  report.drive = entry.node;
  report.before = look_at_medium(drive, stop);
  check(report.before);

  const auto began = drive.transport().now();
  {
    const LockedTray tray(drive);
    drive.enter(Phase::format);
    teller.phase(phase);
    work(drive, report.before, [&](std::optional<double> part) { teller.part(part); });
  }
  report.seconds = std::chrono::duration<double>(drive.transport().now() - began).count();

  // The profile may be another one now; what the drive says then is what counts.
  report.after = look_at_medium(drive);
  if (const auto recovered = drive.take_recovered())
    report.notes.push_back("the drive had trouble and recovered from it: " + sense_text(*recovered));
  if (eject) drive.open_tray();
  teller.phase("done");
  return report;
}
}  // namespace

EraseReport erase(const DriveEntry& entry, const EraseOptions& options, const BurnProgress& progress, const std::stop_token& stop) {
  EraseReport report = reshape(
      entry, "erasing", options.eject, progress, stop, [&](const Medium& medium) { check_erasable(entry.node, medium); },
      [&](Drive& drive, const Medium& medium, const LongProgress& part) { erase_medium(drive, medium, options.full, part, stop); });
  if (report.after.at_once_only)
    report.notes.push_back(
        "blanked quickly, a DVD-RW can only be written as a whole disc of known length; erase it with --full, or format it, for more");
  return report;
}

EraseReport format(const DriveEntry& entry, const FormatOptions& options, const BurnProgress& progress, const std::stop_token& stop) {
  EraseReport report = reshape(
      entry, "formatting", options.eject, progress, stop,
      [&](const Medium& medium) { check_formattable(entry.node, medium, options.wish); },
      [&](Drive& drive, const Medium& medium, const LongProgress& part) { format_medium(drive, medium, options.wish, part); });
  if (report.after.spare_areas)
    report.notes.push_back(
        "with spare areas the drive reads back what it writes: burning takes about twice as long, unless --stream-recording");
  return report;
}

}  // namespace rec
