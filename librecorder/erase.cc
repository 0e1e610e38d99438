// The recipe of erasing a disc. What it takes on each kind of medium is in medium/erase.cc.
#include "librecorder/medium/erase.h"

#include <utility>

#include "librecorder/locked_tray.h"
#include "librecorder/medium/probe.h"
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

EraseReport erase(const DriveEntry& entry, const EraseOptions& options, const BurnProgress& progress, const std::stop_token& stop) {
  PartTeller teller(progress);
  teller.phase("preparing");
  OpenDrive open = open_drive(entry, Access::own);
  Drive& drive = *open.drive;
  EraseReport report;
  report.drive = entry.node;
  report.before = probe_medium(drive, stop);
  check_erasable(entry.node, report.before);

  const auto began = drive.transport().now();
  {
    const LockedTray tray(drive);
    drive.enter(Phase::format);
    teller.phase("erasing");
    erase_medium(
        drive, report.before, options.full, [&](std::optional<double> part) { teller.part(part); }, stop);
  }
  report.seconds = std::chrono::duration<double>(drive.transport().now() - began).count();

  // The profile may be another one now; what the drive says then is what counts.
  report.after = probe_medium(drive);
  if (const auto recovered = drive.take_recovered())
    report.notes.push_back("the drive had trouble and recovered from it: " + sense_text(*recovered));
  if (options.eject) drive.open_tray();
  teller.phase("done");
  return report;
}

}  // namespace rec
