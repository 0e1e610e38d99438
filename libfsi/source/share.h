// Files of equal contents share them: sizes first, then XXH3-128, and at last every byte.
#pragma once

#include <stop_token>

#include "libfsi/source/tree.h"

namespace fsi {

/// Makes nodes of `tree` whose files have the same bytes point to one Content, the first of them in
/// order; contents are renumbered. Link groups stay as they are. What cannot be read as promised
/// stays alone, to be told when the image streams. Parallel inside (`threads`, 0: all processors).
/// Returns how many contents were saved. Throws Error{interrupted}.
size_t share_contents(SourceTree& tree, unsigned threads, const std::stop_token& stop);

}  // namespace fsi
