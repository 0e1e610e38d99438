// What is in a drive, for a list: asked in passing, and never of a drive that somebody is using.
#include "librecorder/drive/drive_lock.h"
#include "librecorder/drives.h"
#include "librecorder/medium/glance.h"
#include "librecorder/transport/holders.h"
#include "librecorder/transport/sg_io.h"

namespace rec {

void look_into(DriveEntry& entry) {
  if (entry.is_virtual || entry.is_remote) return;  // the one is known already, the other is never listed
  if (entry.in_use_by.empty()) entry.in_use_by = holders_of(entry.node);
  entry.medium.reset();
  if (!entry.in_use_by.empty()) return;
  try {
    using namespace std::chrono_literals;
    const DriveLock lock(entry.block_node, DriveLock::Kind::shared, {}, 0ms);
    Drive drive(std::make_unique<SgIo>(entry.node));
    entry.medium = glance(drive);
  } catch (const fsi::Error&) {
    // Not permitted, or gone meanwhile. `burn info` and `burn doctor` say what; a list goes on with the next drive.
  }
}

}  // namespace rec
