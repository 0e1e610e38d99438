// Who has a device: the programs that hold it open or locked, as far as this user may see. For messages only; it keeps
// nobody away.
#pragma once

#include <string>

namespace rec {

/// "cdrskin (process 4711)", or several with commas; empty when nobody is seen. Looks into /proc. This process is left out.
std::string holders_of(const std::string& node);

/// The same for a /proc elsewhere, for tests; `self` is left out.
std::string holders_in(const std::string& proc, const std::string& node, int self);

}  // namespace rec
