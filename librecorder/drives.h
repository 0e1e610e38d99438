// The drives there are: naming, watching and examining them. A part of the public face; recorder.h brings it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "librecorder/medium/medium.h"

namespace rec {

struct DriveEntry {
  size_t number = 0;       ///< from 0, in the order of the list
  std::string name;        ///< "sr0", or the name of a virtual drive
  std::string node;        ///< "/dev/sr0", "virtual:NAME", "iscsi://…"
  std::string block_node;  ///< "/dev/sr0" also for /dev/sg1: mounts and locks know only this one; empty when there is none
  std::string vendor, product, revision;
  bool is_virtual = false;
  bool is_remote = false;  ///< behind iSCSI: never listed, named by its address
  std::string serial;      ///< empty when it is not known without asking the drive
  std::vector<std::string> mounted_at;
  std::string in_use_by;                ///< of virtual drives and of those that burn holds; empty: nobody
  std::optional<MediumBrief> medium{};  ///< of virtual drives; of real ones after look_into(). None: not known
};

/// Real drives by name (sr0, sr1, … sr10), then the virtual ones in order of creation. Opens no drive.
std::vector<DriveEntry> list_drives();
/// Fills in what is in a real drive, without waiting. Nothing is asked of a drive that any program has open: entry.in_use_by says who.
/// Never throws because of a drive; then nothing is known.
void look_into(DriveEntry& drive);
/// The entry that `selector` names; without one, the only drive there is. Throws Error (unsuitable) that lists what there is.
DriveEntry find_drive(std::string_view selector);

struct DriveChange {
  enum class What : uint8_t {
    added,
    removed,
    changed,  ///< another disc, tray, mount or owner
  } what;
  DriveEntry drive;
};

/// Drives that come and go. udev tells at once; without it, and for virtual drives, the list is looked at every two seconds.
/// One thread.
class DriveMonitor {
 public:
  DriveMonitor();
  ~DriveMonitor();

  /// The drives at the beginning, then those after each wait().
  const std::vector<DriveEntry>& drives() const { return drives_; }
  /// Waits until something has changed, or for `at_most`, or for a stop; then nothing is returned.
  std::vector<DriveChange> wait(std::chrono::milliseconds at_most, const std::stop_token& stop = {});

 private:
  struct News;
  std::unique_ptr<News> news_;
  std::vector<DriveEntry> drives_;
};

/// One thing that stands in the way of burning, or might, or is fine.
struct Finding {
  enum class Level : uint8_t { fine, note, problem } level = Level::fine;
  std::string where;   ///< "/dev/sr0", "memory", …
  std::string what;    ///< a sentence
  std::string advice;  ///< what to do; empty when nothing is to be done
};

/// Looks at drives, permissions, groups, kernel and session, and changes nothing.
std::vector<Finding> examine();

}  // namespace rec
