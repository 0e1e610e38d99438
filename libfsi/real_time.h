// Real-time files (UDF 2.01 and up, 6.11.1): audio and video that is to be read and written at a rate.
#pragma once

#include <string>
#include <vector>

#include "libfsi/source/tree.h"

namespace fsi {

/// Marks the files whose paths match one of the globs, which are as ExcludeRules has them, with all their names. Returns how
/// many. Throws Error{usage} on a bad glob.
uint64_t mark_real_time(SourceTree& tree, const std::vector<std::string>& globs);

}  // namespace fsi
