// The attributes by which libisofs finds its MD5 sums (disc/libisofs_sums.h), beside Rock Ridge's entries: where the array
// is, at the root, and which of it is a file's.
#pragma once

#include <memory>

#include "libfsi/layout/layout.h"
#include "libfsi/rockridge/system_use.h"

namespace fsi {

/// The entries of `inner`, and these behind them. Files are numbered by their content, from 1. `array` is the region that
/// begins with the array; the tree, the layout and the region outlive it.
std::unique_ptr<const SystemUse> make_checksum_attributes(std::unique_ptr<const SystemUse> inner, const SourceTree& tree,
                                                          const Layout& layout, const Region& array);

}  // namespace fsi
