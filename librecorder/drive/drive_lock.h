// Keeps others away from a real drive while it burns: udev's prober, and everything of ours that only looks, takes a shared
// lock before it reads a disc, and stays away when somebody holds an exclusive one. Mounts and other burners are kept away by O_EXCL
// (transport/sg_io.h).
#pragma once

#include <cstdint>
#include <string>

#include "libfsi/base/file.h"

namespace rec {

/// Holds the lock as long as it lives; the system releases it when the process dies.
class DriveLock {
 public:
  enum class Kind : uint8_t { shared, exclusive };
  /// Waits a few seconds for a prober to finish. Throws Error (unsuitable) when another program holds it.
  DriveLock(const std::string& node, Kind kind);

 private:
  fsi::Fd fd_;
};

}  // namespace rec
