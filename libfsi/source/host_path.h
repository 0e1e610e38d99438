// Opening by paths of any length, and what stat tells, in the tree's own terms. No path of the host
// is ever handed to the kernel whole: beyond PATH_MAX it goes down in steps.
#pragma once

#include <sys/stat.h>

#include <string>

#include "libfsi/base/file.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// openat(2) with O_CLOEXEC for a `path` of any length. On failure the Fd is empty and errno says why.
Fd open_long(int directory, const std::string& path, int flags);

/// open_long that leaves the access time alone where the owner may ask for that, so that looking at
/// a source does not change what the next build sees.
Fd open_quietly(int directory, const std::string& path, int flags);

/// Saturates instead of overflowing: some file systems hold any 64-bit number of seconds.
Time to_time(int64_t seconds, uint32_t nanoseconds);

NodeKind kind_of(mode_t mode);

}  // namespace fsi
