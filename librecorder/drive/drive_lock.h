// Keeps others away from a real drive while it burns: udev's prober, and everything of ours that only looks, takes a shared
// lock on the node before it reads a disc, and stays away when somebody holds an exclusive one. Mounts and other burners are
// kept away by O_EXCL (transport/sg_io.h). A lock file says who the owner is; it also couples the nodes of one drive, which
// the kernel does not (/dev/sr0 and /dev/sg1).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "libfsi/base/file.h"

namespace rec {

/// Holds the locks as long as it lives; the system releases them when the process dies, however it dies.
class DriveLock {
 public:
  enum class Kind : uint8_t { shared, exclusive };
  /// Waits a few seconds for a prober to finish. Throws Error (unsuitable) that names the owner when another program has it.
  /// `owner`: what the lock file shall say of an exclusive one, a few words.
  DriveLock(const std::string& node, Kind kind, const std::string& owner = {}, std::chrono::milliseconds patience = kPatience);
  static constexpr std::chrono::seconds kPatience{5};

  /// Who owns the drive now, by its lock file; empty when nobody does.
  static std::string owner_of(const std::string& node);

 private:
  fsi::Fd node_, file_;
};

}  // namespace rec
