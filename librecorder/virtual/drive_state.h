// What a virtual drive remembers between the times it is opened, apart from the disc in it; and the lock that lets only
// one process have it. Mode pages are not remembered: each opening starts with the defaults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "libfsi/base/file.h"
#include "librecorder/virtual/faults.h"

namespace rec::virt {

struct DriveState {
  uint64_t number = 0;  ///< order of creation
  std::string serial;
  uint32_t speed = 0;  ///< multiple of 1x of the medium that the laser runs at, at most; 0: no limit, no waiting
  uint64_t buffer_bytes = 4 * 1024 * 1024;
  bool real_time = false;
  std::vector<Fault> faults;
  bool tray_open = false;
  bool locked = false;
  struct Attention {
    uint8_t asc, ascq;
  };
  std::vector<Attention> attentions;  ///< pending unit attentions, oldest first
  uint8_t media_event = 0;            ///< MediaEvent::Code not yet told
};

/// The directory of a drive holds drive.json, lock, and disc/ while there is a medium.
DriveState load_drive_state(const std::filesystem::path& directory);
void save_drive_state(const std::filesystem::path& directory, const DriveState& state);

/// Held while a drive is open or being changed.
class DriveLock {
 public:
  /// Throws fsi::Error (unsuitable) that names the process which has it.
  DriveLock(const std::filesystem::path& directory, const std::string& drive_name, const char* doing);
  /// Is some process holding it? Says who.
  static std::optional<std::string> holder(const std::filesystem::path& directory);

 private:
  fsi::Fd file_;
};

}  // namespace rec::virt
