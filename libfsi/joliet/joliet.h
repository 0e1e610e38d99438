// Joliet as a format writer: a supplementary volume descriptor and a second hierarchy with UCS-2
// names over the same file extents. Files and directories only.
#pragma once

#include <memory>

#include "libfsi/iso9660/iso9660.h"

namespace fsi {

/// As make_iso9660. `longest_name`: in UCS-2 units, 64 by the specification, 103 by practice.
/// prepare() throws Error{limit} when the volume is strict and a name would have to change.
std::unique_ptr<HierarchyWriter> make_joliet(const SourceTree& tree, const Volume& volume, const Layout& layout,
                                             uint64_t descriptor_at = 17, unsigned longest_name = 103);

}  // namespace fsi
