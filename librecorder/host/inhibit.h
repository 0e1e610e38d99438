// Keeps the machine awake: while one of these lives, logind lets nobody suspend it, shut it down, or put it to sleep by idling
// or by closing the lid. A sleep in the middle of a burn costs the disc. systemd's inhibitor locks, org.freedesktop.login1.
#pragma once

#include <string>

#include "libfsi/base/file.h"

namespace rec {

class Inhibit {
 public:
  /// `why`: a few words that the desktop shows, naming the disc. Never throws and waits at most a few seconds: without D-Bus or
  /// logind, or where the policy forbids it, nothing is held.
  explicit Inhibit(const std::string& why);

  /// What is held off: "shutdown:sleep:idle:handle-lid-switch" or less; empty when nothing is.
  const std::string& held() const { return held_; }

 private:
  fsi::Fd fd_;  // logind lets go when it is closed, so also when the process dies
  std::string held_;
};

}  // namespace rec
