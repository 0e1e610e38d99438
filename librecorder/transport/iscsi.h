// A drive behind an iSCSI target, reached from user space through libiscsi: no kernel, no privileges. RFC 7143. The session
// is the ownership: there are no locks and no mounts to look at.
#pragma once

#include <memory>
#include <string>

#include "librecorder/transport/transport.h"

namespace rec {

class Iscsi : public Transport {
 public:
  /// Logs in. `url`: iscsi://HOST[:PORT]/TARGET/LUN; LIBISCSI_CHAP_USERNAME and …_PASSWORD in the environment
  /// where the target wants them. Throws fsi::Error: usage for a URL that is none,
  /// unsuitable with what to do when the target cannot be reached or refuses.
  explicit Iscsi(const std::string& url);
  ~Iscsi() override;

  /// A connection that was lost is made anew by the next command, once; what was under way then is lost (Outcome::gone).
  Answer execute(const Command& command) override;
  /// "iscsi://HOST:PORT/TARGET/LUN", without a password.
  std::string name() const override { return name_; }

 private:
  struct Session;
  std::unique_ptr<Session> session_;
  std::string name_;
};

}  // namespace rec
