// Nobody opens the tray while we work on a disc; whatever happens, it can be opened afterwards. Not public.
#pragma once

#include "librecorder/drive/drive.h"

namespace rec {

class LockedTray {
 public:
  explicit LockedTray(Drive& drive) : drive_(drive) { drive_.prevent_removal(true); }
  ~LockedTray() {
    try {
      drive_.prevent_removal(false);
    } catch (const fsi::Error&) {
      // The drive is gone or was reset, and then its door is not locked either.
    }
  }
  LockedTray(const LockedTray&) = delete;
  LockedTray& operator=(const LockedTray&) = delete;

 private:
  Drive& drive_;
};

}  // namespace rec
