// The recipes of erasing and of formatting a disc. What that takes on each kind of medium is in medium/.
#include "librecorder/medium/erase.h"

#include "librecorder/medium/format.h"
#include "librecorder/reshape.h"

namespace rec {

EraseReport erase(const DriveEntry& entry, const EraseOptions& options, const BurnProgress& progress, const std::stop_token& stop) {
  EraseReport report = reshape(
      entry, "erasing", Phase::format, options.eject, progress, stop, [&](const Medium& medium) { check_erasable(entry.node, medium); },
      [&](Drive& drive, const Medium& medium, const LongProgress& part) { erase_medium(drive, medium, options.full, part, stop); });
  if (report.after.at_once_only)
    report.notes.push_back(
        "blanked quickly, a DVD-RW can only be written as a whole disc of known length; erase it with --full, or format it, for more");
  return report;
}

EraseReport format(const DriveEntry& entry, const FormatOptions& options, const BurnProgress& progress, const std::stop_token& stop) {
  EraseReport report = reshape(
      entry, "formatting", Phase::format, options.eject, progress, stop,
      [&](const Medium& medium) { check_formattable(entry.node, medium, options.wish); },
      [&](Drive& drive, const Medium& medium, const LongProgress& part) { format_medium(drive, medium, options.wish, part); });
  if (report.after.spare_areas)
    report.notes.push_back(
        "with spare areas the drive reads back what it writes: burning takes about twice as long, unless --stream-recording");
  return report;
}

}  // namespace rec
