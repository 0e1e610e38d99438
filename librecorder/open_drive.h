// From an entry of the list to a Drive that answers: the one place where real and virtual drives part. Not public.
#pragma once

#include <memory>
#include <optional>

#include "librecorder/drive/drive.h"
#include "librecorder/drive/drive_lock.h"
#include "librecorder/recorder.h"

namespace rec {

enum class Access : uint8_t {
  look,  ///< asking and reading: others may do so as well
  own,   ///< writing, and moving the tray: nobody else
};

struct OpenDrive {
  std::optional<DriveLock> lock;  // real drives that are owned
  std::unique_ptr<Drive> drive;
};

/// Throws Error (unsuitable) when the drive is mounted, in use, gone, or no optical drive.
OpenDrive open_drive(const DriveEntry& entry, Access access);

}  // namespace rec
