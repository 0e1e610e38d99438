// The target of a symbolic link as Rock Ridge records it: components in one or several SL entries (RRIP 4.1.3).
#pragma once

#include <string_view>

#include "libfsi/rockridge/system_use.h"

namespace fsi {

/// Appends the SL entries of `target`. "." and ".." and the root at the start have flags of their own. An empty
/// component ("a//b", "a/") is one without bytes, so that targets come back byte by byte; other writers record the root there, which
/// makes "/b" of it where the standard is followed.
void append_symlink(std::string_view target, SystemUseEntries& entries);

}  // namespace fsi
