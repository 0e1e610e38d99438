// What erasing, formatting and closing a disc have in common: look, check, lock the tray, do, look again.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>

#include "librecorder/content.h"
#include "librecorder/locked_tray.h"
#include "librecorder/open_drive.h"
#include "librecorder/recorder.h"
#include "librecorder/teller.h"

namespace rec {

/// `check(medium)` throws when it cannot be done, before anything is; `work(drive, medium, progress)` does it.
template <class Check, class Work>
EraseReport reshape(const DriveEntry& entry, std::string_view phase, Phase of_policy, bool eject, const BurnProgress& progress,
                    const std::stop_token& stop, const Check& check, const Work& work) {
  Teller teller(progress);
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
    drive.enter(of_policy);
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

}  // namespace rec
