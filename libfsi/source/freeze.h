// The draft becomes the frozen tree: breadth-first, rules applied, hard links found. Internal to
// this room.
#pragma once

#include "libfsi/source/draft.h"
#include "libfsi/source/scan_options.h"

namespace fsi {

/// Consumes the draft. `now` is the time of directories that have none of their own and nothing in
/// them. Throws Error{limit} when the tree has more nodes or text than ids can count.
SourceTree freeze(draft::Draft& draft, const ScanOptions& options, Time now);

}  // namespace fsi
