// What the file systems of an image cannot hold as it is, said to the user: names that had to change, times out of range,
// attributes left out.
#pragma once

#include <memory>
#include <vector>

#include "libfsi/fsi.h"
#include "libfsi/layout/layout.h"

namespace fsi {

/// After every format is prepared. Each loss is said once, with a few of its files, and the others counted.
void warn_of_losses(const FileSystems& wanted, const std::vector<std::unique_ptr<FormatWriter>>& formats, const SourceTree& tree,
                    const Warn& warn);

}  // namespace fsi
